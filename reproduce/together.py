"""Runs that this process and its helpers compute together."""

import pathlib
import sys
from typing import Mapping

from reproduce import jobs as jobs_lib
from reproduce import run as run_lib


def compute(plans: Mapping[pathlib.Path, run_lib.Plan], module: str, jobs: int,
            *, overwrite: bool = False, tensorboard: bool = False) -> bool:
  """Computes plans, one after another or, in a helper, what helps.

  With several plans a process goes on to the next one instead of waiting for
  the parts that others are at. What measures time comes last, when the helpers
  have ended.

  Args:
    plans: by the folder of each run.
    module: the command's, whose flags helpers get, too.
    jobs: number of processes.
    overwrite: deletes what the folders hold.
    tensorboard: writes TensorBoard scalars of what is trained.

  Returns:
    Whether this process is to show the results: it is no helper, and no worker
    that another one leads.

  Raises:
    UserError: as `run.run`; for a folder before anything is computed.
    Interrupted: if a signal asked to stop.
  """
  if jobs_lib.is_helper():
    jobs_lib.end_with_parent()
    share(plans, backwards=len(plans) > 1, tensorboard=tensorboard)
    return False
  # Before helpers look at what is there; workers wait for their chief.
  for folder, plan in plans.items():
    if plan.team.chief:
      run_lib.open_folder(plan, folder, overwrite)
  parts = sum(not part.alone for plan in plans.values() for part in plan.parts)
  with jobs_lib.helpers(module, sys.argv[1:], min(jobs, parts)):
    for wait in (False, True) if len(plans) > 1 else (True,):
      share(plans, tensorboard=tensorboard, wait=wait)
  for folder, plan in plans.items():
    if any(part.alone for part in plan.parts):
      run_lib.run(plan, folder, tensorboard=tensorboard)
  return all(plan.team.chief for plan in plans.values())


def share(plans: Mapping[pathlib.Path, run_lib.Plan], *,
          backwards: bool = False, tensorboard: bool = False,
          wait: bool = False) -> None:
  """Computes what no other process is at, but nothing that measures time.

  Args:
    plans: by the folder of each run.
    backwards: whether to begin with the last part of the last plan: helpers and
      the process they help then seldom prepare the same data.
    tensorboard: writes TensorBoard scalars of what is trained.
    wait: until other processes have finished what they are at.
  """
  for folder in reversed(list(plans)) if backwards else plans:
    parts = [part for part in plans[folder].parts if not part.alone]
    run_lib.run(
        plans[folder]._replace(parts=parts[::-1] if backwards else parts),
        folder, tensorboard=tensorboard, wait=wait)
