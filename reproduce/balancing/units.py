"""Units in which networks are trained: mean 0 and deviation 1."""

from typing import NamedTuple

import numpy as np

from reproduce.balancing import fit


class Units(NamedTuple):
  """An affine change of units.

  Attributes:
    x_mean: `[D]`, or 0 for inputs that keep their unit.
    x_scale: `[D]`, or `[1]` of ones for inputs that keep their unit.
    y_mean: `[P]`.
    y_scale: `[P]`.
  """
  x_mean: np.ndarray
  x_scale: np.ndarray
  y_mean: np.ndarray
  y_scale: np.ndarray

  @classmethod
  def of(cls, data: fit.Data) -> "Units":
    """Those in which a training set `[N, ...]` has mean 0 and deviation 1."""
    return cls.of_values(data)._replace(
        x_mean=data.x.mean(0), x_scale=data.x.std(0))

  @classmethod
  def of_values(cls, data: fit.Data) -> "Units":
    """The same for values alone; inputs keep their unit."""
    return cls(np.zeros(1), np.ones(1), data.y.mean(0), data.y.std(0))

  @property
  def slope(self) -> np.ndarray:
    """One scaled unit of a derivative in original ones, `[P, D]`.

    `[D]` if P is 1, as in `fit.Data`.
    """
    slope = self.y_scale[:, np.newaxis] / self.x_scale
    return slope[0] if len(slope) == 1 else slope

  def apply(self, data: fit.Data) -> fit.Data:
    """Data `[N, ...]` in scaled units, derivatives by the chain rule."""
    return fit.Data((data.x - self.x_mean) / self.x_scale,
                    (data.y - self.y_mean) / self.y_scale,
                    data.dy_dx / self.slope)

  def invert(self, data: fit.Data) -> fit.Data:
    """The reverse of `apply`."""
    return fit.Data(data.x * self.x_scale + self.x_mean,
                    data.y * self.y_scale + self.y_mean,
                    data.dy_dx * self.slope)
