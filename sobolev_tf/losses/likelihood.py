"""The Gaussian likelihood of all channels, its variances eliminated.

A. Kendall, Y. Gal, R. Cipolla. Multi-Task Learning Using Uncertainty to Weigh
Losses. CVPR 2018, https://arxiv.org/abs/1705.07115, learn one variance per
task:

  L = sum_k (MSE_k / (2 sigma_k^2) + log sigma_k)

At its minimum in sigma, sigma_k^2 = MSE_k, L is

  1/2 sum_k log MSE_k

and a constant. A channel k is an entry of the value or of a derivative. Its
weight is in effect 1 / (2 MSE_k), so neither units nor constant weights change
the gradient, and channels that are learned well count more.
"""

from typing import Any, Dict, Optional, Sequence, Tuple

import tensorflow as tf

from sobolev_tf.losses import arguments, balancing


class ProfiledLikelihood(balancing.Balancing):
  """1/2 sum_k log(MSE_k + floor), with squared errors as losses.

  MSE_k is the mean over the examples of a batch: the logarithm of a small
  batch's mean is a biased estimate, so take large batches or all examples. No
  extra cost to speak of.
  """
  by_channel = True

  def __init__(self, order: int = 1,
               # as jkitchin/pounce, notebook 43_sobolev_training
               floor: float = 1e-12, name: Optional[str] = None):
    """Sets the likelihood up.

    Args:
      order: the highest order K of derivative.
      floor: squared errors below it hardly count, in the squared unit of the
        targets: a bound on the weights, and what missing channels are given.
      name: the module's name.

    Raises:
      UserError: if `floor` is not positive.
    """
    super().__init__(order, name)
    arguments.check_positive("floor", floor)
    self._floor = floor

  def weights(self, means: Sequence[tf.Tensor]
              ) -> Tuple[balancing.Weight, ...]:
    """1 / (2 (MSE_k + floor)), `[P_j]` for every order."""
    return tuple(
        .5 / (tf.stop_gradient(mean) + self._floor) for mean in means)

  def objective(self, means: Sequence[tf.Tensor]) -> tf.Tensor:
    """1/2 sum_k log(MSE_k + floor)."""
    return .5 * tf.add_n([
        tf.reduce_sum(tf.math.log(mean + self._floor), -1) for mean in means])

  def get_config(self) -> Dict[str, Any]:
    """The arguments that make another like it."""
    return {"order": self.order, "floor": self._floor}
