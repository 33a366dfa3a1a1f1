"""A network cut in two whose lower part learns from synthetic gradients.

Section 4.3: a critic of the loss sits at the cut; its gradient with respect to
the activations trains the lower part, which so need not wait for the upper
one. Sobolev Training teaches the critic the loss and its gradient.
"""

import sonnet as snt
import tensorflow as tf

import sobolev_tf as st
from sobolev_tf import synthetic_gradients as sg


def batch(index: tf.Tensor, size: int = 64):
  """Points `[B, 2]`, and which of 3 rings around the origin they are in."""
  seed = tf.stack([0, tf.cast(index, tf.int32)])
  x = tf.random.stateless_normal([size, 2], seed)
  radius = tf.norm(x, axis=1)
  return x, tf.cast(radius > .8, tf.int32) + tf.cast(radius > 1.5, tf.int32)


def make(cut: sg.Cut, x: tf.Tensor) -> sg.DecoupledNetwork:
  """Two parts with a cut between them."""
  parts = [snt.nets.MLP([32, 16], activation=tf.tanh, activate_final=True),
           snt.nets.MLP([3])]
  return sg.DecoupledNetwork([sg.Plain(part) for part in parts], [cut], x)


def train(cut: sg.Cut, steps: int = 400) -> float:
  """Trains with a cut; returns the error rate on 2,000 other points."""
  tf.random.set_seed(0)
  network = make(cut, batch(0)[0][:1])
  groups = [group for group in (*network.parts, *network.cuts)
            if group.trainable_variables]
  optimizers = {id(group): st.Adam(group.trainable_variables, 1e-2)
                for group in groups}  # every part and module has its own

  @tf.function
  def step(index):
    computed = network.step(*batch(index))
    for group, gradients in zip(
        (*network.parts, *network.cuts),
        (*computed.parts, *computed.modules)):
      if gradients is not None:
        optimizers[id(group)].apply(gradients, group.trainable_variables)

  for index in tf.range(steps):
    step(index)
  x, labels = batch(10**6, 2000)
  wrong = tf.argmax(network(x), 1, tf.int32) != labels
  return float(tf.reduce_mean(tf.cast(wrong, tf.float32)))


def main() -> None:
  critic = sg.LossModel(sg.Plain(snt.nets.MLP([32, 3], activation=tf.tanh)))
  cuts = {
      "no gradient passes": sg.Noprop(),
      "synthetic gradient": sg.SyntheticGradient(
          critic, sg.SUPERVISION["sobolev"]),
  }
  for name, cut in cuts.items():
    print(f"{name}: test error {train(cut):.4f}")


if __name__ == "__main__":
  main()
