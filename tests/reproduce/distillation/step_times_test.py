"""Tests of the timing of students' steps."""

from configs import figure4
from configs.distillation import Trial
from reproduce.distillation import step_times
from sobolev_tf.atari import networks


def test_every_method_is_timed(monkeypatch):
  monkeypatch.setattr(step_times, "_STEPS", 1)
  monkeypatch.setattr(step_times, "_STATES", 50)
  teacher = networks.make_network(3, networks.SIZES["teacher-cpu"])
  seconds = step_times.measure(teacher, "pong", {
      "regular": Trial(1e-3, centred=True), "sobolev": Trial(1e-3, 1.)},
      figure4.PRESETS["smoke"].settings, repeats=2)
  assert list(seconds) == ["regular", "sobolev"]
  assert all(value > 0 for value in seconds.values())
