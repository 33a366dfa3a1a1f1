"""Weights that follow the learning rate: DeePMD's prefactors.

L. Zhang, J. Han, H. Wang, R. Car, W. E. Deep Potential Molecular Dynamics.
Phys. Rev. Lett. 120, 143001 (2018), https://arxiv.org/abs/1707.09571. With
forces first and energies last, gradients shape the function while the rate is
high, and values settle its level at the end.
"""

from typing import Any, Callable, Dict, Optional, Sequence, Tuple, Union

import numpy as np
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.losses import arguments, balancing

Rate = Callable[[tf.Tensor], Union[float, tf.Tensor]]


class Prefactors(balancing.Balancing):
  """From `start` to `end` as the learning rate r falls.

    w_j(t) = end_j + (start_j - end_j) r(t) / r(0)

  at step t. No extra cost.
  """

  def __init__(self, start: Sequence[float], end: Sequence[float], rate: Rate,
               name: Optional[str] = None):
    """Ties the weights to a schedule.

    Args:
      start: K + 1 weights at the first step.
      end: K + 1 weights where the rate is 0.
      rate: the learning rate as a function of the step count (int64 scalar),
        `cosine(1e-3, steps)` say, without a warm-up: it is r(0) that rates are
        compared with.
      name: the module's name.

    Raises:
      UserError: if the weights are no weights, or r(0) is not positive.
    """
    order = len(arguments.check_sequence("start", start)) - 1
    super().__init__(order, name)
    self._start = balancing.check_weights(start, order, "start")
    self._end = balancing.check_weights(end, order, "end")
    self._rate = rate
    self._initial = float(rate(tf.constant(0, tf.int64)))
    if not (np.isfinite(self._initial) and self._initial > 0):
      raise errors.UserError(
          f"rate must be positive at step 0, got {self._initial}.")
    self.step = tf.Variable(0, trainable=False, dtype=tf.int64, name="step")

  def weights(self, means: Sequence[tf.Tensor]
              ) -> Tuple[balancing.Weight, ...]:
    """The weights of the step that comes next."""
    fraction = tf.cast(self._rate(self.step), tf.float64) / self._initial  # []
    return tuple(
        tf.cast(end + (start - end) * fraction, mean.dtype)
        for start, end, mean in zip(self._start, self._end, means))

  def update(self, means: Sequence[tf.Tensor]) -> None:
    """Counts a step."""
    self.step.assign_add(1)

  def get_config(self) -> Dict[str, Any]:
    """The arguments that make another like it, without the step."""
    return {"start": self._start, "end": self._end, "rate": self._rate}
