"""Steps whose arithmetic XLA compiles, many to a program."""

import copy
from typing import Any, Callable, Mapping, Optional, Sequence

import tensorflow as tf

from sobolev_tf import errors
from sobolev_tf.training import turns as turns_lib

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
               update: Callable[..., Metrics], at_most: int = STEPS,
               data: Sequence[tf.Tensor] = (),
               turns: Optional[turns_lib.Turns] = None):
    """Splits a step into what XLA compiles and what it does not.

    Args:
      batch: takes a step's index (int64 scalar) and returns its tensors, of
        the same known shapes at every step; best small ones, such as positions
        in the data, since those of all steps of a program are kept. They must
        not depend on variables that `update` changes: all are taken before the
        first update. No tensors are fine.
      update: takes the index, the tensors and the data, changes variables, and
        returns the step's metrics.
      at_most: how many steps a program takes.
      data: the same at every step.
      turns: of an ensemble whose members train in turn: `update` changes the
        part's variables and is given the part's tensors and data, each of
        which has the members' axis first, as the metrics have.

    Raises:
      UserError: if `at_most` is below 1.
    """
    if at_most < 1:
      raise errors.UserError(f"at_most must be >= 1, got {at_most}.")
    self.at_most = at_most
    self._batch = batch
    self._update = update
    self._data = list(data)
    self._turns = turns
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
    tensors = self._batch(index)
    if self._turns is None:
      return self._take(index, tensors)
    batches = [t[tf.newaxis] for t in tensors]
    return self._take_turns(self._turns, index, index + 1, batches,
                            self._metrics(self._turns.size, batches))

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
      if self._turns is not None:
        return self._take_turns(self._turns, first, end, batches, {
            name: tf.TensorSpec([self._turns.size, *t.shape[1:]], t.dtype)
            for name, t in metrics.items()})
      return _loop(first, end, lambda at, index, unused_metrics: self._take(
          index, _gather(batches, at)), metrics)

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
    return self._observe(index, self._update(index, *tensors, *self._data))

  def _take_turns(self, turns: turns_lib.Turns, first: tf.Tensor,
                  end: tf.Tensor, batches: Sequence[tf.Tensor],
                  metrics: Mapping[str, tf.TensorSpec]) -> Metrics:
    """Each part takes the steps; then their metrics are observed together.

    Args:
      turns: whose part `update` changes.
      first: the index of the first step.
      end: the one after the last.
      batches: `[at_most, E, *]`, those of all steps.
      metrics: what `update` returns for a part.

    Returns:
      The metrics of the last step, zeros if there are no steps.
    """
    count = batches[0].shape[0] if batches else self.at_most
    results = {
        name: tf.TensorSpec([turns.size, count, *spec.shape[1:]], spec.dtype)
        for name, spec in metrics.items()}

    def steps(tensors):  # [P, count, *] of the batches, [P, *] of the data
      mine, data = tensors[:len(batches)], tensors[len(batches):]

      def take(at, index, history):
        metrics = self._update(index, *_gather(mine, at, axis=1), *data)
        return {name: array.write(at, metrics[name])
                for name, array in history.items()}

      history = _loop(first, end, take, {
          name: tf.TensorArray(
              spec.dtype, count, element_shape=[spec.shape[0], *spec.shape[2:]])
          for name, spec in results.items()})
      return {name: _swap(array.stack()) for name, array in history.items()}

    history = turns.take(
        steps, [*map(_swap, batches), *self._data], results)  # [E, count, *]
    return _loop(
        first, end, lambda at, index, unused_metrics: self._observe(
            index, {name: tf.gather(t, at, axis=1)
                    for name, t in history.items()}),
        {name: tf.zeros_like(t[:, 0]) for name, t in history.items()})

  def _metrics(self, members: int, batches: Sequence[tf.Tensor]
               ) -> Mapping[str, tf.TensorSpec]:
    """The shapes and types of what `update` returns for some members."""
    def part(tensor):
      return tf.TensorSpec([members, *tensor.shape[1:]], tensor.dtype)

    specs = tf.function(self._update).get_concrete_function(
        tf.TensorSpec([], tf.int64), *(part(t[0]) for t in batches),
        *map(part, self._data)).structured_outputs
    for name, spec in specs.items():
      if not spec.shape.rank or spec.shape[0] != members:
        raise errors.UserError(
            f"Members that train in turn need metrics with an entry for each, "
            f"but '{name}' of {members} members has the shape {spec.shape}.")
    return specs


def _loop(first: tf.Tensor, end: tf.Tensor, take: Callable[..., Any],
          initial: Any) -> Any:
  """Passes something through steps.

  Args:
    first: the index of the first step.
    end: the one after the last.
    take: takes how many steps came before (int32), the index and what the step
      before returned, and returns the same anew.
    initial: what the first step is given, returned if there are no steps.

  Returns:
    What the last step returned.
  """
  return tf.while_loop(
      lambda index, unused: index < end,
      lambda index, value: (
          index + 1, take(tf.cast(index - first, tf.int32), index, value)),
      (first, initial))[1]


def _gather(tensors: Sequence[tf.Tensor], at: tf.Tensor, axis: int = 0
            ) -> list[tf.Tensor]:
  # Not tensor[...], whose index XLA would compile in as a constant.
  return [tf.gather(tensor, at, axis=axis) for tensor in tensors]


def _swap(tensor: tf.Tensor) -> tf.Tensor:
  """The first two axes exchanged."""
  return tf.transpose(tensor, [1, 0, *range(2, tensor.shape.rank)])
