"""Derivatives by chosen inputs against the chosen entries of all."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import derivatives, errors, losses, targets
from sobolev_tf.derivatives import chosen, tracing

RNG = np.random.default_rng(0)


def vector(x):
  """`[*batch, D]` to `[*batch, 2]`, with mixed second derivatives."""
  return tf.stack([tf.reduce_sum(tf.sin(x), -1) * tf.cos(x[..., 0]),
                   tf.reduce_prod(x, -1)], -1)


def scalar(x):
  return vector(x)[..., 0]


def picked(derivative, order, event, wrt, batch=1):
  """The chosen entries of a whole derivative."""
  positions = np.ravel(np.arange(np.prod(event)).reshape(event)[wrt])
  first = derivative.ndim - order * len(event)
  flat = np.reshape(
      derivative, [*derivative.shape[:first], *[np.prod(event)] * order])
  for axis in range(first, first + order):
    flat = np.take(flat, positions, axis)
  return flat


@pytest.mark.parametrize("function, batch, wrt, event", [
    (vector, [3], [3, 0], (4,)),
    (scalar, [2, 3], np.array([[True, False], [False, True]]), (2, 2))])
def test_chosen_entries_of_the_whole(function, batch, wrt, event):
  def on_event(x):
    return function(tf.reshape(x, [*x.shape[:-len(event)], np.prod(event)]))
  x = tf.constant(RNG.normal(size=[*batch, *event]))
  whole = derivatives.value_and_derivatives(on_event, x, 2, len(batch))
  found = derivatives.value_and_derivatives(on_event, x, 2, len(batch), wrt)
  for order, (one, other) in enumerate(zip(found, whole)):
    np.testing.assert_allclose(one, picked(
        other.numpy(), order, event, wrt), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("wrt, event, expected", [
    (1, (4,), [1]), (np.int64(1), (4,), [1]), ([3, 0], (4,), [3, 0]),
    (slice(1, 3), (4,), [1, 2]), ([True, False, False, True], (4,), [0, 3]),
    (slice(None), (2, 2), [0, 1, 2, 3]), ([1], (2, 2), [2, 3]),
    ((slice(None), 1), (2, 2), [1, 3]), (([0, 1], [1, 0]), (2, 2), [1, 2]),
    (tf.constant([[True, False], [False, True]]), (2, 2), [0, 3])])
def test_what_is_chosen(wrt, event, expected):
  found = chosen.choose(wrt, event)
  assert found.indices.tolist() == expected
  x = tf.constant(RNG.normal(size=[3, *event]))
  np.testing.assert_array_equal(
      found.take(x), x.numpy().reshape([3, -1])[:, expected])
  np.testing.assert_array_equal(found.put(found.take(x), x), x)


def test_projections_are_those_of_the_chosen_jacobian():
  x = tf.constant(RNG.normal(size=[3, 4]))
  u, v = RNG.normal(size=[3, 2]), RNG.normal(size=[3, 2])
  wrt = [3, 1]
  _, first, second = derivatives.projections(vector, x, [u, v], wrt=wrt)
  _, jacobian, hessian = derivatives.value_and_derivatives(
      vector, x, 2, wrt=wrt)
  np.testing.assert_allclose(
      first, np.einsum("bo,bon->bn", u, jacobian), rtol=1e-12)
  np.testing.assert_allclose(
      second, np.einsum("bo,bm,bomn->bn", u, v, hessian), rtol=1e-12)


def test_the_derivatives_by_the_others_are_not_formed():
  """No tensor of the graph is as large as a whole Hessian."""
  w = tf.constant(RNG.normal(size=[50, 3]))

  @tf.function
  def compute(x, wrt):
    return derivatives.value_and_derivatives(
        lambda x: tf.reduce_sum(tf.tanh(x @ w), -1), x, 2, wrt=wrt)

  sizes = {}
  for wrt in (None, [4, 7]):
    graph = compute.get_concrete_function(
        tf.TensorSpec([2, 50], tf.float64), wrt).graph
    sizes[wrt is None] = max(
        t.shape.num_elements() or 0 for operation in tracing.all_operations(
            graph.get_operations()) for t in operation.outputs)
  assert sizes[True] >= 2 * 50 * 50 and sizes[False] <= 2 * 2 * 50


def test_an_outer_tape_sees_the_other_inputs():
  """The mixed derivative, although the inner tape leaves the others alone."""
  x = tf.constant(RNG.normal(size=[3, 2]))
  with tf.GradientTape() as tape:
    tape.watch(x)
    first = derivatives.value_and_derivatives(scalar, x, 1, wrt=0)[1]
  np.testing.assert_allclose(
      tape.gradient(first, x), derivatives.hessian(scalar, x)[:, 0],
      rtol=1e-12)


def test_in_a_graph_of_unknown_batch():
  @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float64)])
  def graph(x):
    found = derivatives.value_and_derivatives(vector, x, 1, wrt=[0, 2])
    assert found[1].shape.as_list() == [None, 2, 2]
    return found
  x = RNG.normal(size=[4, 3])
  for one, other in zip(graph(x), derivatives.value_and_derivatives(
      vector, tf.constant(x), 1, wrt=[0, 2])):
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_targets_of_functions_arrays_and_black_boxes():
  x = tf.constant(RNG.normal(size=[5, 4]))
  wrt = [2, 0]
  exact = targets.from_function(vector, x, 2, wrt=wrt)
  black_box = lambda p: vector(tf.constant(p)).numpy()
  found = targets.from_black_box(
      black_box, x, 2, wrt=wrt, scale=[1., 1e-3, .5, 7.])
  for one, other in zip(found, exact):
    np.testing.assert_allclose(one, other, atol=1e-5)
  bounded = targets.from_black_box(
      black_box, x, 2, wrt=wrt, bounds=(x.numpy().min(0), x.numpy().max(0)))
  np.testing.assert_allclose(bounded[1], exact[1], atol=1e-7)
  rows = []
  targets.from_black_box(lambda p: rows.append(len(p)) or p[:, 0], x, wrt=wrt)
  assert rows == [5 * (1 + 2 * 2)]
  for one, other in zip(targets.from_arrays(x, exact, wrt=wrt), exact):
    np.testing.assert_array_equal(one, other)
  with pytest.raises(errors.UserError, match="need"):
    targets.from_arrays(x, targets.from_function(vector, x), wrt=wrt)


NET = snt.Sequential([snt.Linear(3), tf.tanh, snt.Linear(2)])
NET(tf.zeros([1, 3], tf.float64))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 99),
       wrt=st.sampled_from([[1], [2, 0], slice(0, 2), [False, True, True]]),
       kind=st.sampled_from(["numbers", "scales", "likelihood"]))
def test_masks_balancing_and_wrt_equal_a_loop(seed, wrt, kind):
  order = 1
  rng = np.random.default_rng(seed)
  x = rng.normal(size=[4, 3])
  whole = [t.numpy() for t in derivatives.value_and_derivatives(
      NET, tf.constant(x), order)]
  model = [picked(t, j, (3,), wrt) for j, t in enumerate(whole)]
  given_ = [rng.normal(size=t.shape) for t in model]
  masks = [(rng.uniform(size=t.shape) < .7) * 1. for t in model]
  holed = [np.where(m > 0, t, np.nan) for m, t in zip(masks, given_)]
  sample = rng.uniform(size=4) * (rng.uniform(size=4) < .8)
  scales = [rng.uniform(.5, 2, [1, *t.shape[1:]]) for t in model]
  constants = rng.uniform(.5, 2, order + 1)
  made = {"numbers": lambda: constants,
          "scales": lambda: losses.ChannelScales(scales, constants),
          "likelihood": lambda: losses.ProfiledLikelihood(order, 1e-3)}[kind]()
  found = losses.SobolevLoss(order, weights=made, wrt=wrt)(
      NET, x, holed, sample_weight=sample, entry_weights=masks).reduce()
  expected = 0.
  for j in range(order + 1):
    errors_ = {}  # by channel, a list over the examples
    for index in np.ndindex(*model[j].shape):
      error = model[j][index] - given_[j][index]
      if kind == "scales":
        error /= scales[j][(0, *index[1:])]
      errors_.setdefault(index[1:], []).append(
          sample[index[0]] * masks[j][index] * error**2)
    means = [sum(e) / 4 for e in errors_.values()]
    expected += (sum(.5 * np.log(m + 1e-3) for m in means)
                 if kind == "likelihood" else constants[j] * sum(means))
  np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("compute", [
    lambda: losses.SobolevLoss(2, wrt=[2, 0])(NET, X, EXACT),
    lambda: losses.StochasticSobolevLoss(2, wrt=[2, 0])(
        NET, X, EXACT, [3, 4])], ids=["exact", "projected"])
def test_the_gradient_is_the_slope(compute):
  """Central differences in float64 by the weights."""
  variables = NET.trainable_variables
  start = [v.numpy() for v in variables]

  @tf.function
  def value_and_gradient():
    with tf.GradientTape() as tape:
      total = compute().reduce()
    return total, tape.gradient(total, variables)

  gradient = value_and_gradient()[1]
  direction = [RNG.normal(size=s.shape) for s in start]

  def moved(step):
    for v, s, d in zip(variables, start, direction):
      v.assign(s + step * d)
    return value_and_gradient()[0].numpy()

  h = 1e-3
  slope = (8 * (moved(h) - moved(-h)) - moved(2 * h) + moved(-2 * h)) / 12 / h
  moved(0)
  np.testing.assert_allclose(
      sum(np.sum(g * d) for g, d in zip(gradient, direction)), slope,
      rtol=1e-7)


X = RNG.normal(size=[4, 3])
EXACT = [t.numpy() for t in targets.from_function(
    vector, tf.constant(X), 2, wrt=[2, 0])]


def test_projected_arrays_equal_projected_functions():
  loss = losses.StochasticSobolevLoss(2, wrt=[2, 0])
  for one, other in zip(loss(NET, X, EXACT, [3, 4]).orders,
                        loss(NET, X, vector, [3, 4]).orders):
    np.testing.assert_allclose(one, other, rtol=1e-10)


def test_an_ensemble_equals_its_members():
  x, loss = np.stack([X, X[::-1]]), losses.SobolevLoss(wrt=[2, 0])
  one = loss(NET, x, targets.from_function(
      vector, tf.constant(x), 1, 2, [2, 0]), batch_dims=2).reduce()
  alone = loss(NET, X, EXACT[:2]).reduce()
  np.testing.assert_allclose(one, [alone, alone], rtol=1e-12)


@pytest.mark.parametrize("wrt, event", [
    (None, (3,)), (1, (3,)), (-1, (3,)), (slice(None, None, 2), (3,)),
    ([2, 0], (3,)), ((2,), (3,)), ((0, slice(1, 3)), (2, 3)),
    ((slice(None), [0, 2]), (2, 3)), ((..., 0), (2, 3)),
    (((0, 1), (1, 2)), (2, 3)), (np.array([True, False, True]), (3,)),
    (np.array([2, 0], np.int32), (3,)), ((np.int64(1), slice(None)), (2, 3)),
])
def test_plain_is_what_it_was(wrt, event):
  again = chosen.from_plain(json.loads(json.dumps(chosen.to_plain(wrt))))
  assert type(again) is type(wrt)
  one, other = chosen.choose(wrt, event), chosen.choose(again, event)
  if wrt is None:
    assert one is other is None
  else:
    np.testing.assert_array_equal(one.indices, other.indices)


@pytest.mark.parametrize("call, words", [
    (lambda: chosen.choose(slice(0, 0), (3,)), "at least one"),
    (lambda: chosen.choose([0, 0], (3,)), "none twice"),
    (lambda: chosen.choose([0, -3], (3,)), "none twice"),
    (lambda: chosen.choose(3, (3,)), "does not choose entries"),
    (lambda: chosen.choose([True, False], (3,)), "does not choose entries"),
    (lambda: chosen.choose("first", (3,)), "does not choose entries"),
    (lambda: chosen.choose([.5], (3,)), "does not choose entries"),
    (lambda: chosen.choose([0], (None, 3)), "known shape"),
    (lambda: losses.SobolevLoss(wrt=0, differentiate=print), "nested tapes"),
])
def test_mistakes_are_named(call, words):
  with pytest.raises(errors.UserError, match=words):
    call()
