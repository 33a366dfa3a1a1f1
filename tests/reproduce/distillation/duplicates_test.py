"""Tests of counting duplicates, on a recording made up here."""

from made_up_recording import make
import numpy as np

from reproduce.distillation import duplicates


def test_duplicate_rate_counts_equal_stacks():
  recording = make()
  # Row 320 opens a game: black frames and its own colour. Row 0 opens one,
  # too; give it the same colour.
  recording.frames[0] = recording.frames[320]
  test = np.array([320, 330])
  rates = duplicates.rates(recording, np.arange(40), test)
  assert (rates.states, rates.frames) == (.5, .5)
  rates = duplicates.rates(recording, np.arange(1, 40), test)
  assert (rates.states, rates.frames) == (0, 0)
  # The same newest frame behind other frames is no equal state.
  recording.frames[5] = recording.frames[330]
  rates = duplicates.rates(recording, np.arange(1, 40), test)
  assert (rates.states, rates.frames) == (0, .5)


def test_nearest_distance_is_that_of_a_plain_loop():
  frames = np.random.default_rng(0).integers(0, 256, (60, 84, 84), np.uint8)
  rows = np.arange(5, 50)
  queries = np.concatenate([frames[7:8], frames[50:]])
  expected = [
      min(np.sqrt(np.mean((query - frames[row].astype(float))**2))
          for row in rows) for query in queries]
  assert expected[0] == 0 and min(expected[1:]) > 90
  np.testing.assert_allclose(
      duplicates.nearest_distances(queries, frames, rows), expected, atol=.05)


def test_near_frames_are_counted_and_far_ones_are_not(monkeypatch):
  monkeypatch.setattr(duplicates, "_SLICE", 7)  # several slices
  recording = make()
  recording.frames[:] = 0
  recording.frames[320, 40, 40:44] = 60  # RMS 1.4 levels
  recording.frames[330, 40, 40:60] = 60  # RMS 3.2
  rates = duplicates.rates(
      recording, np.arange(40), np.array([320, 330]))
  assert rates == (0, 0, .5)
