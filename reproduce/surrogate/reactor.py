"""A reactor whose outputs and Jacobian come out of one integration.

The plant of jkitchin/pounce, notebook 43_sobolev_training: a plug-flow reactor
with a cooling jacket and the exothermic reactions A -> P -> W. Along the
dimensionless axis z from 0 to 1,

  dC_A/dz = -tau r_1,   dC_P/dz = tau (r_1 - r_2)
  dT/dz = tau (J_1 r_1 + J_2 r_2 - beta (T - T_c))
  r_1 = k_1 C_A,   r_2 = k_2 C_P,   k_i = k_i0 exp(-gamma_i (T_0 / T - 1))

from C_A = C_A0, C_P = 0, T = T_in. Its outputs are conversion X = 1 - C_A(1) /
C_A0, yield Y = C_P(1) / C_A0, hot spot T_hot = 1/b log int exp(b T) dz (a
smooth maximum, whose derivative does not jump) and cooling duty Q_c = tau beta
int (T - T_c) dz. The sensitivities s = d(C_A, C_P, T)/dp of the five inputs p
obey ds/dz = (df/dstate) s + df/dp and are integrated with the states.
"""

from typing import NamedTuple

import numpy as np
from scipy import integrate

INPUTS = ("tau", "T_in", "T_c", "C_A0", "beta")  # s, K, K, mol/L, 1/s
OUTPUTS = ("X", "Y", "T_hot", "Q_c")  # -, -, K, K
LOW = np.array([.6, 480., 470., .8, 2.])
HIGH = np.array([1.6, 520., 510., 1.4, 4.5])
_T0 = 500.  # K
_K1, _K2 = 2., .2  # 1/s at T_0
_GAMMA1, _GAMMA2 = 12., 20.
_J1, _J2 = 60., 25.  # K per mol/L
_SHARPNESS = 2.  # b, 1/K
# ours: relative tolerance and panels of 8 Gauss points, so that outputs and
# Jacobian are exact to 1e-8 of their size (a test compares finer ones)
TOLERANCE = 1e-9
PANELS = 24


class Solution(NamedTuple):
  """Of N reactors.

  Attributes:
    y: outputs `[N, 4]` in the units of `OUTPUTS`.
    dy_dx: Jacobians `[N, 4, 5]`.
  """
  y: np.ndarray
  dy_dx: np.ndarray


def solve(x: np.ndarray, tolerance: float = TOLERANCE, panels: int = PANELS
          ) -> Solution:
  """Integrates the reactors of N inputs side by side.

  Args:
    x: inputs `[N, 5]` in the units of `INPUTS`.
    tolerance: relative, of the integrator (Dormand-Prince of order 8).
    panels: of the quadrature along the axis.

  Returns:
    Outputs and Jacobians, float64.
  """
  count = len(x)
  tau, t_in, t_c, c_a0, beta = x.T  # [N] each
  initial = np.zeros([3, 6, count])  # states, then their sensitivities
  initial[0, 0], initial[2, 0] = c_a0, t_in
  initial[0, 4] = initial[2, 2] = 1.

  def slope(unused_z, flat):
    values = flat.reshape(3, 6, count)
    (c_a, c_p, t), s = values[:, 0], values[:, 1:]  # [N], [3, 5, N]
    k1 = _K1 * np.exp(-_GAMMA1 * (_T0 / t - 1))
    k2 = _K2 * np.exp(-_GAMMA2 * (_T0 / t - 1))
    # Rates and their sensitivities, `[5, N]`.
    r1, r2 = k1 * c_a, k2 * c_p
    warmer = _T0 / t**2 * s[2]
    s1 = k1 * s[0] + _GAMMA1 * r1 * warmer
    s2 = k2 * s[1] + _GAMMA2 * r2 * warmer
    net = np.stack([-r1, r1 - r2, _J1 * r1 + _J2 * r2 - beta * (t - t_c)])
    moved = tau * np.stack([-s1, s1 - s2, _J1 * s1 + _J2 * s2 - beta * s[2]])
    moved[:, 0] += net
    moved[2, 2] += tau * beta
    moved[2, 4] -= tau * (t - t_c)
    return np.concatenate([(tau * net)[:, None], moved], 1).ravel()

  nodes, weights = _quadrature(panels)
  found = integrate.solve_ivp(
      slope, (0., 1.), initial.ravel(), "DOP853", t_eval=[*nodes, 1.],
      rtol=tolerance, atol=tolerance * 1e-3)
  along = found.y.reshape(3, 6, count, -1)
  t, dt_dx = along[2, 0, :, :-1], along[2, 1:, :, :-1]  # [N, Z], [5, N, Z]
  (c_a, c_p), s = along[:2, 0, :, -1], along[:2, 1:, :, -1]

  peak = t.max(1)
  share = weights * np.exp(_SHARPNESS * (t - peak[:, None]))  # [N, Z]
  hot = peak + np.log(share.sum(1)) / _SHARPNESS
  share /= share.sum(1, keepdims=True)
  excess = t @ weights - t_c  # [N]
  duty = tau * beta * excess
  d_duty = tau * beta * (dt_dx @ weights)  # [5, N]
  d_duty[0] += beta * excess
  d_duty[2] -= tau * beta
  d_duty[4] += tau * excess
  d_x, d_y = -s[0] / c_a0, s[1] / c_a0
  d_x[3] += c_a / c_a0**2
  d_y[3] -= c_p / c_a0**2
  return Solution(
      np.stack([1 - c_a / c_a0, c_p / c_a0, hot, duty], -1),
      np.stack([d_x, d_y, (share * dt_dx).sum(-1), d_duty]).transpose(2, 0, 1))


def _quadrature(panels: int):
  """Gauss-Legendre nodes and weights on [0, 1], both `[8 * panels]`."""
  nodes, weights = np.polynomial.legendre.leggauss(8)
  starts = np.arange(panels)[:, None]
  return (((starts + (nodes + 1) / 2) / panels).ravel(),
          np.tile(weights / 2 / panels, panels))
