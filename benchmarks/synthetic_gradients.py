"""Cost of a training step of each of Table 1's methods.

  python -m benchmarks.synthetic_gradients
  python -m benchmarks.synthetic_gradients --architecture=resnet50 --notime

Multiply-adds are counted in the graph of a step: those of all convolutions and
matrix products that its results need, backward passes included. Times are
processor time, interleaved in one process, medians of repeats.
"""

import math
import statistics
import sys
import time
from typing import Callable, Dict, List

from absl import flags
import tensorflow as tf
import tqdm

from reproduce import app
from reproduce.sections import markdown
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.networks import classifiers
from sobolev_tf.training import device

_SHAPES = {"small": (32, 32, 3), "cifar10": (32, 32, 3),
           "resnet50": (224, 224, 3)}
_CLASSES = {"small": 10, "cifar10": 10, "resnet50": 1000}


def make_step(architecture: str, method: str, cuts: int, targets: str,
              batch_size: int):
  """A step that computes all gradients of random images, in a graph.

  Args:
    architecture: a key of `classifiers.ARCHITECTURES`.
    method: one of `sg.METHODS`.
    cuts: 1 or 3.
    targets: "true" or "bootstrapped".
    batch_size: images per step.

  Returns:
    A `tf.function` without arguments.
  """
  shape, classes = _SHAPES[architecture], _CLASSES[architecture]
  network = classifiers.make_network(
      architecture, method, cuts=cuts, num_classes=classes, input_shape=shape,
      decay_rate=.9, seed=0, targets=targets)
  x = tf.random.stateless_normal([batch_size, *shape], [0, 1])
  labels = tf.random.stateless_uniform([batch_size], [0, 2], 0, classes,
                                       tf.int32)

  @tf.function
  def step():
    gradients = network.step(x, labels)
    return [g for g in tf.nest.flatten([gradients.parts, gradients.modules])
            if g is not None]

  return step


def multiply_adds(graph: tf.Graph) -> int:
  """Counts the multiply-adds of convolutions and products that are needed.

  Args:
    graph: of a concrete function whose shapes are all known.

  Returns:
    The count; element-wise operations are left out.
  """
  seen, waiting = set(), [t.op for t in graph.outputs] + [
      op for op in graph.get_operations() if op.op_def.is_stateful
      and "Assign" in op.type]
  total = 0
  while waiting:
    operation = waiting.pop()
    if operation.name in seen:
      continue
    seen.add(operation.name)
    waiting += [t.op for t in operation.inputs] + operation.control_inputs
    total += _of_operation(operation)
  return total


def _of_operation(operation: tf.Operation) -> int:
  def size(tensor) -> int:
    return math.prod(tensor.shape.as_list())
  if operation.type == "MatMul":
    first = operation.inputs[0].shape.as_list()
    inner = first[0 if operation.get_attr("transpose_a") else 1]
    return size(operation.outputs[0]) * inner
  # A convolution of images x to y with weights w costs |y| |w| / channels of
  # y, and so do both of its gradients.
  if operation.type == "Conv2D":
    w, y = operation.inputs[1], operation.outputs[0]
  elif operation.type == "Conv2DBackpropInput":
    w, y = operation.inputs[1], operation.inputs[2]
  elif operation.type == "Conv2DBackpropFilter":
    w, y = operation.outputs[0], operation.inputs[2]
  else:
    return 0
  return size(y) * size(w) // y.shape[-1]


def _seconds(runs: Dict[str, Callable[[], List[tf.Tensor]]], steps: int,
             repeats: int) -> Dict[str, float]:
  """Processor time per step of each, medians."""
  times: Dict[str, List[float]] = {name: [] for name in runs}
  for repeat in tqdm.trange(repeats + 1, file=sys.stderr):
    for name, run in runs.items():
      start = time.process_time()
      for _ in range(steps if repeat else 1):
        [gradient.numpy() for gradient in run()]
      if repeat:  # the first builds the graph
        times[name].append((time.process_time() - start) / steps)
  return {name: statistics.median(t) for name, t in times.items()}


def main() -> None:
  """Counts and times every method and prints the table."""
  print(f"Device: {device.prepare()}")
  given = flags.FLAGS
  batch_size = given.batch_size
  runs = {
      f"{method}, {targets}" if targets else method: make_step(
          given.architecture, method, int(given.splits), targets or "true",
          batch_size)
      for method in reversed(sg.METHODS)
      for targets in (sg.TARGETS if method in sg.SUPERVISION else ("",))}
  counts = {name: multiply_adds(run.get_concrete_function().graph) / batch_size
            for name, run in runs.items()}
  seconds = _seconds(runs, given.steps, given.repeats) if given.time else {}
  first = next(iter(runs))  # backpropagation
  rows = []
  for name in runs:
    row = [name, f"{counts[name] / 1e6:.1f}",
           f"{counts[name] / counts[first]:.2f}"]
    if seconds:
      row += [f"{1e3 * seconds[name]:.1f}",
              f"{seconds[name] / seconds[first]:.2f}"]
    rows.append(row)
  print(markdown.table(
      ["method, targets", "million multiply-adds per image and step", "ratio",
       *([f"ms of processor time per step of {batch_size}", "ratio"]
         if seconds else [])], rows))


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_enum(
      "architecture", "small", classifiers.ARCHITECTURES, "The network.")
  flags.DEFINE_enum("splits", "3", ["1", "3"], "Number of cuts.")
  flags.DEFINE_integer("batch_size", 32, "Images per step.", lower_bound=1)
  flags.DEFINE_bool("time", True, "Time the steps, too.")
  flags.DEFINE_integer("steps", 20, "Steps per repeat.", lower_bound=1)
  flags.DEFINE_integer("repeats", 5, "Timed repeats.", lower_bound=1)


if __name__ == "__main__":
  app.run(define_flags, main)
