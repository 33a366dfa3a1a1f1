"""Standardisation of inputs, values and derivatives, by the chain rule.

With x' = (x - mx) / sx and y' = (y - my) / sy, the derivative that a model of
y'(x') must match is dy'/dx' = dy/dx * sx / sy, that of second order
d2y/dx_i dx_j * sx_i * sx_j / sy, and errors made in scaled units go back to the
original ones the same way.
"""

import dataclasses
from typing import Sequence, Tuple

import numpy as np

from configs import regression
from reproduce.regression import data as data_lib
from sobolev_tf import errors


@dataclasses.dataclass(frozen=True)
class Units:
  """An affine change of units; arrays broadcast over `[..., N, *]`.

  Attributes:
    x_mean: `[..., 1, D]`, in units of x.
    x_scale: `[..., 1, D]`, in units of x.
    y_mean: `[..., 1, 1]`, in units of y.
    y_scale: `[..., 1, 1]`, in units of y.
  """
  x_mean: np.ndarray
  x_scale: np.ndarray
  y_mean: np.ndarray
  y_scale: np.ndarray

  def apply(self, data: data_lib.RegressionData
            ) -> data_lib.RegressionData:
    """Data in scaled units."""
    return data_lib.RegressionData(
        (data.x - self.x_mean) / self.x_scale,
        (data.y - self.y_mean) / self.y_scale,
        data.dy_dx * self.x_scale / self.y_scale,
        None if data.d2y_dx2 is None else data.d2y_dx2 / self._curvature)

  def invert(self, y: np.ndarray, *derivatives: np.ndarray
             ) -> Tuple[np.ndarray, ...]:
    """Values and, as far as they are given, derivatives in original units.

    Args:
      y: `[..., N, 1]` in scaled units.
      *derivatives: gradients `[..., N, D]` and Hessians `[..., N, D, D]`, or
        the former or neither, in scaled units.

    Returns:
      All of them in original units.
    """
    units = (self.y_scale / self.x_scale, self._curvature)
    return (y * self.y_scale + self.y_mean, *(
        derivative * unit for derivative, unit in zip(derivatives, units)))

  @property
  def _curvature(self) -> np.ndarray:
    """One scaled unit of the Hessian in original ones, `[..., 1, D, D]`."""
    return self.y_scale[..., None] / (
        self.x_scale[..., :, None] * self.x_scale[..., None, :])


def fit(data: data_lib.RegressionData, domain: data_lib.Domain, inputs: str,
        targets: str) -> Units:
  """Chooses the units for one function and one training set.

  Args:
    data: the training set, `[N, ...]`.
    domain: per input, its lowest and highest value.
    inputs: "raw", or "standardised": mean 0 and standard deviation 1 under
      the uniform distribution on the domain, which is known.
    targets: "raw", or "standardised": mean 0 and standard deviation 1 of the
      values of the training set.

  Returns:
    The change of units.

  Raises:
    UserError: if a choice is unknown or all target values are equal.
  """
  regression.check_scaling(inputs, targets)
  x_mean, x_scale = np.zeros([1, data.x.shape[-1]]), np.ones([1, 1])
  y_mean, y_scale = np.zeros([1, 1]), np.ones([1, 1])
  if inputs == "standardised":
    low, high = np.array(domain, np.float64).T
    x_mean, x_scale = (low + high)[None] / 2, (high - low)[None] / 12**.5
  if targets == "standardised":
    y_mean, y_scale = data.y.mean()[None, None], data.y.std()[None, None]
    if np.ptp(data.y) == 0:
      raise errors.UserError(
          "All target values are equal, so they cannot be standardised: use "
          "more points or raw targets.")
  return Units(
      x_mean, np.broadcast_to(x_scale, x_mean.shape), y_mean, y_scale)


def stack(members: Sequence[Units]) -> Units:
  """Puts the units of E members side by side, `[E, 1, ...]`."""
  return Units(*(
      np.stack([getattr(member, field.name) for member in members])
      for field in dataclasses.fields(Units)))
