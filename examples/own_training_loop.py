"""A Sonnet module and a Sobolev loss in a training loop of one's own.

The target is a TensorFlow function, so its derivatives come for free. Compares
training on values with training on values, gradients and Hessians.
"""

import sonnet as snt
import tensorflow as tf

import sobolev_tf as st


def target(x: tf.Tensor) -> tf.Tensor:
  """`[B, 2]` -> `[B, 1]`."""
  return tf.sin(2. * x[:, :1]) * tf.cos(x[:, 1:])


def train(weights, steps: int = 1000) -> float:
  """Trains on 16 points; returns the error on 1,000 others."""
  x = tf.random.stateless_uniform([16, 2], [0, 1], -2., 2.)
  y, dy_dx, d2y_dx2 = st.from_function(target, x, order=2)
  tf.random.set_seed(1)
  model = snt.nets.MLP([64, 64, 1], activation=tf.tanh)
  optimizer = snt.optimizers.Adam(5e-3)
  loss = st.SobolevLoss(order=2, weights=weights)  # Eq. 1 of the paper
  model(x)  # creates the variables

  @tf.function
  def step():
    with tf.GradientTape() as tape:
      total = loss(model, x, (y, dy_dx, d2y_dx2)).reduce()
    variables = model.trainable_variables
    optimizer.apply(tape.gradient(total, variables), variables)

  for _ in range(steps):
    step()
  test = tf.random.stateless_uniform([1000, 2], [0, 2], -2., 2.)
  return float(tf.reduce_mean((model(test) - target(test))**2))


if __name__ == "__main__":
  print(f"test MSE, values alone:           {train((1., 0., 0.)):.5f}")
  print(f"test MSE, and gradients:          {train((1., 1., 0.)):.5f}")
  print(f"test MSE, and Hessians:           {train((1., 1., .1)):.5f}")
