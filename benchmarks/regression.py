"""Time per model-step of Section 4.1's network: ensemble against one by one.

  python -m benchmarks.regression

All variants train the paper's 2-256-256-1 network on the same points with the
same loss, in one process, interleaved, medians of repeats.
"""

import statistics
import sys
import time
from typing import Callable, Dict

from absl import flags
import sonnet as snt
import tensorflow as tf
import tqdm

from benchmarks import work as work_lib
from benchmarks.peers import ours
from reproduce import app, markdown
from sobolev_tf import derivatives
from sobolev_tf.networks import mlp
from sobolev_tf.training import device, loop


def single(count: int, sobolev: bool, in_graph: bool) -> Callable[[int], None]:
  """One `snt.nets.MLP` with `snt.optimizers.Adam`.

  Args:
    count: number of points.
    sobolev: with the gradient term.
    in_graph: many steps per call of the graph, else one per call from Python.

  Returns:
    A function that takes a number of steps.
  """
  work = work_lib.make(count, 1, sobolev, batch_size=count)
  x, y, dy_dx = (tf.constant(a[0]) for a in (work.x, work.y, work.dy_dx))
  network = snt.nets.MLP([*mlp.HIDDEN_SIZES, 1])
  network(x)
  parameters = network.trainable_variables
  optimizer = snt.optimizers.Adam(1e-3)

  @tf.function
  def step(unused_index):
    with tf.GradientTape() as tape:
      if sobolev:
        prediction, gradient = derivatives.value_and_derivatives(network, x, 1)
        loss = tf.reduce_mean(
            tf.reduce_sum((prediction - y)**2, -1) +
            tf.reduce_sum((gradient - dy_dx)**2, -1))
      else:
        loss = tf.reduce_mean(tf.reduce_sum((network(x) - y)**2, -1))
    optimizer.apply(tape.gradient(loss, parameters), parameters)
    return {"loss": loss}

  if in_graph:
    run = loop.compile_steps(step)
    return lambda steps: run(0, steps)["loss"].numpy()

  def one_by_one(steps: int) -> None:
    for _ in range(steps):
      loss = step(tf.constant(0, tf.int64))["loss"]
    loss.numpy()

  return one_by_one


def main() -> None:
  """Times every variant and prints the table."""
  print(f"Device: {device.prepare()}")
  sizes = app.numbers("sizes", flags.FLAGS.sizes, 1)
  members = flags.FLAGS.members

  def ensemble(algorithm):
    return lambda n, s: ours.make(
        work_lib.make(n, members, s, batch_size=n), algorithm)

  variants: Dict[str, Callable[[int, bool], work_lib.Run]] = {
      **{f"ensemble of {members}, {algorithm}": ensemble(algorithm)
         for algorithm in ours.ALGORITHMS["sobolev"]},
      "single, steps in a graph": lambda n, s: single(n, s, True),
      "single, Python loop": lambda n, s: single(n, s, False)}
  runs = {(name, n, s): make(n, s) for name, make in variants.items()
          for n in sizes for s in (False, True)}
  times: Dict[tuple, list] = {key: [] for key in runs}
  for repeat in tqdm.trange(flags.FLAGS.repeats + 1, file=sys.stderr):
    for key, run in runs.items():
      steps = flags.FLAGS.steps // (members if "ensemble" in key[0] else 1)
      start = time.perf_counter()
      run(max(steps, 1))
      if repeat:  # the first builds the graph
        models = members if "ensemble" in key[0] else 1
        times[key].append(
            (time.perf_counter() - start) / max(steps, 1) / models)
  median = {key: 1e3 * statistics.median(t) for key, t in times.items()}
  print(markdown.table(
      ["ms per model-step", *(f"n={n}: Sobolev / regular (ratio)"
                              for n in sizes)],
      [[name, *(f"{median[name, n, True]:.2f} / {median[name, n, False]:.2f} "
                f"({median[name, n, True] / median[name, n, False]:.2f})"
                for n in sizes)] for name in variants]))


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_list("sizes", ["20", "100"], "Points per step (full batches).")
  flags.DEFINE_integer("members", 14, "Size of the ensemble.", lower_bound=1)
  flags.DEFINE_integer("steps", 1400, "Model-steps per repeat.", lower_bound=1)
  flags.DEFINE_integer("repeats", 5, "Timed repeats.", lower_bound=1)


if __name__ == "__main__":
  app.run(define_flags, main)
