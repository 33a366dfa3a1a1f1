"""What a training step of each of Table 1's methods costs.

  python -m benchmarks.synthetic_gradients --preset=quick

Multiply-adds are counted in the graph of a step: those of all convolutions and
matrix products that its results need, backward passes included. Times are
medians of repeats, interleaved in one process. For the paper presets, which
are too large to time here, operations and parameters are counted.
"""

import dataclasses
import functools
from typing import (
  Any,
  Callable,
  Dict,
  List,
  NamedTuple,
  Optional,
  Sequence,
  Tuple,
)

from absl import flags
import tensorflow as tf

from benchmarks import counting, measuring
from configs import benchmarks as config_lib
from configs import table1
from reproduce import app, experiment, markdown, timing
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from reproduce.classification import networks
from reproduce.classification.cells import TITLES
from sobolev_tf import synthetic_gradients as sg

_SHAPES = {"small": (32, 32, 3), "cifar10": (32, 32, 3),
           "resnet50": (224, 224, 3)}
_CLASSES = {"small": 10, "cifar10": 10, "resnet50": 1000}


TIMED = "timed"  # the task of rows that were timed
TERAFLOPS = 10.  # assumed; about half of an A100's peak in float32


class Variant(NamedTuple):
  """A method, and what its SG modules learn from (None if it has none)."""
  method: str
  targets: Optional[str]

  @property
  def title(self) -> str:
    """As tables name it."""
    return TITLES[self.method] + (f", {self.targets}" if self.targets else "")


_FIRST = Variant("backpropagation", None)
_Counts = Dict[Variant, Dict[str, float]]


class Step(NamedTuple):
  """A step to be counted or timed.

  Attributes:
    compute: a `tf.function` of all gradients, without arguments.
    network: whose.
  """
  compute: Any
  network: sg.DecoupledNetwork

  def counts(self, batch_size: int) -> Dict[str, int]:
    """Multiply-adds per image, and parameters of parts and SG modules."""
    graph = self.compute.get_concrete_function().graph
    parts, modules = (
        sum(v.shape.num_elements() for m in several
            for v in m.trainable_variables)
        for several in (self.network.parts, self.network.cuts))
    return {"multiply_adds": counting.multiply_adds(graph) // batch_size,
            "parameters": parts, "module_parameters": modules}


def make_step(architecture: str, method: str, cuts: int, targets: str,
              batch_size: int) -> Step:
  """A step that computes all gradients of random images, in a graph.

  Args:
    architecture: a key of `architectures.ARCHITECTURES`.
    method: one of `sg.METHODS`.
    cuts: 1 or 3.
    targets: "true" or "bootstrapped".
    batch_size: images per step.

  Returns:
    The step.
  """
  shape, classes = _SHAPES[architecture], _CLASSES[architecture]
  network = networks.make_network(
      architecture, method, cuts=cuts, num_classes=classes, input_shape=shape,
      decay_rate=.9, seed=0, targets=targets)
  x = tf.random.stateless_normal([batch_size, *shape], [0, 1])
  labels = tf.random.stateless_uniform([batch_size], [0, 2], 0, classes,
                                       tf.int32)

  @tf.function
  def step():
    gradients = network.step(x, labels)
    return [g for g in tf.nest.flatten([gradients.parts, gradients.modules])
            if g is not None]

  return Step(step, network)


def _variants() -> List[Variant]:
  """Every method; those that learn from gradients with both targets."""
  return [Variant(method, targets) for method in reversed(sg.METHODS)
          for targets in (sg.TARGETS if method in sg.SUPERVISION else (None,))]


def plan(config: config_lib.SyntheticGradients, preset: str) -> run_lib.Plan:
  """The measurement as parts: one that is timed, one per counted preset."""
  settings = {**dataclasses.asdict(config), "machine": measuring.machine()}
  parts = [run_lib.Part("timed", functools.partial(_time, config), alone=True)]
  for dataset in table1.PRESETS["paper"] if config.count_paper else ():
    for cuts in (1, 3) if dataset == "imagenet" else (3,):  # paper Table 1
      parts.append(run_lib.Part(
          f"{dataset}-{cuts}", functools.partial(_count, dataset, cuts),
          alone=True))
  return run_lib.Plan("synthetic_gradients", preset, settings, parts)


def _time(config: config_lib.SyntheticGradients, unused_job: run_lib.Job
          ) -> run_lib.Outcome:
  """Times and counts a step of the small network, by method."""
  steps = {variant: make_step(
      config.architecture, variant.method, config.cuts,
      variant.targets or "true", config.batch_size)
           for variant in _variants()}
  seconds = timing.seconds_per_step(
      {variant: _repeated(step.compute) for variant, step in steps.items()},
      lambda _: config.steps, config.repeats)
  return run_lib.Outcome([
      _row(variant, TIMED, metric, value, config.batch_size, config.steps,
           config.cuts)
      for variant, step in steps.items()
      for metric, value in {
          **step.counts(config.batch_size),
          "seconds_per_step": seconds[variant]}.items()])


