"""Tests of decoupled training: gradients, their routing, perfect modules."""

import numpy as np
import pytest
import small_networks as small
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.networks import normalisation

X, LABELS = small.data()


def backpropagated(network, x=X, labels=LABELS):
  """Gradients of the mean loss by one tape through the whole network."""
  with tf.GradientTape() as tape:
    loss = tf.reduce_mean(sg.cross_entropy(network(x, True), labels))
  return tape.gradient(
      loss, [part.trainable_variables for part in network.parts])


def assert_all_close(actual, expected, rtol=1e-12):
  actual, expected = tf.nest.flatten(actual), tf.nest.flatten(expected)
  assert [a is None for a in actual] == [e is None for e in expected]
  for a, e in zip(actual, expected):
    if a is not None:
      np.testing.assert_allclose(a, e, rtol=rtol, atol=1e-15)


@pytest.mark.parametrize("targets", sg.TARGETS)
@pytest.mark.parametrize("method", sg.METHODS)
def test_routing(method, targets):
  network = small.make_network(method, targets)
  step = network.step(X, LABELS)
  learns = [part is not None for part in step.parts]
  assert learns == [method != "noprop"] * 2 + [True]
  has_module = method in small.SYNTHETIC
  assert [m is not None for m in step.modules] == [has_module] * 2
  assert [m is not None for m in step.module_losses] == [has_module] * 2
  for owners, gradients in ((network.parts, step.parts),
                            (network.cuts, step.modules)):
    for owner, of_owner in zip(owners, gradients):
      if of_owner is not None:
        assert [g.shape for g in of_owner] == [
            v.shape for v in owner.trainable_variables]
  for of_module in filter(None, step.modules):
    assert all(np.any(g.numpy() != 0) for g in of_module)


@pytest.mark.parametrize("cuts", [0, 1, 2, 3])
def test_true_gradients_passed_on_are_backpropagation(cuts):
  network = small.make_network("backpropagation", cuts=cuts)
  assert_all_close(network.step(X, LABELS).parts, backpropagated(network))


@pytest.mark.parametrize("targets", sg.TARGETS)
def test_a_perfect_module_is_backpropagation(targets):
  # p is the rest of the network itself, so m is the loss as a function of h.
  parts = [small.stack([2]), small.stack([3]), small.stack([2], 3)]
  cuts = [sg.SyntheticGradient(sg.LossModel(small.Rest(parts[k + 1:])),
                               sg.Supervision(1., 1.)) for k in range(2)]
  network = sg.DecoupledNetwork(parts, cuts, X[:1], targets=targets)
  small.randomise(network)
  step = network.step(X, LABELS)
  assert_all_close(step.parts, backpropagated(network))
  np.testing.assert_allclose(step.module_losses, 0., atol=1e-25)


@pytest.mark.parametrize("targets", sg.TARGETS)
def test_training_with_perfect_modules_is_backpropagations(targets):
  # In single precision, with batch normalisation, over several updates.
  rng = np.random.default_rng(1)
  images = tf.constant(rng.normal(size=[10, 8, *small.IMAGE]), tf.float32)
  labels = tf.constant(rng.integers(small.CLASSES, size=[10, 8]))

  def make_parts():
    parts = [small.stack([4], decay_rate=.9), small.stack([5], decay_rate=.9),
             small.stack([4], small.CLASSES, decay_rate=.9)]
    small.Rest(parts)(images[0], False)
    small.randomise(small.Rest(parts))
    return parts

  parts, reference = make_parts(), make_parts()
  perfect = [sg.SyntheticGradient(sg.LossModel(small.Rest(parts[k + 1:])),
                                  sg.Supervision(1., 1.)) for k in range(2)]
  network = sg.DecoupledNetwork(parts, perfect, images[0], targets=targets)
  whole = small.Rest(reference)
  optimizers = [snt.optimizers.Momentum(.05, .9) for _ in range(2)]
  losses = []
  for x, y in zip(images, labels):
    step = network.step(x, y)
    variables = [part.trainable_variables for part in parts]
    optimizers[0].apply(tf.nest.flatten(step.parts), tf.nest.flatten(variables))
    with tf.GradientTape() as tape:
      loss = tf.reduce_mean(sg.cross_entropy(whole(x, True), y))
    optimizers[1].apply(tape.gradient(loss, whole.trainable_variables),
                        whole.trainable_variables)
    losses.append([np.mean(step.losses), loss.numpy()])
  np.testing.assert_allclose(*np.transpose(losses), rtol=1e-5)
  assert abs(losses[-1][0] - losses[0][0]) > .01
  for part, other in zip(parts, reference):
    for a, b in zip(part.trainable_variables, other.trainable_variables):
      np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_true_gradients_are_those_of_the_loss_per_example():
  network = small.make_network("direct")
  true, synthetic = network.gradients_at_cuts(X, LABELS)
  for k, h in enumerate(network.activations(X)):
    rest = small.Rest(network.parts[k + 1:])
    for i in range(len(X)):
      with tf.GradientTape() as tape:
        row = h[i:i + 1]
        tape.watch(row)
        loss = sg.cross_entropy(rest(row, True), LABELS[i:i + 1])[0]
      np.testing.assert_allclose(
          true[k][i:i + 1], tape.gradient(loss, row), rtol=1e-12)
    assert synthetic[k].shape == h.shape


