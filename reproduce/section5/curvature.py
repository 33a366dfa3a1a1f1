"""Second-order signals from known uncertainty.

"Given a problem with known uncertainty at training points, one could use
Sobolev Training to match the second order signal to the provided uncertainty
signal" (Section 5). A network learns the log posterior of a Bayesian logistic
regression as a function of its weights, from its values at a few points, the
gradients there, and the conditional variances of Laplace's approximation.
"""

import functools
from typing import List, NamedTuple, Tuple

import numpy as np
import tensorflow as tf

from configs import section5 as config_lib
from reproduce import decades, experiment, markdown, run
from reproduce import rows as rows_lib
from reproduce.regression import data as data_lib
from reproduce.section5 import fitting, trials
from reproduce.section5.panels import panels
from sobolev_tf import derivatives, uncertainty

_ERRORS = {"value": "test_mse_standardised",
           "gradient": "test_gradient_mse_standardised",
           "Hessian": "test_hessian_mse_standardised"}
_PAIRS = (("order 0", "order 0 + variances"),
          ("order 1", "order 1 + variances"),
          ("order 1", "order 1 + rough variances"),
          ("order 0 + variances", "order 1"))


class Method(NamedTuple):
  """Weights of value, gradient and curvature; whether variances are rough."""
  weights: Tuple[float, ...]
  rough: bool = False


METHODS = {
    "order 0": Method((1.,)),
    "order 0 + variances": Method((1., 0., 1.)),
    "order 1": Method((1., 1.)),
    "order 1 + variances": Method((1., 1., 1.)),
    "order 1 + rough variances": Method((1., 1., 1.), rough=True),
}


class LogPosterior:
  """log p(w | data) of a logistic regression, up to a constant.

  Attributes:
    observations: `[M, D]`, each multiplied by its label, 1 or -1.
    precision: of the Gaussian prior.
  """

  def __init__(self, seed: int, dimension: int, observations: int,
               prior_deviation: float):
    """Draws weights from the prior and observations from the model."""
    random = np.random.default_rng(seed)
    weights = prior_deviation * random.normal(size=dimension)
    z = random.normal(size=(observations, dimension))
    positive = random.uniform(size=observations) < 1 / (1 + np.exp(
        -z @ weights))
    self.observations = np.where(positive[:, None], z, -z)
    self.precision = prior_deviation**-2

  def __call__(self, w: tf.Tensor) -> tf.Tensor:
    """Maps weights `[N, D]` to `[N]`."""
    margins = tf.matmul(w, tf.constant(self.observations, w.dtype),
                        transpose_b=True)  # [N, M]
    return (tf.reduce_sum(tf.math.log_sigmoid(margins), -1) -
            self.precision / 2 * tf.reduce_sum(w**2, -1))

  def conditional_variances(self, w: np.ndarray) -> np.ndarray:
    """Of each weight given the others, by Laplace's approximation at w.

    Args:
      w: `[N, D]`.

    Returns:
      `[N, D]`: 1 / (sum_m p_m (1 - p_m) z_mi^2 + precision).
    """
    p = 1 / (1 + np.exp(-w @ self.observations.T))  # [N, M]
    return 1 / ((p * (1 - p)) @ self.observations**2 + self.precision)


def sample(target: LogPosterior, config: config_lib.Curvature, count: int,
           stream: List[int]) -> data_lib.RegressionData:
  """Uniform points with all derivatives up to order 2."""
  w = np.random.default_rng(stream).uniform(
      -config.half_width, config.half_width, (count, config.dimension))
  y, *higher = derivatives.value_and_derivatives(target, tf.constant(w), 2)
  return data_lib.RegressionData(
      w, y.numpy()[:, None], *(derivative.numpy() for derivative in higher))


def parts(config: config_lib.Curvature) -> List[run.Part]:
  """One part per size, method and learning rate."""
  return [
      run.Part(rows_lib.slug(f"curvature_n{count}_{method}_{rate:g}"),
               functools.partial(_compute, config, count, method, rate))
      for count in config.sizes for method in METHODS
      for rate in config.learning_rates]


def _compute(config: config_lib.Curvature, count: int, method: str,
             rate: float, job: run.Job) -> run.Outcome:
  """Trains all seeds side by side, each on a posterior of its own."""
  targets = [
      LogPosterior(seed, config.dimension, config.observations,
                   config.prior_deviation) for seed in config.seeds]
  raw = []
  for seed, target in zip(config.seeds, targets):
    full = sample(target, config, count, [seed, 1, count])
    variances = target.conditional_variances(full.x)
    if METHODS[method].rough:
      variances = variances * np.exp(config.error * np.random.default_rng(
          [seed, 3]).normal(size=variances.shape))
    hessian, _ = uncertainty.hessian_from_variances(variances)
    raw.append(data_lib.RegressionData(full.x, full.y, full.dy_dx, hessian))
  domain = [(-config.half_width, config.half_width)] * config.dimension
  trained = fitting.fit(
      raw, [domain] * len(raw), config.seeds, METHODS[method].weights,
      config_lib.training(config, rate),
      identity={"experiment": "curvature", "method": method, "count": count,
                "seeds": list(config.seeds)}, **job.training)
  errors = fitting.held_out_errors(trained, {
      stream: [sample(target, config, config.points, [seed, number])
               for seed, target in zip(config.seeds, targets)]
      for stream, number in (("validation", 4), ("test", 2))},
      [domain] * len(raw), order=2)
  return run.Outcome([
      rows_lib.Row("curvature", method, name, value, n=count, seed=seed,
                   step=config.steps, settings={"learning_rate": rate})
      for seed, measured in zip(config.seeds, errors)
      for name, value in measured.items()])


def write(results: experiment.Results) -> str:
  """Draws the experiment and explains it."""
  chosen = trials.chosen(results.rows, "validation_mse_standardised")
  sizes = rows_lib.distinct(chosen, "n")
  made = {(row.n, row.method) for row in chosen}
  methods = [method for method in METHODS
             if all((n, method) in made for n in sizes)]

  panels(
      results.folder / "curvature.png", 11., chosen,
      {f"log10 test error of the {name}": metric
       for name, metric in _ERRORS.items()},
      {n: f"{n} points" for n in sizes}, {method: method for method in methods})
  tuning = trials.tuning(
      results.rows, "error of the value on validation points")
  lines = [
      [str(n), f"{first} - {second}", *(
          decades.difference(*(
              decades.log_errors(chosen, metric, n=n, method=method)
              for method in (first, second)))
          for metric in _ERRORS.values())]
      for n in sizes for first, second in _PAIRS
      if first in methods and second in methods]
  return (
      "### Second-order signals from known uncertainty\n\n"
      "![Curvature from uncertainty](curvature.png)\n\n"
      "The target is the log posterior of a Bayesian logistic regression as a "
      "function of its weights. At the training points the variances of each "
      "weight given the others (Laplace's approximation) are known, exactly "
      "or only roughly; -1/variance is the diagonal of the Hessian that is "
      "matched, the rest of it stays unknown. "
      f"{tuning} "
      "Rough: the variances' logarithms have errors. Test errors in units "
      "of the target's variance; differences of log10, paired over "
      f"{len(rows_lib.distinct(chosen, 'seed'))} seeds, positive if the second "
      "is lower; bold: the 95 % interval leaves 0 out.\n\n" + markdown.table(
          ["points", "compared", *_ERRORS], lines))
