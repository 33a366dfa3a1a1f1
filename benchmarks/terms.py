"""What a step costs with a balancing, chosen inputs or a functional.

  python -m benchmarks.terms

One 5-64-64-M tanh network on batches of 256 points: M = 4 with its Jacobian,
M = 1 with a Hessian or a Laplacian. Processor time of all threads per step, not
time on the clock, so that a busy machine does not count; all variants in one
process, interleaved, medians of repeats.
"""

import statistics
import sys
import time
from typing import Callable, Dict

from absl import flags
import keras
import sonnet as snt
import tensorflow as tf
import tqdm

from reproduce import app, markdown
from sobolev_tf import losses, targets
from sobolev_tf.derivatives import functionals
from sobolev_tf.keras import SobolevModel
from sobolev_tf.training import device, loop, optimizers

_SIZES = (5, 64, 64)  # as jkitchin/pounce, notebook 43_sobolev_training
GROUPS = ("jacobian", "scalar", "keras")
Run = Callable[[int], None]


def _teacher(outputs: int):
  def function(x):
    return tf.stack([tf.reduce_sum(tf.sin((m + 1.) * x), -1)
                     for m in range(outputs)], -1)
  return function


def _points(batch: int) -> tf.Tensor:
  return tf.random.stateless_uniform([batch, _SIZES[0]], [0, 1], -1., 1.)


def library(batch: int, outputs: int, loss: losses.SobolevLoss,
            given: Callable[..., tuple]) -> Run:
  """Steps of a loop with `SobolevLoss`.

  Args:
    batch: points per step.
    outputs: M.
    loss: what is minimised.
    given: makes targets of a function and points.

  Returns:
    A function that takes a number of steps.
  """
  x = _points(batch)
  arrays = given(_teacher(outputs), x)
  network = snt.nets.MLP([*_SIZES[1:], outputs], activation=tf.tanh)
  network(x)
  parameters = network.trainable_variables
  optimizer = optimizers.Adam(parameters, 1e-3)

  def step(unused_index):
    with tf.GradientTape() as tape:
      terms = loss(network, x, arrays)
      total = terms.reduce()
    optimizer.apply(tape.gradient(total, parameters), parameters)
    if loss.orders.balancing is not None:
      loss.orders.balancing.update(terms.means)
    return {"loss": total}

  run = loop.compile_steps(step)
  return lambda steps: run(0, steps)["loss"].numpy()


def in_keras(batch: int, loss_weights) -> Run:
  """Steps of `SobolevModel.train_step`, one call of a graph each.

  Args:
    batch: points per step.
    loss_weights: as `compile` takes them.

  Returns:
    A function that takes a number of steps.
  """
  x = _points(batch)
  arrays = targets.from_function(_teacher(4), x)
  model = SobolevModel(keras.Sequential([
      keras.Input(_SIZES[:1]), *(
          keras.layers.Dense(size, "tanh") for size in _SIZES[1:]),
      keras.layers.Dense(4)]))
  model.compile("adam", loss_weights=loss_weights)
  step = tf.function(model.train_step)

  def run(steps: int) -> None:
    if not model.optimizer.built:
      model.train_on_batch(x, arrays)
    for _ in range(steps):
      logs = step((x, arrays))
    logs["loss"].numpy()
  return run


def variants(batch: int) -> Dict[str, Dict[str, Run]]:
  """What is timed, by group; the first of a group is what others add to.

  Args:
    batch: points per step.

  Returns:
    Functions that take a number of steps, by the names in `GROUPS`.
  """
  jacobian = targets.from_function(_teacher(4), _points(batch))
  chosen = slice(0, 2)
  def first(loss, **options):
    return library(batch, 4, loss, lambda function, x: targets.from_function(
        function, x, **options))
  def second(loss, order, **options):
    return library(batch, 1, loss, lambda function, x: targets.from_function(
        function, x, order, **options))
  laplacian = [functionals.laplacian]
  return dict(zip(GROUPS, (
      {
          "constant weights": first(losses.SobolevLoss()),
          "2 of 5 inputs": first(
              losses.SobolevLoss(wrt=chosen), wrt=chosen),
          **{name: first(losses.SobolevLoss(weights=balancing))
             for name, balancing in (
                 ("standardise", losses.standardise(jacobian)),
                 ("likelihood", losses.ProfiledLikelihood()),
                 ("SoftAdapt", losses.SoftAdapt()))},
      },
      {
          "value and gradient": second(losses.SobolevLoss(), 1),
          "Hessian, too": second(losses.SobolevLoss(2), 2),
          "Hessian by 2 of 5 inputs": second(
              losses.SobolevLoss(2, wrt=chosen), 2, wrt=chosen),
          "gradient and Laplacian": second(losses.SobolevLoss(
              functionals=laplacian), 1, functionals=laplacian),
          "Laplacian": second(losses.SobolevLoss(
              0, functionals=laplacian), 0, functionals=laplacian),
      },
      {
          "constant weights": in_keras(batch, None),
          "likelihood": in_keras(batch, losses.ProfiledLikelihood()),
          "standardise, SoftAdapt": in_keras(batch, losses.standardise(
              jacobian, losses.SoftAdapt())),
      })))


def main() -> None:
  """Times every variant and prints the table."""
  print(f"Device: {device.prepare()}")
  runs = {(group, name): run
          for group, members in variants(flags.FLAGS.batch).items()
          if group in flags.FLAGS.groups for name, run in members.items()}
  times: Dict[tuple, list] = {key: [] for key in runs}
  for repeat in tqdm.trange(flags.FLAGS.repeats + 1, file=sys.stderr):
    for key, run in runs.items():
      start = time.process_time()
      run(flags.FLAGS.steps)
      if repeat:  # the first builds the graph
        times[key].append((time.process_time() - start) / flags.FLAGS.steps)
  median = {key: 1e3 * statistics.median(t) for key, t in times.items()}
  bases = {group: (group, name) for group, name in reversed(runs)}
  print(markdown.table(
      ["", "", "ms of processor per step", "ratio"],
      [[group, name, f"{ms:.2f}", f"{ms / median[bases[group]]:.2f}"]
       for (group, name), ms in median.items()]))


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_multi_enum(
      "groups", list(GROUPS), GROUPS, "What to time: a Jacobian of 4 outputs, "
      "second derivatives of one, or SobolevModel.")
  flags.DEFINE_integer("batch", 256, "Points per step.", lower_bound=1)
  flags.DEFINE_integer("steps", 100, "Steps per repeat.", lower_bound=1)
  flags.DEFINE_integer("repeats", 5, "Timed repeats.", lower_bound=1)


if __name__ == "__main__":
  app.run(define_flags, main)