@pytest.mark.parametrize("method", sg.METHODS)
def test_a_batch_given_twice_changes_nothing(method):
  network = small.make_network(method)
  once = network.step(X, LABELS)
  twice = network.step(tf.concat([X, X], 0), tf.concat([LABELS, LABELS], 0))
  for name in ("parts", "modules", "module_losses"):
    assert_all_close(getattr(twice, name), getattr(once, name), rtol=1e-10)


@pytest.mark.parametrize("targets", sg.TARGETS)
@pytest.mark.parametrize("method", small.SYNTHETIC)
def test_modules_gradients_are_those_of_central_differences(method, targets):
  network = small.make_network(method, targets)
  loss = tf.function(lambda: network.step(X, LABELS).module_losses)
  step = network.step(X, LABELS)
  for k, cut in enumerate(network.cuts):
    small.check_gradients(
        lambda k=k: loss()[k], cut.trainable_variables, step.modules[k])


@pytest.mark.parametrize("method", small.SYNTHETIC)
def test_parts_gradients_are_those_of_central_differences(method):
  network = small.make_network(method)
  step = network.step(X, LABELS)
  _, synthetic = network.gradients_at_cuts(X, LABELS)
  for k in range(2):
    surrogate = tf.function(lambda k=k: tf.reduce_sum(
        synthetic[k] * network.activations(X)[k]) / len(X))
    small.check_gradients(
        surrogate, network.parts[k].trainable_variables, step.parts[k])
  small.check_gradients(
      tf.function(lambda: tf.reduce_mean(
          sg.cross_entropy(network(X), LABELS))),
      network.parts[2].trainable_variables, step.parts[2])


@pytest.mark.parametrize("method", ["direct", "vfbn", "critic", "sobolev"])
def test_losses_of_the_modules_spelled_out(method):
  value_weight, gradient_weight = small.SUPERVISION[method]
  for targets in sg.TARGETS:
    network = small.make_network(method, targets)
    h1, h2 = network.activations(X)
    predicted = [cut(h, LABELS, True) for cut, h in zip(
        network.cuts, (h1, h2))]
    with tf.GradientTape(persistent=True) as tape:
      tape.watch([h1, h2])
      middle = network.parts[1](h1, True)
      losses = sg.cross_entropy(network.parts[2](middle, True), LABELS)
      top = sg.cross_entropy(network.parts[2](h2, True), LABELS)
    gradient_2 = tape.gradient(top, h2)
    if targets == "true":
      value_1, gradient_1 = losses, tape.gradient(losses, h1)
    else:
      value_1 = predicted[1].value
      gradient_1 = tape.gradient(middle, h1, predicted[1].gradient)
    for k, (value, gradient) in enumerate([
        (value_1, gradient_1), (top, gradient_2)]):
      expected = gradient_weight * tf.reduce_sum(
          (predicted[k].gradient - gradient)**2, [1, 2, 3])
      if value_weight:
        expected += value_weight * (predicted[k].value - value)**2
      np.testing.assert_allclose(
          network.step(X, LABELS).module_losses[k],
          tf.reduce_mean(expected), rtol=1e-12)


