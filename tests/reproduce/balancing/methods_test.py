"""Each method's loss against its closed form."""

import numpy as np
import pytest
import tensorflow as tf

from configs import balancing as config_lib
from reproduce.balancing import methods
from sobolev_tf import errors, losses

# Two members, five points, two inputs, two outputs.
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(2, 5, 2))
Y, DY = RANDOM.normal(size=(2, 5, 2)), RANDOM.normal(size=(2, 5, 2, 2))
MATRIX = np.array([[1., 2.], [3., -1.]])


def per_member(array, statistic):
  """A statistic over the points, shaped to broadcast over them."""
  return statistic(array, 1)[:, None]


# Squared errors of every channel, and what they become, by member.
VALUE = (X @ MATRIX - Y)**2
FIRST = (MATRIX.T - DY)**2
OVER_Y, OVER_DY = (per_member(t, np.std) for t in (Y, DY))
SIZE = per_member(DY, lambda d, axis: np.sqrt(np.mean(d**2, axis)))


def total(value, first):
  return value.sum(-1).mean(1) + first.sum((-1, -2)).mean(1)


CLOSED = {
    "eq1": total(VALUE, FIRST),
    "constant": total(VALUE, 3. * FIRST),
    "prefactors": total(VALUE, 3. * FIRST),  # at the start
    "z-score": total(VALUE / OVER_Y**2 / 2, 3. * FIRST / OVER_DY**2 / 4),
    "huge-savine": total(
        VALUE / OVER_Y**2 / 2 / 7, 6. / 7 * FIRST / SIZE**2 / 4),
    "likelihood": .5 * (np.log(VALUE.mean(1)).sum(-1) +
                        np.log(FIRST.mean(1)).sum((-1, -2))),
    "soft-adapt": total(VALUE, FIRST),  # before it has seen a rate
}


def test_every_method_but_values_alone_has_a_closed_form_here():
  assert {"values", *CLOSED} == set(config_lib.METHODS)
  assert methods.make("values", 0., (Y, DY), lambda step: 1.) is None


@pytest.mark.parametrize("method", CLOSED)
def test_the_loss_of_each_member_is_the_methods(method):
  balancing = methods.make(method, 3., (Y, DY), lambda step: 1.)
  loss = losses.SobolevLoss(order=1, weights=balancing)
  found = loss(lambda x: x @ tf.constant(MATRIX), tf.constant(X),
               (tf.constant(Y), tf.constant(DY)), batch_dims=2).reduce()
  np.testing.assert_allclose(found, CLOSED[method], rtol=1e-9)


def distances(strength):
  """Distances of gradients `[E, N]`, and of each member the strength's unit."""
  sizes = np.linalg.norm(DY.reshape(2, 5, 4), axis=-1)
  return (np.sqrt(FIRST.sum((-1, -2))), sizes,
          strength * np.median(sizes, 1)[:, None])


@pytest.mark.parametrize("method", config_lib.ROBUST)
def test_a_robust_terms_delta_is_in_medians_of_a_members_gradients(method):
  d, sizes, delta = distances(1.5)
  first = {"huber": np.where(d <= delta, d**2, 2 * delta * d - delta**2),
           "relative": d**2 / (1 + sizes / delta),
           "capped": np.minimum(d**2, delta**2)}[method]
  assert not np.isclose(first, d**2).all()
  assert methods.make(method, 1.5, (Y, DY), None).weights(()) == (1., 1.)
  loss = losses.SobolevLoss(losses=methods.compared(method, 1.5, DY))
  found = loss(lambda x: x @ tf.constant(MATRIX), tf.constant(X),
               (tf.constant(Y), tf.constant(DY)), batch_dims=2)
  np.testing.assert_allclose(found.first, first, rtol=1e-9)
  np.testing.assert_allclose(found.value, VALUE.sum(-1), rtol=1e-9)


def test_another_name_is_refused():
  with pytest.raises(errors.UserError, match="method must be one of values"):
    methods.make("sum", 1., (Y, DY), lambda step: 1.)
