"""Finite differences of a noisy black box, at equal numbers of calls.

"Finite differences can also be used to approximate gradients for black box
target functions" (Section 5). The calls that they cost could buy values at
other points instead; both are tried, and so are the values that the
differences are made of, as ordinary training points.
"""

import functools
from typing import List, Tuple
import zlib

import numpy as np
import tensorflow as tf

from configs import section5 as config_lib
from reproduce.parts import Part
from reproduce.regression import data as data_lib
from reproduce.section5 import fitting
from reproduce.theory import outcome
from sobolev_tf import derivatives, functions
from sobolev_tf.derivatives import finite_differences as fd
from sobolev_tf.training import ensemble

TASK = "finite_differences"
# Whether a method learns from gradients, and whether it pays for extra calls.
METHODS = {
    "values": (False, False),
    "exact": (True, False),
    "differences": (True, True),
    "stencil": (False, True),
    "more points": (False, True),
}


class BlackBox:
  """A function that gives noisy values and counts its calls.

  Attributes:
    calls: points evaluated so far.
    deviation: standard deviation of the noise, in units of the values.
  """

  def __init__(self, function: functions.BenchmarkFunction, noise: float,
               seed: int):
    """Args:
      function: evaluated at every call.
      noise: as a share of the function's standard deviation.
      seed: of the noise.
    """
    self._function = function
    self.calls = 0
    self.deviation = noise * data_lib.sample(
        function, 10_000, seed=0, stream="deviation").y.std()
    self._random = np.random.default_rng(
        [seed, zlib.crc32(f"{function.name} {noise}".encode())])

  def __call__(self, x: np.ndarray) -> np.ndarray:
    """Values `[N]` of points `[N, D]`, with noise of their own."""
    self.calls += len(x)
    return self._function(x).numpy() + self.deviation * (
        self._random.normal(size=len(x)))


def step(function: functions.BenchmarkFunction, noise: float) -> np.ndarray:
  """The step `[D]` that balances noise and truncation (see the module).

  `finite_differences` derives h = e^(1/3) for an error e of the values, both
  in units of the scales over which the function changes: here the standard
  deviations over the domain.
  """
  low, high = np.array(function.domain).T
  error = max(noise, np.finfo(np.float64).eps)
  return error**(1 / 3) * (high - low) / 12**.5


def training_data(method: str, function: functions.BenchmarkFunction,
                  noise: float, count: int, share: float, seed: int
                  ) -> Tuple[data_lib.RegressionData, int]:
  """What a method learns from, and what it paid.

  Args:
    method: a key of `METHODS`.
    function: the black box.
    noise: as a share of the function's standard deviation.
    count: points N.
    share: of them at which derivatives are taken.
    seed: of points and noise.

  Returns:
    Points, values and gradients (NaN where there is none), and the number of
    calls of the black box.
  """
  box = BlackBox(function, noise, seed)
  data = data_lib.sample(function, count, seed=seed, stream="train")
  x, size = data.x, data.x.shape[1]
  many = round(share * count)
  if method == "more points":
    more = data_lib.sample(
        function, 2 * size * many, seed=seed, stream="more points")
    x = np.concatenate([x, more.x])
  h = step(function, noise)
  if method == "stencil":
    moves = np.concatenate([np.diag(h), -np.diag(h)])  # [2 D, D]
    moved = (x[:many, None] + moves).reshape(-1, size)
    x = np.concatenate([x, moved])
  gradient = np.full(x.shape, np.nan)
  if method == "differences":
    first, gradient[:many] = fd.finite_differences(
        lambda points: box(points)[:, None], x[:many], 1, step=h)
    y = np.concatenate([first, box(x[many:])[:, None]])
  else:
    y = box(x)[:, None]
  if method == "exact":
    gradient = data.dy_dx
  return data_lib.RegressionData(x, y, gradient), box.calls


def parts(config: config_lib.FiniteDifferences) -> List[Part]:
  """One part per method, share and learning rate."""
  return [
      Part(f"{TASK}_{method.replace(' ', '_')}_{share:g}_{rate:g}",
           functools.partial(_run, config, method, share, rate))
      for method, (_, extra) in METHODS.items()
      for share in (config.shares if extra else (0.,))
      for rate in config.learning_rates]


def _run(config: config_lib.FiniteDifferences, method: str, share: float,
         rate: float, **options) -> outcome.Outcome:
  """Trains on all functions, noises and seeds side by side."""
  members = [
      (functions.by_name(name), noise, seed) for name in config.functions
      for noise in config.noises for seed in config.seeds]
  raw, calls = zip(*(
      training_data(method, function, noise, config.count, share, seed)
      for function, noise, seed in members))
  domains = [function.domain for function, _, _ in members]
  derivative = METHODS[method][0]
  trained = fitting.fit(
      [seed for _, _, seed in members], raw, domains,
      (1., 1.) if derivative else (1.,), config.hidden_sizes,
      ensemble.Settings(config.steps, rate), **options)
  errors = fitting.held_out_errors(trained, {
      stream: data_lib.held_out(
          [function for function, _, _ in members], config.points, stream)
      for stream in ("validation", "test")}, domains)
  rows = []
  for e, (function, noise, seed) in enumerate(members):
    measured = errors[e] | {"calls": calls[e]}
    if derivative:
      measured["gradient_error"] = _gradient_error(raw[e], function)
    setting = (f"{function.name} noise={noise:g} share={share:g} "
               f"learning_rate={rate:g}")
    rows += [outcome.row(TASK, method, name, value, n=config.count, seed=seed,
                         step=config.steps, setting=setting)
             for name, value in measured.items()]
  return outcome.Outcome(rows)


def _gradient_error(data: data_lib.RegressionData,
                    function: functions.BenchmarkFunction) -> float:
  """Root mean square error of target gradients, relative to the gradients."""
  true = derivatives.gradient(function, tf.constant(data.x)).numpy()
  known = np.isfinite(data.dy_dx)
  return np.sqrt(np.mean((data.dy_dx - true)[known]**2) /
                 np.mean(true[known]**2))
