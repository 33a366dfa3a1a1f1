"""Derivatives with respect to chosen inputs only.

`wrt` names entries of one point `[*event]` as NumPy's indexing does: an index,
a slice, a list of indices, a tuple of these (one per axis), or a Boolean mask
of the event's shape. The n entries chosen are those of `point[wrt]` in
row-major order; the j-th derivative by them has the shape `[*batch, *out]`
+ `[n] * j`. The function is differentiated as one of these n numbers: from
order 2 on it costs n products where it would cost D, and no target is needed
for the others. (At order 1 a product gives the derivatives by all inputs.)
"""

from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.derivatives import shapes

Wrt = Any  # an index, slice, list, mask, or tuple of them; None for all


class Chosen(NamedTuple):
  """The chosen entries of a point.

  Attributes:
    indices: n different positions in a point that is flattened.
    event: the point's shape.
  """
  indices: np.ndarray
  event: Tuple[int, ...]

  def take(self, x: tf.Tensor) -> tf.Tensor:
    """The chosen entries `[*batch, n]` of points `[*batch, *event]`."""
    batch = x.shape.rank - len(self.event)
    taken = tf.gather(shapes.flat(x, batch), self.indices, axis=-1)
    return tf.ensure_shape(
        taken, x.shape[:batch].concatenate(len(self.indices)))

  def put(self, entries: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Points like x with other chosen entries.

    Args:
      entries: `[*batch, n]`.
      x: `[*batch, *event]`.

    Returns:
      `[*batch, *event]`.
    """
    # Split and joined, since a gather is slow to differentiate.
    flat = shapes.flat(x, x.shape.rank - len(self.event))
    end = int(np.prod(self.event))
    pieces: List[tf.Tensor] = []
    runs = np.split(self.indices, 1 + np.flatnonzero(
        np.diff(self.indices) != 1))  # of neighbours
    parts = tf.split(entries, [len(run) for run in runs], axis=-1)
    for run, part in sorted(
        zip(runs, parts), key=lambda pair: -int(pair[0][0])):
      pieces[:0] = [part, flat[..., run[-1] + 1:end]]
      end = run[0]
    whole = tf.concat([flat[..., :end], *pieces], -1)  # [*batch, D]
    return tf.ensure_shape(tf.reshape(whole, tf.concat(
        [tf.shape(entries)[:-1], self.event], 0)), x.shape)

  def inside(self, function, x: tf.Tensor):
    """The function of the chosen entries alone, the others as in x."""
    def of_chosen(entries: tf.Tensor):
      return function(self.put(entries, x))
    # For errors and for `memory.Memory`, both of which look at what is inside.
    of_chosen.__name__ = shapes.name_of(function)
    vars(of_chosen)["__wrapped__"] = getattr(function, "__wrapped__", function)
    return of_chosen


def choose(wrt: Wrt, event: Any) -> Optional[Chosen]:
  """What `wrt` chooses.

  Args:
    wrt: see above; None for all entries in their own shape.
    event: the shape of a point.

  Returns:
    The entries, or None.

  Raises:
    UserError: if it is no index into a point, or chooses nothing, or an entry
      twice.
  """
  if wrt is None:
    return None
  event = tuple(tf.TensorShape(event).as_list())
  if None in event:
    raise errors.UserError(
        f"wrt needs points of a known shape, got {event}: give them one, with "
        "tf.ensure_shape.")
  positions = np.arange(int(np.prod(event))).reshape(event)
  try:
    key = wrt if isinstance(wrt, (tuple, slice, int)) else np.asarray(wrt)
    chosen = np.ravel(positions[key])
  except (IndexError, TypeError, ValueError) as error:
    raise errors.UserError(
        f"wrt is {wrt!r}, which does not choose entries of a point of the "
        f"shape {event}: give indices, slices or a Boolean mask of that "
        "shape.") from error
  if not chosen.size or len(set(chosen.tolist())) < chosen.size:
    raise errors.UserError(
        f"wrt must choose at least one entry and none twice, got {wrt!r} for "
        f"a point of the shape {event}.")
  return Chosen(chosen, event)


def to_plain(wrt: Wrt) -> Any:
  """`wrt` as numbers, lists and dictionaries, which JSON can hold.

  Args:
    wrt: what `choose` takes.

  Returns:
    What `from_plain` makes the same of: JSON has no tuples, and a tuple of
    indices is another choice than a list of them.
  """
  if isinstance(wrt, (tuple, list)):
    plain = list(map(to_plain, wrt))
    return {"tuple": plain} if isinstance(wrt, tuple) else plain
  if isinstance(wrt, slice):
    return {"slice": [to_plain(part) for part in (
        wrt.start, wrt.stop, wrt.step)]}
  if wrt is Ellipsis:
    return {"ellipsis": []}
  if wrt is None or isinstance(wrt, int):
    return wrt
  array = np.asarray(wrt)
  return {"array": [array.tolist(), array.dtype.name]}


def from_plain(plain: Any) -> Wrt:
  """The reverse of `to_plain`."""
  if isinstance(plain, list):
    return list(map(from_plain, plain))
  if not isinstance(plain, dict):
    return plain
  (kind, parts), = plain.items()
  if kind == "array":
    return np.asarray(*parts)
  if kind == "slice":
    return slice(*map(from_plain, parts))
  return tuple(map(from_plain, parts)) if kind == "tuple" else Ellipsis