def _count(dataset: str, cuts: int, unused_job: run_lib.Job
           ) -> run_lib.Outcome:
  """Counts a step of a paper preset, by method."""
  settings = table1.get("paper", dataset, splits=cuts).settings[0]
  return run_lib.Outcome([
      _row(variant, dataset, metric, value, settings.batch_size,
           settings.steps, cuts)
      for variant in _variants()
      for metric, value in make_step(
          settings.architecture, variant.method, cuts,
          variant.targets or "true", 1).counts(1).items()])


def _row(variant: Variant, task: str, metric: str, value: float,
         batch_size: int, steps: int, cuts: int) -> rows_lib.Row:
  return rows_lib.Row(
      task, variant.method, metric, value, step=steps, settings={
          "targets": variant.targets, "cuts": cuts, "batch_size": batch_size})


def _repeated(step: Callable[[], List[tf.Tensor]]) -> Callable[[int], None]:
  def run_steps(count: int) -> None:
    for _ in range(count):
      for gradient in step():
        gradient.numpy()
  return run_steps


def write(results: experiment.Results) -> str:
  """Writes the section of the report."""
  settings = results.settings
  by_task: Dict[Tuple, List[rows_lib.Row]] = {}
  for row in results.rows:
    by_task.setdefault((row.task, row.settings["cuts"]), []).append(row)
  parts = [
      f"### Cost of a step; {settings['machine']}\n\n"
      f"Network `{settings['architecture']}`, {settings['cuts']} SG modules, "
      f"batches of {settings['batch_size']} images, gradients alone (no "
      "update). Multiply-adds are those of convolutions and matrix products "
      "per image, backward passes included; in parentheses, ratios to "
      "backpropagation.\n"]
  timed = by_task.pop((TIMED, settings["cuts"]), None)
  parts += [timed_table(_counts(timed))] if timed else []
  if by_task:
    parts.append(
        "\nThe paper presets, counted: parameters, and hours on a GPU that "
        f"sustains {TERAFLOPS:g} TFLOP/s (two operations per multiply-add; "
        "element-wise operations, input and diagnoses left out, so a lower "
        "estimate).\n")
    parts.append(hours_table(by_task))
  return "\n".join(parts)


def _variant(row: rows_lib.Row) -> Variant:
  return Variant(row.method, row.settings["targets"])


def _counts(rows: Sequence[rows_lib.Row]) -> _Counts:
  counts: _Counts = {}
  for row in rows:
    counts.setdefault(_variant(row), {})[row.metric] = row.value
  return counts


def timed_table(counts: _Counts) -> str:
  """Multiply-adds, milliseconds and parameters by method."""
  def cell(variant, metric, scale, form):
    value, first = counts[variant][metric], counts[_FIRST][metric]
    return f"{form.format(scale * value)} ({value / first:.2f})"
  return markdown.table(
      ["method, targets", "million multiply-adds per image",
       "ms per step", "parameters of the network", "of the SG modules"],
      [[variant.title, cell(variant, "multiply_adds", 1e-6, "{:.1f}"),
        cell(variant, "seconds_per_step", 1e3, "{:.1f}"),
        f"{found['parameters']:,.0f}", f"{found['module_parameters']:,.0f}"]
       for variant, found in counts.items()])


def hours(rows: Sequence[rows_lib.Row]) -> Dict[Variant, float]:
  """Hours of one run on a GPU of `TERAFLOPS`, from its multiply-adds."""
  return {
      _variant(row): 2 * row.value * row.settings["batch_size"] * row.step
                     / (TERAFLOPS * 1e12) / 3600
      for row in rows if row.metric == "multiply_adds"}


def hours_table(by_task: Dict[Tuple, List[rows_lib.Row]]) -> str:
  """Parameters and GPU hours by method, a pair of columns per preset."""
  head, columns = ["method, targets"], []
  for rows in by_task.values():
    cuts = rows[0].settings["cuts"]
    head.append(f"{rows[0].task}, {cuts} SG module{'s'[:cuts != 1]}: "
                "parameters of network + SG modules; hours of one run")
    counts, needed = _counts(rows), hours(rows)
    columns.append({
        variant: f"{found['parameters']:,.0f} + "
                 f"{found['module_parameters']:,.0f}; {needed[variant]:.3g}"
        for variant, found in counts.items()})
  return markdown.table(head, [
      [variant.title, *(column.get(variant, "") for column in columns)]
      for variant in columns[0]])


EXPERIMENT = experiment.Experiment(
    "synthetic_gradients", config_lib.SYNTHETIC_GRADIENTS,
    lambda: plan(config_lib.SYNTHETIC_GRADIENTS[flags.FLAGS.preset],
                 flags.FLAGS.preset),
    experiment.Section(
        "What a step with synthetic gradients costs", "Not in the paper.",
        write),
    module="benchmarks.synthetic_gradients", config="benchmarks", timed=True)

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
