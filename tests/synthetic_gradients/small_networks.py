"""Small smooth networks in double precision that the tests here share."""

import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.networks import convnet

CLASSES = 3
SUPERVISION = dict(sg.SUPERVISION, sobolev=sg.Supervision(.5, 2.))
SYNTHETIC = (*SUPERVISION, "local")
IMAGE = (3, 3, 1)


def stack(channels, num_classes=None, **options):
  options = {"decay_rate": None, "activation": tf.nn.softplus, **options}
  return convnet.ConvStack(
      [convnet.Layer(c) for c in channels], num_classes=num_classes, **options)


class Rest(snt.Module):
  """The composition of some parts."""

  def __init__(self, parts):
    super().__init__()
    self.parts = parts

  def __call__(self, h, is_training):
    for part in self.parts:
      h = part(h, is_training)
    return h


def make_cut(method, channels=2):
  if method == "noprop":
    return sg.Noprop()
  if method == "backpropagation":
    return sg.Backpropagated()
  if method == "direct":
    module = sg.FreeGradient(stack([3], gradient_channels=channels), CLASSES)
  else:
    module = sg.LossModel(stack([2], CLASSES))
  if method == "local":
    return sg.LocalLoss(module)
  return sg.SyntheticGradient(module, SUPERVISION[method])


def make_network(method, targets="true", cuts=2):
  """Parts of 2 channels on 3x3x1 images; every weight is random, none 0."""
  parts = [stack([2]) for _ in range(cuts)] + [stack([2], CLASSES)]
  network = sg.DecoupledNetwork(
      parts, [make_cut(method) for _ in range(cuts)],
      tf.zeros([1, *IMAGE], tf.float64), targets=targets)
  randomise(network)
  return network


def randomise(module, seed=0):
  rng = np.random.default_rng(seed)
  for variable in module.trainable_variables:
    variable.assign(rng.normal(scale=.5, size=variable.shape))


def data(count=4, seed=1):
  rng = np.random.default_rng(seed)
  return (tf.constant(rng.normal(size=(count, *IMAGE))),
          tf.constant(rng.integers(0, CLASSES, count), tf.int32))


def slope(function, variables, direction, h=1e-3):
  """The directional derivative by central differences of fourth order."""
  start = [v.numpy() for v in variables]

  def at(distance):
    for v, s, d in zip(variables, start, direction):
      v.assign(s + distance * d)
    return float(function())

  value = (8 * (at(h) - at(-h)) - at(2 * h) + at(-2 * h)) / (12 * h)
  at(0.)
  return value


def check_gradients(function, variables, gradients):
  """Compares gradients with central differences in three directions."""
  rng = np.random.default_rng(5)
  directions = [[rng.normal(size=v.shape) for v in variables]
                for _ in range(2)] + [[g.numpy() for g in gradients]]
  for direction in directions:
    length = np.sqrt(sum(np.sum(d**2) for d in direction))
    assert length > 0
    direction = [d / length for d in direction]
    exact = sum(np.sum(g * d) for g, d in zip(gradients, direction))
    assert abs(exact) > 1e-6
    np.testing.assert_allclose(
        exact, slope(function, variables, direction), rtol=1e-6)
