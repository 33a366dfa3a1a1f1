"""What the tests of the Keras models share."""

import keras
import pytest


@pytest.fixture
def float64():
  """Keras in double precision; afterwards as before."""
  # The policy as well: Keras keeps the one of the first layer ever made.
  for dtype in ("float64", "float32"):
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    if dtype == "float64":
      yield
