"""Where the time of a compiled Sobolev step of Section 4.1 goes.

  python -m benchmarks.breakdown

The step of `benchmarks.compare`, and what it consists of, each as a program of
its own: the gradient with nothing but a subtraction after it, Adam on gradients
that are given, and the four products of the hidden layer (its fastest form
takes no fewer), independent of each other. Run it on one core, too (`taskset -c
0`): what takes no longer there is not shared out. Where a step's members train
in turn, its parts are still those of all members at once.
"""

from typing import Callable, Dict, List

from absl import flags
import tensorflow as tf

from benchmarks import work as work_lib
from benchmarks.peers import ours
from reproduce import app, markdown, timing
from sobolev_tf import losses
from sobolev_tf.derivatives import four_products
from sobolev_tf.networks import mlp
from sobolev_tf.training import device, optimizers, xla

Update = Callable[[tf.Tensor], xla.Metrics]


def gradient(work: work_lib.Work, network: mlp.EnsembleMLP,
             rate: float = 1e-6) -> Update:
  """The gradient of the Sobolev loss, so much of which is subtracted."""
  x, y, dy_dx = (tf.constant(a) for a in (work.x, work.y, work.dy_dx))
  loss_of = losses.SobolevLoss(
      differentiate=four_products.value_and_derivatives)
  parameters = network.trainable_variables

  def update(unused_index):
    with tf.GradientTape() as tape:
      loss = loss_of(network, x, (y, dy_dx), batch_dims=2).reduce()
      total = tf.reduce_sum(loss)
    for parameter, part in zip(parameters, tape.gradient(total, parameters)):
      parameter.assign_sub(rate * part)
    return {"loss": loss}

  return update


def adam(network: mlp.EnsembleMLP) -> Update:
  """Adam on gradients that are given."""
  parameters = network.trainable_variables
  given = [tf.Variable(tf.ones_like(p)) for p in parameters]
  optimizer = optimizers.Adam(parameters, work_lib.LEARNING_RATE)

  def update(unused_index):
    optimizer.apply([tf.identity(gradient) for gradient in given], parameters)
    return {"loss": parameters[-1][..., 0]}

  return update


def products(work: work_lib.Work) -> Update:
  """z = h W, d W^T, t W and (h + t)^T d of the hidden layer, nothing else."""
  width = work.weights[1].shape[1]
  lead = [] if work.members == 1 else [work.members]
  h, d, t = (tf.Variable(tf.ones([*lead, work.batch_size, width]))
             for _ in range(3))
  w = tf.Variable(tf.eye(width, batch_shape=lead))
  to_w = tf.Variable(tf.zeros([*lead, width, width]))

  def update(unused_index):
    # Each of what the last step made: XLA can leave none out.
    to_w.assign(tf.matmul(h, d, transpose_a=True))
    h.assign(tf.matmul(h, w))
    d.assign(tf.matmul(d, w, transpose_b=True))
    t.assign(tf.matmul(t, w))
    return {"loss": tf.add_n([v[..., 0, 0] for v in (to_w, h, d, t)])}

  return update


def build(count: int, members: int) -> Dict[str, work_lib.Run]:
  """The step and its parts, at one size."""
  work = work_lib.make(count, members, True, batch_size=count)

  def network():
    return mlp.EnsembleMLP(range(members), work.x.shape[-1])

  parts = {
      "gradient": gradient(work, network()), "Adam": adam(network()),
      "products": products(work)}
  return {
      "step": ours.make(work, ours.FOUR._replace(compiler=ours.XLA)),
      **{name: ours.run_in_graph(xla.Step(lambda index: [], update))
         for name, update in parts.items()}}


def row(count: int, members: int) -> List[str]:
  """Times everything at one size: a row of the table."""
  runs = build(count, members)
  steps = max(xla.STEPS, flags.FLAGS.model_steps // members)
  seconds = timing.seconds_per_step(
      runs, lambda _: steps, flags.FLAGS.repeats)
  flops = 8 * members * count * mlp.HIDDEN_SIZES[0]**2
  return [f"{count:,}", str(members),
          *(f"{1e3 * value / members:.3f}" for value in seconds.values()),
          f"{1e-9 * flops / seconds['products']:.0f}"]


def main() -> None:
  """Times everything and prints the table."""
  print(f"Device: {device.prepare()}")
  print(markdown.table(
      ["n", "networks", "step, ms", "gradient, ms", "Adam, ms", "products, ms",
       "products, GFLOP/s"],
      [row(count, members)
       for count in app.numbers("sizes", flags.FLAGS.sizes, 1)
       for members in app.numbers("members", flags.FLAGS.members, 1)]))


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_list("sizes", ["20", "100"], "Points per step (full batches).")
  flags.DEFINE_list("members", ["1", "8"], "Sizes of the ensembles.")
  flags.DEFINE_integer("model_steps", 512, "Per repeat.", lower_bound=1)
  flags.DEFINE_integer("repeats", 7, "Timed repeats.", lower_bound=1)


if __name__ == "__main__":
  app.run(define_flags, main)
