"""Every experiment, by the same processes.

  python -m reproduce --preset=quick --jobs=2

Its rows are those of the experiments' own commands, in the same folders: each
goes on where another was interrupted. It is faster than these one by one, since
a process imports TensorFlow once and never waits for another's last part.
"""

import contextlib
import pathlib
import sys
from typing import Dict, Iterator, Sequence

from absl import flags

from reproduce import app, experiment, jobs, registry, run
from sobolev_tf import errors
from sobolev_tf.training import replicas

# In the order of their sections; the Makefile has a target for each.
EXPERIMENTS = ("theory", "figure2", "order2", "figure3", "figure4", "section5",
               "table1", "surrogate", "pricing", "forces", "balancing")


def plan(experiments: Sequence[experiment.Experiment], preset: str,
         base: pathlib.Path) -> Dict[pathlib.Path, run.Plan]:
  """What the experiments' own commands compute, given `--preset` alone.

  Args:
    experiments: the experiments.
    preset: the preset's name.
    base: the folder below which their folders are.

  Returns:
    Their plans by folder, in the same order.

  Raises:
    UserError: if one has no such preset, or cannot be computed here.
  """
  for one in experiments:
    if preset not in one.presets:
      raise errors.UserError(
          f"'{one.name}' has no preset '{preset}', only "
          f"{', '.join(one.presets)}.")
  plans = {}
  for one in experiments:
    with _own_flags(one):
      made = one.plan()
    plans[base / (made.place or f"{one.name}/{preset}")] = made
  return plans


@contextlib.contextmanager
def _own_flags(one: experiment.Experiment) -> Iterator[None]:
  """Defines an experiment's flags for a while, with their defaults."""
  before = set(flags.FLAGS)
  one.define_flags()
  try:
    yield
  finally:
    for name in set(flags.FLAGS) - before:
      delattr(flags.FLAGS, name)


def share(plans: Dict[pathlib.Path, run.Plan], backwards: bool,
          tensorboard: bool = False, wait: bool = False) -> None:
  """Computes what no other process is at, but nothing that measures time.

  Args:
    plans: by folder.
    backwards: whether to begin with the last part of the last plan. Processes
      that come from both ends seldom prepare the same data.
    tensorboard: as for `run.run`.
    wait: until other processes have finished what they are at.
  """
  for folder in reversed(plans) if backwards else plans:
    parts = [part for part in plans[folder].parts if not part.alone]
    run.run(plans[folder]._replace(parts=parts[::-1] if backwards else parts),
            folder, tensorboard=tensorboard, wait=wait)


def define_flags() -> None:
  """Defines the command's flags."""
  flags.DEFINE_list(
      "experiments", list(EXPERIMENTS), "Which experiments to run.")
  flags.DEFINE_string(
      "preset", "quick", "The preset of each; configs/ holds them.")
  flags.DEFINE_string(
      "output", "runs", "Folder of the runs' folders, EXPERIMENT/PRESET.")
  app.define_overwrite()
  app.define_sharing()


def main() -> None:
  """Computes, and shows the sections at the end."""
  given = flags.FLAGS
  app.check_distinct("--experiments", given.experiments)
  for name in given.experiments:
    if name not in EXPERIMENTS:
      raise errors.UserError(
          f"--experiments: '{name}' is none of {', '.join(EXPERIMENTS)}.")
  if replicas.workers() > 1:
    raise errors.UserError(
        "TF_CONFIG has several workers, and only table1 can be spread over "
        "them: run reproduce.table1 by itself.")
  experiments = [registry.load(name) for name in given.experiments]
  helper = jobs.is_helper()
  jobs.share_cores(given.jobs)
  jobs.use_one_thread()  # before an experiment starts TensorFlow
  plans = plan(experiments, given.preset, app.output_folder("", given.output))
  if helper:
    jobs.end_with_parent()
    share(plans, backwards=True, tensorboard=given.tensorboard)
    return
  if given.overwrite:
    for folder, planned in plans.items():
      run.open_folder(planned, folder, overwrite=True)
  with jobs.helpers("reproduce", sys.argv[1:], given.jobs):
    share(plans, backwards=False, tensorboard=given.tensorboard)
    share(plans, backwards=False, tensorboard=given.tensorboard, wait=True)
  for one, (folder, planned) in zip(experiments, plans.items()):
    rows = run.run(planned, folder, tensorboard=given.tensorboard)
    app.show(one.section, experiment.Results(rows, folder, folder))


if __name__ == "__main__":
  app.run(define_flags, main)
