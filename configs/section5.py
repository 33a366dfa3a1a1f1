"""Settings of the experiments on Section 5's open paths.

The paper names these paths and has no experiment on them: all settings are
ours.
"""

import dataclasses
from typing import Any, Dict, Mapping, Tuple

from configs import regression
from sobolev_tf.training import ensemble

_ALL = 2**31 - 1  # points per step, at most


@dataclasses.dataclass(frozen=True)
class FiniteDifferences:
  """A black box with noisy values, and what its extra calls are spent on.

  Attributes:
    functions: benchmark functions that serve as black boxes.
    noises: standard deviation of a value's noise, as a share of the
      function's own standard deviation over its domain.
    count: training points N.
    shares: of the points at which derivatives are taken, 2 D calls each.
    seeds: one repetition each.
    hidden_sizes: of the network.
    steps: of training.
    learning_rates: tried for every method; validation points choose.
    points: of the validation set, and as many test points.
  """
  functions: Tuple[str, ...]
  noises: Tuple[float, ...]
  count: int
  shares: Tuple[float, ...]
  seeds: Tuple[int, ...]
  hidden_sizes: Tuple[int, ...]
  steps: int
  learning_rates: Tuple[float, ...]
  points: int


@dataclasses.dataclass(frozen=True)
class Trials:
  """What a method's settings are chosen from, on validation images."""
  learning_rates: Tuple[float, ...]
  alphas: Tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Internal:
  """Distillation of a classifier of digits.

  Attributes:
    teacher_sizes: hidden layers of the teacher.
    teacher: how to train it, on all training digits.
    student_sizes: hidden layers of the student.
    depth: the hidden layer whose activations are differentiated by.
    sizes: numbers of training digits of the student.
    seeds: of its digits, weights and projections.
    steps: of the student.
    trials: by method.
  """
  teacher_sizes: Tuple[int, ...]
  teacher: ensemble.Settings
  student_sizes: Tuple[int, ...]
  depth: int
  sizes: Tuple[int, ...]
  seeds: Tuple[int, ...]
  steps: int
  trials: Mapping[str, Trials]


@dataclasses.dataclass(frozen=True)
class Curvature:
  """Log posteriors of logistic regression, of known conditional variances.

  Attributes:
    dimension: weights D of the regression, inputs of the network.
    observations: that the posterior is of.
    prior_deviation: of every weight.
    half_width: points are uniform in [-half_width, half_width]^D.
    sizes: numbers of training points.
    error: standard deviation of the logarithm of the variances' error, in the
      method that has them only roughly.
    seeds: one repetition each, of everything.
    hidden_sizes: of the network.
    steps: of training.
    learning_rates: tried for every method; validation points choose.
    points: of the validation set, and as many test points.
  """
  dimension: int
  observations: int
  prior_deviation: float
  half_width: float
  sizes: Tuple[int, ...]
  error: float
  seeds: Tuple[int, ...]
  hidden_sizes: Tuple[int, ...]
  steps: int
  learning_rates: Tuple[float, ...]
  points: int


@dataclasses.dataclass(frozen=True)
class Config:
  """One run: the settings of each experiment."""
  finite_differences: FiniteDifferences
  internal: Internal
  curvature: Curvature


def training(config: FiniteDifferences | Curvature, learning_rate: float
             ) -> regression.Settings:
  """How the networks of one of these experiments are trained.

  Args:
    config: the experiment's settings.
    learning_rate: Adam's, at the start.

  Returns:
    The settings of a regression.
  """
  return regression.Settings(
      hidden_sizes=config.hidden_sizes, steps=config.steps,
      batch_size=_ALL,  # ours: the training sets are small
      learning_rates=regression.LearningRates(learning_rate, learning_rate),
      schedule="cosine",  # ours: ends at the best a short run can reach
      derivative_weight=1.,  # paper §4.1
      inputs="standardised", targets="standardised",  # ours: as in Figure 2
      activation="tanh")  # ours: smooth, for second derivatives


_STEPS = 1000  # ours: all of it in about 8 minutes of CPU
# ours: Adam's; they fall to 0 along a cosine
_RATES = (1e-3, 3e-3, 1e-2, 3e-2, .1)
_CPU = Config(
    finite_differences=FiniteDifferences(
        # ours: a smooth one, one with a valley, one with several minima
        functions=("mccormick", "rosenbrock", "styblinski_tang"),
        noises=(0., .01, .1),  # ours: none, little, much
        count=20,  # paper §4.1, its smallest
        shares=(.25, 1.),  # ours: 20 and 80 extra calls
        seeds=tuple(range(8)),  # ours: intervals
        hidden_sizes=(64, 64),  # ours: small enough for full batches
        steps=_STEPS, learning_rates=_RATES, points=1_000),
    internal=Internal(
        teacher_sizes=(64, 64),  # ours: its accuracy is in the rows
        teacher=ensemble.Settings(steps=300, learning_rate=1e-2),
        student_sizes=(32, 32),  # ours: half as wide as the teacher
        depth=1,  # ours: two layers above it, so that it is not linear
        sizes=(20, 100),  # ours: few, of 1,097
        seeds=tuple(range(8)),
        steps=400,
        trials={  # ours: eight for each method
            "kl": Trials(
                (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, .1, .3), (0.,)),
            "input": Trials((3e-3, 1e-2), (.1, 1., 10., 100.)),
            "internal": Trials((3e-3, 1e-2), (.1, 1., 10., 100.)),
            "both": Trials((3e-3, 1e-2), (.1, 1., 10., 100.)),
        }),
    curvature=Curvature(
        dimension=3, observations=30, prior_deviation=2.,
        half_width=3.,  # ours: about two posterior deviations, and beyond
        sizes=(20, 50), error=.3, seeds=tuple(range(8)),
        hidden_sizes=(64, 64), steps=_STEPS, learning_rates=_RATES,
        points=1_000))


def _lighter(config: Config, steps: int, seeds: int, **sizes) -> Config:
  """The same experiments, shorter and on fewer seeds."""
  few = tuple(range(seeds))
  short: Dict[str, Any] = dict(
      seeds=few, steps=steps, learning_rates=(1e-2,))
  return Config(
      dataclasses.replace(
          config.finite_differences, **short,
          **sizes.get("finite_differences", {})),
      dataclasses.replace(
          config.internal, seeds=few, steps=steps, **sizes.get("internal", {})),
      dataclasses.replace(
          config.curvature, **short,
          **sizes.get("curvature", {})))


def _one_trial(rate: float, alpha: float) -> Mapping[str, Trials]:
  return {method: Trials((rate,), (alpha if method != "kl" else 0.,))
          for method in _CPU.internal.trials}


PRESETS: Mapping[str, Config] = {
    "cpu": _CPU,
    "quick": _lighter(  # ours: half a minute of CPU
        _CPU, 300, 3,
        finite_differences=dict(shares=(1.,), noises=(0., .1), points=500),
        internal=dict(sizes=(20,), trials=_one_trial(1e-2, .1)),
        curvature=dict(sizes=(20,), points=500)),
    "smoke": _lighter(
        _CPU, 5, 2,
        finite_differences=dict(
            functions=("mccormick",), shares=(1.,), noises=(0., .1),
            hidden_sizes=(8,), points=50),
        internal=dict(
            sizes=(10,), teacher_sizes=(16, 16), student_sizes=(8, 8),
            teacher=ensemble.Settings(5, 1e-2), trials=_one_trial(1e-2, .1)),
        curvature=dict(
            sizes=(10,), dimension=2, hidden_sizes=(8,), points=50)),
}
