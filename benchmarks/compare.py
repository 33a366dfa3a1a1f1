"""Speed of this library and of its peers on the same work, in one run.

  python -m benchmarks.compare --preset=quick

Peers are PyTorch, JAX and JENN, where installed (`pip install ".[bench]"`, or
`make benchmark-peers`); one that is not is left out. Where the work is the
same, equal losses are checked before anything is timed. Timings are
interleaved, medians of repeats.
"""

import dataclasses
import functools
import importlib
from typing import Any, Dict, NamedTuple, Sequence

from absl import flags
import numpy as np

from benchmarks import compare_report, measuring
from benchmarks import work as work_lib
from configs import benchmarks as config_lib
from configs import regression as config_regression
from reproduce import app, experiment, timing
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from sobolev_tf import errors
from sobolev_tf.networks import mlp
from sobolev_tf.training import xla

_PEERS = ("ours", "pytorch", "jax_scan", "jenn_fit")
_TOLERANCE = 1e-3  # of losses after a few steps in float32


class Variant(NamedTuple):
  """One way to do the work."""
  peer: str
  algorithm: work_lib.Algorithm
  method: str


def find_peers() -> Dict[str, Any]:
  """The modules of `benchmarks.peers` whose libraries are installed."""
  found = {}
  for name in _PEERS:
    try:
      module = importlib.import_module(f"benchmarks.peers.{name}")
      found[module.NAME] = module
    except ImportError as error:
      print(f"benchmarks.peers.{name} is left out: {error}.")
  return found


def build(peers: Dict[str, Any], count: int, members: int,
          batch_size: int) -> Dict[Variant, work_lib.Run]:
  """Builds every variant."""
  runs = {}
  for method in config_regression.SECTION_4_1:
    work = work_lib.make(
        count, members, method == "sobolev", batch_size=batch_size)
    for peer, module in peers.items():
      for algorithm in module.ALGORITHMS[method]:
        run = module.make(work, algorithm)
        if run is not None:
          runs[Variant(peer, algorithm, method)] = run
  return runs


def check_equal(runs: Dict[Variant, work_lib.Run],
                steps: Sequence[int] = (1, 1, 1, 10)) -> None:
  """Takes some steps and compares the losses with those of nested tapes.

  Args:
    runs: the variants; those that return no losses are not compared.
    steps: how many, in one call after another.

  Raises:
    UserError: naming the variant that computes something else.
  """
  expected: Dict[str, np.ndarray] = {}
  for variant, run in runs.items():
    losses = [loss for loss in map(run, steps) if loss is not None]
    if losses:
      reference = expected.setdefault(variant.method, np.stack(losses))
      difference = np.max(np.abs(losses - reference) / np.max(reference, 0))
      if not difference <= _TOLERANCE:
        raise errors.UserError(
            f"{variant.peer} ({variant.algorithm}, {variant.method}) computes "
            f"other losses: they differ by {difference:.1e}.")


def plan(config: config_lib.Config, preset: str) -> run_lib.Plan:
  """The comparison as parts, one per size and ensemble."""
  peers = find_peers()
  settings = {
      **dataclasses.asdict(config), "machine": measuring.machine(),
      "peers": [module.version() for module in peers.values()]}
  return run_lib.Plan("speed", preset, settings, [
      run_lib.Part(f"n{count}_members{members}",
                   functools.partial(_compute, config, peers, count, members),
                   alone=True)
      for count in config.sizes for members in config.members])


def _compute(config: config_lib.Config, peers: Dict[str, Any], count: int,
             members: int, unused_job: run_lib.Job) -> run_lib.Outcome:
  """Checks and times everything at one size."""
  batch = min(config.batch_size, count)
  runs = build(peers, count, members, config.batch_size)
  check_equal(runs)
  steps = max(xla.STEPS, round(config.model_steps / members))
  for run in runs.values():
    run(steps)  # compiles what is timed
  memory = {variant: measuring.peak_memory(functools.partial(run, steps))
            for variant, run in runs.items()}
  width = mlp.HIDDEN_SIZES[0]
  limit = Variant("products alone", work_lib.Algorithm(""), "")
  seconds = timing.seconds_per_step(
      {**runs, limit: measuring.products(members, batch, width)},
      lambda _: steps, config.repeats)
  rate = 6 * members * batch * width**2 / seconds.pop(limit) / 1e9
  rows = []
  for variant, value in seconds.items():
    work = work_lib.make(2, 1, variant.method == "sobolev")._replace(
        batch_size=batch)
    measured = {
        "seconds_per_model_step": value / members,
        "gflops": 2e-9 * work.multiply_adds() * members / value,
        "gflops_of_products_alone": rate,
        "peak_mib": memory[variant]}
    rows += [
        rows_lib.Row(
            variant.peer, variant.method, metric, number, n=count, step=steps,
            settings={"members": members, "algorithm": variant.algorithm.name,
                      "compiler": variant.algorithm.compiler})
        for metric, number in measured.items()]
  return run_lib.Outcome(rows)


EXPERIMENT = experiment.Experiment(
    "speed", config_lib.PRESETS,
    lambda: plan(config_lib.PRESETS[flags.FLAGS.preset], flags.FLAGS.preset),
    experiment.Section(
        "Speed beside PyTorch, JAX and JENN",
        "Not in the paper. The same networks, data and steps in each library.",
        compare_report.write),
    module="benchmarks.compare", config="benchmarks", timed=True)

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
