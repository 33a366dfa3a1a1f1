"""Trains a teacher for Section 4.2 (Figure 4).

  python -m reproduce.train_teacher --game=pong --output=runs/pong

The same command resumes an interrupted run. `progress.csv` in the output
folder has a line per checkpoint; `candidates/` holds weights along the way.
"""

import dataclasses
import json
import os
import pathlib
import sys
from typing import List

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # twice as fast here
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import (
  app,
  flags,
)

from configs import teacher as teacher_config
from sobolev_tf import (
  errors,
  files,
)
from sobolev_tf.agents import (
  actor_critic,
  environment,
  teachers,
)
from sobolev_tf.agents import trainer as trainer_lib
from sobolev_tf.networks import atari
from sobolev_tf.training import loop

_GAME = flags.DEFINE_enum(
    "game", None, environment.GAMES, "The game to learn.", required=True)
_PRESET = flags.DEFINE_enum(
    "preset", "cpu", sorted(teacher_config.PRESETS),
    "Which settings of configs/teacher.py to use.")
_STEPS = flags.DEFINE_integer(
    "steps", None, "Agent steps over all games; by default the game's number "
    "in configs/teacher.py.", lower_bound=1)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the run; one that holds checkpoints of the "
    "same run is resumed. By default runs/teacher/<game>.")
_SEED = flags.DEFINE_integer(
    "seed", 1, "Seed of the weights, games, actions and minibatches.",
    lower_bound=0)
_TENSORBOARD = flags.DEFINE_bool(
    "tensorboard", False, "Also write TensorBoard's event files.")


def run(config: teacher_config.TeacherConfig, game: str, seed: int,
        output: files.Path, tensorboard: bool = False) -> loop.History:
  """Trains a teacher.

  Args:
    config: the settings.
    game: the game to learn.
    seed: of everything random.
    output: folder of the run; resumed if it holds checkpoints of this run.
    tensorboard: whether to write TensorBoard's event files there.

  Returns:
    What the run measured, a record per checkpoint.
  """
  with files.locked(output) as folder:
    settings = {"game": game, "seed": seed, **dataclasses.asdict(config)}
    _check_settings(folder, settings)
    emulators = environment.AtariEnvironment(game, config.num_games)
    network = atari.make_network(
        emulators.num_actions, atari.SIZES[config.network], seed)
    trainer = trainer_lib.Trainer(
        actor_critic.ActorCritic(network, config.learning), emulators,
        rollout_length=config.rollout_length, iterations=config.iterations,
        seed=seed, folder=folder)

    def store_candidate(iteration: int) -> None:
      last = iteration == config.iterations
      if iteration and (last or iteration % config.candidate_every == 0):
        steps = iteration * config.num_games * config.rollout_length
        scores = trainer.scores.latest()
        teachers.save(
            folder / "candidates" / f"step-{steps:08d}", network, game,
            {"steps": steps, "settings": settings,
             "training_score": float(scores.mean()) if scores.size else None})

    history = trainer_lib.train(
        trainer, iterations=config.iterations,
        checkpoint_every=config.checkpoint_every,
        on_checkpoint=store_candidate, folder=folder,
        tensorboard=tensorboard, title=game)
    emulators.close()
  return history


def _check_settings(folder: pathlib.Path, settings) -> None:
  """Refuses to resume a run with other settings than it began with."""
  text = json.dumps(settings, indent=2) + "\n"
  path = folder / "settings.json"
  if not path.exists():
    files.write_text(path, text)
  elif files.read_text(path) != text:
    raise errors.UserError(
        f"The run in '{folder}' has other settings (see {path.name} there): "
        "repeat its command to resume it, or choose another --output.")


def main(argv: List[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f"Unexpected arguments: {argv[1:]}.")
  game = _GAME.value
  try:
    config = teacher_config.get(_PRESET.value, game, _STEPS.value)
    history = run(config, game, _SEED.value,
                  _OUTPUT.value or f"runs/teacher/{game}", _TENSORBOARD.value)
  except errors.UserError as error:
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(2)
  except errors.Interrupted as stop:
    print(stop, file=sys.stderr)
    sys.exit(128 + stop.signal_number)
  print(f"Trained; mean score of the last training games: "
        f"{history.records[-1]['score']:.1f}.")


if __name__ == "__main__":
  app.run(main)
