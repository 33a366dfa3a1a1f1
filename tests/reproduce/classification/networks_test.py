"""Tests of Table 1's networks: sizes, cuts, shared weights."""

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from configs import architectures
from reproduce.classification import networks
from sobolev_tf import errors
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.networks import convnet, resnet


def make(method="noprop", cuts=3, architecture="small", **options):
  options = {"num_classes": 10, "input_shape": (32, 32, 3),
             "decay_rate": .9, "seed": 0, **options}
  return networks.make_network(architecture, method, cuts=cuts, **options)


def parameters(variables):
  return sum(v.shape.num_elements() for v in variables)


def test_the_small_network_costs_at_most_15_million_multiply_adds():
  blocks = architectures.ARCHITECTURES["small"].blocks
  assert convnet.multiply_adds(blocks, 32) == 2_174_976 < 15e6


def test_the_cifar_network_is_the_supplements():
  sizes = architectures.ARCHITECTURES["cifar10"]
  assert [layer.channels for block in sizes.blocks for layer in block] == [
      64, 64, 128, 128, 128, 256, 256, 256, 512, 512, 512]
  network = make(architecture="cifar10")
  # 9 in out per convolution, 2 out for its normalisation; 512 x 10 + 10.
  channels = [3, 64, 64, 128, 128, 128, 256, 256, 256, 512, 512, 512]
  expected = sum(9 * i * o + 2 * o for i, o in zip(channels, channels[1:]))
  assert parameters(v for part in network.parts
                    for v in part.trainable_variables) == expected + 5130
  assert [h.shape[1:] for h in network.activations(tf.zeros([1, 32, 32, 3]))
          ] == [(16, 16, 64), (8, 8, 128), (4, 4, 256)]


@pytest.mark.parametrize("cuts", [1, 3])
@pytest.mark.parametrize("method", sg.METHODS)
def test_every_method_on_every_cutting(method, cuts):
  network = make(method, cuts)
  assert len(network.parts) == cuts + 1 and len(network.cuts) == cuts
  assert network(tf.zeros([2, 32, 32, 3])).shape == (2, 10)


def test_initial_weights_depend_on_the_seed_and_not_on_the_method():
  def weights(*arguments, **options):
    network = make(*arguments, **options)
    return [v.numpy() for part in network.parts
            for v in part.trainable_variables]

  first = weights("sobolev")
  for other in (weights("direct"), weights("backpropagation")):
    for a, b in zip(first, other):
      np.testing.assert_array_equal(a, b)
  assert any((a != b).any() for a, b in zip(first, weights(seed=1)))


def test_the_loss_models_share_their_network():
  def module(method):
    return [v.numpy() for cut in make(method).cuts
            for v in cut.trainable_variables]
  for first, *others in zip(*map(
      module, ("vfbn", "critic", "sobolev", "local"))):
    for other in others:
      np.testing.assert_array_equal(first, other)
  weights = [make(method, gradient_weight=3.).cuts[0].orders.weights
             for method in ("vfbn", "critic", "sobolev")]
  assert weights == [(0, 1), (1, 0), (1, 3)]


def test_resnet_50_has_its_parameters_and_the_shapes_at_its_cuts():
  parts = resnet.cut_resnet(1000, 3, .9)
  h, shapes = tf.zeros([1, 64, 64, 3]), []
  for part in parts:
    h = part(h, False)
    shapes.append(tuple(h.shape))
  assert shapes == [(1, 16, 16, 256), (1, 8, 8, 512), (1, 4, 4, 1024),
                    (1, 1000)]
  # He et al.'s ResNet-50 has 25,557,032 parameters.
  assert parameters(
      v for part in parts for v in part.trainable_variables) == 25_557_032


def fill(module):
  """Gives every variable a value that depends on its shape alone."""
  for variable in module.trainable_variables:
    rng = np.random.default_rng(list(variable.shape))
    variable.assign(rng.normal(scale=.5, size=variable.shape))


def test_a_small_resnet_is_sonnets():
  blocks, channels = (1, 2, 1, 1), (4, 8, 12, 16)
  x = tf.constant(np.random.default_rng(0).normal(size=(2, 32, 32, 3)),
                  tf.float32)
  sonnets = snt.nets.ResNet(blocks, 5, channels_per_group_list=channels)
  sonnets(x, True)
  fill(sonnets)
  expected = sonnets(x, True)
  for cuts in (0, 1, 3):
    parts = resnet.cut_resnet(5, cuts, .9, blocks, channels)
    assert len(parts) == cuts + 1
    h = x
    for part in parts:
      part(h, True)
      fill(part)
      h = part(h, True)
    np.testing.assert_allclose(h, expected, rtol=1e-4, atol=1e-4)
  with pytest.raises(errors.UserError, match="0, 1 or 3"):
    resnet.cut_resnet(5, 2, .9)


@pytest.mark.parametrize("options, words", [
    ({"architecture": "vgg"}, "architecture must be one of small"),
    ({"method": "direkt"}, "method must be one of noprop"),
    ({"cuts": 2}, "not 2"),
])
def test_mistakes_are_one_sentence(options, words):
  with pytest.raises(errors.UserError, match=words):
    make(**options)
