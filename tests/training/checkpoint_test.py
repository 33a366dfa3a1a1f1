"""Tests of checkpoints: whole, verified, the newest two."""

import logging
import math
import resource

import numpy as np
import pytest
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training import checkpoint, optimizers

HISTORY = {"records": [{"step": 3, "loss": [.1, 1e-300, math.nan]}],
           "diverged_at": [None, 3]}


def make_state(seed=0, sizes=(4, 1), steps=3):
  """A network and its optimizer after a few updates."""
  net = snt.nets.MLP(sizes)
  net(tf.zeros([1, 2]))
  for i, variable in enumerate(net.trainable_variables):
    variable.assign(tf.random.stateless_normal(variable.shape, [seed, i]))
  adam = optimizers.Adam(net.trainable_variables, .1)
  for step in range(steps):
    adam.apply([tf.random.stateless_normal(v.shape, [seed, step])
                for v in net.trainable_variables], net.trainable_variables)
  return {"network": net, "optimizer": adam}


def values(state):
  variables = state["network"].variables + state["optimizer"].variables
  return [v.numpy() for v in variables]


def make_checkpointer(folder, **kwargs):
  state = make_state(**kwargs)
  return checkpoint.Checkpointer(folder, state), state


def contents(folder):
  return {str(p.relative_to(folder)): p.read_bytes()
          for p in sorted(folder.rglob("*")) if p.is_file()}


def damage(folder):
  """Flips one bit in the weights."""
  path, = folder.glob("state.data*")
  data = bytearray(path.read_bytes())
  data[len(data) // 2] ^= 1
  path.write_bytes(data)


def test_nothing_to_restore(tmp_path):
  saver, state = make_checkpointer(tmp_path / "none")
  before = values(state)
  assert saver.restore() == (0, None)
  for one, other in zip(values(state), before):
    np.testing.assert_array_equal(one, other)
  assert not (tmp_path / "none").exists()


def test_round_trip_with_optimizer_slots(tmp_path):
  saver, saved = make_checkpointer(tmp_path)
  saver.save(17, HISTORY)
  other, state = make_checkpointer(tmp_path, seed=1, steps=0)
  assert any((a != b).any() for a, b in zip(values(state), values(saved)))
  step, history = other.restore()
  assert step == 17
  np.testing.assert_equal(history, HISTORY)  # NaN is NaN, None is None
  restored = values(state)
  # Weights and biases, m, v and the step count.
  assert len(restored) == 4 + 8 + 1
  for one, expected in zip(restored, values(saved), strict=True):
    np.testing.assert_array_equal(one, expected)
  assert state["optimizer"].step == 3


def test_keeps_the_newest_two(tmp_path):
  saver, state = make_checkpointer(tmp_path)
  weight = state["network"].trainable_variables[0]
  for step in (5, 10, 100, 20):
    weight.assign(tf.fill(weight.shape, float(step)))
    saver.save(step, step)
  assert len(list(tmp_path.iterdir())) == 2
  assert saver.restore() == (100, 100)
  np.testing.assert_array_equal(weight, tf.fill(weight.shape, 100.))


def test_damaged_newest_falls_back_on_the_older(tmp_path, caplog):
  saver, state = make_checkpointer(tmp_path)
  weight = state["network"].trainable_variables[0]
  for step in (5, 10):
    weight.assign(tf.fill(weight.shape, float(step)))
    saver.save(step, {"at": step})
  newest = max(tmp_path.iterdir())
  damage(newest)
  with caplog.at_level(logging.WARNING):
    assert saver.restore() == (5, {"at": 5})
  np.testing.assert_array_equal(weight, tf.fill(weight.shape, 5.))
  messages = [r.getMessage() for r in caplog.records
              if r.levelno == logging.WARNING]
  assert any(str(newest) in m and "older" in m for m in messages), messages


def test_all_damaged_is_an_error_and_nothing_is_deleted(tmp_path):
  saver, _ = make_checkpointer(tmp_path)
  for step in (5, 10):
    saver.save(step, None)
  for folder in tmp_path.iterdir():
    damage(folder)
  before = contents(tmp_path)
  with pytest.raises(errors.UserError) as error:
    saver.restore()
  assert str(error.value).startswith(
      f"No usable checkpoint in '{tmp_path}' ('{max(tmp_path.iterdir())}")
  assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["SHA256SUMS", "history.json",
                                  "settings.json", "state.index"])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_any_damaged_file_is_found(tmp_path, name, how):
  saver, state = make_checkpointer(tmp_path)
  saver.save(5, HISTORY)
  path = tmp_path / "step-0000000005" / name
  assert path.exists()
  if how == "missing":
    path.unlink()
  else:
    path.write_bytes(b"")
  before = values(state)
  with pytest.raises(errors.UserError, match="No usable checkpoint"):
    saver.restore()
  for one, other in zip(values(state), before):
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("sizes", [(5, 1), (4, 4, 1), (1,)],
                         ids=["shape", "more layers", "fewer layers"])
def test_checkpoint_of_another_model(tmp_path, sizes):
  saver, _ = make_checkpointer(tmp_path)
  saver.save(5, None)
  before = contents(tmp_path)
  other, _ = make_checkpointer(tmp_path, sizes=sizes)
  with pytest.raises(errors.UserError) as error:
    other.restore()
  assert str(error.value).startswith(
      f"The checkpoint '{tmp_path}/step-0000000005' belongs to another model")
  assert contents(tmp_path) == before


def test_checkpoint_of_another_run_with_the_same_variables(tmp_path):
  def saver(**settings):
    return checkpoint.Checkpointer(tmp_path, make_state(), settings)
  saver(method="critic", rates=(1., 2.)).save(5, HISTORY)
  assert saver(method="critic", rates=[1., 2.]).restore()[0] == 5
  before = contents(tmp_path)
  other = saver(method="sobolev", rates=(1., 2.))
  with pytest.raises(errors.UserError) as caught:
    other.restore()
  assert "another run (method: critic there, sobolev now)" in str(caught.value)
  assert contents(tmp_path) == before


@pytest.mark.parametrize("saved, restored", [
    (("network",), ("network", "optimizer")),
    (("network", "optimizer"), ("network",))])
def test_checkpoint_of_another_structure(tmp_path, saved, restored):
  state = make_state()
  checkpoint.Checkpointer(
      tmp_path, {name: state[name] for name in saved}).save(5, None)
  with pytest.raises(errors.UserError, match="belongs to another model"):
    checkpoint.Checkpointer(
        tmp_path, {name: state[name] for name in restored}).restore()


def test_unfinished_and_foreign_folders_are_ignored(tmp_path):
  saver, _ = make_checkpointer(tmp_path)
  saver.save(5, None)
  for name in ("step-0000000009.partial", "step-later", "notes"):
    (tmp_path / name).mkdir()
  assert saver.restore() == (5, None)
  saver.save(6, None)
  saver.save(7, None)
  assert sorted(p.name for p in tmp_path.iterdir()) == [
      "notes", "step-0000000006", "step-0000000007",
      "step-0000000009.partial", "step-later"]


def test_full_disk_keeps_the_older_checkpoint(tmp_path):
  saver, state = make_checkpointer(tmp_path)
  saver.save(5, None)
  before = contents(tmp_path)
  limits = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
  try:
    with pytest.raises(errors.UserError, match="Cannot write"):
      saver.save(6, None)
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
  assert contents(tmp_path) == before
  assert saver.restore()[0] == 5
