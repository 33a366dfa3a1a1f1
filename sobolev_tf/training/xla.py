"""Steps whose arithmetic XLA compiles, several to a program."""

import copy
from typing import Any, Callable, List, Mapping, Sequence

import tensorflow as tf

Metrics = Mapping[str, Any]
# ours: a divisor of the loop's usual chunks, and most of the gain
UNROLL = 10


class Step:
  """A training step of which XLA compiles all but the choice of the data.

  A program of XLA is given the variables that it changes and returns new
  ones, and a call of it costs more than a call of an operation. So
  `loop.train` unrolls it: `unroll` steps in one program where there are so
  many up to the next stop. Programs of one and of many steps compute the same
  but for rounding.
  """

  def __init__(self, batch: Callable[[tf.Tensor], Sequence[tf.Tensor]],
               update: Callable[..., Metrics], unroll: int = UNROLL):
    """Splits a step into what XLA compiles and what it does not.

    Args:
      batch: takes a step's index (int64 scalar) and returns its tensors. They
        must not depend on variables that `update` changes: all batches of a
        program are taken before its first update.
      update: takes the index and the tensors, changes variables, and returns
        the step's metrics.
      unroll: how many steps a program takes.
    """
    self.unroll = unroll
    self._batch = batch
    self._observe = lambda index, metrics: metrics

    @tf.function(jit_compile=True)
    def updates(indices, batches):
      return [update(index, *tensors)
              for index, tensors in zip(indices, batches)]

    self._updates = updates

  def observed(self, observe: Callable[[tf.Tensor, Metrics], Metrics]
               ) -> "Step":
    """This step, with the index and metrics of each passed through a function.
    """
    made = copy.copy(self)
    made._observe = observe
    return made

  def __call__(self, index: tf.Tensor) -> Metrics:
    """Takes the step of an index."""
    return self._take([index])[0]

  def unrolled(self, index: tf.Tensor) -> List[Metrics]:
    """Takes `unroll` steps from an index on: their metrics."""
    return self._take([index + ahead for ahead in range(self.unroll)])

  def _take(self, indices: Sequence[tf.Tensor]) -> List[Metrics]:
    taken = self._updates(indices, [self._batch(index) for index in indices])
    return [self._observe(index, metrics)
            for index, metrics in zip(indices, taken)]
