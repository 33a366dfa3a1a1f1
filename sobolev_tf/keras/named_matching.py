"""Values of several outputs, and their derivatives by several inputs.

One pass gives all of them: the inputs by which any output is differentiated
are laid side by side, and so are the outputs that are. The Jacobian between
the two, one vector-Jacobian product per entry of those outputs, is cut into
blocks.
"""

import math
from typing import (
    Any,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import guard, shapes
from sobolev_tf.keras import comparison, matching

Values = Dict[Any, tf.Tensor]


class NamedMatching(NamedTuple):
  """Takes the place of `matching.Matching`; its orders are 0 and 1.

  Attributes:
    pairs: outputs, each with the inputs by which it is differentiated.
    names: of the values and derivatives, in the order of the pairs.
    out: the outputs' shapes, without the batch.
  """
  pairs: Sequence[Tuple[Any, Tuple]]
  names: Sequence[str]
  out: Mapping[Any, tf.TensorShape]

  def differentiate(self, function, x, order: int, check: bool = False
                    ) -> Tuple[Dict, ...]:
    """The outputs' values; for order 1 their derivatives, too.

    Args:
      function: takes what has the structure of x and returns the outputs.
      x: inputs `[B, *event]` by name or place.
      order: 0 or 1.
      check: as for `matching.Matching.differentiate`.

    Returns:
      Values by output; derivatives by (output, input).
    """
    outputs = [key for key, by in self.pairs if by]
    inputs = list(dict.fromkeys(i for _, by in self.pairs for i in by))
    if not order or not outputs:
      values = function(x)
      return ({key: pick(values, key, "output")
               for key, _ in self.pairs}, {})[:order + 1]
    found: List[Values] = []

    def side_by_side(entries: tf.Tensor) -> tf.Tensor:
      values = function(_replaced(x, dict(zip(inputs, _split(
          entries, [pick(x, i, "input").shape for i in inputs])))))
      found.append({key: shapes.check_output(
          pick(values, key, "output"), entries, 1) for key, _ in self.pairs})
      return _joined([found[-1][key] for key in outputs])

    if check:
      side_by_side = guard.Guard(1)(side_by_side)
    points = _joined([pick(x, i, "input") for i in inputs])  # [B, n]
    y, jacobian = derivatives.value_and_derivatives(side_by_side, points, 1)
    values = {**found[0], **dict(zip(outputs, _split(
        y, [found[0][key].shape for key in outputs])))}
    jacobian = tf.reshape(jacobian, [-1, y.shape[1], points.shape[1]])
    rows = tf.split(jacobian, [math.prod(self.out[key]) for key in outputs], 1)
    widths = [math.prod(pick(x, i, "input").shape[1:]) for i in inputs]
    blocks = {
        (key, i): tf.reshape(block, [-1, *self._block_shape(key, i, x)])
        for key, row in zip(outputs, rows)
        for i, block in zip(inputs, tf.split(row, widths, 2))}
    return values, {pair: blocks[pair] for pair in self._entries()
                    if pair in blocks}

  def whole(self, function, x) -> Dict:
    """Values, in pairs with derivatives by input where there are any."""
    values, blocks = self.differentiate(function, x, 1)
    return {key: (values[key], {i: blocks[key, i] for i in by})
            if by else values[key] for key, by in self.pairs}

  def shapes(self, x) -> List[tf.TensorShape]:
    """Of what is compared, per example."""
    return [self.out[key] if i is None else self._block_shape(key, i, x)
            for key, i in self._entries()]

  def top(self, present: Sequence[bool]) -> int:
    """1 if there is a derivative."""
    return int(any(is_there for is_there, (_, i) in zip(
        present, self._entries()) if i is not None))

  def masks(self, needed: Sequence[tf.Tensor]) -> List[tf.Tensor]:
    """Examples `[B]` with any value, and with any derivative, to compare."""
    by_level = [[mask for mask, (_, i) in zip(needed, self._entries())
                 if (i is None) == is_value] for is_value in (True, False)]
    return [tf.reduce_any(tf.stack(masks), 0) for masks in by_level if masks]

  def terms(self, found: Sequence[Dict]) -> List[Optional[tf.Tensor]]:
    """What `differentiate` gave by name, None above its order."""
    values, blocks = [*found, {}][:2]
    return [values[key] if i is None else blocks.get((key, i))
            for key, i in self._entries()]

  def from_function(self, function, x) -> List[Optional[tf.Tensor]]:
    """Targets from a function or teacher with the model's inputs."""
    return self.from_arrays(self.terms(self.differentiate(function, x, 1)), x)

  def from_arrays(self, given: Sequence, x) -> List[Optional[tf.Tensor]]:
    """Targets from what the user gave by name; None stays None.

    Raises:
      UserError: naming the target and the shape that it should have.
    """
    targets: List[Optional[tf.Tensor]] = []
    for name, target, (key, i) in zip(self.names, given, self._entries()):
      one = matching.Matching(1, self.out[key], None)
      try:
        if i is None:
          targets += one.from_arrays([target], comparison.a_float(x))
        else:
          targets += one.from_arrays([None, target], pick(x, i, "input"))[1:]
      except errors.UserError as error:
        raise errors.UserError(f"For '{name}': {error}") from None
    return targets

  def _entries(self) -> List[Tuple[Any, Any]]:
    """What the names stand for: (output, input), or (output, None)."""
    return [(key, i) for key, by in self.pairs for i in (None, *by)]

  def _block_shape(self, key, i, x) -> tf.TensorShape:
    out = self.out[key]
    return tf.TensorShape([] if out.num_elements() == 1 else out).concatenate(
        pick(x, i, "input").shape[1:])


def pick(structure, key, kind: str) -> tf.Tensor:
  """A model's input or output by name or place.

  Args:
    structure: a dictionary, list or tuple.
    key: a name or place.
    kind: "input" or "output".

  Returns:
    The tensor.

  Raises:
    UserError: if there is none.
  """
  there = (list(structure) if isinstance(structure, Mapping) else
           list(range(len(structure))) if isinstance(structure, (list, tuple))
           else [])
  if key not in there:
    raise errors.UserError(
        f"There is no {kind} {key!r}: the {kind}s are "
        f"{', '.join(map(repr, there)) or 'one tensor without a name'}.")
  return structure[key]


def _replaced(structure, parts: Values):
  """A dictionary or tuple with other parts."""
  if isinstance(structure, Mapping):
    return {key: parts.get(key, part) for key, part in structure.items()}
  return tuple(parts.get(key, part) for key, part in enumerate(structure))


def _joined(parts: Sequence[tf.Tensor]) -> tf.Tensor:
  """`[B, P]` from tensors `[B, ...]`."""
  return tf.concat([tf.reshape(
      part, [tf.shape(part)[0], math.prod(part.shape[1:])])
      for part in parts], 1)


def _split(joined: tf.Tensor, like: Sequence[tf.TensorShape]
           ) -> List[tf.Tensor]:
  """The reverse of `_joined`."""
  sizes = [math.prod(shape[1:]) for shape in like]
  return [tf.ensure_shape(tf.reshape(part, [-1, *shape[1:]]), shape)
          for part, shape in zip(tf.split(joined, sizes, 1), like)]
