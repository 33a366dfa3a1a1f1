"""Second-order targets from known uncertainty (Section 5).

"Curvature is believed to be connected to uncertainty. Therefore, given a
problem with known uncertainty at training points, one could use Sobolev
Training to match the second order signal to the provided uncertainty signal"
(https://arxiv.org/abs/1706.04859). For a log-density f, the connection is
Laplace's approximation: along input i, with the others fixed, f near x is that
of a Gaussian with variance

  s_i^2(x) = -1 / (d^2 f / dx_i^2)(x).
"""

from typing import Tuple

import numpy as np
import numpy.typing as npt

from sobolev_tf import errors


def hessian_from_variances(variances: npt.ArrayLike
                           ) -> Tuple[np.ndarray, np.ndarray]:
  """The part of a log-density's Hessian that variances give.

  Args:
    variances: s_i^2 of every input given the others, `[..., D]`; NaN where it
      is not known.

  Returns:
    The Hessian `[..., D, D]`, NaN where nothing is known (everywhere but on
    the diagonal), and its weights for `SobolevLoss`'s `entry_weights`: 1 where
    it is known, 0 elsewhere.

  Raises:
    UserError: if a variance is not positive.
  """
  variances = np.asarray(variances)
  if np.any(variances <= 0):
    raise errors.UserError(
        "Every variance must be > 0 (NaN where it is unknown): at points where "
        "a log-density is convex, its curvature is no variance.")
  diagonal = np.eye(variances.shape[-1], dtype=bool)
  hessian = np.where(diagonal, -1 / variances[..., None], np.nan)
  return hessian, np.isfinite(hessian).astype(hessian.dtype)
