"""Fits to values and derivatives of which some are unknown."""

import dataclasses

import numpy as np

from configs import section5 as config_lib
from reproduce.regression import data as data_lib
from reproduce.section5 import fitting
from sobolev_tf import functions

SMOKE = config_lib.PRESETS["smoke"].finite_differences
BOOTH = functions.by_name("booth")


def test_unknown_derivatives_change_nothing():
  """Gradients that are all NaN leave the values' term alone."""
  settings = config_lib.training(
      dataclasses.replace(SMOKE, hidden_sizes=(8,), steps=20), 1e-2)
  data = data_lib.sample(BOOTH, 10, seed=0, stream="train")
  unknown = data_lib.RegressionData(
      data.x, data.y, np.full_like(data.dy_dx, np.nan))
  values, gradients = (
      fitting.fit([unknown], [BOOTH.domain], [0], weights, settings,
                  identity={}) for weights in ((1.,), (1., 1.)))
  for ours, theirs in zip(values.network.weights, gradients.network.weights):
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
