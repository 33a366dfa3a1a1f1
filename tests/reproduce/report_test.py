"""The report: from runs on disk to one page."""

import re

import pytest

from configs import figure3 as config_lib
from reproduce import figure3, report
from reproduce import rows as results
from reproduce.regression import figure3 as section
from sobolev_tf import errors, functions


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
  """A folder that holds one finished run of Figure 3."""
  folder = tmp_path_factory.mktemp("runs")
  figure3.run(config_lib.PRESETS["smoke"], folder / "a", preset="smoke")
  return folder


def test_surfaces_hold_the_function_and_its_gradient(runs):
  true = section.read_surface(runs / "a" / "surfaces" / "true.csv")
  assert true.shape == (7, 7, 5)
  x1, x2, y, d1, d2 = true[1, 4]
  assert y == pytest.approx(sum(.5 * (t**4 - 16 * t**2 + 5 * t)
                                for t in (x1, x2)))
  assert d1 == pytest.approx(2 * x1**3 - 16 * x1 + 2.5)
  assert d2 == pytest.approx(2 * x2**3 - 16 * x2 + 2.5)
  (low, high), _ = functions.by_name("styblinski_tang").domain
  assert (true[0, 0, 0], true[-1, 0, 0]) == (low, high)


def test_page_holds_rows_figures_and_provenance(runs, tmp_path):
  html = report.write([runs], tmp_path / "report").read_text()
  (value,) = [row.value for row in results.read(runs / "a")
              if (row.n, row.method, row.metric) == (
                  20, "sobolev", "test_mse")]
  assert f"{value:.4g}" in html
  assert results.commit() in html and results.versions() in html
  assert re.search(r'src="data:image/png;base64,\w', html)
  assert not re.search(r'src="(?!data:)', html)
  links = set(re.findall(r'href="#([^"]+)"', html))
  assert links and links <= set(re.findall(r'id="([^"]+)"', html))
  text = (tmp_path / "report" / "report.md").read_text()
  for figure in re.findall(r"\]\(([^)]+\.png)\)", text):
    assert (tmp_path / "report" / figure).exists()


def test_finished_run_is_not_trained_again(runs, monkeypatch):
  def fail(*unused, **unused_too):
    raise AssertionError("trained again")
  monkeypatch.setattr(figure3.regression, "train", fail)
  before = results.read(runs / "a")
  figure3.run(config_lib.PRESETS["smoke"], runs / "a", preset="smoke")
  assert results.read(runs / "a") == before


def test_earlier_folder_wins(runs, tmp_path):
  found = report.find_runs([runs, runs])
  assert list(found) == ["a"]
  assert report.find_runs([tmp_path, runs]) == found


def test_nothing_to_report(tmp_path):
  with pytest.raises(errors.UserError, match="no results below"):
    report.write([tmp_path], tmp_path / "report")


def test_damaged_rows_are_named(runs, tmp_path):
  import shutil
  shutil.copytree(runs / "a", tmp_path / "a")
  path = tmp_path / "a" / "rows" / "n20_sobolev.csv"
  path.write_bytes(path.read_bytes()[:-5])
  with pytest.raises(errors.UserError, match="n20_sobolev.csv' is damaged"):
    report.write([tmp_path], tmp_path / "report")
