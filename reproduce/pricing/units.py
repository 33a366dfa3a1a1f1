"""Spots and values of mean 0 and deviation 1 over a training set."""

from typing import NamedTuple

import numpy as np

from reproduce.balancing import fit
from reproduce.pricing import basket


class Units(NamedTuple):
  """Means and deviations.

  Attributes:
    x_mean: `[D]`.
    x_scale: `[D]`.
    y_mean: `[1]`.
    y_scale: `[1]`.
  """
  x_mean: np.ndarray
  x_scale: np.ndarray
  y_mean: np.ndarray
  y_scale: np.ndarray

  @classmethod
  def of(cls, data: basket.Samples) -> "Units":
    """Those of a training set."""
    return cls(data.x.mean(0), data.x.std(0), data.y.mean(0), data.y.std(0))

  def apply(self, data: basket.Samples) -> fit.Data:
    """Samples in these units, derivatives by the chain rule."""
    return fit.Data((data.x - self.x_mean) / self.x_scale,
                    (data.y - self.y_mean) / self.y_scale,
                    data.dy_dx * self.x_scale / self.y_scale)

  def invert(self, data: fit.Data) -> basket.Samples:
    """The reverse of `apply`."""
    return basket.Samples(data.x * self.x_scale + self.x_mean,
                          data.y * self.y_scale + self.y_mean,
                          data.dy_dx * self.y_scale / self.x_scale)
