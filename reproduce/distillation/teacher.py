"""Trains a teacher of Section 4.2, which students are distilled from.

In the output folder, `tables/progress.csv` has a line per checkpoint, and
`candidates/` holds weights along the way, for `reproduce.evaluate_teacher`.
"""

import contextlib
import dataclasses
import functools
from typing import Any, Dict, Mapping, Optional, Tuple

from absl import flags

from configs import teacher as config_lib
from reproduce import app, experiment, provenance, rows, run
from sobolev_tf import errors, files
from sobolev_tf.atari import actor_critic, environment, networks, teachers
from sobolev_tf.atari import trainer as trainer_lib

_CANDIDATES = "candidates"
_PROGRESS = "tables/progress.csv"
_REPORTED = ("score", "score_std", "entropy")


def plan(config: config_lib.TeacherConfig, preset: str, game: str, seed: int,
         initial: Optional[files.Path] = None) -> run.Plan:
  """The training of one teacher as a run of one part.

  Its rows are, per checkpoint, mean and spread of the scores of the last 100
  training games and the policy's entropy.

  Args:
    config: the settings.
    preset: the name of the settings, for the rows.
    game: the game to learn.
    seed: of everything random.
    initial: folder of a stored teacher to start from; None starts from random
      weights.

  Returns:
    The plan.

  Raises:
    UserError: if the initial teacher is damaged, of another game or of another
      size.
  """
  _, before = _start(config, game, seed, initial)
  settings = {"game": game, "seed": seed, "initial": before.get("checksum"),
              **dataclasses.asdict(config)}
  command = _command(config, game, seed, preset, initial is not None)
  return run.Plan("teacher", preset, settings, [run.Part(
      "training", functools.partial(
          _train, config, game, seed, initial, settings, command), title=game)],
      place=f"teacher/{game}/{preset}")


def _train(config: config_lib.TeacherConfig, game: str, seed: int,
           initial: Optional[files.Path], settings: Mapping[str, Any],
           command: str, job: run.Job) -> run.Outcome:
  """Trains, and stores candidates on the way."""
  network, before = _start(config, game, seed, initial)
  emulators = environment.AtariEnvironment(game, config.num_games)
  agent = actor_critic.ActorCritic(
      network, config.learning,
      config.iterations * config.learning.updates(config.transitions))
  progress = job.output / _PROGRESS
  files.make_folder(progress.parent)
  trainer = trainer_lib.Trainer(
      agent, emulators, rollout_length=config.rollout_length, seed=seed,
      progress=progress)

  def store_candidate(iteration: int) -> None:
    last = iteration == config.iterations
    if iteration and (last or iteration % config.candidate_every == 0):
      steps = before.get("steps", 0) + iteration * config.transitions
      teachers.save(
          job.output / _CANDIDATES / f"step-{steps:08d}", network, game,
          {"steps": steps, "commands": [*before.get("commands", []), command],
           "settings": settings, "commit": provenance.commit(),
           "versions": provenance.versions()})

  with contextlib.closing(emulators):
    history = trainer_lib.train(
        trainer, iterations=config.iterations,
        checkpoint_every=config.checkpoint_every,
        on_checkpoint=store_candidate, settings=settings, **job.training)
  return run.Outcome([
      rows.Row(task=game, method="actor-critic", metric=metric,
               value=record[metric], seed=seed,
               step=record["step"] * config.transitions)
      for record in history.records for metric in _REPORTED])


def _start(config: config_lib.TeacherConfig, game: str, seed: int,
           initial: Optional[files.Path]
           ) -> Tuple[networks.AtariNetwork, Dict[str, Any]]:
  """The network to train, and the initial teacher's card if there is one."""
  size = networks.SIZES[config.network]
  if initial is None:
    environment.check_game(game)
    return networks.make_network(
        len(environment.ACTIONS[game]), size, seed), {}
  network, card = teachers.load_teacher(game, initial)
  if network.size != size:
    raise errors.UserError(
        f"The teacher in '{initial}' is not of the size '{config.network}' "
        "that this preset trains: choose the preset that trained it.")
  return network, {**card, "checksum": teachers.checksum(network)}


def _command(config: config_lib.TeacherConfig, game: str, seed: int,
             preset: str, continued: bool) -> str:
  """The command that trains this teacher again, for its card."""
  command = (f"python -m reproduce.train_teacher --game={game} "
             f"--preset={preset} --steps={config.steps} --seed={seed}")
  if continued:
    command += " --initial=<the teacher of the command before>"
  return command


def write(results: experiment.Results) -> str:
  """Writes how the training went."""
  last = rows.matching(results.rows, metric="score")[-1]
  mean = ("unknown, as none has ended," if last.value != last.value
          else f"{last.value:.1f}")
  return (
      f"### Preset `{last.preset}`: {last.task}, seed {last.seed}\n\n"
      f"{last.task}: mean score of the last training games {mean} after "
      f"{last.step:,} steps.\n\nThe last of `{_CANDIDATES}/` is the teacher; "
      f"`python -m reproduce.evaluate_teacher --game={last.task} "
      "--weights=FOLDER` plays full games with it.\n")


def define_flags() -> None:
  """Defines the command's flags."""
  flags.DEFINE_enum(
      "game", None, environment.GAMES, "The game to learn; must be given.",
      required=True)
  flags.DEFINE_integer(
      "steps", None, "Agent steps over all games played together. [the game's "
      "in configs/teacher.py]", lower_bound=1, upper_bound=app.HIGHEST)
  flags.DEFINE_integer(
      "seed", config_lib.SEED, "Seed of weights, games, actions and "
      "minibatches.", lower_bound=0, upper_bound=app.HIGHEST)
  flags.DEFINE_string(
      "initial", None, "Folder of a stored teacher to start from. [random "
      "weights]")


def _plan() -> run.Plan:
  given = flags.FLAGS
  return plan(config_lib.get(given.preset, given.game, given.steps),
              given.preset, given.game, given.seed, given.initial)


EXPERIMENT = experiment.Experiment(
    "teacher", config_lib.PRESETS, _plan, experiment.Section(
        "A teacher's training", "The paper's teachers are A3C agents; it "
        "states no settings and no scores.", write),
    define_flags, default="cpu", module="reproduce.train_teacher",
    place="teacher/GAME/PRESET")
