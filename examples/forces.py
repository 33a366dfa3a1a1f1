"""A potential of 6 atoms from energies and forces (needs `ase`), in Keras."""
from ase.calculators.lj import LennardJones
from ase.cluster import Octahedron
import keras
import numpy as np
import tensorflow as tf

from sobolev_tf.keras import SobolevModel


def sample(count: int, random: np.random.RandomState):
  """Positions `[N, 6, 3]`, energies `[N, 1]`, their gradients `[N, 6, 3]`."""
  found, atoms = [], Octahedron("Cu", 2)
  atoms.calc, start = LennardJones(sigma=2.3, rc=100.), atoms.get_positions()
  for _ in range(count):
    atoms.positions = start + random.normal(size=[6, 3], scale=.1)
    found.append((atoms.get_positions(), [atoms.get_potential_energy()],
                  -atoms.get_forces()))
  return [np.array(part, np.float32) for part in zip(*found)]


def describe(x):
  """How many neighbours an atom has at 8 distances, `[N, 6, 8]`."""
  apart = x[:, :, None] - x[:, None] + 9. * tf.eye(6)[..., None]  # not itself
  r = tf.norm(apart, axis=-1)[..., None]  # [N, 6, 6, 1]
  return tf.reduce_sum(tf.exp(-2. * (r - tf.linspace(2., 6., 8))**2), 2)


random = np.random.RandomState(0)
(x, y, dy_dx), (x_test, y_test, _) = sample(20, random), sample(100, random)
for name, weight in ("energies alone", 0.), ("and forces", .1):
  keras.utils.set_random_seed(0)
  model = SobolevModel(keras.Sequential([
      keras.Input((6, 3)), keras.layers.Lambda(describe),
      keras.layers.Dense(32, "tanh"), keras.layers.Dense(1),
      keras.layers.GlobalAveragePooling1D(),  # over the atoms
      keras.layers.Rescaling(6., y.mean())]))
  model.compile(keras.optimizers.Adam(1e-2), loss_weights=(1., weight))
  model.fit(x, (y, dy_dx), batch_size=20, epochs=150, verbose=0)
  error = np.sqrt(np.mean((model.predict(x_test, verbose=0) - y_test)**2))
  print(f"{name}: error of the energy {error:.3f} eV")
