"""The cost of a step: counts by hand, rows, table and hours."""

import pytest

from benchmarks import synthetic_gradients as benchmark
from configs import architectures, table1
from reproduce import experiment
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from sobolev_tf.networks import convnet


def test_backpropagation_costs_three_passes_less_the_inputs_gradient():
  step = benchmark.make_step("small", "backpropagation", 3, "true", 2)
  counts = step.counts(2)
  blocks = architectures.ARCHITECTURES["small"].blocks
  forward = convnet.multiply_adds(blocks, 32)
  first = convnet.multiply_adds(blocks[:1], 32)
  # And the linear layer.
  assert counts["multiply_adds"] == 3 * forward - first + 3 * 64 * 10
  # Weights, scales and offsets of four convolutions, and the linear layer.
  channels = (3, 16, 32, 64, 64)
  assert counts["parameters"] == sum(
      9 * a * b + 2 * b for a, b in zip(channels, channels[1:])) + 64 * 10 + 10
  assert counts["module_parameters"] == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory, command):
  folder = tmp_path_factory.mktemp("cost") / "run"
  status, out, _ = command(benchmark, "--preset=smoke", f"--output={folder}")
  assert status == 0
  return rows_lib.read(folder), out


def test_table_has_every_method(made):
  rows, out = made
  cells = [line.strip("| ").split(" | ") for line in
           out.splitlines() if line.startswith("| ")][2:]
  ratio = {row[0]: float(row[1].split("(")[1].strip(")")) for row in cells}
  assert len(ratio) == 3 + 2 * 4
  assert 1 < ratio["local losses"] < ratio["Sobolev, true"]
  assert ratio["Noprop"] < ratio["backpropagation"] == 1
  assert ratio["Critic, true"] < ratio["Sobolev, true"]
  assert ratio["Sobolev, bootstrapped"] <= ratio["Sobolev, true"]
  assert all(row.value > 0 for row in rows
             if row.metric == "seconds_per_step")


def test_hours_by_hand():
  # 2 x 5e9 x 100 x 36e6 operations at 10 TFLOP/s: 3.6e6 seconds.
  row = rows_lib.Row(
      "imagenet", "sobolev", "multiply_adds", 5e9, step=36_000_000,
      settings={"targets": "true", "cuts": 3, "batch_size": 100})
  assert benchmark.hours([row]) == {
      benchmark.Variant("sobolev", "true"): pytest.approx(1000.)}


def test_paper_presets_are_counted(made, tmp_path, monkeypatch):
  # One preset alone: ResNet-50's graphs take minutes.
  monkeypatch.setattr(benchmark.table1, "PRESETS", {
      "paper": {"cifar10": table1.PRESETS["paper"]["cifar10"]}})
  config = benchmark.config_lib.SYNTHETIC_GRADIENTS["smoke"]
  monkeypatch.setattr(benchmark, "_variants", lambda: [
      benchmark.Variant("backpropagation", None),
      benchmark.Variant("critic", "bootstrapped")])
  plan = benchmark.plan(
      benchmark.dataclasses.replace(config, count_paper=True), "smoke")
  rows = run_lib.run(plan, tmp_path)
  text = benchmark.write(experiment.Results(rows, tmp_path, tmp_path))
  assert "cifar10, 3 SG modules" in text
  assert "| 7,790,794 + 1,447,582; " in text
  assert "| backpropagation | 7,790,794 + 0; 0.34" in text
