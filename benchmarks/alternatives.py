"""Other ways to a Sobolev step than nested tapes: what they save, and how near.

  python -m benchmarks.alternatives

Three networks: Figure 4's student with its teacher (`student`), a ReLU network
of several outputs on random projections (`vector`), and a smooth one on the
Hessian and its projections (`hessian`). Every way is timed, all in one process,
interleaved, medians of repeats, and its gradient of the loss is compared with
that of nested tapes in the same precision, float32. The rows of
`student` that have no gradient are parts of its step.

`differences` needs no second derivative: with r the residual D_x<f, v> - g*,
the gradient of ||r|| is that of D_x<f, v> along r / ||r||, which a difference
of two values of <f, v> gives (Smith et al., https://arxiv.org/abs/2006.05475).
With ReLU its error does not fall with the step h: a unit that switches between
the two points, with a probability proportional to h, contributes 1 / h.
"""

import functools
from typing import (
  Callable,
  Dict,
  Mapping,
  NamedTuple,
  Optional,
  Sequence,
  Tuple,
)

from absl import flags
import numpy as np
import sonnet as snt
import tensorflow as tf

from configs import figure4
from reproduce import app, markdown, timing
from sobolev_tf import derivatives, losses, ops
from sobolev_tf.atari import networks, policies
from sobolev_tf.losses import distillation, stochastic
from sobolev_tf.training import device, loop, optimizers

Layer = Callable[[tf.Tensor], tf.Tensor]
NESTED = "nested tapes"
_SEED = (0, 1)
_ACTIONS = 3
_STEP_SIZES = (1e-3, 1e-2, 1e-1)  # of differences; inputs are about 1


class Way(NamedTuple):
  """One way to compute a loss.

  Attributes:
    loss: of no argument, `[B]` or less.
    parameters: of which its gradient is taken; None for a part of a step.
    reference: the name of the way whose gradient it should have.
  """
  loss: Callable[[], tf.Tensor]
  parameters: Optional[Sequence[tf.Variable]] = None
  reference: str = NESTED


def along_residual(
    function: derivatives.Function, x: tf.Tensor, v: tf.Tensor,
    target: tf.Tensor, step: float) -> Tuple[tf.Tensor, tf.Tensor]:
  """The value of a function and the distance of its derivatives to a target.

  The gradient of the distance is that of a difference.

  Args:
    function: maps `[B, *event]` to `[B, A]`.
    x: points `[B, *event]`.
    v: directions `[B, A]`.
    target: derivatives `[B, *event]`.
    step: how far to go along the residual.

  Returns:
    The value `[B, A]` and the distance `[B]`.
  """
  y, gradient = derivatives.projections(function, x, [v])
  residual = tf.stop_gradient(gradient - target)
  axes = list(range(1, x.shape.rank))
  length = ops.norm(residual, axes, keepdims=True)
  moved = function(x + step * tf.math.divide_no_nan(residual, length))
  slope = tf.reduce_sum(v * (moved - y), -1) / step
  return y, tf.squeeze(length, axes) + slope - tf.stop_gradient(slope)


