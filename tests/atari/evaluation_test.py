"""Tests of playing full games."""

import numpy as np
import pytest

from sobolev_tf import errors
from sobolev_tf.atari import evaluation
from sobolev_tf.atari import networks as atari

SIZE = atari.NetworkSize(((2, 8, 8),), 8)



def test_games_repeat_and_depend_on_the_seed(monkeypatch):
  monkeypatch.setattr(evaluation, "_COPIES", 2)
  network = atari.make_network(4, SIZE)
  one, same, other = (
      evaluation.play(network, "breakout", 5, seed) for seed in (1, 1, 2))
  assert one.scores.shape == one.lengths.shape == (5,)
  for first, second in zip(one, same):
    np.testing.assert_array_equal(first, second)
  assert not np.array_equal(one.lengths, other.lengths)
  assert (one.scores >= 0).all() and one.scores.mean() < 10  # random: 1.7
  assert one.entropy == pytest.approx(np.log(4), abs=0.01)


def test_short_games_are_not_over_represented(monkeypatch):
  """Each copy's quota is fixed: its first games are the ones that count."""
  network = atari.make_network(4, SIZE)
  monkeypatch.setattr(evaluation, "_COPIES", 3)
  few = evaluation.play(network, "breakout", 3, 1)
  more = evaluation.play(network, "breakout", 4, 1)
  assert set(few.lengths) <= set(more.lengths)


def test_a_pong_game_is_played_to_21():
  games = evaluation.play(atari.make_network(3, SIZE), "pong", 1, 0)
  assert -21 <= games.scores[0] < -10  # random play: -20.7
  assert games.lengths[0] > 700


def test_mistakes_are_one_sentence():
  network = atari.make_network(4, SIZE)
  with pytest.raises(errors.UserError, match="has 3 actions, the network 4"):
    evaluation.play(network, "pong", 1, 0)
  with pytest.raises(errors.UserError, match="positive"):
    evaluation.play(network, "breakout", 0, 0)
