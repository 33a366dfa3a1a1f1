"""Steps whose arithmetic XLA compiles, many to a program."""

import copy
from typing import Any, Callable, Mapping, Sequence

import tensorflow as tf

from sobolev_tf import errors

Metrics = Mapping[str, Any]
# ours: a divisor of the loop's usual chunks; more was not faster
STEPS = 50


class Step:
  """A training step of which XLA compiles all but the choice of the data.

  A program of XLA is given the variables that it changes and returns new
  ones, and a call of it costs more than a call of an operation. So
  `loop.train` has one program take many steps in a loop: as many as there are
  up to the next stop, or `at_most`. Every step is the same code in the same
  program, so how many steps a call takes does not change what they compute.
  """

  def __init__(self, batch: Callable[[tf.Tensor], Sequence[tf.Tensor]],
               update: Callable[..., Metrics], at_most: int = STEPS):
    """Splits a step into what XLA compiles and what it does not.

    Args:
      batch: takes a step's index (int64 scalar) and returns its tensors, of
        the same known shapes at every step; best small ones, such as positions
        in the data, since those of all steps of a program are kept. They must
        not depend on variables that `update` changes: all are taken before the
        first update. No tensors are fine.
      update: takes the index and the tensors, changes variables, and returns
        the step's metrics.
      at_most: how many steps a program takes.

    Raises:
      UserError: if `at_most` is below 1.
    """
    if at_most < 1:
      raise errors.UserError(f"at_most must be >= 1, got {at_most}.")
    self.at_most = at_most
    self._batch = batch
    self._update = update
    self._observe = lambda index, metrics: metrics

  def observed(self, observe: Callable[[tf.Tensor, Metrics], Metrics]
               ) -> "Step":
    """This step, with the index and metrics of each passed through a function.

    XLA compiles that function, too.
    """
    made = copy.copy(self)
    made._observe = observe
    return made

  def __call__(self, index: tf.Tensor) -> Metrics:
    """Takes the step of an index, not compiled."""
    return self._take(index, self._batch(index))

  def compiled(self, metrics: Metrics
               ) -> Callable[[tf.Tensor, tf.Tensor], Metrics]:
    """Compiles the steps.

    Args:
      metrics: what is returned where there are no steps, of the shapes and
        types of a step's.

    Returns:
      A function of the first index and the one after the last, at most
      `at_most` later, which takes these steps and returns the metrics of the
      last one.
    """

    @tf.function(jit_compile=True)
    def program(first, end, batches):  # batches: [at_most, *]
      def take(index, unused_metrics):
        # Not tensor[...], whose index XLA would compile in as a constant.
        tensors = [tf.gather(tensor, index - first) for tensor in batches]
        return index + 1, self._take(index, tensors)

      return tf.while_loop(
          lambda index, _: index < end, take, (first, metrics))[1]

    def run(first, end):
      tensors = self._batch(first)
      arrays = [
          tf.TensorArray(t.dtype, self.at_most, element_shape=t.shape).write(
              0, t) for t in tensors]
      if tensors:
        for index in tf.range(first + 1, end):
          at = tf.cast(index - first, tf.int32)
          arrays = [array.write(at, t)
                    for array, t in zip(arrays, self._batch(index))]
      return program(first, end, [array.stack() for array in arrays])

    return run

  def _take(self, index: tf.Tensor, tensors: Sequence[tf.Tensor]) -> Metrics:
    return self._observe(index, self._update(index, *tensors))
