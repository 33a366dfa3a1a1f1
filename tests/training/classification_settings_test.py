"""Tests of the settings of one run of Table 1."""

import dataclasses

import pytest
import tensorflow as tf

from configs import table1
from sobolev_tf import errors

SETTINGS = table1.PRESETS["smoke"]["shapes"].settings[0]


@pytest.mark.parametrize("schedule, expected", [
    ("constant", [1., 1., 1.]), ("cosine", [1., .5, 0.]),
    ("halving", [1., .5, .25]), ("staircase", [1., .1, .01])])
def test_learning_rates_of_every_schedule(schedule, expected):
  settings = dataclasses.replace(
      SETTINGS, steps=4, schedule=schedule, learning_rates={"critic": 1.},
      schedule_steps=(2, 4) if schedule == "staircase" else (2,))
  rate = settings.learning_rate("critic")
  assert [float(rate(tf.constant(step)) if callable(rate) else rate)
          for step in (0, 2, 4)] == pytest.approx(expected)


def test_the_label_names_mixed_precision_only():
  mixed = dataclasses.replace(SETTINGS, precision="mixed")
  assert mixed.label == f"{SETTINGS.label} precision=mixed"


@pytest.mark.parametrize("change, words", [
    ({"splits": 2}, "splits must be one of 1, 3"),
    ({"targets": "false"}, "targets must be one of"),
    ({"schedule": "linear"}, "schedule must be one of"),
    ({"precision": "half"}, "precision must be one of float32, mixed"),
    ({"batch_size": 0}, "batch_size must be > 0"),
    ({"decay_rate": 1.}, "decay_rate must be in"),
    ({"weight_decay": -1.}, "weight_decay >= 0"),
])
def test_mistakes_are_one_sentence(change, words):
  with pytest.raises(errors.UserError, match=words):
    dataclasses.replace(SETTINGS, **change).check()
