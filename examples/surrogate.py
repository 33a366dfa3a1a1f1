"""A simulator's surrogate, trained on its Jacobian, every channel balanced."""

import numpy as np
from scipy import integrate
import sonnet as snt
import tensorflow as tf

import sobolev_tf as st


def simulate(rate, time):
  """A -> B -> C from pure A: A and B, and their Jacobian [2, 2]."""
  def slope(_, s):  # A, B and their derivatives by the rate
    return [-rate * s[0], rate * s[0] - s[1],
            -s[0] - rate * s[2], s[0] + rate * s[2] - s[3]]
  s = integrate.solve_ivp(slope, (0., time), [1., 0., 0., 0.]).y[:, -1]
  return s[:2], np.stack([s[2:], slope(time, s)[:2]], axis=1)


inputs = np.random.default_rng(0).uniform([1., .1], [5., 3.], (224, 2))
y, dy_dx = map(np.array, zip(*(simulate(*x) for x in inputs)))
x_scale, y_scale = inputs[:24].std(0), y[:24].std(0)  # of what is trained on
data = [tf.constant(array, tf.float32) for array in (
    inputs / x_scale, y / y_scale, dy_dx * x_scale / y_scale[:, np.newaxis])]
x, *targets = (array[:24] for array in data)
balanced = st.standardise(targets)  # channel z-scores
for name, weights in (("values alone", (1., 0.)), ("Jacobians", balanced)):
  model = snt.nets.MLP([32, 32, 2], activation=tf.tanh)
  model(x)
  optimizer = st.Adam(model.trainable_variables, st.cosine(1e-2, 800))
  def step(_, model=model, optimizer=optimizer, weights=weights):
    with tf.GradientTape() as tape:
      total = st.SobolevLoss(weights=weights)(model, x, targets).reduce()
    variables = model.trainable_variables
    optimizer.apply(tape.gradient(total, variables), variables)
    return {"loss": total}
  st.train(step, {"model": model, "optimizer": optimizer}, st.Schedule(800))
  error = (model(data[0]) - data[1])[24:]
  print(f"{name}: error of 200 other solves {np.std(error):.4f}")
