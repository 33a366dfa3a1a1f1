"""The variances that are known of a log posterior."""

import numpy as np
import tensorflow as tf

from reproduce.section5 import curvature
from sobolev_tf import derivatives


def test_variances_are_those_of_the_hessian():
  target = curvature.LogPosterior(0, 3, 30, 2.)
  w = np.random.default_rng(1).uniform(-2, 2, (5, 3))
  hessian = derivatives.hessian(target, tf.constant(w)).numpy()
  np.testing.assert_allclose(
      target.conditional_variances(w),
      -1 / np.diagonal(hessian, axis1=1, axis2=2), rtol=1e-10)
