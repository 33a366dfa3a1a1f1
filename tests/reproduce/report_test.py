"""The report: from runs on disk to one page."""

import re
import shutil

from commands import check_refused
import pytest

from reproduce import folder as folder_lib
from reproduce import provenance, report
from reproduce import rows as rows_lib
from sobolev_tf import errors


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
  """A folder that holds one run of Figure 2, of rows made up here."""
  folder = tmp_path_factory.mktemp("runs")
  store = folder_lib.RunFolder(
      folder / "a", {"artefact": "figure2", "preset": "quick"})
  for method, scale in (("regular", 2.), ("sobolev", 1.)):
    store.write(f"n20_{method}", [
        rows_lib.Row(
            "booth", method, f"test_{metric}",
            (10 + seed) * scale**(1 + seed / 9), 20, seed, 60,
            {"inputs": "raw", "targets": "raw", "learning_rate": 1e-3})
        for seed in range(3) for metric in ("mse", "gradient_mse")])
  return folder


def test_page_holds_rows_figures_and_provenance(runs, tmp_path):
  html = report.write([runs], tmp_path / "report").read_text()
  assert "1.04 [" in html  # log10 of 10, 11 and 12, on average
  assert provenance.commit() in html and provenance.versions() in html
  assert re.search(r'src="data:image/png;base64,\w', html)
  assert not re.search(r'src="(?!data:)', html)
  links = set(re.findall(r'href="#([^"]+)"', html))
  assert links and links <= set(re.findall(r'id="([^"]+)"', html))
  text = (tmp_path / "report" / "report.md").read_text()
  for figure in re.findall(r"\]\(([^)]+\.png)\)", text):
    assert (tmp_path / "report" / figure).exists()


def test_earlier_folder_wins(runs, tmp_path):
  found = report.find_runs([runs, runs])
  assert list(found) == ["a"]
  assert report.find_runs([tmp_path, runs]) == found


def test_nothing_to_report(tmp_path):
  with pytest.raises(errors.UserError, match="no results below"):
    report.write([tmp_path], tmp_path / "report")


def test_runs_that_the_registry_does_not_name_are_named(tmp_path, command):
  folder_lib.RunFolder(tmp_path / "a", {"artefact": "toy", "preset": "smoke"})
  check_refused(command(report, f"--input={tmp_path}",
                        f"--output={tmp_path}/report"),
                "reproduce/registry.py does not name (toy)")


def test_damaged_rows_are_named(runs, tmp_path):
  shutil.copytree(runs / "a", tmp_path / "a")
  path = tmp_path / "a" / "rows" / "n20_sobolev.csv"
  path.write_bytes(path.read_bytes()[:-5])
  with pytest.raises(errors.UserError, match="n20_sobolev.csv' is damaged"):
    report.write([tmp_path], tmp_path / "report")


def test_a_command_without_runs_is_refused(tmp_path, command):
  check_refused(command(report, f"--input={tmp_path}",
                        f"--output={tmp_path}/report"), "There are no results")
  assert not (tmp_path / "report").exists()
