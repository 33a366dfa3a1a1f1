"""Tests of the recorder: exact stacks, exact replays, and what refuses them."""

import dataclasses
import functools
import hashlib

import numpy as np
import pytest
import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.atari import environment, recorder, recordings
from sobolev_tf.atari import networks as atari

SIZE = atari.SIZES["student-cpu"]
SEED, COPIES = 3, 2
LENGTHS = {"pong": 1000, "breakout": 300, "space_invaders": 800}


@dataclasses.dataclass
class Played:
  """A recording, its teacher, and the emulator's own account of it."""
  network: atari.AtariNetwork
  recording: recordings.Recording
  observations: np.ndarray  # [S, 84, 84, 4]
  rewards: np.ndarray  # [S]
  game_over: np.ndarray  # [N, T]


@pytest.fixture(name="played", scope="module", params=environment.GAMES)
def _played(request):
  return play(request.param)


@pytest.fixture(name="breakout", scope="module")
def _breakout():
  return play("breakout")


@functools.cache
def play(game):
  network = make_network(game)
  made = recorder.record(network, game, SEED, COPIES, LENGTHS[game])
  emulators = environment.AtariEnvironment(game, COPIES)
  observations = [emulators.reset(SEED)]
  steps = [emulators.step(actions) for actions in made.log.actions.T]
  emulators.close()
  observations += [step.observations for step in steps[:-1]]
  return Played(
      network, made,
      np.moveaxis(np.stack(observations, 1), 2, -1).reshape(-1, 84, 84, 4),
      np.stack([step.rewards for step in steps], 1).ravel(),
      np.stack([step.game_over for step in steps], 1))


def make_network(game):
  return atari.make_network(len(environment.ACTIONS[game]), SIZE, seed=0)


def check_equal(one, other):
  assert one.log[:4] == other.log[:4]
  assert one.log.checksums == other.log.checksums
  for field in ("actions", "game_over"):
    np.testing.assert_array_equal(
        getattr(one.log, field), getattr(other.log, field))
  for field in ("frames", "rewards", "logits"):
    np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def test_restacking_gives_the_emulators_stacks(played):
  """Over the ends of games, too: each has at least one of every kind."""
  indices = recordings.stack_indices(played.recording.log)
  assert indices.shape == (COPIES * LENGTHS[played.recording.log.game], 4)
  assert indices.dtype == np.int32
  assert played.game_over[:, :-1].any()
  restacked = recordings.stacks(played.recording.frames, indices)
  assert restacked.dtype == np.uint8
  np.testing.assert_array_equal(restacked, played.observations)
  rows = np.array([7, 0, 7, LENGTHS[played.recording.log.game]])
  np.testing.assert_array_equal(
      recordings.stacks(played.recording.frames, indices[rows]),
      played.observations[rows])


def test_rows_hold_what_was_seen_done_and_got(played):
  made = played.recording
  assert made.frames.dtype == made.log.actions.dtype == np.uint8
  assert made.rewards.dtype == made.logits.dtype == np.float32
  np.testing.assert_array_equal(made.rewards, played.rewards)
  np.testing.assert_array_equal(made.log.game_over, played.game_over)
  rows = [0, 123, len(made.frames) - 1]
  np.testing.assert_allclose(
      made.logits[rows],
      played.network(tf.constant(played.observations[rows])).logits,
      rtol=1e-4, atol=1e-6)


def test_checksums_are_of_each_copys_frames(breakout):
  length = LENGTHS["breakout"]
  frames = breakout.observations[..., -1]
  assert breakout.recording.log.checksums == tuple(
      hashlib.sha256(copy.tobytes()).hexdigest()
      for copy in (frames[:length], frames[length:]))


def test_the_seed_alone_decides(breakout):
  one, same, other = (
      recorder.record(breakout.network, "breakout", seed, COPIES, 60)
      for seed in (SEED, SEED, SEED + 1))
  check_equal(one, same)
  np.testing.assert_array_equal(
      one.log.actions, breakout.recording.log.actions[:, :60])
  assert not np.array_equal(one.log.actions, other.log.actions)
  assert set(one.log.checksums).isdisjoint(other.log.checksums)


