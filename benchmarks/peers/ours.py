"""This library: the ensemble, many steps in a graph, fused Adam."""

from typing import Callable, Union

import numpy as np
import tensorflow as tf

from benchmarks import work as work_lib
from configs import regression as config_lib
from reproduce.regression import train
from sobolev_tf import losses
from sobolev_tf.losses import terms
from sobolev_tf.networks import mlp
from sobolev_tf.training import loop, optimizers, turns, xla

NAME = "sobolev_tf"
XLA = "XLA"
NESTED = work_lib.Algorithm("nested tapes")
FOUR = work_lib.Algorithm("four products")
REGULAR = work_lib.Algorithm("backpropagation")
ALGORITHMS = {
    "regular": (REGULAR, REGULAR._replace(compiler=XLA)),
    "sobolev": (NESTED, FOUR, FOUR._replace(compiler=XLA))}
_GRADIENTS = {NESTED.name: "nested", FOUR.name: "four_products"}


def version() -> str:
  """TensorFlow's version."""
  return f"tensorflow {tf.__version__}"


def make(work: work_lib.Work, algorithm: work_lib.Algorithm
         ) -> work_lib.Run:
  """Builds the networks.

  Args:
    work: what to train on.
    algorithm: its name is one of those in `ALGORITHMS` of the method.

  Returns:
    A function that takes steps.
  """
  def build(seeds):
    network = mlp.EnsembleMLP(
        seeds, work.x.shape[-1], [w.shape[-1] for w in work.weights],
        dtype=work.x.dtype)
    return network, _adam(network)

  compiled = algorithm.compiler == XLA
  whole, part, in_turn = turns.divide(build, range(work.members), compiled)
  for variable, w in zip(whole[0].weights, work.weights):
    variable.assign(w)
  if work.sobolev:
    sobolev_loss = losses.SobolevLoss(
        differentiate=config_lib.GRADIENTS[_GRADIENTS[algorithm.name]])

  def loss_of(network, index, order, *data):
    if work.batches > 1:
      first = tf.cast(index % work.batches, tf.int32) * work.batch_size
      rows = tf.slice(order, [0, first], [order.shape[0], work.batch_size])
      data = tuple(tf.gather(t, rows, batch_dims=1) for t in data)
    x, y, dy_dx = data
    if work.sobolev:
      return sobolev_loss(network, x, (y, dy_dx), batch_dims=2).reduce()
    return terms.compare(
        [y], [network(x)], train.VALUES_ONLY, batch_dims=2).reduce()

  step = xla.Step(
      lambda index: [], _update(loss_of, *part), turns=in_turn,
      data=[tf.constant(a) for a in (work.order, work.x, work.y, work.dy_dx)])
  return run_in_graph(step if compiled else step.__call__)


def train_on(loss_of: Callable[[mlp.EnsembleMLP, tf.Tensor], tf.Tensor],
             network: mlp.EnsembleMLP) -> work_lib.Run:
  """Makes steps of a loss: many of them in a graph, fused Adam.

  Args:
    loss_of: takes the network and a step's index (int64 scalar) and returns
      the losses `[E]`.
    network: what is trained.

  Returns:
    A function that takes steps.
  """
  return run_in_graph(_update(loss_of, network, _adam(network)))


def _adam(network: mlp.EnsembleMLP) -> optimizers.Adam:
  return optimizers.Adam(network.trainable_variables, work_lib.LEARNING_RATE)


def _update(loss_of, network: mlp.EnsembleMLP, optimizer: optimizers.Adam):
  """One step, as `xla.Step` and `loop.compile_steps` take it."""
  parameters = network.trainable_variables

  def update(index, *tensors):
    with tf.GradientTape() as tape:
      loss = loss_of(network, index, *tensors)
      total = tf.reduce_sum(loss)
    optimizer.apply(tape.gradient(total, parameters), parameters)
    return {"loss": loss}

  return update


def run_in_graph(step: Union[xla.Step, Callable[[tf.Tensor], xla.Metrics]]
                 ) -> work_lib.Run:
  """Makes a step one of many in a graph.

  Args:
    step: as `loop.compile_steps` takes it; its metrics have the losses `[E]`.

  Returns:
    A function that takes steps from where it stopped.
  """
  steps_in_graph = loop.compile_steps(step)
  done = 0

  def run(steps: int) -> np.ndarray:
    nonlocal done
    loss = steps_in_graph(done, steps)["loss"].numpy()
    done += steps
    return loss

  return run