@pytest.mark.parametrize("targets", sg.TARGETS)
def test_a_local_loss_is_that_of_a_part_with_its_classifier(targets):
  network = small.make_network("local", targets)
  step = network.step(X, LABELS)
  h = X
  for k, cut in enumerate(network.cuts):
    part = network.parts[k]
    with tf.GradientTape() as tape:
      loss = tf.reduce_mean(sg.cross_entropy(
          cut.module.predictor(part(h, True), True), LABELS))
    expected = tape.gradient(
        loss, [part.trainable_variables, cut.trainable_variables])
    assert_all_close([step.parts[k], step.modules[k]], expected)
    np.testing.assert_allclose(step.module_losses[k], loss, rtol=1e-12)
    h = part(h, True)
  # Nothing comes from above: other weights there, same gradients below.
  small.randomise(network.parts[2], seed=7)
  again = network.step(X, LABELS)
  assert_all_close([again.parts[:2], again.modules],
                   [step.parts[:2], step.modules])
  assert np.abs(again.losses - step.losses).max() > .1


@pytest.mark.parametrize("method", sg.METHODS)
def test_graph_of_unknown_batch_is_eager(method):
  network = small.make_network(method, "bootstrapped")
  graph = tf.function(network.step, input_signature=[
      tf.TensorSpec([None, *small.IMAGE], tf.float64),
      tf.TensorSpec([None], tf.int32)])
  for count in (1, 3):
    eager = network.step(X[:count], LABELS[:count])
    assert_all_close(
        graph(X[:count], LABELS[:count])._asdict(), eager._asdict(), rtol=1e-9)


def test_any_sonnet_network_can_be_cut():
  parts = [sg.Plain(snt.Sequential([snt.Flatten(), snt.Linear(4), tf.tanh])),
           sg.Plain(snt.Linear(3))]
  network = sg.DecoupledNetwork(parts, [sg.Backpropagated()], X[:1])
  assert_all_close(network.step(X, LABELS).parts, backpropagated(network))


class Normalised(snt.Module):
  """A linear layer, batch normalisation and tanh in double precision."""

  def __init__(self, size, decay_rate=.9):
    super().__init__()
    self.linear = snt.Linear(size)
    self.norm = normalisation.CrossReplicaBatchNorm(decay_rate)

  def __call__(self, h, is_training):
    return tf.tanh(self.norm(self.linear(snt.flatten(h)), is_training))


def test_batch_normalisation_couples_examples_exactly_as_in_backpropagation():
  parts = [Normalised(5), Normalised(4), Normalised(3)]
  network = sg.DecoupledNetwork(parts, [sg.Backpropagated()] * 2, X[:1])
  small.randomise(network)
  step = network.step(X, LABELS)
  assert_all_close(step.parts, backpropagated(network), rtol=1e-10)
  # A step moves the averages of every part once.
  for part in parts:
    assert int(part.norm.moving_mean._counter) == 2  # with backpropagated()


def test_the_modules_batch_normalisation_is_differentiated_twice():
  parts = [Normalised(5), Normalised(3)]
  cut = sg.SyntheticGradient(
      sg.LossModel(small.Rest([Normalised(4), Normalised(3)])),
      sg.Supervision(1, 1))
  network = sg.DecoupledNetwork(parts, [cut], X[:1])
  small.randomise(network)
  step = network.step(X, LABELS)
  small.check_gradients(
      lambda: network.step(X, LABELS).module_losses[0],
      cut.trainable_variables, step.modules[0])


def test_mistakes_are_one_sentence():
  parts = [small.stack([2]), small.stack([2], 3)]
  with pytest.raises(errors.UserError, match="targets must be one of"):
    sg.DecoupledNetwork(parts, [sg.Noprop()], X[:1], targets="later")
  with pytest.raises(errors.UserError, match="2 parts have 1 cuts"):
    sg.DecoupledNetwork(parts, [], X[:1])
  with pytest.raises(errors.UserError, match="0 parts"):
    sg.DecoupledNetwork([], [], X[:1])
  wrong = small.make_cut("direct", channels=7)
  with pytest.raises(errors.UserError, match="has that of the activations"):
    sg.DecoupledNetwork(parts, [wrong], X[:1])
  flat = [sg.Plain(snt.Flatten()), small.stack([2], 3)]
  with pytest.raises(errors.UserError, match="Part 2 or the cut behind it"):
    sg.DecoupledNetwork(flat, [sg.Noprop()], X[:1])
