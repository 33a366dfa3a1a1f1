"""The one fitter of every method."""

import dataclasses

import numpy as np
import pytest

from configs import balancing as config_lib
from reproduce.balancing import fit as fit_lib
from sobolev_tf import errors
from sobolev_tf.training import checkpoint

TRAINING = config_lib.Training((8,), "tanh", steps=60)
SEEDS = (3, 4)
# One of each kind: no derivatives, by channel, by order with a state.
KINDS = ("values", "likelihood", "soft-adapt")


def data(outputs):
  """A linear map and a square of two inputs, other points for each member."""
  x = np.random.default_rng(1).uniform(-1., 1., (2, 12, 2))
  y = np.stack([x[..., 0] - 2 * x[..., 1], x[..., 0]**2], -1)
  dy_dx = np.zeros((2, 12, 2, 2))
  dy_dx[..., 0, 0], dy_dx[..., 0, 1] = 1., -2.
  dy_dx[..., 1, 0] = 2 * x[..., 0]
  if outputs == 1:
    return fit_lib.Data(x, y[..., :1], dy_dx[..., 0, :])
  return fit_lib.Data(x, y, dy_dx)


def run(points, method="eq1", seeds=SEEDS, rates=(3e-2, 3e-2),
        decays=(0., 0.), training=TRAINING, folder=None):
  network = fit_lib.fit(points, seeds, method, 2., rates, decays, training,
                        identity={"data": "test"}, folder=folder)
  return network, fit_lib.predict(network, points.x)


@pytest.fixture(scope="module")
def fitted():
  """Predictions of two outputs."""
  return {method: run(data(2), method)[1] for method in KINDS}


@pytest.fixture(scope="module")
def values_alone(tmp_path_factory):
  """A folder of checkpoints and the predictions of one output."""
  folder = tmp_path_factory.mktemp("values") / "fit"
  return folder, run(data(1), "values", folder=folder)[1]


@pytest.mark.parametrize("method", KINDS)
def test_every_kind_lowers_both_members_errors(fitted, method):
  points, found = data(2), fitted[method]
  error = np.mean((found.y - points.y)**2, (1, 2))
  assert (error < .5 * points.y.var((1, 2))).all()
  if method != "values":
    slopes = np.mean((found.dy_dx - points.dy_dx)**2, (1, 2, 3))
    assert (slopes < .5 * np.mean(points.dy_dx**2)).all()


def test_members_do_not_see_each_other(fitted):
  points = fit_lib.Data(*(array[1:] for array in data(2)))
  _, alone = run(points, "soft-adapt", seeds=SEEDS[1:], rates=(3e-2,),
                 decays=(0.,))
  np.testing.assert_allclose(alone.y[0], fitted["soft-adapt"].y[1], atol=1e-4)


def test_rates_and_decoupled_weight_decays_are_each_members_own():
  once = dataclasses.replace(TRAINING, steps=1)
  initial = fit_lib.mlp.EnsembleMLP(SEEDS, 2, [8, 1]).weights[0].numpy()
  plain, other = (
      run(data(1), rates=rates, decays=decays, training=once
          )[0].weights[0].numpy() - initial
      for rates, decays in (((.1, .1), (0., 0.)), ((.1, .02), (0., 5.))))
  np.testing.assert_allclose(other[0], plain[0], atol=1e-6)
  # Adam's first step has the size of its rate.
  np.testing.assert_allclose(np.abs(plain), .1, atol=1e-3)
  np.testing.assert_allclose(
      other[1], .2 * plain[1] - .02 * 5. * initial[1], atol=1e-6)


def test_one_output_and_minibatches():
  points = data(1)
  _, found = run(points, "soft-adapt",
                 training=dataclasses.replace(TRAINING, batch_size=6))
  assert found.dy_dx.shape == points.dy_dx.shape
  assert np.mean((found.y - points.y)**2) < .5 * points.y.var()


def test_checkpoints_are_resumed_and_those_of_another_method_refused(
    values_alone):
  folder, first = values_alone
  _, again = run(data(1), "values", folder=folder)
  np.testing.assert_array_equal(first.y, again.y)
  with pytest.raises(errors.UserError):
    run(data(1), "constant", folder=folder)


def test_derivatives_that_are_missing_are_left_out(values_alone):
  """All of them: what is left is the value's term (Adam ignores its scale)."""
  points, hidden = data(1), data(1)
  hidden.dy_dx[:] = np.nan
  _, values = values_alone
  _, none = run(hidden, "z-score")
  np.testing.assert_allclose(none.y, values.y, atol=1e-3)
  hidden.dy_dx[:, ::2] = points.dy_dx[:, ::2]
  _, half = run(hidden, "z-score")
  errors_ = [np.mean((found.dy_dx - points.dy_dx)**2)
             for found in (values, half)]
  assert errors_[1] < .8 * errors_[0]


def test_numbers_that_do_not_fit():
  with pytest.raises(errors.UserError, match="2 members, but there are 1 seed"):
    run(data(1), seeds=(1,))


@pytest.mark.parametrize("method", ["soft-adapt", "huber"])
def test_resuming_in_the_middle_changes_nothing(method, tmp_path, monkeypatch):
  """Optimiser, minibatches and the balancing's state are all of it."""
  schedule = fit_lib.loop.Schedule
  monkeypatch.setattr(fit_lib.loop, "Schedule", lambda steps, **_: schedule(
      steps, chunk=10, checkpoint_every=10))
  minibatches = dataclasses.replace(TRAINING, steps=30, batch_size=5)
  _, whole = run(data(1), method, training=minibatches)
  save = checkpoint.Checkpointer.save

  def save_and_die(self, step, history):
    save(self, step, history)
    if step == 20:
      raise KeyboardInterrupt

  with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
    patch.setattr(checkpoint.Checkpointer, "save", save_and_die)
    run(data(1), method, training=minibatches, folder=tmp_path)
  _, resumed = run(data(1), method, training=minibatches, folder=tmp_path)
  np.testing.assert_array_equal(resumed.y, whole.y)
  np.testing.assert_array_equal(resumed.dy_dx, whole.dy_dx)
