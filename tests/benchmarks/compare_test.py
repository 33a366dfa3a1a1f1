"""The comparison checks, measures, stores and draws."""

import numpy as np
import pytest

from benchmarks import compare, compare_report
from benchmarks.peers import ours
from benchmarks.work import Algorithm
from configs import benchmarks as config_lib
from reproduce import experiment
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from sobolev_tf import errors

CONFIG = config_lib.Config(
    sizes=(4,), members=(2,), batch_size=3, model_steps=4, repeats=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
  folder = tmp_path_factory.mktemp("speed") / "run"
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(compare, "_PEERS", ("ours", "not_there"))
    rows = run_lib.run(compare.plan(CONFIG, "smoke"), folder)
  return folder, rows


def test_rows(made):
  folder, rows = made
  assert {(row.method, row.task, row.settings["algorithm"],
           row.settings["compiler"]) for row in rows} == {
      (method, "sobolev_tf", *algorithm)
      for method, algorithms in ours.ALGORITHMS.items()
      for algorithm in algorithms}
  assert all(row.value > 0 for row in rows if row.metric != "peak_mib")
  assert {row.settings["members"] for row in rows} == {2}
  settings = (folder / "run.json").read_text()
  assert "cores" in settings and ours.version() in settings


def test_a_peer_that_is_missing_is_named(monkeypatch, capsys):
  monkeypatch.setattr(compare, "_PEERS", ("not_there",))
  assert compare.find_peers() == {}
  assert "benchmarks.peers.not_there is left out" in capsys.readouterr().out


def test_other_losses_are_an_error():
  first, other = (compare.Variant(peer, Algorithm("own"), "regular")
                  for peer in "ab")
  runs = {first: lambda steps: np.array([1., 2.]),
          other: lambda steps: np.array([1., 2.01])}
  with pytest.raises(errors.UserError, match=r"b \(own, regular\)"):
    compare.check_equal(runs)
  runs[other] = lambda steps: None  # not told, not compared
  compare.check_equal(runs)


def fake(method, peer, algorithm, n, seconds):
  name, compiler = algorithm
  return [rows_lib.Row(
      peer, method, metric, value, n=n, step=1, settings={
          "members": 8, "algorithm": name, "compiler": compiler})
      for metric, value in (
          ("seconds_per_model_step", seconds), ("gflops", 50.),
          ("gflops_of_products_alone", 200.), ("peak_mib", 3.))]


def test_section(made, tmp_path):
  rows = [row for cell in (
      ("regular", "sobolev_tf", ("backpropagation", None), 20, .001),
      ("regular", "sobolev_tf", ("backpropagation", "XLA"), 20, .0008),
      ("sobolev", "sobolev_tf", ("nested tapes", None), 20, .002),
      ("sobolev", "sobolev_tf", ("four products", None), 20, .00125),
      ("sobolev", "sobolev_tf", ("four products", "XLA"), 20, .001),
      ("sobolev", "JAX", ("autodiff", None), 20, .005),
      ("sobolev", "PyTorch", ("autograd", None), 20, .003),
      ("sobolev", "JAX", ("four products", None), 20, .0015))
          for row in fake(*cell)]
  text = compare_report.write(experiment.Results(rows, made[0], tmp_path))
  assert "| regular, sobolev_tf: backpropagation | 1,000 / 50 (25%)" in text
  assert ("| 20 | 8 | 1.25 | 1.25 | 2.00 | 3.00 (PyTorch: autograd) | "
          "1.50 (JAX: four products) |") in text
  assert (tmp_path / "speed.png").stat().st_size > 1000
