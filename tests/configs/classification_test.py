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
  modules = dataclasses.replace(settings, module_learning_rate=3.)
  for rate, factor in ((settings.part_rate("critic"), 1.),
                       (settings.module_rate("critic"), 1.),
                       (modules.part_rate("critic"), 1.),
                       (modules.module_rate("critic"), 3.)):
    assert [float(rate(tf.constant(step)) if callable(rate) else rate) / factor
            for step in (0, 2, 4)] == pytest.approx(expected)


def test_rows_carry_the_learning_rate_of_their_method():
  settings = dataclasses.replace(
      SETTINGS, learning_rates={"critic": .1, "vfbn": .2}, precision="mixed",
      gradient_weight=3., module_optimizer="adam", module_learning_rate=.3)
  assert settings.varied("vfbn") == {
      "splits": 3, "targets": "true", "learning_rate": .2,
      "module_optimizer": "adam", "module_learning_rate": .3,
      "gradient_weight": 3., "precision": "mixed"}
  assert settings.varied("critic")["learning_rate"] == .1


@pytest.mark.parametrize("change, words", [
    ({"splits": 2}, "splits must be one of 1, 3"),
    ({"targets": "false"}, "targets must be one of"),
    ({"schedule": "linear"}, "schedule must be one of"),
    ({"precision": "half"}, "precision must be one of float32, mixed"),
    ({"module_optimizer": "sgd"}, "module_optimizer must be one of adam"),
    ({"module_learning_rate": 0.}, "module_learning_rate must be > 0"),
    ({"batch_size": 0}, "batch_size must be > 0"),
    ({"decay_rate": 1.}, "decay_rate must be in"),
    ({"weight_decay": -1.}, "weight_decay >= 0"),
])
def test_mistakes_are_one_sentence(change, words):
  with pytest.raises(errors.UserError, match=words):
    dataclasses.replace(SETTINGS, **change).check()