def test_actions_are_the_policys(breakout):
  """A bias on one action's logit makes it as frequent as it says."""
  network = make_network("breakout")
  (bias,) = [v for v in network.trainable_variables
             if v.name.endswith("policy/b:0")]
  bias.assign([0., 0., np.log(7.), 0.])  # 7 / (7 + 3)
  made = recorder.record(network, "breakout", 0, 4, 200)
  share = (made.log.actions == 2).mean()
  assert share == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / 800))


def test_a_replay_is_the_recording(played):
  check_equal(recorder.replay(played.recording.log, played.network),
              played.recording)


@pytest.mark.parametrize("copies", [[1], range(1), [1, 0]])
def test_copies_can_be_replayed_alone(breakout, copies):
  """A copy depends on nothing that its neighbours do."""
  made = breakout.recording
  part = recorder.replay(
      recordings.select(made.log, copies), breakout.network)
  assert part.log.copies == tuple(copies)
  length = LENGTHS["breakout"]
  rows = np.concatenate([
      np.arange(copy * length, (copy + 1) * length) for copy in copies])
  np.testing.assert_array_equal(part.frames, made.frames[rows])
  np.testing.assert_array_equal(part.rewards, made.rewards[rows])
  np.testing.assert_allclose(
      part.logits, made.logits[rows], rtol=1e-4, atol=1e-6)
  check_equal(recorder.replay(part.log, breakout.network), part)
  check_equal(recorder.part(made, copies, breakout.network), part)


@pytest.fixture(name="short", scope="module")
def _short(breakout):
  return recorder.record(breakout.network, "breakout", 0, COPIES, 20).log


def test_other_frames_are_detected(short, breakout):
  changed = short._replace(emulator="ale-py 0.0", checksums=(
      short.checksums[0], short.checksums[0]))
  with pytest.raises(errors.UserError) as error:
    recorder.replay(changed, breakout.network)
  assert str(error.value).startswith("Copy 1 of breakout does not replay")
  assert f"ale-py 0.0, this is {environment.emulator_version()}" in str(
      error.value)


def test_another_seed_or_action_is_detected(short, breakout):
  actions = short.actions.copy()
  actions[1, 5] = 5 - actions[1, 5] if actions[1, 5] > 1 else 2
  for changed, copy in ((short._replace(seed=1), 0),
                        (short._replace(actions=actions), 1)):
    with pytest.raises(errors.UserError, match=f"Copy {copy} .*not replay"):
      recorder.replay(changed, breakout.network)


def test_another_end_of_a_game_is_detected(short, breakout):
  game_over = short.game_over.copy()
  game_over[0, 7] = True
  with pytest.raises(errors.UserError, match="Copy 0 .*not replay"):
    recorder.replay(short._replace(game_over=game_over), breakout.network)


def test_actions_outside_the_set_never_reach_the_emulator(short, breakout):
  actions = short.actions.copy()
  actions[0, 0] = 4
  with pytest.raises(errors.UserError, match="Actions of breakout are 0 to 3"):
    recorder.replay(short._replace(actions=actions), breakout.network)


def test_mistakes_are_one_sentence(short):
  network = make_network("pong")
  with pytest.raises(errors.UserError, match="has 4 actions, the network 3"):
    recorder.record(network, "breakout", 0, 1, 1)
  with pytest.raises(errors.UserError, match="has 4 actions, the network 3"):
    recorder.replay(short, network)
  with pytest.raises(errors.UserError, match="Unknown game"):
    recorder.record(network, "tetris", 0, 1, 1)
  for copies, length in ((0, 1), (1, 0)):
    with pytest.raises(errors.UserError, match="at least one step"):
      recorder.record(network, "pong", 0, copies, length)
