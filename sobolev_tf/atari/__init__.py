"""Policies that play Atari games, and recordings of their play (Section 4.2).

A recorded state's way through the modules, each of which imports earlier ones
only:

  environment     games, many at once; legacy/ has the emulators of old
  pixels          frames as networks take them
  networks        policies and values of states
  policies        log-probabilities, samples, entropy
  evaluation      scores of full games
  recordings      what was played: the actions, frames and the teacher's logits
  recorder        plays and replays recordings
  states          recorded states as tensors to train on
  advantages, actor_critic, trainer   train a teacher
  teachers, recording_files           both on disk
"""
