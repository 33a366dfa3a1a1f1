"""Tests of the maps of what students look at."""

import numpy as np
import pytest
import tensorflow as tf

from reproduce import figure4_saliency, rows, tables
from reproduce.distillation import saliency
from sobolev_tf.atari import (
  networks,
  pixels,
  policies,
  recorder,
  recording_files,
  teachers,
)

GAME = "breakout"
RANDOM = np.random.default_rng(0)


def test_a_map_is_the_norm_over_the_stack_of_each_pixel():
  stack = RANDOM.normal(size=(2, 4, 84, 84)).astype(np.float32)
  blocked = np.concatenate(
      [pixels.blocks(stack[:, t]) for t in range(4)], axis=-1)
  np.testing.assert_allclose(
      saliency.maps(tf.constant(blocked)), np.linalg.norm(stack, axis=1),
      rtol=1e-5)


def test_gradients_are_of_the_chosen_actions():
  network = networks.make_network(3, networks.SIZES["student-cpu"], 0)
  x = tf.constant(RANDOM.uniform(size=(2, 21, 21, 64)).astype(np.float32))
  actions = tf.constant([2, 0])
  with tf.GradientTape() as tape:
    tape.watch(x)
    chosen = tf.gather(policies.log_policy(network)(x), actions, batch_dims=1)
  np.testing.assert_allclose(
      saliency.gradients(network, x, actions), tape.gradient(chosen, x),
      atol=1e-7)


def test_alike():
  one, other = (RANDOM.normal(size=(3, 21, 21, 64)) for _ in range(2))
  same = saliency.alike(one, 2. * one)
  assert same == pytest.approx(dict.fromkeys(saliency.METRICS, 1.))
  mirrored = saliency.alike(one, -one)  # the maps have no sign
  assert mirrored["gradient_cosine"] == pytest.approx(-1.)
  assert mirrored["map_correlation"] == pytest.approx(1.)
  found = saliency.alike(one, other)
  drawn = [saliency.maps(part).reshape(3, -1) for part in (one, other)]
  assert found["map_correlation"] == pytest.approx(np.mean([
      np.corrcoef(a, b)[0, 1] for a, b in zip(*drawn)]))
  assert saliency.alike(one, 0. * one)["gradient_cosine"] == 0.


def test_command(command, tmp_path):
  network = networks.make_network(4, networks.SIZES["teacher-cpu"], 0)
  teachers.save(tmp_path / "agents" / GAME, network, GAME, {})
  stored, _ = teachers.load(tmp_path / "agents" / GAME)
  made = recorder.record(stored, GAME, 7, 5, 300)
  recording_files.save_log(
      tmp_path / "agents" / f"{GAME}_recording", made.log,
      {"teacher": {"weights": teachers.checksum(stored)}})
  folder = tmp_path / "run"
  status, out, _ = command(
      figure4_saliency, "--preset=smoke", "--percentages=20",
      f"--agents={tmp_path}/agents", f"--output={folder}")
  assert status == 0 and "| Breakout | 20 % | Sobolev |" in out
  assert "Preset `smoke`: 1 seed, 4 steps" in out
  found = rows.read(folder)
  assert {(row.method, row.metric) for row in found} == {
      (method, metric) for metric in saliency.METRICS
      for method in ("regular", "sobolev", "teacher at another state")}
  assert all(-1 <= row.value <= 1 for row in found)
  records = tables.read(folder / "tables" / f"{GAME}.csv")
  assert len(records) == 84**2 and list(records[0]) == [
      "row", "column", "frame", "teacher", "regular", "sobolev"]
  drawn = np.array([float(record["teacher"]) for record in records])
  assert drawn.max() > 0
  assert (folder / "figure4-saliency.png").stat().st_size > 9000
