"""A neural potential: symmetry functions, then a network per atom.

J. Behler, M. Parrinello. Generalized Neural-Network Representation of
High-Dimensional Potential-Energy Surfaces. Phys. Rev. Lett. 98, 146401 (2007).
Atoms of one element share a network, whose outputs add up. What it is given
depends on distances alone, so that the energy changes neither if the cluster
is moved, turned or mirrored nor if two atoms change places.
"""

import itertools
from typing import Sequence

import numpy as np
import sonnet as snt
import tensorflow as tf

from configs import forces as config_lib
from sobolev_tf import EnsembleMLP


class SymmetryFunctions(snt.Module):
  """Radial symmetry functions of every atom (Behler and Parrinello, eq. 5).

    G_ik = sum_{j != i} exp(-eta (r_ij - r_k)^2) f(r_ij)
    f(r) = (cos(pi r / r_c) + 1) / 2 for r < r_c, else 0

  then scaled to deviation 1 over given geometries, whose mean is subtracted.
  """

  def __init__(self, config: config_lib.Descriptors, positions: np.ndarray,
               name: str = "symmetry_functions"):
    """Takes centres, widths and scales.

    Args:
      config: of the functions.
      positions: geometries `[F, A, 3]` that give the scales, or `[E, F, A, 3]`,
        each member its own.
      name: the module's name.
    """
    super().__init__(name=name)
    atoms = positions.shape[-2]
    pairs = np.array(list(itertools.combinations(range(atoms), 2)))  # [P, 2]
    ends = np.eye(atoms, dtype=np.float32)[pairs]  # [P, 2, A]
    self._differences = ends[:, 0] - ends[:, 1]  # [P, A]
    self._belongs = ends.sum(1).T  # [A, P]
    self._cutoff = config.cutoff
    self._centres = np.linspace(
        config.nearest, config.cutoff, config.functions, dtype=np.float32)
    self._eta = .5 / float(self._centres[1] - self._centres[0])**2
    raw = self._sums(tf.constant(positions, tf.float32))  # [(E,) F, A, G]
    axes = [-3, -2]
    self.mean = tf.Variable(
        tf.reduce_mean(raw, axes, keepdims=True), trainable=False, name="mean")
    self.deviation = tf.Variable(
        tf.math.reduce_std(raw, axes, keepdims=True) + 1e-6,  # ours: not 0
        trainable=False, name="deviation")

  def __call__(self, positions: tf.Tensor) -> tf.Tensor:
    """Maps positions `[..., A, 3]` to `[..., A, G]`."""
    mean, deviation = (tf.cast(variable, positions.dtype)
                       for variable in (self.mean, self.deviation))
    return (self._sums(positions) - mean) / deviation

  def _sums(self, positions: tf.Tensor) -> tf.Tensor:
    differences, belongs, centres = (
        tf.constant(array, positions.dtype)
        for array in (self._differences, self._belongs, self._centres))
    between = tf.einsum("pa,...ad->p...d", differences, positions)
    # No atom is its own neighbour: the root's slope stays finite.
    r = tf.sqrt(tf.reduce_sum(between**2, -1, keepdims=True))  # [P, ..., 1]
    fades = tf.where(
        r < self._cutoff, .5 * tf.cos(np.pi / self._cutoff * r) + .5,
        tf.zeros_like(r))
    each = fades * tf.exp(
        -self._eta * (r - centres)**2)  # [P, ..., G]
    return tf.einsum("ap,p...g->...ag", belongs, each)


class Potential(snt.Module):
  """Energies per atom of E potentials, one per seed."""

  def __init__(self, hidden_sizes: Sequence[int], seeds: Sequence[int],
               symmetry_functions: SymmetryFunctions,
               name: str = "potential"):
    """Creates the variables.

    Args:
      hidden_sizes: of the network that atoms share.
      seeds: of the initial weights, one per member.
      symmetry_functions: what the network is given.
      name: the module's name.
    """
    super().__init__(name=name)
    self.describe = symmetry_functions
    self.network = EnsembleMLP(
        seeds, symmetry_functions.mean.shape[-1], [*hidden_sizes, 1],
        tf.tanh)  # ours: smooth, as forces are

  def __call__(self, positions: tf.Tensor) -> tf.Tensor:
    """Maps positions `[E, F, A, 3]`, Angstrom, to `[E, F, 1]`.

    The mean over atoms, in the unit that the targets have.
    """
    described = self.describe(positions)  # [E, F, A, G]
    shape = tf.shape(described)
    atoms = tf.reshape(
        described, [shape[0], shape[1] * shape[2], described.shape[-1]])
    energies = tf.reshape(self.network(atoms), shape[:-1])  # [E, F, A]
    return tf.reduce_mean(energies, -1, keepdims=True)
