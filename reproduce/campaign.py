"""The campaign: every committed run again, under one commit and environment.

  python -m reproduce.campaign --jobs=2

The runs are those of `configs/campaign.py`, one after another, each into its
folder of `results/`, where it replaces what is there. Interrupt the campaign at
any moment: the same command goes on with the run that was interrupted.
`results/campaign.json` holds the commit and versions of all runs and what each
of them took; a campaign at another commit or with other versions is refused.
"""

import json
import pathlib
import resource
import shutil
import subprocess
import sys
import time
from typing import Any, Dict, List, Sequence

from absl import flags

from configs import campaign as config_lib
from reproduce import app, jobs, provenance
from sobolev_tf import errors, files

ROOT = pathlib.Path(__file__).resolve().parent.parent
STATE = "campaign.json"


class Campaign:
  """A campaign in a folder of results, new or begun earlier.

  Attributes:
    results: the folder.
    spent: by the folder of each run that was begun, its CPU seconds, its
      seconds and whether it is finished.
  """

  def __init__(self, results: files.Path):
    """Begins a campaign or goes on with one.

    Args:
      results: the folder of all runs.

    Raises:
      UserError: if files differ from the commit, or the campaign was begun at
        another commit or with other versions.
    """
    self.results = pathlib.Path(results)
    self._file = self.results / STATE
    self._origin = {
        "commit": provenance.commit_now(), "versions": provenance.versions()}
    if self._origin["commit"] == "unknown" or "+" in self._origin["commit"]:
      raise errors.UserError(
          "A campaign needs one commit: run it in a clone, and commit or undo "
          "what `git status` shows outside of results/.")
    self.spent: Dict[str, Dict[str, Any]] = {}
    if self._file.exists():
      state = json.loads(files.read_text(self._file))
      for name, value in self._origin.items():
        if state[name] != value:
          raise errors.UserError(
              f"'{self._file}' is of a campaign with {name} '{state[name]}', "
              f"but here it is '{value}': go back to that, or delete the file "
              "to begin a campaign.")
      self.spent = state["runs"]

  def finished(self, run: config_lib.Run) -> bool:
    """Whether this campaign has finished a run."""
    return self.spent.get(run.folder, {}).get("finished", False)

  def begin(self, run: config_lib.Run) -> None:
    """Deletes a run's earlier rows, unless this campaign made them."""
    if run.folder not in self.spent:
      shutil.rmtree(self.results / run.folder, ignore_errors=True)
      self.add(run, 0., 0., finished=False)

  def add(self, run: config_lib.Run, cpu_seconds: float, seconds: float, *,
          finished: bool) -> None:
    """Adds to what a run took, and stores it."""
    before = self.spent.get(run.folder, {"cpu_seconds": 0., "seconds": 0.})
    self.spent[run.folder] = {
        "cpu_seconds": round(before["cpu_seconds"] + cpu_seconds, 1),
        "seconds": round(before["seconds"] + seconds, 1),
        "finished": finished}
    files.write_text(self._file, json.dumps(
        {**self._origin, "runs": self.spent}, indent=2))

  def summary(self, runs: Sequence[config_lib.Run]) -> str:
    """What is finished and what it took, a line per run."""
    lines = []
    for run in runs:
      if run.folder in self.spent:
        hours = self.spent[run.folder]["cpu_seconds"] / 3600
        lines.append(f"{run.folder}: {hours:.2f} core-hours"
                     f"{'' if self.finished(run) else ', unfinished'}")
      else:
        lines.append(f"{run.folder}: not begun")
    total = sum(spent["cpu_seconds"] for spent in self.spent.values()) / 3600
    return "\n".join([
        *lines, f"Commit {self._origin['commit']}: "
        f"{sum(map(self.finished, runs))} of {len(runs)} runs are finished, in "
        f"{total:.2f} core-hours (without those of interrupted commands)."])


def command(run: config_lib.Run, processes: int) -> List[str]:
  """What a campaign starts for a run, as words."""
  python = f".venv/{run.layer}/bin/python" if run.layer else sys.executable
  return [python, "-m", *run.words,
          *([f"--jobs={processes}"] if run.shared else [])]


def compute(campaign: Campaign, run: config_lib.Run, processes: int) -> None:
  """Makes or finishes one run.

  Args:
    campaign: the campaign.
    run: the run.
    processes: how many share it.

  Raises:
    UserError: if its command fails.
  """
  campaign.begin(run)
  words = command(run, processes)
  started, before = time.monotonic(), _cpu_seconds()
  try:
    status = subprocess.run(words, cwd=ROOT, check=False).returncode
  except OSError as error:
    raise errors.UserError(
        f"'{words[0]}' cannot be started ({error.strerror}): make the "
        f"environment of {run.module} first.") from error
  campaign.add(run, _cpu_seconds() - before, time.monotonic() - started,
               finished=status == 0)
  if status:
    raise errors.UserError(
        f"python {' '.join(words[1:])} ended with status {status}: the same "
        "campaign goes on with it.")


def _cpu_seconds() -> float:
  """Of all processes that were started here and have ended."""
  used = resource.getrusage(resource.RUSAGE_CHILDREN)
  return used.ru_utime + used.ru_stime


def define_flags() -> None:
  """Defines the command's flags."""
  flags.DEFINE_integer(
      "jobs", jobs.cores(), "Number of processes that share a run.",
      lower_bound=1, upper_bound=app.MOST_JOBS)
  flags.DEFINE_bool("summary", False, "Compute nothing, and only print what is "
                    "finished and what it took.")


def main() -> None:
  """Makes what is missing and the report."""
  given, results = flags.FLAGS, ROOT / "results"
  with files.locked(results):
    for run in () if given.summary else (*config_lib.RUNS, config_lib.REPORT):
      campaign = Campaign(results)  # checks again: hours may have passed
      if not campaign.finished(run):
        compute(campaign, run, given.jobs)
    print(Campaign(results).summary(config_lib.RUNS))


if __name__ == "__main__":
  app.run(define_flags, main)
