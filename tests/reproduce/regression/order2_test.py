"""The section of order 2 says what the rows say."""

import dataclasses

from made_up import NOISE, results, row

from reproduce.regression import order2

# log10 errors by method: order 2 is best, its projected form second.
LEVELS = {"regular": 3., "sobolev": 2., "sobolev-2": 1.,
          "sobolev-2-stochastic": 1.5}
METRICS = ("test_mse", "test_gradient_mse", "test_hessian_mse")


def made(metrics, **changed):
  return [
      row(method, task, 20, seed,
          10**(level + 50 * noise + noise * (method == "sobolev-2")), metric,
          rate=1e-2)
      for method, level in {**LEVELS, **changed}.items() for metric in metrics
      for task in ("booth", "bukin") for seed, noise in enumerate(NOISE)]


def test_section_compares_the_orders_for_every_error(tmp_path):
  text = order2.write(results(made(METRICS), tmp_path))
  for error in ("value", "gradient", "Hessian"):
    assert (f"| {error}, n = 20 | order 2 2, order 0 0 (+2.00) | order 2 2, "
            "order 1 0 (+1.00) | exact 2, projected 0 (+0.50) |") in text
    name = f"order2-{error.lower()}-0.png"
    assert f"![Test error of the {error}]({name})" in text
    assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
  # t(0.975, 4) = 2.776 times sqrt(0.00025 / 5), as in Figure 2's table.
  assert text.count(
      "| booth | 20 | 3.00 | 2.00 | 1.00 | 1.50 | 2.00 [1.98, 2.02] | "
      "1.00 [0.98, 1.02] | 0.50 [0.48, 0.52] |") == 3
  assert "over 5 seeds" in text and "diverged" not in text


def test_section_names_who_is_better_by_error(tmp_path):
  rows = made(METRICS[:1]) + made(METRICS[1:], regular=0.)
  text = order2.write(results(rows, tmp_path))
  assert "| value, n = 20 | order 2 2, order 0 0 (+2.00) |" in text
  assert "| gradient, n = 20 | order 2 0, order 0 2 (-1.00) |" in text


def test_search_shows_every_rate_by_method(tmp_path):
  rows = made(["validation_mse"])
  other = [dataclasses.replace(
      r, value=10 * r.value, settings=r.settings | {"learning_rate": .1})
           for r in rows]
  text = order2.write(results(other + rows, tmp_path))
  assert "| learning_rate=0.1 | 4.00 | 3.00 | 2.00 | 2.50 |" in text
  assert ("| learning_rate=0.01 | **3.00** | **2.00** | **1.00** | **1.50** |"
          ) in text
