"""Trains a teacher for Section 4.2 (Figure 4).

  python -m reproduce.train_teacher --game=pong

The same command resumes an interrupted run. In the output folder,
`progress.csv` has a line per checkpoint, and `candidates/` holds weights along
the way, for `reproduce.evaluate_teacher`. A finished teacher is trained on by
a second run that starts from it: `--initial=FOLDER`, with a new optimizer and
a learning rate that falls anew.
"""

import dataclasses
import math
import shutil
from typing import Any, Dict, Optional, Sequence, Tuple

from absl import flags

from configs import teacher as config_lib
from reproduce import app
from reproduce import rows as results
from sobolev_tf import errors, files
from sobolev_tf.atari import actor_critic, environment, teachers
from sobolev_tf.atari import networks as atari
from sobolev_tf.atari import trainer as trainer_lib
from sobolev_tf.training import device

_PART = "training"
_CANDIDATES = "candidates"
_REPORTED = ("score", "score_std", "entropy")


def run(config: config_lib.TeacherConfig, game: str, seed: int,
        folder: files.Path, *, preset: str,
        initial: Optional[files.Path] = None, overwrite: bool = False,
        tensorboard: bool = False) -> Sequence[results.Row]:
  """Trains a teacher, or resumes its training.

  Args:
    config: the settings.
    game: the game to learn.
    seed: of everything random.
    folder: the run's folder.
    preset: the name of the settings, for the rows.
    initial: folder of a stored teacher to start from; None starts from random
      weights.
    overwrite: deletes what the folder holds.
    tensorboard: writes TensorBoard scalars.

  Returns:
    The rows of the run: per checkpoint, mean and spread of the scores of the
    last 100 training games and the policy's entropy.

  Raises:
    UserError: if the folder cannot be used, or the initial teacher is
      damaged, of another game or of another size.
    Interrupted: if a signal asked to stop.
  """
  device.prepare()
  network, before = _start(config, game, seed, initial)
  settings = {"artefact": "teacher", "game": game, "seed": seed,
              "initial": before.get("checksum"), **dataclasses.asdict(config)}
  with files.locked(folder) as folder:
    store = results.Run(folder, settings, overwrite)
    if overwrite:
      shutil.rmtree(folder / _CANDIDATES, ignore_errors=True)
      (folder / trainer_lib.PROGRESS).unlink(missing_ok=True)
    if not store.finished(_PART):
      emulators = environment.AtariEnvironment(game, config.num_games)
      agent = actor_critic.ActorCritic(
          network, config.learning,
          config.iterations * config.learning.updates(config.transitions))
      trainer = trainer_lib.Trainer(
          agent, emulators, rollout_length=config.rollout_length, seed=seed,
          folder=folder)

      def store_candidate(iteration: int) -> None:
        last = iteration == config.iterations
        if iteration and (last or iteration % config.candidate_every == 0):
          steps = before.get("steps", 0) + iteration * config.transitions
          teachers.save(
              folder / _CANDIDATES / f"step-{steps:08d}", network, game,
              {"steps": steps, "commands": [
                  *before.get("commands", []),
                  _command(config, game, seed, preset, initial is not None)],
               "settings": settings, "commit": results.commit(),
               "versions": results.versions()})

      history = trainer_lib.train(
          trainer, iterations=config.iterations,
          checkpoint_every=config.checkpoint_every,
          on_checkpoint=store_candidate, settings=settings,
          folder=store.checkpoints(_PART),
          log_folder=folder / "tensorboard" if tensorboard else None,
          title=game)
      emulators.close()
      store.write(_PART, [
          results.Row("teacher", preset, "", "actor-critic", game, 0, seed,
                      record["step"] * config.transitions, metric,
                      record[metric])
          for record in history.records for metric in _REPORTED])
    return results.read(folder)


def _start(config: config_lib.TeacherConfig, game: str, seed: int,
           initial: Optional[files.Path]
           ) -> Tuple[atari.AtariNetwork, Dict[str, Any]]:
  """The network to train, and the initial teacher's card if there is one."""
  size = atari.SIZES[config.network]
  if initial is None:
    environment.check_game(game)
    return atari.make_network(
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


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  app.define_flags("teacher", config_lib.PRESETS, "cpu", "teacher/GAME")
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


def main() -> None:
  given = flags.FLAGS
  folder = app.output_folder(f"teacher/{given.game}")
  rows = run(
      config_lib.get(given.preset, given.game, given.steps), given.game,
      given.seed, folder,
      preset=given.preset, initial=given.initial, overwrite=given.overwrite,
      tensorboard=given.tensorboard)
  score = [row for row in rows if row.metric == "score"][-1]
  mean = "unknown, as none has ended," if math.isnan(score.value) else (
      f"{score.value:.1f}")
  print(f"{given.game}: mean score of the last training games {mean} after "
        f"{score.step} steps")
  print(f"The last of {folder}/{_CANDIDATES} is the teacher; "
        f"python -m reproduce.evaluate_teacher --game={given.game} "
        "--weights=FOLDER plays full games with it.")


if __name__ == "__main__":
  app.run(define_flags, main)
