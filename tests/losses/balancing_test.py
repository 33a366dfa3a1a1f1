"""What every balancing must satisfy; each one's equation has its own file."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors, losses
from sobolev_tf.losses import balancing
from sobolev_tf.training import loop

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 2))
TARGETS = (RNG.normal(size=(6, 3)), 5 * RNG.normal(size=(6, 3, 2)))
PROJECTED = (np.ones([1, 3]), np.array([[2., 4.]]))  # for projections
ARRAYS = (np.array([[1., 2., 4.]]), 1 + RNG.uniform(size=(1, 3, 2)))


def rate(step):
  return .1 * .5 ** tf.cast(step, tf.float64)


def prefactors():
  return losses.Prefactors((1., 8.), (4., .5), rate)


def likelihood():
  return losses.ProfiledLikelihood(floor=1e-30)  # so that scales drop out


def soft_adapt():
  made = losses.SoftAdapt(weights=(1., .5))
  for value, first in ((4., 3.), (2., 2.9)):
    made.update((tf.constant(value), tf.constant(first)))
  return made


KINDS = {
    "prefactors": prefactors,
    "scales": lambda: losses.ChannelScales(ARRAYS, (1., .5)),
    "huge_savine": lambda: losses.huge_savine(TARGETS),
    "likelihood": likelihood,
    "soft_adapt": soft_adapt,
    "scales, then soft_adapt": lambda: losses.ChannelScales(
        ARRAYS, soft_adapt()),
    "scales, then likelihood": lambda: losses.ChannelScales(
        ARRAYS, likelihood()),
}
PROJECTABLE = {
    **KINDS, "scales": lambda: losses.ChannelScales(PROJECTED, (1., .5)),
    "scales, then soft_adapt": lambda: losses.ChannelScales(
        PROJECTED, soft_adapt()),
    "scales, then likelihood": lambda: losses.ChannelScales(
        PROJECTED, likelihood())}
del PROJECTABLE["huge_savine"]


def network(seed=0):
  net = snt.Sequential([snt.Linear(5), tf.tanh, snt.Linear(3)])
  net(tf.zeros([1, 2], tf.float64))
  rng = np.random.default_rng(seed)
  for variable in net.trainable_variables:
    variable.assign(rng.normal(size=variable.shape))
  return net


NET = network()


def exact(made, net=NET, **options):
  return losses.SobolevLoss(weights=made)(net, X, TARGETS, **options)


def projected(made, net=NET, **options):
  return losses.StochasticSobolevLoss(weights=made)(
      net, X, TARGETS, [3, 4], **options)


CASES = [(exact, make) for make in KINDS.values()] + [
    (projected, make) for make in PROJECTABLE.values()]
IDS = [*KINDS, *(f"projected {name}" for name in PROJECTABLE)]


@pytest.mark.parametrize("compute, make", CASES, ids=IDS)
def test_the_gradient_is_the_slope(compute, make):
  """Central differences in float64, along two directions and the gradient."""
  net, made = network(5), make()
  variables = net.trainable_variables
  start = [v.numpy() for v in variables]
  with tf.GradientTape() as tape:
    total = compute(made, net).reduce()
  gradient = [g.numpy() for g in tape.gradient(total, variables)]

  def moved(step, direction):
    for v, s, d in zip(variables, start, direction):
      v.assign(s + step * d)
    return compute(made, net).reduce().numpy()

  rng = np.random.default_rng(1)
  for direction in (*([rng.normal(size=s.shape) for s in start]
                      for _ in range(2)), gradient):
    length = np.sqrt(sum(np.sum(d**2) for d in direction))
    direction = [d / length for d in direction]
    h = 1e-3  # Richardson: the error is of order h^4
    slope = (8 * (moved(h, direction) - moved(-h, direction))
             - moved(2 * h, direction) + moved(-2 * h, direction)) / (12 * h)
    assert abs(slope) > 1e-4  # else a relative error means nothing
    np.testing.assert_allclose(
        sum(np.sum(g * d) for g, d in zip(gradient, direction)), slope,
        rtol=1e-6)


@pytest.mark.parametrize("compute, make", CASES, ids=IDS)
def test_the_mean_of_total_has_the_same_gradient(compute, make):
  made = make()
  with tf.GradientTape(persistent=True) as tape:
    terms = compute(made)
    loss, mean = terms.reduce(), tf.reduce_mean(terms.total)
  assert terms.total.shape == (6,) and loss.shape == ()
  if not made.by_channel:
    np.testing.assert_allclose(loss, mean, rtol=1e-14)
  for one, other in zip(tape.gradient(loss, NET.trainable_variables),
                        tape.gradient(mean, NET.trainable_variables)):
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_constants_inside_a_balancing_are_plain_weights():
  ones = [np.ones([1] * 2), np.ones([1] * 3)]
  for weights in ((1., 3.), (.1, .7), (0., 2.), None):
    plain = exact(weights)
    inside = exact(losses.ChannelScales(ones, weights))
    np.testing.assert_array_equal(plain.total, inside.total)
    np.testing.assert_allclose(plain.reduce(), inside.reduce(), rtol=1e-15)


def test_without_a_balancing_nothing_is_different():
  """Eq. 1 as it stands: add, then one mean; bit for bit."""
  terms = exact((.3, .7))
  assert terms.channels is None and terms.balanced is None
  assert terms.weights == (.3, .7)
  total = tf.add_n([.3 * terms.value, .7 * terms.first])
  np.testing.assert_array_equal(terms.total, total)
  np.testing.assert_array_equal(terms.reduce(), tf.reduce_mean(total))


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_graph_gives_the_same_and_evaluating_changes_nothing(make):
  made = make()
  before = [v.numpy() for v in made.variables]
  eager = exact(made)

  @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
  def graph(x):
    return losses.SobolevLoss(weights=made)(NET, x, TARGETS).reduce()

  np.testing.assert_allclose(graph(X), eager.reduce(), rtol=1e-13)
  for v, value in zip(made.variables, before):
    np.testing.assert_array_equal(v, value)
  made.update(eager.means)  # of the right shapes


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_float32(make):
  net = snt.Linear(3)
  arrays = [a.astype(np.float32) for a in TARGETS]
  terms = losses.SobolevLoss(weights=make())(net, X.astype(np.float32), arrays)
  assert terms.reduce().dtype == terms.total.dtype == tf.float32


def kept(mask):
  """The same batch without the masked examples."""
  return (X[mask], [t[mask] for t in TARGETS])


MASKS = st.lists(st.booleans(), min_size=6, max_size=6).filter(any)
FEW = settings(max_examples=15, deadline=None)


@FEW
@given(mask=MASKS, name=st.sampled_from(sorted(KINDS)))
def test_masked_examples_reach_no_balancing(mask, name):
  """NaN under the weight 0: as if the rest were all there is, but for 1/N."""
  mask = np.array(mask)
  made = KINDS[name]()
  holed = [np.where(mask.reshape([-1] + [1] * (t.ndim - 1)), t, np.nan)
           for t in TARGETS]
  x, targets = kept(mask)
  with tf.GradientTape(persistent=True) as tape:
    masked = losses.SobolevLoss(weights=made)(
        NET, X, holed, sample_weight=mask.astype(float))
    alone = losses.SobolevLoss(weights=made)(NET, x, targets)
    pair = masked.reduce(), alone.reduce()
  share = mask.mean()
  for one, other in zip(masked.means, alone.means):
    np.testing.assert_allclose(one, share * other, rtol=1e-12)
  # A likelihood's gradient knows no constant factor of an error.
  factor = 1. if made.by_channel else share
  for one, other in zip(*(tape.gradient(p, NET.trainable_variables)
                          for p in pair)):
    np.testing.assert_allclose(one, factor * other, rtol=1e-8, atol=1e-12)


@FEW
@given(hidden=st.lists(st.booleans(), min_size=36, max_size=36),
       name=st.sampled_from(sorted(KINDS)))
def test_masked_entries_reach_no_balancing(hidden, name):
  """What a masked target is does not matter, NaN or a number."""
  made = KINDS[name]()
  weight = 1. - np.reshape(hidden, [6, 3, 2])
  results = []
  for filling in (np.nan, 1e6):
    first = np.where(weight > 0, TARGETS[1], filling)
    with tf.GradientTape() as tape:
      total = losses.SobolevLoss(weights=made)(
          NET, X, (TARGETS[0], first), entry_weights=(None, weight)).reduce()
    results.append([total, *tape.gradient(total, NET.trainable_variables)])
  for one, other in zip(*results):
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(one, other)


@FEW
@given(name=st.sampled_from(sorted(KINDS)), member=st.integers(0, 1))
def test_no_derivative_at_all_leaves_the_values(name, member):
  made = KINDS[name]()
  with tf.GradientTape() as tape:
    total = losses.SobolevLoss(weights=made)(
        NET, X, (TARGETS[0], np.full([6, 3, 2], np.nan)),
        entry_weights=(None, np.zeros([1, 1, 1]))).reduce()
  gradients = tape.gradient(total, NET.trainable_variables)
  assert all(np.isfinite(t).all() for t in (total, *gradients))
  assert any(np.any(g.numpy() != 0) for g in gradients)


@pytest.mark.parametrize("name", [
    "prefactors", "likelihood", "scales, then likelihood"])
def test_an_ensemble_equals_its_members(name):
  members = [network(seed) for seed in (7, 8)]
  x = np.stack([X, X[::-1]])

  def ensemble(points):
    return tf.stack([net(points[e]) for e, net in enumerate(members)])

  make = KINDS[name] if "scales" not in name else lambda: (
      losses.ChannelScales((2., 3.), likelihood()))
  made = make()
  whole = losses.SobolevLoss(weights=made)(
      ensemble, x, [np.stack([t, t]) for t in TARGETS], batch_dims=2)
  assert whole.reduce().shape == (2,) and whole.total.shape == (2, 6)
  single = [losses.SobolevLoss(weights=made)(net, x[e], TARGETS)
            for e, net in enumerate(members)]
  np.testing.assert_allclose(
      whole.reduce(), [t.reduce() for t in single], rtol=1e-13)
  np.testing.assert_allclose(
      whole.total, [t.total for t in single], rtol=1e-13)


@pytest.mark.parametrize("name", ["prefactors", "scales, then soft_adapt"])
def test_a_resumed_run_equals_one_without_a_stop(name, tmp_path):
  def run(steps, folder):
    net, made = network(3), KINDS[name]()
    loss = losses.SobolevLoss(weights=made)

    def step(index):
      with tf.GradientTape() as tape:
        terms = loss(net, X, TARGETS)
        total = terms.reduce()
      variables = net.trainable_variables
      for v, g in zip(variables, tape.gradient(total, variables)):
        v.assign_sub(.01 * g)
      made.update(terms.means)
      return {"loss": total}

    history = loop.train(
        step, {"net": list(net.variables), "balancing": made},
        loop.Schedule(steps, chunk=3, checkpoint_every=3), folder=folder)
    return history.records[-1]["loss"], [v.numpy() for v in made.variables]

  whole, state = run(6, tmp_path / "whole")
  run(3, tmp_path / "parts")
  resumed, resumed_state = run(6, tmp_path / "parts")
  assert whole == resumed
  for one, other in zip(state, resumed_state, strict=True):
    np.testing.assert_array_equal(one, other)
  _, fresh = run(3, tmp_path / "fresh")
  assert any(np.any(a != b) for a, b in zip(state, fresh))


@pytest.mark.parametrize("call, words", [
    (lambda: losses.SobolevLoss(order=2, weights=losses.SoftAdapt()),
     "for order 1, but the loss is of order 2"),
    (lambda: losses.ChannelScales((1., 1.), losses.SoftAdapt(order=2)),
     "for order 2, but there are scales for order 1"),
    (lambda: losses.ChannelScales((1., 0.)), r"scales\[1\]"),
    (lambda: losses.ChannelScales((1., np.nan)), r"scales\[1\]"),
    (lambda: exact(losses.ChannelScales((1., np.ones([1, 2])))),
     r"scales\[1\] has the shape \(1, 2\), which does not broadcast"),
    (lambda: losses.Prefactors((1., 1.), (1.,), rate), "end needs 2"),
    (lambda: losses.Prefactors((1., -1.), (1., 1.), rate), "start must be"),
    (lambda: losses.Prefactors((1., 1.), (1., 1.), lambda step: 0.),
     "rate must be positive at step 0, got 0.0"),
    (lambda: losses.SoftAdapt(every=0), "every must be an integer >= 1"),
    (lambda: losses.SoftAdapt(members=-1), "members must be"),
    (lambda: losses.SoftAdapt(beta=np.inf), "beta must be a finite number"),
    (lambda: losses.SoftAdapt(weights=(0, 0)), "not all 0"),
    (lambda: losses.Prefactors(1., 2., rate), "start must have one entry"),
    (lambda: losses.ChannelScales(2.), "scales must have one entry"),
    (lambda: losses.ChannelScales((1., "two")), r"scales\[1\]"),
    (lambda: losses.standardise(2.), "targets must have one entry"),
    (lambda: losses.huge_savine(TARGETS, 0.), "strength must be a positive"),
    (lambda: losses.ProfiledLikelihood(floor=0.), "floor must be a positive"),
    (lambda: losses.huge_savine([*TARGETS, TARGETS[1]]), "got 3 targets"),
    (lambda: losses.standardise((TARGETS[0], [[np.nan]])),
     r"targets\[1\] is not finite"),
    (lambda: balancing.Constant((1., -1.)), "weights must be finite"),
])
def test_mistakes_are_named(call, words):
  with pytest.raises(errors.UserError, match=words):
    call()
