"""The choice of order 2's learning rates."""

import math

from reproduce.sections import order2 as section
from reproduce.sections import order2_tuning
from sobolev_tf import results


def rows(method, setting, *values):
  return [
      results.Row("order2", "tuning", setting, method, "booth", 20, seed, 10,
                  "validation_mse", value)
      for seed, value in enumerate(values)]


MADE = [
    *rows("regular", "a", 10., 1000.), *rows("regular", "b", 1., 2000.),
    *rows("sobolev-2", "a", 1., 1.), *rows("sobolev-2", "b", .001, math.nan)]


def test_each_method_has_its_lowest_mean_logarithm():
  # log10: regular a 2, b 1.65, whose mean itself is higher.
  assert order2_tuning.choose(MADE) == {"regular": "b", "sobolev-2": "a"}


def test_other_metrics_do_not_count():
  other = results.Row("order2", "tuning", "a", "regular", "booth", 20, 0, 10,
                      "validation_gradient_mse", 1e-30)
  assert order2_tuning.choose([*MADE, other]) == order2_tuning.choose(MADE)


def test_section_marks_the_best_and_what_diverged(tmp_path):
  text = section.write(MADE, tmp_path)
  assert "| a | 2.00 | **0.00** |" in text
  assert "| b | **1.65** | diverged |" in text
  assert "seeds 0, 1" in text
