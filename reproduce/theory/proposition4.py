"""Proposition 4: which modules of random weights are gradient fields.

Section 4.3 of https://arxiv.org/abs/1706.04859: if SG(h, y) is the gradient
of a scalar, its Jacobian in h is symmetric, an "extremely rare property" of a
network that outputs the gradient directly; the gradient of a loss predictor
m(h, y) = L(p(h), y) has it by construction. Three modules with random weights
are compared, in float64, as Sonnet initialises them.
"""

import functools
from typing import Callable, List, Tuple

import numpy as np
import sonnet as snt
import tensorflow as tf

from configs import theory as config_lib
from reproduce import experiment, look, markdown, run
from reproduce import rows as rows_lib
from sobolev_tf import derivatives
from sobolev_tf.derivatives import symmetry
from sobolev_tf.networks import mlp

_LABELS = {"linear": "linear, free-form",
           "perceptron": "ReLU network, free-form",
           "critic": "gradient of a loss predictor"}
_CLASSES = 10  # as CIFAR-10 has
Field = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
Module = Tuple[snt.nets.MLP, Field]  # the network, and SG of (h, y)


def linear(size: int) -> Module:
  """SG(h, y) = W [h, y] + b, free-form."""
  return _free_form([size])


def perceptron(size: int) -> Module:
  """SG(h, y) a free-form network with two hidden ReLU layers of 2 n units."""
  return _free_form([2 * size, 2 * size, size])


def critic(size: int) -> Module:
  """SG(h, y) the gradient of a loss predictor with as many hidden units.

  The predictor is m(h, y) = L(p(h), y): a classifier and the log loss.
  """
  classifier = snt.nets.MLP([2 * size, 2 * size, _CLASSES])

  def field(h, labels):
    return derivatives.gradient(
        lambda p: tf.nn.softmax_cross_entropy_with_logits(
            labels, classifier(p)), h)

  return classifier, field


def _free_form(sizes) -> Module:
  network = snt.nets.MLP(sizes)
  return network, lambda h, labels: network(tf.concat([h, labels], axis=-1))


MODULES = {"linear": linear, "perceptron": perceptron, "critic": critic}


def asymmetries(module: str, size: int, draws: int, seed: int) -> np.ndarray:
  """||J - J^T|| / ||J|| of random modules at random points.

  Args:
    module: a key of `MODULES`.
    size: n, of the activations h.
    draws: number of modules; each is measured at one point.
    seed: of weights, points and labels.

  Returns:
    `[draws]`.
  """
  network, field = MODULES[module](size)
  random = np.random.default_rng(seed)

  @tf.function
  def measure(h, labels):
    return symmetry.jacobian_asymmetry(lambda p: field(p, labels), h)[0]

  measured = []
  for draw in range(draws):
    h = tf.constant(random.normal(size=[1, size]))
    labels = tf.one_hot([random.integers(_CLASSES)], _CLASSES, dtype=h.dtype)
    if not draw:
      field(h, labels)  # creates the variables
      weights = [v for v in network.variables if v.shape.rank == 2]
      sizes = [weights[0].shape[0], *(w.shape[1] for w in weights)]
    for variable, value in zip(weights, mlp.initial_weights(
        int(random.integers(2**31)), sizes, h.dtype)):
      variable.assign(value)
    measured.append(float(measure(h, labels)))
  return np.array(measured)


def parts(config: config_lib.Proposition4) -> List[run.Part]:
  """All random modules."""
  return [run.Part("proposition4", functools.partial(_compute, config))]


def _compute(config: config_lib.Proposition4, unused_job: run.Job
             ) -> run.Outcome:
  """Asymmetry of the Jacobians of random modules."""
  return run.Outcome([
      rows_lib.Row("proposition4", module, "asymmetry", value, seed=draw,
                   settings={"size": size})
      for size in config.sizes for module in MODULES
      for draw, value in enumerate(asymmetries(
          module, size, config.draws, config.seed))])


def write(results: experiment.Results) -> str:
  """Draws Proposition 4."""
  drawing, (axis,) = look.canvas(6.5, 3., 1)
  lines = []
  sizes = rows_lib.distinct(results.rows, "size")
  for i, (module, label) in enumerate(_LABELS.items()):
    for j, n in enumerate(sizes):
      measured = np.array(rows_lib.values(
          results.rows, method=module, size=n))
      place = i + .5 * (j - (len(sizes) - 1) / 2) / max(len(sizes), 1)
      spread = np.linspace(-.06, .06, len(measured))
      axis.plot(place + spread, np.maximum(measured, 1e-17), ".",
                color=(look.BLUE, look.RED, look.GREY)[j % 3],
                markersize=3, label=f"n = {n}" if i == 0 else None)
      lines.append([label, f"{n}", f"{measured.min():.3g}",
                    f"{np.median(measured):.3g}", f"{measured.max():.3g}"])
  axis.set_yscale("log")
  axis.set_ylim(1e-17, 5)
  axis.set_xticks(range(len(_LABELS)), list(_LABELS.values()), fontsize=8)
  axis.set_title("‖J - Jᵀ‖ / ‖J‖, one dot per random module", fontsize=9)
  axis.legend(fontsize=7, frameon=False, loc="center left")
  look.save(drawing, results.folder / "proposition4.png")
  draws = len(rows_lib.distinct(results.rows, "seed"))
  return (
      "### Proposition 4 (Section 4.3): gradient fields have symmetric "
      "Jacobians\n\n![Proposition 4](proposition4.png)\n\n"
      "Paper: if SG(h, y) is the gradient of a scalar its Jacobian is "
      "symmetric; for a free-form network that is \"extremely rare\", for "
      "the gradient of a loss predictor it holds by construction. "
      f"{draws} random modules of each kind, each at a random point, float64 "
      "(0: symmetric; √2: what independent entries give when there are "
      "many; 2: antisymmetric):\n\n"
      + markdown.table(["module", "n", "lowest", "median", "highest"], lines))
