"""Tests of the diagnoses of synthetic gradients."""

import numpy as np
import pytest
import small_networks as small
import tensorflow as tf

from sobolev_tf import synthetic_gradients as sg

X, LABELS = small.data()


def test_the_cosine_of_a_perfect_module_is_one():
  network = small.make_network("sobolev")
  measured = sg.cosines(network, X, LABELS)
  assert -1 < measured["cosine_2"] < .999
  network.cuts[1].module.predictor = network.parts[2]
  measured = sg.cosines(network, X, LABELS)
  assert measured["cosine_2"] == pytest.approx(1.)
  assert sg.cosines(small.make_network("noprop"), X, LABELS) == {}


def test_asymmetries_are_those_of_whole_jacobians():
  direct, symmetric = (
      sg.asymmetries(small.make_network(method), X, LABELS)
      for method in ("direct", "critic"))
  assert set(direct) == set(symmetric) == {"asymmetry_1", "asymmetry_2"}
  assert min(direct.values()) > .1
  assert max(symmetric.values()) < 1e-12


def test_preserved_puts_moving_averages_back():
  part = small.stack([2], decay_rate=.5)
  x = tf.cast(X, tf.float32)
  part(x, True)
  before = [v.numpy() for v in part.variables]
  with sg.preserved(part):
    part(x + 1, True)
    assert not all(np.array_equal(v, b)
                   for v, b in zip(part.variables, before))
  for variable, value in zip(part.variables, before):
    np.testing.assert_array_equal(variable, value)