def forward_over_reverse(
    function: derivatives.Function, x: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
  """The Hessian of a scalar function times v `[B, D]`, by forward mode."""
  with tf.autodiff.ForwardAccumulator(x, v) as forward:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(x)
      y = function(x)
    gradient = tape.gradient(y, x)
  return forward.jvp(gradient)


def of_student(batch: int) -> Dict[str, Way]:
  """Ways of Figure 4's student, and parts of its step."""
  settings = figure4.PRESETS["cpu"].settings
  teacher, student = (
      networks.make_network(_ACTIONS, networks.SIZES[size], seed, 1.)
      for seed, size in enumerate(("teacher-cpu", settings.network)))
  x = tf.Variable(tf.random.stateless_uniform([batch, 21, 21, 64], _SEED))
  student_policy, teacher_policy = map(
      policies.log_policy, (student, teacher))
  known = teacher_policy(x)
  v = _unit([batch, _ACTIONS])

  def loss(distance):
    y, length = distance()
    return distillation.kl_to_target(known, y) + length

  def differences(step):
    return along_residual(student_policy, x.value(), v, _teacher(), step)

  def nested():
    y, gradient = derivatives.projections(student_policy, x.value(), [v])
    return y, ops.norm(gradient - _teacher(), list(range(1, x.shape.rank)))

  def _teacher():
    return tf.stop_gradient(
        derivatives.projections(teacher_policy, x.value(), [v])[1])

  trained = student.policy_variables
  return {
      "values alone": Way(
          lambda: distillation.kl_to_target(
              known, student_policy(x.value())), trained, "values alone"),
      NESTED: Way(functools.partial(loss, nested), trained),
      **{f"differences, {step:g}": Way(functools.partial(
          loss, functools.partial(differences, step)), trained)
         for step in _STEP_SIZES},
      "part: teacher's value": Way(lambda: teacher_policy(x.value())),
      "part: teacher's derivative": Way(_teacher),
      "part: student's value": Way(lambda: student_policy(x.value())),
      "part: student's derivative": Way(
          lambda: derivatives.projections(student_policy, x.value(), [v])[1]),
  }


def of_vector(batch: int, activation: Layer = tf.nn.relu) -> Dict[str, Way]:
  """Ways of a network of ten outputs."""
  x, network, trained = _network(batch, 2, (256, 256, 10), activation)
  v = _unit([batch, 10])
  y, target = tf.ones([batch, 10]), tf.ones([batch, 2])

  def nested():
    value, gradient = derivatives.projections(network, x.value(), [v])
    return losses.squared_error(y, value) + losses.norm(target, gradient)

  def differences(step):
    value, length = along_residual(network, x.value(), v, target, step)
    return losses.squared_error(y, value) + length

  return {
      "values alone": Way(
          lambda: losses.squared_error(y, network(x.value())), trained,
          "values alone"),
      NESTED: Way(nested, trained),
      **{f"differences, {step:g}": Way(
          functools.partial(differences, step), trained)
         for step in _STEP_SIZES},
  }


def of_hessian(batch: int) -> Dict[str, Way]:
  """Ways of a smooth network's Hessian, projected and whole."""
  size = 5
  x, network, trained = _network(batch, size, (64, 64, 1), tf.tanh)
  v = _unit([batch, size])

  def projected():
    return derivatives.projections(
        network, x.value(), [tf.ones([batch, 1]), v])[2]

  def columns():
    return tf.stack([
        forward_over_reverse(network, x.value(), tf.one_hot(
            [column] * batch, size)) for column in range(size)], -1)

  def to_ones(derivative):
    return lambda: tf.reduce_sum((derivative() - 1.)**2)

  return {
      "projected, nested tapes": Way(
          to_ones(projected), trained, "projected, nested tapes"),
      "projected, forward over reverse": Way(
          to_ones(lambda: forward_over_reverse(network, x.value(), v)),
          trained, "projected, nested tapes"),
      "whole, nested tapes": Way(
          to_ones(lambda: derivatives.value_and_derivatives(
              network, x.value(), 2)[2]), trained, "whole, nested tapes"),
      "whole, forward over reverse": Way(
          to_ones(columns), trained, "whole, nested tapes"),
  }


GROUPS: Mapping[str, Callable[[int], Dict[str, Way]]] = {
    "student": of_student, "vector": of_vector, "hessian": of_hessian}


def _network(batch: int, inputs: int, sizes: Sequence[int], activation: Layer
             ) -> Tuple[tf.Variable, snt.nets.MLP, Sequence[tf.Variable]]:
  x = tf.Variable(
      tf.random.stateless_uniform([batch, inputs], _SEED, -1., 1.))
  network = snt.nets.MLP(sizes, activation=activation)
  network(x)
  return x, network, network.trainable_variables


def _unit(shape: Sequence[int]) -> tf.Tensor:
  draw, = stochastic.unit_directions(1, tf.constant(_SEED))
  return draw(tf.zeros(shape))


def loss_and_gradients(way: Way) -> Tuple[tf.Tensor, Sequence[tf.Tensor]]:
  """The sum of a way's loss and its gradients; none of a part of a step."""
  with tf.GradientTape() as tape:
    total = tf.reduce_sum(way.loss())
  return total, tape.gradient(
      total, way.parameters or [], unconnected_gradients="zero")


def relative_errors(ways: Dict[str, Way]) -> Dict[str, float]:
  """How far gradients are from those of their references, relatively."""
  computed = {
      name: np.concatenate([
          np.ravel(g) for g in tf.function(loss_and_gradients)(way)[1]])
      for name, way in ways.items() if way.parameters}
  return {
      name: float(np.linalg.norm(value - computed[ways[name].reference]) /
                  np.linalg.norm(computed[ways[name].reference]))
      for name, value in computed.items()}


def steps(way: Way) -> Callable[[int], None]:
  """Steps with a way's gradient, or of a part: many in a graph."""
  parameters = way.parameters or []
  optimizer = optimizers.Adam(parameters, 1e-6)

  def step(unused_index):
    total, gradients = loss_and_gradients(way)
    optimizer.apply(gradients, parameters)
    return {"loss": total}

  run = loop.compile_steps(step)
  return lambda count: run(0, count)["loss"].numpy()


def main() -> None:
  """Compares and times every way and prints a table for each group."""
  print(f"Device: {device.prepare()}")
  given = flags.FLAGS
  for group in given.groups:
    ways = GROUPS[group](given.batch)
    error = relative_errors(ways)
    seconds = timing.seconds_per_step(
        {name: steps(way) for name, way in ways.items()},
        lambda _: given.steps, given.repeats)
    first = next(iter(seconds.values()))
    print(markdown.table(
        [group, "ms per step", "ratio", "gradient's relative error"],
        [[name, f"{1e3 * value:.2f}", f"{value / first:.2f}",
          f"{error[name]:.1e}" if name in error else ""]
         for name, value in seconds.items()]))


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_multi_enum("groups", list(GROUPS), GROUPS, "What to time.")
  flags.DEFINE_integer("batch", 32, "Points per step.", lower_bound=1)
  flags.DEFINE_integer("steps", 20, "Steps per repeat.", lower_bound=1)
  flags.DEFINE_integer("repeats", 7, "Timed repeats.", lower_bound=1)


if __name__ == "__main__":
  app.run(define_flags, main)
