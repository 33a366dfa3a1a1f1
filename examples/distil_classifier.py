"""Distils a classifier of one's own with stochastic Sobolev Training.

The student matches the teacher's log-probabilities and their derivatives with
respect to the input, projected on a random direction per example and step
(Section 4.2), so that the cost does not grow with the number of classes.
"""

import math

import sonnet as snt
import tensorflow as tf

import sobolev_tf as st
from sobolev_tf.losses import distillation


def spirals(count: int, seed: int):
  """Points `[N, 2]` on three noisy spirals, and their classes `[N]`."""
  labels = tf.range(count) % 3
  radius = tf.random.stateless_uniform([count], [seed, 0], .1, 1.)
  angle = 5. * radius + 2. * math.pi / 3. * tf.cast(labels, tf.float32)
  noise = tf.random.stateless_normal([count, 2], [seed, 1], stddev=.1)
  x = tf.stack([radius * tf.cos(angle), radius * tf.sin(angle)], axis=1)
  return x + noise, labels


def fit(network: snt.Module, x: tf.Tensor, loss, steps: int) -> None:
  """Minimises `loss(step)` over the network's weights."""
  network(x)  # creates the variables
  optimizer = st.Adam(network.trainable_variables, st.cosine(5e-3, steps))

  @tf.function
  def step(index):
    with tf.GradientTape() as tape:
      total = loss(index)
    variables = network.trainable_variables
    optimizer.apply(tape.gradient(total, variables), variables)

  for index in tf.range(steps):
    step(index)


def log_policy(network: snt.Module):
  """The function from points to log-probabilities."""
  return lambda x: tf.nn.log_softmax(network(x))


def distil(teacher: snt.Module, x: tf.Tensor, alpha: float) -> snt.Module:
  """Trains a student on the points `[N, 2]`."""
  tf.random.set_seed(1)
  student = snt.nets.MLP([24, 3], activation=tf.tanh)
  loss = distillation.DistillationLoss(alpha)
  fit(student, x, lambda index: loss(
      log_policy(student), x, log_policy(teacher),
      tf.stack([7, index])).reduce(), 800)  # a new direction at every step
  return student


def main() -> None:
  tf.random.set_seed(0)
  x, labels = spirals(600, seed=0)
  teacher = snt.nets.MLP([64, 64, 3], activation=tf.tanh)
  fit(teacher, x, lambda _: tf.reduce_mean(
      tf.nn.sparse_softmax_cross_entropy_with_logits(labels, teacher(x))), 500)

  test, _ = spirals(1000, seed=1)
  for alpha in (0., .3):
    student = distil(teacher, x[:60], alpha)
    divergence = tf.reduce_mean(distillation.kl_to_target(
        log_policy(teacher)(test), log_policy(student)(test)))
    print(f"alpha = {alpha}: test KL(student || teacher) {divergence:.4f}")


if __name__ == "__main__":
  main()
