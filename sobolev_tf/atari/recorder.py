"""Plays games to record them, or plays the log of a recording again."""

import contextlib
import sys
from typing import Callable, Iterable, Sequence, Tuple

import numpy as np
import tensorflow as tf
import tqdm

from sobolev_tf import errors
from sobolev_tf.atari import (
  environment,
  networks,
  pixels,
  policies,
  recordings,
)

_BATCH = 500  # states per call of the teacher


def record(network: networks.AtariNetwork, game: str, seed: int, copies: int,
           length: int) -> recordings.Recording:
  """Plays with actions sampled from a teacher's policy.

  Args:
    network: the teacher.
    game: one of `environment.GAMES`.
    seed: of the emulators and of the sampled actions.
    copies: N, how many games are played side by side.
    length: T, how many steps of each.

  Returns:
    The recording.

  Raises:
    UserError: for an unknown game, numbers that are not positive, or a
      network with another number of actions.
  """
  environment.check_num_actions(game, network.num_actions)
  if copies < 1 or length < 1:
    raise errors.UserError(
        f"Record at least one step of one copy, not {length} of {copies}.")

  @tf.function
  def sample(observations, index):
    return policies.sample_actions(
        network(pixels.channels_last(observations)).logits,
        tf.random.fold_in([seed, 0], index))  # [N]

  log, frames, rewards = _play(
      game, seed, tuple(range(copies)), length,
      lambda observations, t: sample(
          tf.constant(observations), tf.constant(t)).numpy())
  return recordings.Recording(
      log, frames, rewards, logits(network, log, frames))


def replay(log: recordings.ActionLog, network: networks.AtariNetwork
           ) -> recordings.Recording:
  """Plays a log's actions again and computes the teacher's outputs.

  Args:
    log: of a recording, or the part of it that `recordings.select` gives.
    network: the teacher.

  Returns:
    The recording, or the part of it that belongs to the log.

  Raises:
    UserError: if frames or game ends are not those recorded, naming the copy,
      or if the network has another number of actions.
  """
  environment.check_num_actions(log.game, network.num_actions)
  played, frames, rewards = _play(
      log.game, log.seed, log.copies, log.actions.shape[1],
      lambda observations, t: log.actions[:, t])
  for n, copy in enumerate(log.copies):
    if (played.checksums[n] != log.checksums[n] or
        not np.array_equal(played.game_over[n], log.game_over[n])):
      raise errors.UserError(
          f"Copy {copy} of {log.game} does not replay to the recorded frames: "
          "its log is wrong or was made by another version of the emulator "
          f"(it names {log.emulator}, this is {played.emulator}).")
  return recordings.Recording(
      log, frames, rewards, logits(network, log, frames))


def part(stored: recordings.Recording, copies: Sequence[int],
         network: networks.AtariNetwork) -> recordings.Recording:
  """The part of a recording that belongs to some of its copies.

  Args:
    stored: the recording.
    copies: their positions in its log.
    network: the teacher.

  Returns:
    What `replay` gives for the log of these copies, to the last bit.

  Raises:
    UserError: if there are no such copies, or if the network has another
      number of actions.
  """
  log = recordings.select(stored.log, copies)
  environment.check_num_actions(log.game, network.num_actions)
  positions, shape = list(copies), stored.log.actions.shape
  frames = stored.frames.reshape(*shape, *environment.FRAME_SHAPE)[
      positions].reshape(-1, *environment.FRAME_SHAPE)
  return recordings.Recording(
      log, frames, stored.rewards.reshape(shape)[positions].ravel(),
      logits(network, log, frames))


def _play(
    game: str, seed: int, copies: Tuple[int, ...], length: int,
    choose: Callable[[np.ndarray, int], np.ndarray]
) -> Tuple[recordings.ActionLog, np.ndarray, np.ndarray]:
  """Plays; `choose` gives the actions `[N]` from the observations and t.

  Returns the log, the frames `[S, 84, 84]` and the rewards `[S]`.
  """
  shape = (len(copies), length)
  frames = np.empty((*shape, *environment.FRAME_SHAPE), np.uint8)
  actions = np.empty(shape, np.uint8)
  rewards = np.empty(shape, np.float32)
  game_over = np.empty(shape, bool)
  emulators = environment.AtariEnvironment(game, len(copies))
  with contextlib.closing(emulators):
    observations = emulators.reset(seed, copies=copies)
    for t in _bar(range(length), f"{game}: playing"):
      frames[:, t] = observations[:, -1]
      actions[:, t] = choose(observations, t)
      step = emulators.step(actions[:, t])
      rewards[:, t] = step.rewards
      game_over[:, t] = step.game_over
      observations = step.observations
  log = recordings.ActionLog(
      game, seed, environment.emulator_version(), copies, actions, game_over,
      recordings.checksums(frames))
  return log, frames.reshape(-1, *environment.FRAME_SHAPE), rewards.ravel()


def logits(network: networks.AtariNetwork, log: recordings.ActionLog,
           frames: np.ndarray) -> np.ndarray:
  """A teacher's logits on all states of a recording.

  Args:
    network: the teacher.
    log: the recording's.
    frames: uint8 `[S, 84, 84]`, the recording's.

  Returns:
    float32 `[S, A]`.
  """
  compute = tf.function(lambda states: network(states).logits)
  indices = recordings.stack_indices(log)
  return np.concatenate([
      compute(tf.constant(
          recordings.stacks(frames, indices[row:row + _BATCH]))).numpy()
      for row in _bar(range(0, len(frames), _BATCH), f"{log.game}: teacher")])


def _bar(values: Iterable[int], title: str) -> Iterable[int]:
  return tqdm.tqdm(
      values, desc=title, leave=False,
      mininterval=0.5 if sys.stderr.isatty() else 30.)
