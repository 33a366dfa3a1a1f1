"""Tests of which functions count as the same."""

import dataclasses
import functools

import numpy as np
import pytest
import sonnet as snt

from sobolev_tf.derivatives import memory


def apply(model, x):
  return model(x)


class Slotted:
  """A model that nothing can refer to weakly."""
  __slots__ = ()

  def __call__(self, x):
    return x


@dataclasses.dataclass
class Compared:
  """A model that has no hash."""
  scale: float = 1.

  def __call__(self, x):
    return self.scale * x


def by_default(model):
  return lambda x, model=model: model(x)


def by_closure(model):
  return lambda x: model(x)


def by_inner_function(model):
  def inner(x):
    return model(x)
  return lambda x: functools.partial(inner)(2 * x)


def by_partial_of_lambda(model):
  return functools.partial(lambda scale, x: scale * model(x), 2.)


def by_partial(model):
  return functools.partial(apply, model)


def by_name(model):
  return functools.partial(apply, model=model)


def by_global(model):
  code = compile("lambda x: model(x)", "a_script", "eval")
  return eval(code, {"model": model})


@pytest.mark.parametrize(
    "make", [by_default, by_closure, by_inner_function, by_partial,
             by_partial_of_lambda, by_name, by_global])
def test_the_same_code_around_another_model_is_another_function(make):
  known = memory.Memory()
  model, other = snt.Linear(1), snt.Linear(1)
  first = make(model)
  known[first] = 2
  assert known[first] == known[make(model)] == 2
  assert known[make(other)] == 0


@pytest.mark.parametrize("model", [Slotted(), Compared(), np.sin])
def test_what_cannot_be_kept_track_of_counts_by_its_type(model):
  known = memory.Memory()
  known[model] = 1
  assert known[model] == 1
  known[by_closure(model)] = 1
  assert known[by_closure(model)] == 1
