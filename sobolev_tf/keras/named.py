"""Sobolev Training of Keras models with several inputs and outputs.

  >>> model = NamedSobolevModel(net, {"energy": ["positions"], "dipole": []})
  >>> model.compile("adam")
  >>> model.fit({"positions": r, "charges": q},
  ...           {"energy": (y, {"positions": dy_dr}), "dipole": mu})
"""

import collections
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

import keras
import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.derivatives import shapes
from sobolev_tf.keras import by_order, named_matching, tensors
from sobolev_tf.keras import model as model_lib

Key = Union[str, int]  # an input's or output's name, or its place in a list
_WITHOUT = ("order", "stochastic", "seed", "wrt", "functionals")


@keras.saving.register_keras_serializable("sobolev_tf")
class NamedSobolevModel(model_lib.SobolevModel):
  """Trains outputs on values, and on first derivatives by chosen inputs.

  As `SobolevModel`, of which everything else holds, but losses, weights and
  metrics have other names: "energy" for an output's value,
  "energy_by_positions" for its derivative by an input. Models of lists have
  "output_0" and "output_0_by_input_1".

  Targets have one entry per output: values `[B, *out]`, or a pair of them and
  the derivatives by the inputs' names, `[B, *out, *event]` with that input's
  `event` (a scalar output has no axis there). What is left out is not trained
  on, if `compile` gives it the loss None or the weight 0.
  """

  def __init__(self, model: keras.Model,
               outputs: Mapping[Key, Union[Key, Sequence[Key]]], **kwargs):
    """Wraps a model.

    Args:
      model: takes and returns a dictionary of tensors, or a list.
      outputs: the outputs that are trained on, by name or place, each with the
        inputs by which it is differentiated; an empty list for none.
      **kwargs: `target`, `freeze_statistics` and `name` as for `SobolevModel`.

    Raises:
      UserError: if `outputs` is no such dictionary, or two of the names that
        it gives are the same.
    """
    for name in _WITHOUT:
      if name in kwargs:
        raise errors.UserError(
            f"NamedSobolevModel has no argument {name}: it compares values and "
            "whole first derivatives.")
    super().__init__(model, **kwargs)
    if isinstance(outputs, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and
        isinstance(pair[0], (str, int)) for pair in outputs):
      outputs = dict(outputs)  # pairs, as `save` writes them
    self._pairs = tuple(
        (key, tuple(by) if isinstance(by, (list, tuple)) else (by,))
        for key, by in outputs.items()) if isinstance(outputs, Mapping) else ()
    if not self._pairs or not all(
        isinstance(key, (str, int)) for output, by in self._pairs
        for key in (output, *by)):
      raise errors.UserError(
          "outputs must be a dictionary from outputs to the inputs by which "
          "they are differentiated, all by name or by place, got "
          f"{outputs!r}.")
    self._names = tuple(
        name for key, by in self._pairs for name in (
            _label("output", key), *(
                f"{_label('output', key)}_by_{_label('input', i)}"
                for i in by)))
    for name, count in collections.Counter(self._names).items():
      if count > 1:
        raise errors.UserError(
            f"outputs give the name '{name}' to {count} things: list every "
            "output and input once, and rename an output that is called like "
            "a derivative.")

  def build(self, input_shape) -> None:
    """Nothing: the model inside is built when it is called."""
    self.built = True

  def get_config(self) -> Dict[str, Any]:
    """What `save` stores beside the weights."""
    config = super().get_config()
    for name in _WITHOUT:
      del config[name]
    return {**config, "outputs": [
        [key, list(by)] for key, by in self._pairs]}

  def _matching(self, x, draw):
    is_known = self._out is not None
    super()._matching(x, draw)  # looks at the outputs once
    made = named_matching.NamedMatching(self._pairs, self._names, self._out)
    if not is_known:
      made.check_connected(self._inside(False), x)
      if self.target is not None:
        made.check_connected(self.target, x)
    return made

  def _outputs(self, found):
    return {key: tensors.check_output(named_matching.pick(found, key, "output"))
            for key, _ in self._pairs}

  def _points(self, x):
    if isinstance(x, list):
      x = tuple(x)
    for _, by in self._pairs:
      for key in by:
        if not named_matching.pick(x, key, "input").dtype.is_floating:
          raise errors.UserError(
              f"The input {key!r} is of type "
              f"{named_matching.pick(x, key, 'input').dtype.name}: derivatives "
              "need floating-point inputs.")
    x = tf.nest.map_structure(
        lambda part: tensors.check_input(part, self.variable_dtype), x)
    if self._out is None:
      self.build(tf.nest.map_structure(  # for `export`
          lambda part: tuple(part.shape), x))
    return x

  def _inputs(self, x):
    def tensor(key, part):
      if isinstance(part, (np.ndarray, tf.Tensor)):  # maybe of texts
        return tf.convert_to_tensor(part)
      return shapes.to_tensor(part, f"The input {key!r}")
    if isinstance(x, Mapping):
      x = {key: tensor(key, part) for key, part in x.items()}
    elif isinstance(x, (list, tuple)):
      x = [tensor(key, part) for key, part in enumerate(x)]
    return self._points(x)

  def _weights(self, given) -> Optional[Dict[str, Any]]:
    if isinstance(given, (list, tuple, Mapping)):
      given = dict(zip(self._names, self._in_order("sample_weight", given)))
    return by_order.sample_weights(given, self._names)

  def _sorted_targets(self, given) -> List:
    entries = self._in_order("targets", given)
    for name, entry, is_on in zip(self._names, entries, self._supervised):
      if entry is None and is_on:
        raise errors.UserError(
            f"targets has no '{name}', which is trained on: give it, or "
            "compile with the loss None or the weight 0 for it.")
    return entries

  def _in_order(self, what: str, given) -> List:
    """One entry per name, None where there is none."""
    if isinstance(given, (list, tuple)):
      given = dict(enumerate(given))
    if not isinstance(given, Mapping) or (
        set(given) - {key for key, _ in self._pairs}):
      raise errors.UserError(
          f"{what} needs a dictionary or list with entries for the outputs "
          f"{', '.join(repr(key) for key, _ in self._pairs)}, got "
          f"{list(given) if isinstance(given, Mapping) else type(given)}.")
    entries: List[Any] = []
    for key, by in self._pairs:
      value, slopes = given.get(key), {}
      if isinstance(value, (list, tuple)):
        if len(value) != 2 or not isinstance(value[1], Mapping) or (
            set(value[1]) - set(by)):
          raise errors.UserError(
              f"{what} of the output {key!r} must be values, or a pair of "
              "values and a dictionary of derivatives by the inputs "
              f"{', '.join(map(repr, by)) or '(none)'}.")
        value, slopes = value
      entries += [value, *(slopes.get(i) for i in by)]
    return entries


def _label(kind: str, key: Key) -> str:
  """What an input or output is called in logs."""
  return key if isinstance(key, str) else f"{kind}_{key}"
