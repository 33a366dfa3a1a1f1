"""Values of several outputs, and their derivatives by several inputs.

Outputs that are differentiated by the same inputs share a pass: these inputs
are laid side by side, and so are the outputs. The Jacobian between the two, one
vector-Jacobian product per entry of the outputs, is cut into blocks.
"""

import functools
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
from sobolev_tf.losses import masking

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
      check: as for `matching.Matching.evaluated`.

    Returns:
      Values by output; derivatives by (output, input).
    """
    values: Values = {}
    blocks: Values = {}
    for inputs in dict.fromkeys(by for _, by in self.pairs if by and order):
      found, its = self._jacobian(function, x, inputs, check)
      values = {**found, **values, **{key: found[key] for key, _ in its}}
      blocks.update(its)
    if not values:
      found = function(x)
      values = {key: pick(found, key, "output") for key, _ in self.pairs}
    return (values, blocks)[:order + 1]

  def _jacobian(self, function, x, inputs: Tuple, check: bool
                ) -> Tuple[Values, Values]:
    """All values, and derivatives of the outputs with just these inputs."""
    outputs = [key for key, by in self.pairs if by == inputs]
    found: List[Values] = []

    def joined(entries: tf.Tensor) -> tf.Tensor:
      values = function(_replaced(x, dict(zip(inputs, _split(
          entries, [pick(x, i, "input").shape for i in inputs])))))
      found.append({key: shapes.check_output(
          pick(values, key, "output"), entries, 1) for key, _ in self.pairs})
      return _joined([found[-1][key] for key in outputs])

    guarded = guard.Guard(1)(joined) if check else joined

    def side_by_side(entries: tf.Tensor) -> tf.Tensor:
      found.clear()
      y = guarded(entries)
      del found[1:]  # of the guard's own trace
      return y

    points = _joined([pick(x, i, "input") for i in inputs])  # [B, n]
    y, jacobian = derivatives.value_and_derivatives(side_by_side, points, 1)
    jacobian = tf.reshape(jacobian, [-1, y.shape[1], points.shape[1]])
    rows = tf.split(jacobian, [math.prod(self.out[key]) for key in outputs], 1)
    widths = [math.prod(pick(x, i, "input").shape[1:]) for i in inputs]
    return found[0], {
        (key, i): tf.reshape(block, [-1, *self._block_shape(key, i, x)])
        for key, row in zip(outputs, rows)
        for i, block in zip(inputs, tf.split(row, widths, 2))}

  def check_connected(self, function, x) -> None:
    """Refuses derivatives that would be 0 since nothing leads to the input.

    Args:
      function: as for `differentiate`; it is traced.
      x: inputs by name or place; only shapes and types are used.

    Raises:
      UserError: naming the first such derivative.
    """
    if not any(by for _, by in self.pairs):
      return
    missing: List[str] = []

    def look(x):
      parts = {i: pick(x, i, "input") for _, by in self.pairs for i in by}
      with tf.GradientTape(
          persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(parts)
        values = function(x)
      missing.extend(
          name for name, (key, i) in zip(self.names, self._entries())
          if i is not None and tape.gradient(
              pick(values, key, "output"), parts[i]) is None)

    try:
      tf.function(look, autograph=False).get_concrete_function(
          tf.nest.map_structure(
              lambda part: tf.TensorSpec(part.shape, part.dtype), x))
    except errors.UserError:
      raise
    except Exception:  # whatever a model that only runs eagerly raises
      return
    if missing:
      raise errors.UserError(
          f"There is no '{missing[0]}': that output of "
          f"'{shapes.name_of(function)}' does not depend on that input in a "
          "differentiable way, so leave the input out of the output's list.")

  def trained(self, function, x, supervised: Sequence[bool],
              needed: Optional[Sequence[Optional[tf.Tensor]]],
              check: bool = False) -> List[Optional[tf.Tensor]]:
    """As `matching.Matching.trained`, by name.

    In a batch in which names need different examples, each has a pass of its
    own.
    """
    is_on = dict(zip(self._entries(), supervised))
    here = self._replace(pairs=[
        (key, tuple(i for i in by if is_on[key, i])) for key, by in self.pairs])
    order = int(any(by for _, by in here.pairs))

    def at(points, order: int, matched=here) -> Tuple[Values, ...]:
      values, *blocks = matched.differentiate(function, points, order, check)
      return ({key: value if is_on[key, None] else tf.stop_gradient(value)
               for key, value in values.items()}, *blocks)

    if needed is None:
      return self.terms(at(x, order))
    masks = {entry: mask for entry, mask in zip(self._entries(), needed)
             if mask is not None and (is_on[entry] or entry[1] is None)}
    nothing = tf.zeros_like(next(iter(masks.values())))
    levels = [
        [m for (_, i), m in masks.items() if (i is None) == is_value] or
        [nothing] for is_value in (True, False)[:order + 1]]

    def together() -> List[tf.Tensor]:
      found = masking.predictions(at, x, [level[0] for level in levels])
      terms = dict(zip(self._entries(), self.terms(found)))
      return [terms[entry] for entry in masks]

    def apart() -> List[tf.Tensor]:
      found = []
      for (key, i), mask in masks.items():
        one = self._replace(pairs=[(key, () if i is None else (i,))])
        found.append(one.terms(masking.predictions(
            functools.partial(at, matched=one), x,
            [mask] if i is None else [mask, mask]))[-1])
      return found

    others = [mask != level[0] for level in levels for mask in level[1:]]
    found = together() if not others else masking.unless(
        tf.reduce_any(others), apart, together)
    by_entry = dict(zip(masks, found))
    return [by_entry.get(entry) for entry in self._entries()]

  def whole(self, function, x) -> Dict:
    """Values, in pairs with derivatives by input where there are any."""
    values, blocks = self.differentiate(function, x, 1)
    return {key: (values[key], {i: blocks[key, i] for i in by})
            if by else values[key] for key, by in self.pairs}

  def evaluated(self, function, x, present: Sequence[bool]
                ) -> List[Optional[tf.Tensor]]:
    """As `matching.Matching.evaluated`, by name."""
    return self.terms(self.differentiate(function, x, int(any(
        is_there for is_there, (_, i) in zip(present, self._entries())
        if i is not None))))

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
