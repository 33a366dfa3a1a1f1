"""Tests of one run of Table 1: exact resumption, learning, measures."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from configs import table1
from reproduce.classification import networks
from reproduce.classification import train as training
from sobolev_tf import errors
from sobolev_tf.networks import convolution

SETTINGS = table1.PRESETS["smoke"]["shapes"].settings[0]


def train(method, settings=SETTINGS, seed=0, **options):
  return training.train(
      "shapes", method, seed, settings, held_out=20, **options)


def values(trained):
  return [v.numpy() for v in trained.network.variables]


class Killed(Exception):
  """The process ends here."""


def test_a_killed_run_resumes_exactly(tmp_path, monkeypatch):
  settings = dataclasses.replace(
      SETTINGS, weight_decay=1e-3, targets="bootstrapped")
  options = dict(diagnose_every=2, checkpoint_every=2)
  whole = train("sobolev", settings, **options)
  save = training.loop.checkpoint_lib.Checkpointer.save

  def save_and_die(self, step, history):
    save(self, step, history)
    if step == 2:
      raise Killed

  with monkeypatch.context() as patch:
    patch.setattr(
        training.loop.checkpoint_lib.Checkpointer, "save", save_and_die)
    with pytest.raises(Killed):
      train("sobolev", settings, folder=tmp_path, **options)
  resumed = train("sobolev", settings, folder=tmp_path, **options)
  assert resumed.history == whole.history
  for a, b in zip(values(resumed), values(whole)):
    np.testing.assert_array_equal(a, b)
  assert [r["step"] for r in whole.history.records] == [2, 4]
  assert {"loss", "cosine_1", "cosine_2", "cosine_3"} < set(
      whole.history.records[0])
  for method, seed, difference in (
      ("critic", 0, "method: sobolev there, critic now"),  # the same variables
      ("direct", 0, "method: sobolev there, direct now"),
      ("sobolev", 1, "seed: 0 there, 1 now")):
    with pytest.raises(errors.UserError) as caught:
      train(method, settings, seed, folder=tmp_path)
    assert f"belongs to another run ({difference})" in str(caught.value)


def test_noprop_leaves_the_lower_parts_as_they_were():
  settings = dataclasses.replace(SETTINGS, weight_decay=.1)
  trained = train("noprop", settings)
  fresh = train("noprop", dataclasses.replace(settings, steps=1))
  for k, (a, b) in enumerate(zip(trained.network.parts, fresh.network.parts)):
    same = [np.array_equal(v, w) for v, w in zip(
        a.trainable_variables, b.trainable_variables)]
    assert all(same) if k < 3 else not any(same)


def test_diagnosis_does_not_change_the_run():
  often, never = (train("vfbn", diagnose_every=k) for k in (1, 0))
  for a, b in zip(values(often), values(never)):
    np.testing.assert_array_equal(a, b)


def test_weight_decay_shrinks_weights_only():
  with_decay, without = (
      train("backpropagation", dataclasses.replace(
          SETTINGS, steps=1, optimizer="momentum", weight_decay=c,
          schedule="constant")) for c in (.5, 0.))
  rate = SETTINGS.learning_rates["backpropagation"]
  start = train("noprop", dataclasses.replace(SETTINGS, steps=1))
  variables = [[v for part in t.network.parts[:3]
                for v in part.trainable_variables]
               for t in (with_decay, without, start)]
  for a, b, first in zip(*variables):
    expected = (b - rate * .5 * first if first.name.split("/")[-1][0] == "w"
                else b)
    np.testing.assert_allclose(a, expected, rtol=1e-4, atol=1e-6)


def test_parts_and_modules_have_update_rules_of_their_own():
  # With momentum's first step a variable moves by rate x gradient.
  settings = dataclasses.replace(
      SETTINGS, steps=1, schedule="constant", optimizer="momentum",
      learning_rates={"sobolev": .1}, module_learning_rate=.1)
  start = networks.make_network(
      "small", "sobolev", cuts=3, num_classes=10, input_shape=(32, 32, 3),
      decay_rate=.95, seed=0)

  def moves(**changes):
    network = train("sobolev", dataclasses.replace(
        settings, **changes)).network
    return [np.concatenate([
        np.ravel(a - b) for a, b in zip(
            m.trainable_variables, n.trainable_variables)])
            for m, n in zip((*network.parts, *network.cuts),
                            (*start.parts, *start.cuts))]

  usual = moves()
  tripled = moves(module_learning_rate=.3)
  for factor, a, b in zip([1.] * 4 + [3.] * 3, tripled, usual):
    assert np.abs(b).max() > 1e-4
    np.testing.assert_allclose(a, factor * b, rtol=1e-3, atol=1e-6)
  adam = moves(module_optimizer="adam")
  for part, (a, b) in enumerate(zip(adam, usual)):
    assert np.allclose(a, b, rtol=1e-3, atol=1e-6) == (part < 4)
  for a in adam[4:]:  # Adam's first step is the rate, whatever the gradient
    assert np.abs(a).max() == pytest.approx(.1, rel=1e-3)


def test_measures_of_a_trained_network():
  trained = train("direct", dataclasses.replace(SETTINGS, steps=2))
  measured = training.measure(trained, "test")
  batches = list(trained.data.held_out("test"))
  logits = np.concatenate([trained.network(b.images) for b in batches])
  labels = np.concatenate([b.labels for b in batches])
  assert measured["top1"] == pytest.approx(
      100 * np.mean(logits.argmax(1) == labels))
  top5 = np.argsort(-logits, axis=1)[:, :5]
  assert measured["top5"] == pytest.approx(
      100 * np.mean((top5 == labels[:, None]).any(1)))
  assert measured["asymmetry_1"] > .1
  symmetric = training.measure(
      train("critic", dataclasses.replace(SETTINGS, steps=1)), "test")
  for cut in (1, 2, 3):
    assert symmetric[f"asymmetry_{cut}"] < 1e-4


def test_mixed_precision_is_near_and_keeps_float32_variables():
  single, mixed = (
      train("critic", dataclasses.replace(
          SETTINGS, steps=2, splits=1, precision=precision), diagnose_every=1)
      for precision in ("float32", "mixed"))
  for a, b in zip(single.history.records, mixed.history.records):
    assert a["loss"] != b["loss"]
    assert b["loss"] == pytest.approx(a["loss"], rel=.02)
  assert {v.dtype for v in mixed.network.trainable_variables} == {tf.float32}
  for module, kind in ((mixed.network.parts[0], True),
                       (mixed.network.cuts[0], False)):
    layers = [m for m in module.submodules
              if isinstance(m, convolution.Conv2D)]
    assert layers and all(layer._mixed == kind for layer in layers)


def test_a_diverged_run_is_noted():
  settings = dataclasses.replace(
      SETTINGS, optimizer="momentum", steps=60, schedule="constant",
      learning_rates=dict(SETTINGS.learning_rates, critic=1e38))
  measured = training.measure(train("critic", settings), "test")
  assert np.isnan(measured["top1"]) and 0 < measured["diverged_at"] <= 60
