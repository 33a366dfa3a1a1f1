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
from typing import Any, Dict, List, NamedTuple, Sequence

from absl import flags
import numpy as np

from benchmarks import measuring
from benchmarks import work as work_lib
from configs import benchmarks as config_lib
from reproduce import app, timing
from reproduce import rows as results
from reproduce.costs import speed as section
from reproduce.regression import train as regression
from sobolev_tf import errors, files
from sobolev_tf.networks import mlp
from sobolev_tf.training import device, xla

_PEERS = ("ours", "pytorch", "jax_scan", "jenn_fit")
_TOLERANCE = 1e-3  # of losses after a few steps in float32


class Variant(NamedTuple):
  """One way to do the work."""
  peer: str
  algorithm: str
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
  for method in regression.METHODS:
    work = work_lib.make(
        count, members, method == "sobolev", batch_size=batch_size)
    for peer, module in peers.items():
      for algorithm in module.ALGORITHMS[method]:
        run = module.make(work, algorithm)
        if run is not None:
          runs[Variant(peer, algorithm, method)] = run
  return runs


def check_equal(runs: Dict[Variant, work_lib.Run],
                steps: Sequence[int] = (1, 1, 1, xla.UNROLL)) -> None:
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


def measure(config: config_lib.Config, peers: Dict[str, Any], count: int,
            members: int, preset: str) -> List[results.Row]:
  """Checks and times everything at one size.

  Args:
    config: how long to measure.
    peers: from `find_peers`.
    count: N.
    members: E.
    preset: its name, for the rows.

  Returns:
    The rows.
  """
  batch = min(config.batch_size, count)
  runs = build(peers, count, members, config.batch_size)
  check_equal(runs)
  steps = xla.UNROLL * max(1, round(config.model_steps / members / xla.UNROLL))
  for run in runs.values():
    run(steps)  # compiles what is timed
  memory = {variant: measuring.peak_memory(functools.partial(run, steps))
            for variant, run in runs.items()}
  width = mlp.HIDDEN_SIZES[0]
  limit = Variant("products alone", "", "")
  seconds = timing.seconds_per_step(
      {**runs, limit: measuring.products(members, batch, width)},
      lambda _: steps, config.repeats)
  rate = 6 * members * batch * width**2 / seconds.pop(limit) / 1e9
  rows: List[results.Row] = []
  for variant, value in seconds.items():
    work = work_lib.make(2, 1, variant.method == "sobolev")._replace(
        batch_size=batch)
    measured = {
        "seconds_per_model_step": value / members,
        "gflops": 2e-9 * work.multiply_adds() * members / value,
        "gflops_of_products_alone": rate,
        "peak_mib": memory[variant]}
    rows.extend(
        results.Row(
            "speed", preset, f"members={members}", variant.method,
            f"{variant.peer}: {variant.algorithm}", count, 0, steps, metric,
            number) for metric, number in measured.items())
  return rows


def run(config: config_lib.Config, folder: files.Path, *, preset: str,
        overwrite: bool = False) -> List[results.Row]:
  """Runs or resumes the comparison.

  Args:
    config: what to run.
    folder: the run's folder.
    preset: the preset's name.
    overwrite: deletes what the folder holds.

  Returns:
    All rows.

  Raises:
    UserError: if the folder holds results of another machine, of other
      versions or settings, or a peer computes something else.
  """
  device.prepare()
  peers = find_peers()
  with files.locked(folder) as folder:
    store = results.Run(folder, {
        "artefact": "speed", "preset": preset, **dataclasses.asdict(config),
        "machine": measuring.machine(),
        "peers": [module.version() for module in peers.values()]}, overwrite)
    for count in config.sizes:
      for members in config.members:
        part = f"n{count}_members{members}"
        if not store.finished(part):
          print(f"n = {count}, ensemble of {members} ...", flush=True)
          store.write(part, measure(config, peers, count, members, preset))
    return results.read(folder)


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  measuring.define_flags("speed", config_lib.PRESETS)


def main() -> None:
  folder = app.output_folder("speed")
  rows = run(config_lib.PRESETS[flags.FLAGS.preset], folder,
             preset=flags.FLAGS.preset, overwrite=flags.FLAGS.overwrite)
  print(section.write(rows, folder, folder))


if __name__ == "__main__":
  app.run(define_flags, main)
