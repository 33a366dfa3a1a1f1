"""Internal derivatives in the distillation of a small classifier.

"Another unexplored path would be to apply Sobolev Training to internal
derivatives" (Section 5). A student of half the teacher's width matches its
log-probabilities on a few unlabelled digits, and in addition their derivatives
with respect to the pixels, to hidden activations, or to both, projected on a
random direction of the outputs as in Section 4.2.
"""

import functools
from typing import List, Tuple

import numpy as np
import tensorflow as tf

from configs import section5 as config_lib
from reproduce import decades, experiment, markdown, run
from reproduce import rows as rows_lib
from reproduce.classification.data import digits as digits_lib
from reproduce.section5 import trials
from reproduce.section5.panels import panels
from sobolev_tf import derivatives
from sobolev_tf.derivatives import hidden
from sobolev_tf.losses import distillation, pointwise, stochastic, terms
from sobolev_tf.networks import mlp
from sobolev_tf.training import ensemble

# Weights of the derivatives with respect to pixels and hidden activations.
METHODS = {"kl": (0., 0.), "input": (1., 0.), "internal": (0., 1.),
           "both": (1., 1.)}
_LABELS = {"kl": "KL only", "input": "KL, derivatives by pixels",
           "internal": "KL, derivatives by hidden activations",
           "both": "KL, both derivatives"}
_ERRORS = {"student's KL from the teacher, nats": "test_kl",
           "share of test digits with another class": "test_disagreement"}
_CLASSES, _PIXELS = 10, 64
_ALL = 2000  # more than there are training digits
_TEACHER_SEED = 1000  # ours: no student's


@functools.cache
def digits(stream: str) -> Tuple[tf.Tensor, tf.Tensor]:
  """Digits `[N, 64]` and labels `[N]` of "train", "validation" or "test"."""
  data = digits_lib.open_digits(seed=0, batch_size=_ALL)
  if stream == "train":
    images, labels = data.train(tf.constant(0, tf.int64))
  else:
    (images, labels), = data.held_out(stream)
  return tf.reshape(images, [len(images), _PIXELS]), labels


@functools.cache
def teacher(sizes: Tuple[int, ...], settings: ensemble.Settings
            ) -> mlp.EnsembleMLP:
  """A classifier of all training digits, an ensemble of one."""
  images, labels = digits("train")
  network = mlp.EnsembleMLP(
      [_TEACHER_SEED], _PIXELS, [*sizes, _CLASSES], tf.tanh)
  ensemble.train(network, lambda _: tf.reduce_mean(
      tf.nn.sparse_softmax_cross_entropy_with_logits(
          labels[None], network(images[None])), -1), settings,
      identity={"network": "teacher"})
  return network


def parts(config: config_lib.Internal) -> List[run.Part]:
  """One part per size, method and learning rate, and the teacher's."""
  return [
      run.Part("internal_teacher", functools.partial(_teacher, config)),
      *(run.Part(f"internal_n{count}_{method}_{rate:g}",
                 functools.partial(_compute, config, count, method, rate))
        for count in config.sizes for method, tried in config.trials.items()
        for rate in tried.learning_rates)]


def _teacher(config: config_lib.Internal, unused_job: run.Job) -> run.Outcome:
  images, labels = digits("test")
  right = tf.argmax(teacher(config.teacher_sizes, config.teacher)(
      images[None])[0], -1, tf.int32) == labels
  return run.Outcome([rows_lib.Row(
      "internal", "teacher", "test_accuracy", np.mean(right),
      seed=_TEACHER_SEED, step=config.teacher.steps)])


def _compute(config: config_lib.Internal, count: int, method: str,
             rate: float, job: run.Job) -> run.Outcome:
  """Trains all seeds, with every alpha, side by side."""
  guide = teacher(config.teacher_sizes, config.teacher)
  members = [(alpha, seed) for alpha in config.trials[method].alphas
             for seed in config.seeds]
  alphas, seeds = zip(*members)
  student = mlp.EnsembleMLP(
      seeds, _PIXELS, [*config.student_sizes, _CLASSES], tf.tanh)
  images, _ = digits("train")
  x = tf.stack([
      tf.gather(images, np.random.default_rng([seed, count]).permutation(
          len(images))[:count]) for seed in seeds])  # [E, N, 64]
  loss = distillation_loss(
      student, guide, x, config.depth, METHODS[method],
      tf.constant(alphas, tf.float32), seeds)
  ensemble.train(
      student, loss, ensemble.Settings(config.steps, rate),
      identity={"experiment": "internal", "method": method, "count": count,
                "depth": config.depth, "members": members}, **job.training)
  rows = []
  for stream in ("validation", "test"):
    images, _ = digits(stream)
    target = _log_policy(guide)(images[None])  # [1, N, 10]
    log_probs = _log_policy(student)(tf.stack([images] * len(seeds)))
    measured = {
        f"{stream}_kl": distillation.kl_to_target(target, log_probs),
        f"{stream}_disagreement": tf.cast(
            tf.argmax(log_probs, -1) != tf.argmax(target, -1), tf.float32)}
    rows += [
        rows_lib.Row("internal", method, name, np.mean(values[e]), n=count,
                     seed=seed, step=config.steps,
                     settings={"learning_rate": rate, "alpha": alpha})
        for name, values in measured.items()
        for e, (alpha, seed) in enumerate(members)]
  return run.Outcome(rows)


