"""Records a teacher's play: the states that Section 4.2 distils from.

A recording is one part of a run, whose product is the folder `states`: the log
of actions, the frames and the teacher's logits.
"""

import dataclasses
import functools
from typing import Any, Callable, Dict, Optional

from absl import flags
import numpy as np

from configs import recording as config_lib
from reproduce import app, experiment, markdown, provenance, rows, run
from sobolev_tf import errors, files
from sobolev_tf.atari import (
  environment,
  networks,
  recorder,
  recording_files,
  recordings,
  teachers,
)

STATES = "states"  # folder of the recording
_SAMPLED, _REPLAYED = "sampled", "replayed"  # methods


def plan(game: str, *, sampling: str = "", seed: int = config_lib.SEED,
         copies: Optional[int] = None, weights: Optional[files.Path] = None
         ) -> run.Plan:
  """A recording as a run of one part.

  Args:
    game: the game.
    sampling: the preset that says how much to sample; empty replays the
      package's log.
    seed: of the sampled games and actions.
    copies: replays only this many copies of the log; None replays all.
    weights: folder of a stored teacher; None takes the package's.

  Returns:
    The plan.

  Raises:
    UserError: if the teacher or the log is missing, damaged or of another
      game, or if they do not belong together.
  """
  network, teacher = teachers.load_teacher(game, weights)
  settings: Dict[str, Any] = {
      "game": game, "teacher": teachers.checksum(network)}
  if sampling:
    config = config_lib.PRESETS[sampling]
    settings.update(dataclasses.asdict(config), seed=seed)
    play = functools.partial(
        recorder.record, network, game, seed, config.copies, config.length)
  else:
    log, _ = recording_files.load_game_log(game, network)
    if copies is not None:
      log = recordings.select(log, range(copies))
    settings.update(copies=len(log.copies), frames=list(log.checksums))
    play = functools.partial(recorder.replay, log, network)
  return run.Plan("recording", sampling or "package", settings, [run.Part(
      STATES, functools.partial(
          _compute, play, network, teacher,
          _SAMPLED if sampling else _REPLAYED),
      folders=(STATES,), title=game)], place=f"recording/{game}")


def _compute(play: Callable[[], recordings.Recording],
             network: networks.AtariNetwork, teacher: Dict[str, Any],
             method: str, job: run.Job) -> run.Outcome:
  """Plays, and stores the recording."""
  played = play()
  recording_files.save(job.output / STATES, played, {
      "teacher": {
          "weights": teachers.checksum(network), "steps": teacher.get("steps"),
          "score": teacher.get("evaluation", {}).get("mean")},
      "commit": provenance.commit(), "versions": provenance.versions()})
  whole = played.log.whole
  size = sum(f.stat().st_size for f in (job.output / STATES).iterdir())
  measured = {
      "states": len(played.frames),
      "games": len(whole),
      "whole games": int(whole.sum()),
      "mean score of whole games": (
          float(np.mean(played.scores[whole])) if whole.any() else np.nan),
      "megabytes on disk": size / 1e6,
  }
  return run.Outcome([
      rows.Row(task=played.log.game, method=method, metric=name, value=value,
               n=len(played.frames), seed=played.log.seed)
      for name, value in measured.items()])


def write(results: experiment.Results) -> str:
  """Writes what was recorded."""
  first = results.rows[0]
  return (
      f"### {first.task}, {first.method}\n\n" + markdown.table(
          ["", first.task],
          [[row.metric, f"{row.value:,.2f}".removesuffix(".00")]
           for row in results.rows]) +
      f"\nStored in `{STATES}/`, which `reproduce.figure4 --agents` takes as "
      f"`{first.task}_recording`.\n")


def define_flags() -> None:
  """Defines the command's flags."""
  flags.DEFINE_enum(
      "game", None, environment.GAMES, "The game to record; must be given.",
      required=True)
  flags.DEFINE_string(
      "weights", None, "Folder of a stored teacher. [the package's]")
  flags.DEFINE_integer(
      "copies", None, "Replay only this many copies of the game. "
      "[all of the log]", lower_bound=1)
  flags.DEFINE_bool(
      "sample", False, "Play other games than the package's log has, with "
      "actions sampled from the teacher.")
  flags.DEFINE_integer(
      "seed", config_lib.SEED, "Seed of sampled games and actions.",
      lower_bound=0, upper_bound=app.HIGHEST)
  flags.DEFINE_bool(
      "ship", False, "Store the sampled recording's log as the package's.")


def _plan() -> run.Plan:
  given = flags.FLAGS
  _check_flags(given)
  return plan(
      given.game, sampling=given.preset if given.sample else "",
      seed=given.seed, copies=given.copies, weights=given.weights)


def _check_flags(given: flags.FlagValues) -> None:
  """Refuses flags that would do nothing, or ship what nobody can replay."""
  if given.sample and given.copies is not None:
    raise errors.UserError("--copies is for replaying, not for --sample.")
  for name in ("preset", "seed", "ship"):
    if not given.sample and not given[name].using_default_value:
      raise errors.UserError(f"--{name} needs --sample.")
  if given.ship and given.weights is not None:
    raise errors.UserError(
        "--ship needs the package's teacher, with which the log is replayed: "
        "leave --weights out.")


def _ship(results: experiment.Results) -> None:
  """Makes the log of a sampled recording the package's, if asked to."""
  given = flags.FLAGS
  if given.ship:
    log, card = recording_files.load_log(results.source / STATES)
    folder = recording_files.log_folder(given.game)
    recording_files.save_log(folder, log, card)
    print(f"log shipped in: {folder}")


EXPERIMENT = experiment.Experiment(
    "recording", config_lib.PRESETS, _plan, experiment.Section(
        "A recording of a teacher", "Paper, caption of Figure 4: 100,000 "
        "recorded states.", write),
    define_flags, default="full", module="reproduce.record",
    place="recording/GAME", finish=_ship)
