"""The cost of a step: counts by hand, rows, table and hours."""

import pytest
import tensorflow as tf

from benchmarks import synthetic_gradients as benchmark
from configs import table1
from reproduce import rows as results
from reproduce.classification import networks as classifiers
from reproduce.costs import synthetic_gradients as section
from sobolev_tf.networks import convnet


def test_counts_by_hand():
  w = tf.ones([3, 3, 2, 5])
  v = tf.ones([5, 7])

  @tf.function
  def step():
    with tf.GradientTape() as tape:
      tape.watch([w, v])
      y = tf.nn.conv2d(tf.ones([1, 4, 4, 2]), w, 2, "SAME")  # [1, 2, 2, 5]
      loss = tf.reduce_sum(tf.tanh(tf.reduce_mean(y, [1, 2]) @ v))
    unused = tf.ones([9, 9]) @ tf.ones([9, 9])
    del unused
    return tape.gradient(loss, [w, v])

  # Forward; the gradient of each weight; that of the mean: no images need one.
  assert benchmark.multiply_adds(step.get_concrete_function().graph) == (
      2 * (4 * 9 * 2 * 5) + 3 * 5 * 7)


def test_backpropagation_costs_three_passes_less_the_inputs_gradient():
  step = benchmark.make_step("small", "backpropagation", 3, "true", 2)
  counts = step.counts(2)
  blocks = classifiers.ARCHITECTURES["small"].blocks
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
  return results.read(folder), out


def test_table_has_every_method(made):
  rows, out = made
  cells = [line.strip("| ").split(" | ") for line in
           out.splitlines() if line.startswith("| ")][2:]
  ratio = {row[0]: float(row[1].split("(")[1].strip(")")) for row in cells}
  assert len(ratio) == 2 + 2 * 4
  assert ratio["Noprop"] < ratio["backpropagation"] == 1
  assert ratio["Critic, true"] < ratio["Sobolev, true"]
  assert ratio["Sobolev, bootstrapped"] <= ratio["Sobolev, true"]
  assert all(row.value > 0 for row in rows
             if row.metric == "seconds_per_step")


def test_hours_by_hand():
  # 2 x 5e9 x 100 x 36e6 operations at 10 TFLOP/s: 3.6e6 seconds.
  row = results.Row(section.ARTEFACT, "quick", "true", "sobolev", "imagenet-3",
                    100, 0, 36_000_000, "multiply_adds", 5e9)
  assert section.hours([row]) == {
      section.Variant("sobolev", "true"): pytest.approx(1000.)}


def test_paper_presets_are_counted(made, tmp_path, monkeypatch):
  # One preset alone: ResNet-50's graphs take minutes.
  monkeypatch.setattr(benchmark.table1, "PRESETS", {
      "paper": {"cifar10": table1.PRESETS["paper"]["cifar10"]}})
  config = benchmark.config_lib.SYNTHETIC_GRADIENTS["smoke"]
  monkeypatch.setattr(benchmark, "_variants", lambda: [
      section.Variant("backpropagation", ""),
      section.Variant("critic", "bootstrapped")])
  rows = benchmark.run(
      benchmark.dataclasses.replace(config, count_paper=True), tmp_path,
      preset="smoke")
  text = section.write(rows, tmp_path, tmp_path)
  assert "cifar10, 3 SG modules" in text
  assert "| 7,790,794 + 1,447,582; " in text
  assert "| backpropagation | 7,790,794 + 0; 0.34" in text
