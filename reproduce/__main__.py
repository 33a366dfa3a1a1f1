"""Every experiment, by the same processes.

  python -m reproduce --preset=quick --jobs=2

Its rows are those of the experiments' own commands, in the same folders: each
goes on where another was interrupted. It is faster than these one by one, since
a process imports TensorFlow once and goes on to the next experiment while
others finish their parts of one. The sections are written at the end; until
then `python -m reproduce.report` shows what there is.
"""

import contextlib
import pathlib
from typing import Dict, Iterator, Sequence

from absl import flags

from reproduce import app, experiment, jobs, registry, run, together
from sobolev_tf import errors
from sobolev_tf.training import replicas

# The Makefile has a target for each.
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
    plans[base / app.place(one, made)] = made
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


def define_flags() -> None:
  """Defines the command's flags."""
  flags.DEFINE_list(
      "experiments", list(EXPERIMENTS), "Which experiments to run.")
  flags.DEFINE_string(
      "preset", "quick", "The preset of each; configs/ holds them.")
  flags.DEFINE_string(
      "output", "runs", "Folder below which each experiment has its own, as by "
      "its own command.")
  app.define_overwrite("the experiments' folders")
  app.define_sharing(jobs.cores())  # since each has one thread, see `main`


def main() -> None:
  """Computes, and shows the sections at the end."""
  given = flags.FLAGS
  experiments = _named(given.experiments)
  if replicas.workers() > 1:
    raise errors.UserError(
        "TF_CONFIG has several workers, and only table1 can be spread over "
        "them: run reproduce.table1 by itself.")
  # Figure 4 and Table 1 need it; here, before an experiment starts TensorFlow.
  jobs.use_one_thread()
  plans = plan(experiments, given.preset, app.output_folder(given.output))
  if together.compute(plans, "reproduce", given.jobs, overwrite=given.overwrite,
                      tensorboard=given.tensorboard):
    for one, folder in zip(experiments, plans):
      app.show(one.section, experiment.Results.read(folder, folder))


def _named(names: Sequence[str]) -> Sequence[experiment.Experiment]:
  app.check_distinct("--experiments", names)
  for name in names:
    if name not in EXPERIMENTS:
      raise errors.UserError(
          f"--experiments: '{name}' is none of {', '.join(EXPERIMENTS)}.")
  return [registry.load(name) for name in names]


if __name__ == "__main__":
  app.run(define_flags, main)
