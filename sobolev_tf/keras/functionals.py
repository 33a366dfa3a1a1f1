"""Functionals of derivatives as targets of a Keras model: names and saving."""

import collections
from typing import List, Sequence, Tuple

import keras

from sobolev_tf import errors
from sobolev_tf.derivatives import functionals as functionals_lib

for _one in (functionals_lib.laplacian, functionals_lib.divergence):
  keras.saving.register_keras_serializable("sobolev_tf", _one.name)(_one)


def names(orders: Sequence[str],
          functionals: Sequence[functionals_lib.Functional]
          ) -> Tuple[str, ...]:
  """What losses, metrics and weights are called.

  Args:
    orders: the orders' names.
    functionals: whose names come after them.

  Returns:
    All names.

  Raises:
    UserError: if two are the same, or one is no identifier.
  """
  found = (*orders, *(functional.name for functional in functionals))
  for name, count in collections.Counter(found).items():
    if count > 1 or not isinstance(name, str) or not name.isidentifier():
      raise errors.UserError(
          f"A functional has the name {name!r}, but Keras logs each under a "
          f"name of its own beside {', '.join(orders)}: give it one, as in "
          "of_derivatives(..., name='slope').")
  return found


def to_config(functionals: Sequence[functionals_lib.Functional]) -> List[str]:
  """The names under which Keras knows functionals.

  Raises:
    UserError: if it does not know one.
  """
  known = keras.saving.get_custom_objects()
  found = []
  for functional in functionals:
    name = next((key for key, one in known.items() if one is functional),
                functional.name)
    if keras.saving.get_registered_object(name) is not functional:
      raise errors.UserError(
          f"The functional '{functional.name}' is saved by its name, which "
          "Keras does not know: keras.saving.register_keras_serializable("
          f"'mine', '{functional.name}')(functional) makes it known, before "
          "saving and before loading.")
    found.append(name)
  return found


def from_config(config: Sequence[str]
                ) -> Tuple[functionals_lib.Functional, ...]:
  """The reverse of `to_config`.

  Raises:
    UserError: if a name is not known.
  """
  found = tuple(map(keras.saving.get_registered_object, config))
  for name, functional in zip(config, found):
    if functional is None:
      raise errors.UserError(
          f"The model was saved with the functional '{name}', which is not "
          "known: register it with keras.saving.register_keras_serializable "
          "before loading.")
  return found
