"""Loss and weight gradients by four products, in plain array operations.

One text for every peer whose arrays have `@`, `.mT`, `clip` and `sum`: PyTorch,
JAX and NumPy. `sobolev_tf/derivatives/four_products.py` has the derivation.
"""

from typing import Any, Callable, List, Sequence, Tuple


def loss_and_gradients(
    weights: Sequence[Any], biases: Sequence[Any], x: Any, y: Any, dy_dx: Any,
    affine: Callable[[Any, Any, Any], Any] = lambda b, h, w: b + h @ w,
) -> Tuple[Any, List[Any], List[Any]]:
  """Loss and weight gradients of ReLU networks, four products a layer.

  Args:
    weights: per layer, `[E, in, out]`; the last has one output.
    biases: per layer, `[E, 1, out]`.
    x: points `[E, B, D]`.
    y: target values `[E, B, 1]`.
    dy_dx: target gradients `[E, B, D]`.
    affine: b + h w, in the library's best way.

  Returns:
    The losses `[E]`; the gradients of the weights and of the biases.
  """
  inputs, slopes = [x], []
  for w, b in zip(weights[:-1], biases[:-1]):
    z = affine(b, inputs[-1], w)
    inputs.append(z.clip(min=0))
    slopes.append(z > 0)
  value_error = affine(biases[-1], inputs[-1], weights[-1]) - y  # [E, B, 1]
  adjoints = [weights[-1].mT * slopes[-1]]
  for w, slope in zip(weights[-2:0:-1], slopes[-2::-1]):
    adjoints.insert(0, (adjoints[0] @ w.mT) * slope)
  gradient_error = adjoints[0] @ weights[0].mT - dy_dx  # [E, B, D]
  loss = ((value_error**2).sum(-1) + (gradient_error**2).sum(-1)).mean(-1)

  scale = 2. / x.shape[-2]
  r, tangents = scale * value_error, [scale * gradient_error]
  for w, slope in zip(weights[:-1], slopes):
    tangents.append((tangents[-1] @ w) * slope)
  factors = [r * h + t for h, t in zip(inputs, tangents)]
  to_weights = [factor.mT @ d for factor, d in zip(factors, adjoints)]
  to_weights.append(factors[-1].sum(-2)[..., None])
  to_biases = [(r * d).sum(-2)[..., None, :] for d in (*adjoints, 1.)]
  return loss, to_weights, to_biases
