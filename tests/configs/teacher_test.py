"""Tests of the settings of teacher training."""

import pytest

from configs import teacher
from sobolev_tf import errors
from sobolev_tf.atari import environment
from sobolev_tf.atari import networks as atari


@pytest.mark.parametrize("preset", teacher.PRESETS)
@pytest.mark.parametrize("game", environment.GAMES)
def test_presets_fit_together(preset, game):
  config = teacher.get(preset, game)
  assert config.network in atari.SIZES
  batch = config.num_games * config.rollout_length
  assert batch % config.learning.minibatch_size == 0
  assert config.candidate_every % config.checkpoint_every == 0
  assert config.iterations * batch <= config.steps


def test_every_game_has_its_steps():
  assert set(teacher.STEPS) == set(environment.GAMES)
  assert teacher.get("cpu", "breakout").steps == teacher.STEPS["breakout"]
  assert teacher.get("cpu", "breakout", steps=5000).steps == 5000


def test_mistakes_are_one_sentence():
  with pytest.raises(errors.UserError, match="Unknown preset 'fast'"):
    teacher.get("fast", "pong")
  with pytest.raises(errors.UserError, match="positive"):
    teacher.get("cpu", "pong", steps=0)
