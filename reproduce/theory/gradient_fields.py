"""Proposition 4: which modules of random weights are gradient fields.

Section 4.3 of https://arxiv.org/abs/1706.04859: if SG(h, y) is the gradient
of a scalar, its Jacobian in h is symmetric, an "extremely rare property" of a
network that outputs the gradient directly; the gradient of a loss predictor
m(h, y) = L(p(h), y) has it by construction. Three modules with random weights
are compared, in float64, as Sonnet initialises them.
"""

from typing import Callable, Tuple

import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_tf import derivatives
from sobolev_tf.derivatives import symmetry
from sobolev_tf.networks import mlp

_CLASSES = 10  # as CIFAR-10 has
Field = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
Module = Tuple[snt.nets.MLP, Field]  # the network, and SG of (h, y)


def linear(size: int) -> Module:
  """SG(h, y) = W [h, y] + b, free-form."""
  return _free_form([size])


def perceptron(size: int) -> Module:
  """SG(h, y) a free-form network with two hidden ReLU layers of 2 n units."""
  return _free_form([2 * size, 2 * size, size])


def critic(size: int) -> Module:
  """SG(h, y) the gradient of a loss predictor with as many hidden units.

  The predictor is m(h, y) = L(p(h), y): a classifier and the log loss.
  """
  classifier = snt.nets.MLP([2 * size, 2 * size, _CLASSES])

  def field(h, labels):
    return derivatives.gradient(
        lambda p: tf.nn.softmax_cross_entropy_with_logits(
            labels, classifier(p)), h)

  return classifier, field


def _free_form(sizes) -> Module:
  network = snt.nets.MLP(sizes)
  return network, lambda h, labels: network(tf.concat([h, labels], axis=-1))


MODULES = {"linear": linear, "perceptron": perceptron, "critic": critic}


def asymmetries(module: str, size: int, draws: int, seed: int) -> np.ndarray:
  """||J - J^T|| / ||J|| of random modules at random points.

  Args:
    module: a key of `MODULES`.
    size: n, of the activations h.
    draws: number of modules; each is measured at one point.
    seed: of weights, points and labels.

  Returns:
    `[draws]`.
  """
  network, field = MODULES[module](size)
  random = np.random.default_rng(seed)

  @tf.function
  def measure(h, labels):
    return symmetry.jacobian_asymmetry(lambda p: field(p, labels), h)[0]

  measured = []
  for draw in range(draws):
    h = tf.constant(random.normal(size=[1, size]))
    labels = tf.one_hot([random.integers(_CLASSES)], _CLASSES, dtype=h.dtype)
    if not draw:
      field(h, labels)  # creates the variables
      weights = [v for v in network.variables if v.shape.rank == 2]
      sizes = [weights[0].shape[0], *(w.shape[1] for w in weights)]
    for variable, value in zip(weights, mlp.initial_weights(
        int(random.integers(2**31)), sizes, h.dtype)):
      variable.assign(value)
    measured.append(float(measure(h, labels)))
  return np.array(measured)
