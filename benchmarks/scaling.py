"""How the cost of a step of ours grows: points, width, order, outputs.

  python -m benchmarks.scaling --preset=quick

One network of Section 4.1 per member, ReLU (tanh where the order varies),
interleaved, medians of repeats. A step on random projections (Figure 1b) should
cost the same multiple of a regular step whatever the number of outputs.
"""

import dataclasses
import functools
from typing import Dict, NamedTuple, Sequence, Tuple

from absl import flags
from matplotlib import figure
import tensorflow as tf

from benchmarks import measuring
from benchmarks import work as work_lib
from benchmarks.peers import ours
from configs import benchmarks as config_lib
from reproduce import app, experiment, look, markdown, timing
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from reproduce.regression import train
from sobolev_tf import losses
from sobolev_tf.losses import terms
from sobolev_tf.networks import mlp

_INPUTS = 2  # Section 4.1's functions
# Axis, as rows name it -> the setting that holds its values.
AXES = {"points": "points", "width": "widths", "order": "orders",
        "outputs": "outputs"}
_Seconds = Dict[str, Dict[Tuple[int, str], float]]


class Variant(NamedTuple):
  """A value on an axis, and how a step is taken there."""
  axis: str
  value: int
  method: str


def _of_work(config: config_lib.Scaling, axis: str, values: Sequence[int]
             ) -> Dict[Variant, work_lib.Run]:
  """Points or widths, each regular and with both gradients."""
  runs = {}
  for value in values:
    points = value if axis == "points" else config.batch_size
    width = value if axis == "width" else mlp.HIDDEN_SIZES[0]
    for method, sobolev, algorithm in (
        ("regular", False, ours.REGULAR),
        ("nested tapes", True, ours.NESTED),
        ("four products", True, ours.FOUR)):
      work = work_lib.make(points, config.members, sobolev, batch_size=points,
                           hidden_sizes=(width, width))
      runs[Variant(axis, value, method)] = ours.make(
          work, algorithm._replace(compiler=ours.XLA))
  return runs


def _of_targets(config: config_lib.Scaling, method: str, order: int,
                outputs: int, members: int, activation) -> work_lib.Run:
  """A step on targets of any order or size; zeros, as values do not matter."""
  network = mlp.EnsembleMLP(
      range(members), _INPUTS, [*mlp.HIDDEN_SIZES, outputs], activation)
  batch = [members, config.batch_size]
  x = tf.random.stateless_uniform([*batch, _INPUTS], [0, 1], -1., 1.)
  shape = [*batch] + ([outputs] if outputs > 1 else [])
  targets = [tf.zeros([*batch, outputs])] + [
      tf.zeros([*shape, *j * [_INPUTS]]) for j in range(1, order + 1)]

  def loss_of(network, index):
    if method == "regular":
      compared = terms.compare(
          targets, [network(x)], train.VALUES_ONLY, batch_dims=2)
    elif method == "stochastic":
      compared = losses.StochasticSobolevLoss(order)(
          network, x, targets, tf.random.fold_in([0, 0], index), batch_dims=2)
    else:
      compared = losses.SobolevLoss(order)(network, x, targets, batch_dims=2)
    return compared.reduce()

  return ours.train_on(loss_of, network)


def build(config: config_lib.Scaling, axis: str) -> Dict[Variant, work_lib.Run]:
  """Everything that is timed along an axis."""
  if axis in ("points", "width"):
    return _of_work(config, axis, getattr(config, AXES[axis]))
  if axis == "order":
    return {
        Variant(axis, order, "nested tapes" if order else "regular"):
            _of_targets(config, "exact" if order else "regular", order, 1,
                        config.members, tf.nn.tanh)
        for order in config.orders}
  return {
      Variant(axis, outputs, method):
          _of_targets(config, method, int(method != "regular"), outputs, 1,
                      tf.nn.relu)
      for outputs in config.outputs
      for method in ("regular", "stochastic", "exact")
      if method != "exact" or outputs <= config.exact_outputs}


