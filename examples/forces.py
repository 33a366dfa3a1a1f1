"""A potential of 6 atoms from energies and forces (needs `ase`), in Keras."""
from ase.calculators.lj import LennardJones
from ase.cluster import Octahedron
from keras import Sequential, layers, optimizers, utils
import numpy as np
import tensorflow as tf

from sobolev_tf.keras import SobolevModel

draws = np.random.RandomState(0)


def sample():
  """Positions `[6, 3]`, energy `[1]`, its gradient `[6, 3]`."""
  atoms = Octahedron("Cu", 2)
  atoms.calc = LennardJones(sigma=2.3, rc=100.)
  atoms.rattle(.1, rng=draws)
  return (atoms.get_positions(), [atoms.get_potential_energy()],
          -atoms.get_forces())


def describe(x):
  """How many neighbours an atom has at 8 distances, `[N, 6, 8]`."""
  apart = x[:, :, None] - x[:, None] + 9. * tf.eye(6)[..., None]  # not itself
  near = tf.norm(apart, axis=-1)[..., None] - tf.linspace(2., 6., 8)
  return tf.reduce_sum(tf.exp(-2. * near**2), 2)


x, y, dy_dx = (np.float32(part) for part in zip(*(sample() for _ in range(70))))
for name, weight in ("energies alone", 0.), ("and forces", .1):
  utils.set_random_seed(0)
  model = SobolevModel(Sequential([
      layers.Input((6, 3)), layers.Lambda(describe), layers.Dense(32, "tanh"),
      layers.Dense(1), layers.GlobalAveragePooling1D(),  # over the atoms
      layers.Rescaling(6., y[:20].mean())]))
  model.compile(optimizers.Adam(1e-2), loss_weights=(1., weight))
  model.fit(x[:20], (y[:20], dy_dx[:20]), batch_size=5, epochs=30, verbose=0)
  wrong = model.predict(x[20:], verbose=0) - y[20:]
  print(f"{name}: error of the energy {np.mean(wrong**2)**.5:.3f} eV")
