"""How good a decoupled network's synthetic gradients are.

Their cosine to the true gradients, and the asymmetry of their Jacobians
(Proposition 4 of https://arxiv.org/abs/1706.04859, measured).
"""

import contextlib
from typing import Dict, Iterator

import sonnet as snt
import tensorflow as tf

from sobolev_tf.derivatives import symmetry
from sobolev_tf.synthetic_gradients import decoupled

_EXACT = 512  # entries of h up to which whole Jacobians are taken
_PROBES = 8  # ours, see `symmetry.estimated_jacobian_asymmetry`


def cosines(network: decoupled.DecoupledNetwork, x: tf.Tensor,
            labels: tf.Tensor) -> Dict[str, float]:
  """How well synthetic gradients point along the true ones.

  Args:
    network: a network in training.
    x: inputs `[B, *event]`; normalised as in training, by their own
      statistics.
    labels: integers `[B]`.

  Returns:
    Per cut with an SG module, `cosine_<number>`: the cosine between SG(h, y)
    and dL/dh of an example, averaged over examples; 0 where one of them is 0.
  """
  if not any(cut.module for cut in network.cuts):
    return {}
  with preserved(network):
    true, synthetic = network.gradients_at_cuts(x, labels)
  measured = {}
  for number, (t, s) in enumerate(zip(true, synthetic), start=1):
    if s is not None:
      t, s = (tf.math.l2_normalize(snt.flatten(g), -1) for g in (t, s))
      measured[f"cosine_{number}"] = float(
          tf.reduce_mean(tf.reduce_sum(t * s, -1)))
  return measured


def asymmetries(network: decoupled.DecoupledNetwork, x: tf.Tensor,
                labels: tf.Tensor) -> Dict[str, float]:
  """Proposition 4, measured: is a synthetic gradient a gradient field?

  Batch normalisation is in evaluation mode, so that SG(h, y) is a function of
  one example. Up to 512 entries of h the whole Jacobian is taken, beyond that
  8 random projections per image.

  Args:
    network: a trained network.
    x: inputs `[B, *event]`.
    labels: integers `[B]`.

  Returns:
    Per cut with an SG module, `asymmetry_<number>`: ||J - J^T|| / ||J|| of the
    Jacobian J = dSG/dh, averaged over the examples.
  """
  measured = {}
  for number, (h, cut) in enumerate(
      zip(network.activations(x), network.cuts), start=1):
    if cut.module is not None:
      def field(points, module=cut.module):
        return module(points, labels, is_training=False).gradient
      if h.shape[1:].num_elements() <= _EXACT:
        ratios = symmetry.jacobian_asymmetry(field, h)
      else:
        ratios = symmetry.estimated_jacobian_asymmetry(
            field, h, tf.constant([number, 0]), _PROBES)
      measured[f"asymmetry_{number}"] = float(tf.reduce_mean(ratios))
  return measured


@contextlib.contextmanager
def preserved(module: snt.Module) -> Iterator[None]:
  """Puts a module's moving averages back as they were; not for graphs."""
  trained = {id(variable) for variable in module.trainable_variables}
  kept = [(variable, variable.numpy()) for variable in module.variables
          if id(variable) not in trained]
  try:
    yield
  finally:
    for variable, value in kept:
      variable.assign(value)