def plan(config: config_lib.Scaling, preset: str) -> run_lib.Plan:
  """The measurement as parts, one per axis."""
  settings = {**dataclasses.asdict(config), "machine": measuring.machine()}
  return run_lib.Plan("scaling", preset, settings, [
      run_lib.Part(axis, functools.partial(_compute, config, axis), alone=True)
      for axis in AXES])


def _compute(config: config_lib.Scaling, axis: str, unused_job: run_lib.Job
             ) -> run_lib.Outcome:
  """Times a step everywhere along an axis."""
  seconds = timing.seconds_per_step(
      build(config, axis), lambda _: config.steps, config.repeats)
  return run_lib.Outcome([
      rows_lib.Row(
          "", variant.method, "seconds_per_model_step",
          value / (1 if axis == "outputs" else config.members),
          n=variant.value if axis == "points" else config.batch_size,
          step=config.steps, settings={"axis": axis, "at": variant.value})
      for variant, value in seconds.items()])


def write(results: experiment.Results) -> str:
  """Draws the figure and writes the section of the report."""
  settings = results.settings
  seconds: _Seconds = {}
  for row in results.rows:
    seconds.setdefault(row.settings["axis"], {})[
        row.settings["at"], row.method] = row.value
  look.save(draw(seconds, settings["machine"]), results.folder / "scaling.png")
  parts = [
      f"### Cost of a step; {settings['machine']}\n\n"
      f"Milliseconds per model-step; ensembles of {settings['members']} "
      "(single networks where outputs vary), batches of "
      f"{settings['batch_size']} unless points vary. XLA compiles the steps "
      "where points or width vary.\n\n"
      "![scaling](scaling.png)\n"]
  parts += [table(axis, seconds[axis]) for axis in AXES if axis in seconds]
  return "\n".join(parts)


def table(axis: str, seconds: Dict[Tuple[int, str], float]) -> str:
  """One axis: milliseconds, and their ratio to a regular step's."""
  methods = list(dict.fromkeys(method for _, method in seconds))
  first = min(value for value, _ in seconds)
  body = []
  for value in sorted({value for value, _ in seconds}):
    # Order 0 is the regular step of all orders.
    regular = seconds.get((value, "regular"), seconds.get((first, "regular")))
    cells = [seconds.get((value, method)) for method in methods]
    body.append([f"{value:,}", *(
        "" if cell is None or regular is None else
        f"{1e3 * cell:.3f} ({cell / regular:.2f})" for cell in cells)])
  return markdown.table(
      [axis, *(f"{method} (/ regular)" for method in methods)], body)


def draw(seconds: _Seconds, title: str) -> figure.Figure:
  """A panel per axis, a line per method."""
  drawing = figure.Figure(figsize=(3.2 * len(seconds), 3.4),
                          layout="constrained")
  axes = drawing.subplots(1, len(seconds), squeeze=False)[0]
  for axis, (name, found) in zip(axes, seconds.items()):
    for method in dict.fromkeys(method for _, method in found):
      values = sorted(value for value, m in found if m == method)
      axis.plot(values, [1e3 * found[value, method] for value in values],
                marker="o", markersize=4, label=method)
    axis.set(xlabel=name, yscale="log",
             xscale="linear" if name == "order" else "log")
    axis.legend(frameon=False, fontsize=8)
    axis.grid(alpha=.3)
  axes[0].set_ylabel("ms per model-step")
  drawing.suptitle(title, fontsize=10)
  return drawing


EXPERIMENT = experiment.Experiment(
    "scaling", config_lib.SCALING,
    lambda: plan(config_lib.SCALING[flags.FLAGS.preset], flags.FLAGS.preset),
    experiment.Section(
        "What a Sobolev step costs",
        "Paper, Section 2: projections keep the cost of a step independent of "
        "the number of outputs.", write),
    module="benchmarks.scaling", config="benchmarks", timed=True)

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
