"""Members of a large ensemble that train in turn, as many as a cache holds.

A training step reads and writes all weights and all of Adam's slots. Those of
many small networks do not fit a processor's cache, so that a step of all
members waits for memory. Members do not depend on each other: a part of them
can take many steps before the next part takes the same ones.
"""

from typing import Callable, Mapping, Optional, Sequence, Tuple, TypeVar

import tensorflow as tf

from sobolev_tf import errors

# ours: measured with 64 networks of 2-256-256-1 (0.8 MB each with their
# slots) on a processor with 32 MB of cache: 8 at a time were 1.2 to 1.6 times
# faster than all, 16 nearly as fast, 4 slower (fewer products side by side).
_CACHE = 12e6  # bytes
_FEWEST = 4  # members of a part
Modules = TypeVar("Modules", bound=Sequence[tf.Module])


def part_size(modules: Sequence[tf.Module], members: int) -> int:
  """How many members of an ensemble should train at a time.

  Args:
    modules: what a step reads and writes: the network and its optimizer.
    members: E.

  Returns:
    The largest divisor of E of which so many members fit a cache; E where all
    do, where there is none that is large enough, and on a GPU.
  """
  size = sum(v.shape.num_elements() * v.dtype.size for v in _variables(modules))
  if size <= _CACHE or tf.config.get_visible_devices("GPU"):
    return members
  fitting = [part for part in range(_FEWEST, members)
             if members % part == 0 and part * size <= members * _CACHE]
  return max(fitting, default=members)


def divide(build: Callable[[Sequence[int]], Modules], seeds: Sequence[int],
           in_turn: bool) -> Tuple[Modules, Modules, Optional["Turns"]]:
  """Builds an ensemble and the part of it that trains at a time.

  Args:
    build: takes the members' seeds and builds the network and its optimizer.
    seeds: of all members.
    in_turn: whether members may train in turn; else all train at once.

  Returns:
    The modules of all members, those that a training step changes, and the
    turns; the same modules twice and None where all train at once.
  """
  whole = build(seeds)
  size = part_size(whole, len(seeds)) if in_turn else len(seeds)
  if size == len(seeds):
    return whole, whole, None
  part = build(seeds[:size])
  return whole, part, Turns(whole, part)


class Turns:
  """The variables of all members, and of the part whose turn it is."""

  def __init__(self, whole: Sequence[tf.Module], part: Sequence[tf.Module]):
    """Pairs the variables.

    Args:
      whole: modules of E members, whose variables have a leading axis E or
        belong to all members alike, as an optimizer's count of steps does.
      part: modules of the same make of P members, P a divisor of E, which
        hold every variable that a training step changes: optimizers must have
        their slots already. Their values do not matter.

    Raises:
      UserError: if the variables do not match.
    """
    self._part = list(part)
    mine, theirs = _variables(whole), _variables(part)
    pairs = list(zip(mine, theirs))
    self._common = [(w, p) for w, p in pairs if w.shape == p.shape]
    self._own = [(w, p) for w, p in pairs if w.shape != p.shape]
    sizes = {(w.shape[0], p.shape[0]) for w, p in self._own
             if w.shape.rank and p.shape.rank}
    if len(mine) != len(theirs) or len(sizes) != 1 or any(
        w.shape.rank != p.shape.rank or w.shape[1:] != p.shape[1:]
        for w, p in self._own):
      raise errors.UserError(
          "Turns need modules of the same make with more and with fewer "
          "members.")
    members, self.size = sizes.pop()
    if members % self.size:
      raise errors.UserError(
          f"{members} members cannot be divided into parts of {self.size}.")
    self._count = members // self.size

  def take(self, steps: Callable[[Sequence[tf.Tensor]], Mapping],
           tensors: Sequence[tf.Tensor], results: Mapping[str, tf.TensorSpec]
           ) -> Mapping[str, tf.Tensor]:
    """Has each part take the same steps.

    Args:
      steps: takes the part's tensors, `[P, *]`, changes the part's variables
        and returns its results, `[P, *]`.
      tensors: `[E, *]`.
      results: the shapes and types of the part's results.

    Returns:
      The results of all, `[E, *]`.

    Raises:
      UserError: if a tensor has not E members, or `steps` creates variables.
    """
    divided = [self._divide(t) for t in tensors]
    own = [self._divide(w) for w, _ in self._own]

    def turn(number, trained, returned):
      for (_, part), members in zip(self._own, own):
        part.assign(tf.gather(members, number))
      for whole, part in self._common:
        part.assign(whole)
      result = steps([tf.gather(t, number) for t in divided])
      if len(_variables(self._part)) != len(self._own) + len(self._common):
        raise errors.UserError(
            "A step of members that train in turn created variables, which "
            "would be all members' at once: create an optimizer's slots first.")
      return (number + 1,
              [array.write(number, part)
               for array, (_, part) in zip(trained, self._own)],
              {name: array.write(number, result[name])
               for name, array in returned.items()})

    unused_number, trained, returned = tf.while_loop(
        lambda number, *_: number < self._count, turn, (
            tf.constant(0),
            [self._array(part.dtype, part.shape) for _, part in self._own],
            {name: self._array(spec.dtype, spec.shape)
             for name, spec in results.items()}))
    for (whole, _), array in zip(self._own, trained):
      whole.assign(tf.reshape(array.stack(), whole.shape))
    for whole, part in self._common:
      whole.assign(part)
    return {name: tf.reshape(
        array.stack(), [-1, *results[name].shape[1:]])
            for name, array in returned.items()}

  def _divide(self, tensor: tf.Tensor) -> tf.Tensor:
    """`[E, *]` as `[E / P, P, *]`."""
    members = self._count * self.size
    if not tensor.shape.rank or tensor.shape[0] != members:
      raise errors.UserError(
          f"What {members} members train on in turn needs a first axis of that "
          f"size, got the shape {tensor.shape}.")
    return tf.reshape(tensor, [self._count, self.size, *tensor.shape[1:]])

  def _array(self, dtype: tf.DType, shape: tf.TensorShape) -> tf.TensorArray:
    return tf.TensorArray(dtype, self._count, element_shape=shape)


def _variables(modules: Sequence[tf.Module]) -> list[tf.Variable]:
  return [v for module in modules for v in module.variables]
