"""How the cost of a step of ours grows: points, width, order, outputs.

  python -m benchmarks.scaling --preset=quick

One network of Section 4.1 per member, ReLU (tanh where the order varies),
interleaved, medians of repeats. A step on random projections (Figure 1b) should
cost the same multiple of a regular step whatever the number of outputs.
"""

import dataclasses
from typing import Dict, List, NamedTuple, Sequence

from absl import flags
import tensorflow as tf

from benchmarks import measuring
from benchmarks import work as work_lib
from benchmarks.peers import ours
from configs import benchmarks as config_lib
from reproduce import app, timing
from reproduce import rows as results
from reproduce.costs import scaling as section
from reproduce.regression import train as regression
from sobolev_tf import files, losses
from sobolev_tf.losses import terms
from sobolev_tf.networks import mlp
from sobolev_tf.training import device

_INPUTS = 2  # Section 4.1's functions


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
        ("regular", False, "backpropagation, XLA"),
        ("nested tapes", True, "nested tapes, XLA"),
        ("four products", True, "four products, XLA")):
      work = work_lib.make(points, config.members, sobolev, batch_size=points,
                           hidden_sizes=(width, width))
      runs[Variant(axis, value, method)] = ours.make(work, algorithm)
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

  def loss_of(index):
    if method == "regular":
      compared = terms.compare(
          targets, [network(x)], regression.VALUES_ONLY, batch_dims=2)
    elif method == "stochastic":
      compared = losses.StochasticSobolevLoss(order)(
          network, x, targets, tf.random.fold_in([0, 0], index), batch_dims=2)
    else:
      compared = losses.SobolevLoss(order)(network, x, targets, batch_dims=2)
    return compared.reduce()

  return ours.train_on(
      loss_of, network.trainable_variables, lambda index: (index,))


def build(config: config_lib.Scaling, axis: str) -> Dict[Variant, work_lib.Run]:
  """Everything that is timed along an axis."""
  if axis in ("points", "width"):
    return _of_work(config, axis, getattr(config, section.AXES[axis]))
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


def run(config: config_lib.Scaling, folder: files.Path, *, preset: str,
        overwrite: bool = False) -> List[results.Row]:
  """Runs or resumes the measurement; arguments as `compare.run`."""
  device.prepare()
  with files.locked(folder) as folder:
    store = results.Run(folder, {
        "artefact": "scaling", "preset": preset, **dataclasses.asdict(config),
        "machine": measuring.machine()}, overwrite)
    for axis in section.AXES:
      if store.finished(axis):
        continue
      seconds = timing.seconds_per_step(
          build(config, axis), lambda _: config.steps, config.repeats)
      store.write(axis, [
          results.Row(
              "scaling", preset, f"{axis}={variant.value}", variant.method,
              "", variant.value if axis == "points" else config.batch_size, 0,
              config.steps, "seconds_per_model_step",
              value / (1 if axis == "outputs" else config.members))
          for variant, value in seconds.items()])
    return results.read(folder)


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  measuring.define_flags("scaling", config_lib.SCALING)


def main() -> None:
  given = flags.FLAGS
  folder = app.output_folder("scaling")
  rows = run(config_lib.SCALING[given.preset], folder, preset=given.preset,
             overwrite=given.overwrite)
  print(section.write(rows, folder, folder))


if __name__ == "__main__":
  app.run(define_flags, main)
