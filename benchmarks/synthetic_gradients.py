"""What a training step of each of Table 1's methods costs.

  python -m benchmarks.synthetic_gradients --preset=quick

Multiply-adds are counted in the graph of a step: those of all convolutions and
matrix products that its results need, backward passes included. Times are
medians of repeats, interleaved in one process. For the paper presets, which
are too large to time here, operations and parameters are counted.
"""

import dataclasses
import math
from typing import Any, Callable, Dict, List, NamedTuple

from absl import flags
import tensorflow as tf

from benchmarks import measuring
from configs import benchmarks as config_lib
from configs import table1
from reproduce import app, timing
from reproduce import rows as results
from reproduce.classification import networks as classifiers
from reproduce.costs import synthetic_gradients as section
from sobolev_tf import files
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.training import device

_SHAPES = {"small": (32, 32, 3), "cifar10": (32, 32, 3),
           "resnet50": (224, 224, 3)}
_CLASSES = {"small": 10, "cifar10": 10, "resnet50": 1000}


class Step(NamedTuple):
  """A step to be counted or timed.

  Attributes:
    compute: a `tf.function` of all gradients, without arguments.
    network: whose.
  """
  compute: Any
  network: sg.DecoupledNetwork

  def counts(self, batch_size: int) -> Dict[str, int]:
    """Multiply-adds per image, and parameters of parts and SG modules."""
    graph = self.compute.get_concrete_function().graph
    parts, modules = (
        sum(v.shape.num_elements() for m in several
            for v in m.trainable_variables)
        for several in (self.network.parts, self.network.cuts))
    return {"multiply_adds": multiply_adds(graph) // batch_size,
            "parameters": parts, "module_parameters": modules}


def make_step(architecture: str, method: str, cuts: int, targets: str,
              batch_size: int) -> Step:
  """A step that computes all gradients of random images, in a graph.

  Args:
    architecture: a key of `classifiers.ARCHITECTURES`.
    method: one of `sg.METHODS`.
    cuts: 1 or 3.
    targets: "true" or "bootstrapped".
    batch_size: images per step.

  Returns:
    The step.
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

  return Step(step, network)


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


def _variants() -> List[section.Variant]:
  """Every method; those that learn from gradients with both targets."""
  return [section.Variant(method, targets) for method in reversed(sg.METHODS)
          for targets in (sg.TARGETS if method in sg.SUPERVISION else ("",))]


def run(config: config_lib.SyntheticGradients, folder: files.Path, *,
        preset: str, overwrite: bool = False) -> List[results.Row]:
  """Runs or resumes the measurement; arguments as `compare.run`."""
  device.prepare()
  with files.locked(folder) as folder:
    store = results.Run(folder, {
        "artefact": section.ARTEFACT, "preset": preset,
        **dataclasses.asdict(config), "machine": measuring.machine()},
                        overwrite)

    def row(variant, task, n, metric, value, steps=0):
      return results.Row(
          section.ARTEFACT, preset, variant.targets, variant.method, task, n, 0,
          steps, metric, value)

    if not store.finished("timed"):
      steps = {variant: make_step(
          config.architecture, variant.method, config.cuts,
          variant.targets or "true", config.batch_size)
               for variant in _variants()}
      seconds = timing.seconds_per_step(
          {variant: _repeated(step.compute)
           for variant, step in steps.items()},
          lambda _: config.steps, config.repeats)
      store.write("timed", [
          row(variant, section.TIMED, config.batch_size, metric, value,
              config.steps)
          for variant, step in steps.items()
          for metric, value in {
              **step.counts(config.batch_size),
              "seconds_per_step": seconds[variant]}.items()])
    for dataset in table1.PRESETS["paper"] if config.count_paper else ():
      for cuts in (1, 3) if dataset == "imagenet" else (3,):  # paper Table 1
        task = section.paper_task(dataset, cuts)
        if not store.finished(task):
          settings = table1.get("paper", dataset, splits=cuts).settings[0]
          store.write(task, [
              row(variant, task, settings.batch_size, metric, value,
                  settings.steps)
              for variant in _variants()
              for metric, value in make_step(
                  settings.architecture, variant.method, cuts,
                  variant.targets or "true", 1).counts(1).items()])
    return results.read(folder)


def _repeated(step: Callable[[], List[tf.Tensor]]) -> Callable[[int], None]:
  def run_steps(count: int) -> None:
    for _ in range(count):
      for gradient in step():
        gradient.numpy()
  return run_steps


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  measuring.define_flags(section.ARTEFACT, config_lib.SYNTHETIC_GRADIENTS)


def main() -> None:
  given = flags.FLAGS
  folder = app.output_folder(section.ARTEFACT)
  rows = run(config_lib.SYNTHETIC_GRADIENTS[given.preset], folder,
             preset=given.preset, overwrite=given.overwrite)
  print(section.write(rows, folder, folder))


if __name__ == "__main__":
  app.run(define_flags, main)