def _log_policy(logits: derivatives.Function) -> derivatives.Function:
  return lambda h: tf.nn.log_softmax(logits(h))


def distillation_loss(student: mlp.EnsembleMLP, guide: mlp.EnsembleMLP,
                      x: tf.Tensor, depth: int, weights: Tuple[float, float],
                      alphas: tf.Tensor, seeds):
  """Section 4.2's loss with internal derivatives.

  Args:
    student: the ensemble of E students.
    guide: the teacher, an ensemble of one.
    x: training points `[E, N, D]`.
    depth: the hidden layer differentiated by. The teacher's activations are
      moved along as many random directions as the student has units there.
    weights: of the squared derivatives by input and by activation.
    alphas: of the norm of both together, `[E]`.
    seeds: E integers, of the projections.

  Returns:
    A function from the step's index to the losses `[E]`.
  """
  inputs = x.shape[-1]
  width = student.biases[depth - 1].shape[-1]
  directions = hidden.random_directions(
      width, guide.biases[depth - 1].shape[-1], _TEACHER_SEED)
  functions = []
  for network, rows in ((student, None), (guide, directions)):
    lower, upper = network.split(depth)
    functions.append(hidden.perturbed(
        lower, _log_policy(upper), inputs, rows))
  points = hidden.at(x, width)  # [E, N, D + U]
  by_entry = tf.repeat(tf.constant(weights), [inputs, width])[None, None]
  orders = terms.Orders(
      (distillation.kl_to_target, pointwise.norm), (1., 1.))

  def loss(index):
    if not any(weights):
      return terms.compare(
          [functions[1](points)], [functions[0](points)],
          terms.Orders(orders.losses[:1], (1.,)), batch_dims=2).reduce()
    draws = stochastic.unit_directions(
        1, tf.stack([seeds, tf.fill([len(seeds)], index)], 1), 2)
    prediction, target = (
        derivatives.projections(function, points, draws, 2)
        for function in functions)
    compared = terms.compare(target, prediction, orders, batch_dims=2,
                             entry_weights=(None, by_entry))
    return tf.reduce_mean(
        compared.value + alphas[:, None] * compared.first, -1)
  return loss


def write(results: experiment.Results) -> str:
  """Draws the experiment and explains it."""
  chosen = trials.chosen(results.rows, "validation_kl")
  settings = {(row.n, row.method): row.settings for row in chosen}
  sizes = rows_lib.distinct(chosen, "n")
  methods = [method for method in METHODS
             if all((n, method) in settings for n in sizes)]

  panels(
      results.folder / "internal-derivatives.png", 9., chosen,
      {f"log10 of the {name}": metric for name, metric in _ERRORS.items()},
      {n: f"{n} digits" for n in sizes},
      {method: _LABELS[method] for method in methods})
  lines = []
  for n in sizes:
    for method in methods:
      mine = [decades.log_errors(chosen, metric, n=n, method=method)
              for metric in _ERRORS.values()]
      lines.append([
          str(n), _LABELS[method], rows_lib.label(settings[n, method]),
          *(f"{10**np.mean(errors):.3f}" for errors in mine),
          *("" if method == against else decades.difference(
              decades.log_errors(chosen, "test_kl", n=n, method=against),
              mine[0])
            for against in ("kl", "input") if against in methods)])
  tuning = trials.tuning(results.rows, "KL on validation digits")
  accuracy = rows_lib.values(results.rows, metric="test_accuracy")
  return (
      "### Internal derivatives\n\n"
      "![Internal derivatives](internal-derivatives.png)\n\n"
      "A classifier of scikit-learn's digits"
      + "".join(f" ({value:.1%} of the test digits right)"
                for value in accuracy) +
      " is distilled into a student of half its width that sees a few "
      "unlabelled digits. Matched are log-probabilities and the derivatives "
      "of a random projection of them with respect to the pixels, to the "
      "activations of the first hidden layer, or to both. The teacher's "
      "activations are moved along as many random orthonormal directions as "
      "the student has units. "
      f"{tuning} Errors are on test digits, geometric means over "
      f"{len({row.seed for row in chosen if row.method in methods})} seeds. "
      "Differences: log10 of that KL, paired over seeds, positive if the "
      "method of the line is lower; bold: the 95 % interval leaves 0 out."
      "\n\n" + markdown.table(
          ["digits", "loss", "chosen setting", *_ERRORS, "KL only - this",
           "by pixels - this"], lines))
