"""Tests of the paper's numbers, typed in once more from the paper."""

import pytest

from reproduce import published
from sobolev_tf import functions


def find(data, modules, top):
  row, = (r for r in published.TABLE1
          if (r.data, r.modules, r.top) == (data, modules, top))
  return row


@pytest.mark.parametrize("row, backpropagation, noprop, vfbn, sobolev", [
    (("cifar10", 3, 1), 94.3, (54.5, 1.15), (88.5, 2.70), (93.5, .01)),
    (("imagenet", 1, 1), 75.0, (54.0, .29), (57.9, 2.03), (72.0, .05)),
    (("imagenet", 1, 5), 92.3, (77.3, .06), (81.5, 1.20), (90.8, .01)),
    (("imagenet", 3, 1), 75.0, (18.7, .18), (28.3, 5.24), (66.5, .22)),
    (("imagenet", 3, 5), 92.3, (38.0, .34), (52.9, 6.62), (87.4, .11)),
])
def test_table_1(row, backpropagation, noprop, vfbn, sobolev):
  entry = find(*row)
  assert entry.backpropagation == backpropagation
  assert entry.methods["noprop"] == noprop
  assert entry.methods["vfbn"] == vfbn
  assert entry.methods["sobolev"] == sobolev


def test_table_1_direct_gradients_and_critics():
  assert [row.methods["direct"] for row in published.TABLE1] == [
      (79.2, .01), None, None, None, None]
  assert [row.methods["critic"].mean for row in published.TABLE1] == [
      93.2, 71.7, 90.5, 65.7, 86.9]
  assert [row.methods["critic"].deviation for row in published.TABLE1] == [
      .02, .23, .15, .56, .33]


def test_table_1_claim_sobolev_is_best_and_below_backpropagation():
  assert len(published.TABLE1) == 5
  for row in published.TABLE1:
    others = [a.mean for name, a in row.methods.items()
              if a and name != "sobolev"]
    assert max(others) < row.methods["sobolev"].mean < row.backpropagation


def test_table_1_claim_smallest_deviations_and_where_it_fails():
  """Section 4.3 says "in all experiments": README's errata."""
  assert [(row.data, row.modules, row.top, name)
          for row in published.TABLE1 for name, a in row.methods.items()
          if a and name != "sobolev"
          and a.deviation <= row.methods["sobolev"].deviation] == [
              ("cifar10", 3, 1, "direct"), ("imagenet", 3, 1, "noprop")]


def test_table_1_claim_supervision_by_the_loss_matters_most():
  for row in published.TABLE1:
    vfbn, critic, sobolev = (
        row.methods[name].mean for name in ("vfbn", "critic", "sobolev"))
    assert critic - vfbn > 5 * (sobolev - critic) > 0


def test_figure_2_has_a_sourced_claim_for_every_cell():
  assert set(published.FIGURE2) == {
      (name, n) for name in functions.FUNCTIONS for n in (20, 100, 10_000)}
  for claim in published.FIGURE2.values():
    assert claim.verdict in (published.SOBOLEV, published.REGULAR)
    assert "§4.1" in claim.source


def test_figure_2_only_ackley_with_few_points_is_better_regular():
  assert {cell for cell, claim in published.FIGURE2.items()
          if claim.verdict == published.REGULAR} == {
              ("ackley", 20), ("ackley", 100)}


def test_surrogate_of_a_reactor():
  """Typed in once more, from the notebook, to three digits."""
  curves = published.SURROGATE_CURVES
  for method, values in (("values", (.454, .179, .041)),
                         ("weight 1", (.239, .060, .012)),
                         ("likelihood", (.223, .039, .005))):
    for n, value in zip((16, 64, 256), values):
      assert curves[method, n].value == pytest.approx(value, abs=6e-4)
  assert curves["likelihood", 128].derivative == .1876
  assert [round(published.SURROGATE_LONG[name].value, 3) for name in (
      "values", "weight 1", "weight 100", "z-score", "likelihood")] == [
          .148, .038, .019, .016, .022]
  assert published.SURROGATE_DESIGNS["values", 16] == (5.51, 28.46)
  assert published.SURROGATE_DESIGNS["likelihood", 256].violation == .09


def test_prices_of_a_basket_at_4096_8192_and_16384_paths():
  """From the figures of notebooks by Huge and Savine."""
  assert published.PRICING.values == (1.13, .56, .38)
  assert published.PRICING.values_and_derivatives == (.12, .10, .06)
  assert published.PRICING.deltas == (1.50, .55, .33)
  assert published.PRICING.deltas_and_derivatives == (.14, .09, .08)
  runs = published.PRICING_HISTORY.values()
  assert sorted(run.values[0] for run in runs) == [
      .36, .65, .77, .80, .88, .93, 1.28]
  assert sorted(run.values_and_derivatives[0] for run in runs) == [
      .10, .11, .13, .16, .17, .20, .24]
  assert sorted(run.deltas[2] for run in runs) == [
      .25, .26, .26, .30, .30, .36, .50]
  for run in (published.PRICING, *runs):
    assert all(with_ <= without for with_, without in zip(
        run.values_and_derivatives, run.values))
