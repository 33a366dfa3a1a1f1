"""The sensitivity section chooses what the rows say."""

import dataclasses

from made_up import NAN, cell, results

from reproduce.regression import sensitivity


def trial(inputs, rate, regular, sobolev):
  """Validation rows of one setting, with the same errors in every cell."""
  rows = []
  for n in (20, 100):
    for task in ("ackley", "booth"):
      rows += cell(task, n, regular - sobolev, regular, ("validation_mse",),
                   inputs=inputs, rate=rate)
  return rows


A, B, C = (sensitivity.Scaling(inputs, "raw") for inputs in "abc")
# Scaling a is best for Sobolev at rate 1 and for regular at rate 2.
SWEEP = (trial("a", 1., 3., 0.) + trial("a", 2., 1., 5.) +
         trial("b", 1., 2., 1.) + trial("b", 2., 2.5, 1.5))


def test_each_method_gets_its_best_rate_and_both_one_scaling(tmp_path):
  best, other = sensitivity.rank(SWEEP)
  assert best == (A, {"regular": 2., "sobolev": 1.}, 1.)
  assert other == (B, {"regular": 1., "sobolev": 1.}, 2.)
  text = sensitivity.write(results(SWEEP, tmp_path))
  assert ("`tuned` preset: inputs=a targets=raw, learning rate 2 (regular) "
          "and 1 (Sobolev).\n") in text
  assert "| **inputs=a targets=raw** | 2 | 1 | 1.00 | 4 | 1.00 |" in text
  assert "| inputs=b targets=raw | 1 | 1 | 1.00 |" not in text
  assert "| inputs=b targets=raw | 1 | 1 | 2.00 | 4 | 1.00 |" in text


def test_the_choice_at_one_learning_rate(tmp_path):
  assert [choice.scaling for choice in sensitivity.rank(SWEEP, 2.)] == [A, B]
  rows = SWEEP + trial("a", 1e-3, 5., 5.) + trial("b", 1e-3, 4., 4.)
  best = sensitivity.rank(rows, sensitivity.CUSTOMARY_RATE)[0]
  assert best == (B, {"regular": 1e-3, "sobolev": 1e-3}, 1.)
  assert "a learning rate of 0.001: inputs=b targets=raw." in (
      sensitivity.write(results(rows, tmp_path)))


def test_both_methods_count_in_the_ranks():
  rows = [*trial("a", 1., 1., 3.), *trial("b", 1., 2., 1.),
          *trial("c", 1., 3., 2.)]
  assert [(choice.scaling, choice.rank) for choice in sensitivity.rank(rows)
          ] == [(B, 1.5), (A, 2.), (C, 2.5)]


def test_diverged_run_ranks_last():
  rows = [
      dataclasses.replace(row, value=NAN)
      if (row.settings["inputs"], row.settings["learning_rate"], row.method,
          row.seed) == ("a", 1., "sobolev", 3) else row for row in SWEEP]
  ranked = sensitivity.rank(rows)
  # Sobolev falls back on a's other rate, which is worse than b's best.
  assert {choice.scaling: choice.rates["sobolev"] for choice in ranked} == {
      A: 2., B: 1.}
  assert ranked[0].rank == 1.5


def test_range_over_the_settings(tmp_path):
  metrics = ("validation_mse",)
  rows = (cell("booth", 20, 1., 2., metrics, inputs="a") +
          cell("booth", 20, .25, 1., metrics, inputs="b") +
          cell("ackley", 20, 1., 2., metrics, inputs="a") +
          cell("ackley", 20, -.5, 1., metrics, inputs="b"))
  text = sensitivity.write(results(rows, tmp_path))
  assert "| booth | +0.25 ... +1.00 (Sobolev lower in all) |" in text
  assert "| ackley | -0.50 ... +1.00 |" in text
  assert "on 5 seeds" in text
