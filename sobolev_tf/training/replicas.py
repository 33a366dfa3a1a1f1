"""Data parallelism: one batch on several devices, or on several hosts.

Every replica computes the step of its share of the batch; gradients and losses
are averaged, and each replica applies the same update to its own copy of the
variables (Sonnet's way, https://arxiv.org/abs/1902.00465). As all shares are
equally large, the mean over replicas of means over shares is the mean over the
whole batch, which is what one device computes. Batch normalisation takes its
moments over all replicas (`networks.normalisation`), and its gradients pass
through them; so gradients with respect to activations, and with them the
targets of synthetic gradients, are those of one device, too.

* One host: `snt.distribute.Replicator`, on GPUs or on virtual CPU devices.
* Several hosts: `MultiWorkerReplicator`. TF_CONFIG in each process's
  environment names all workers and which one it is; they must see the same
  output folder, to which the first ("chief") alone writes.
"""

import contextlib
import functools
import json
import os
from typing import Iterator, List, TypeVar, Union

import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors

T = TypeVar("T")


class MultiWorkerReplicator(tf.distribute.MultiWorkerMirroredStrategy):
  """`snt.distribute.Replicator` for several hosts.

  In its scope each replica owns its variables, as in Sonnet's, so that the
  optimizers here and modules of Sonnet work unchanged. (`snt.optimizers`
  refuse it by its name; those of `training.optimizers` do not ask.)
  """

  @contextlib.contextmanager
  def scope(self):
    """Makes variables every replica's own, as Sonnet's replicators do."""
    with super().scope(), tf.variable_creator_scope(_replica_local):
      yield


def _replica_local(next_creator, **options) -> tf.Variable:
  """Makes variables local to their replica unless told otherwise."""
  if options["synchronization"] == tf.VariableSynchronization.AUTO:
    options["synchronization"] = tf.VariableSynchronization.ON_READ
    if options["aggregation"] == tf.VariableAggregation.NONE:
      options["aggregation"] = tf.VariableAggregation.ONLY_FIRST_REPLICA
    if options["trainable"] is None:
      options["trainable"] = True
  return next_creator(**options)


@contextlib.contextmanager
def lost_workers_explained() -> Iterator[None]:
  """Turns what TensorFlow says when a worker dies into one sentence.

  To be used as a context, or as a decorator of a function.

  Raises:
    UserError: if another worker does not answer any more.
  """
  try:
    yield
  except (tf.errors.UnavailableError, tf.errors.AbortedError,
          tf.errors.CancelledError, tf.errors.DeadlineExceededError,
          tf.errors.FailedPreconditionError) as error:
    if workers() < 2:
      raise
    raise errors.UserError(
        "Another worker of this run has stopped or cannot be reached: start "
        "the same command on every worker again, it resumes from the last "
        "checkpoint.") from error


@lost_workers_explained()
def open_strategy(devices: int = 0) -> tf.distribute.Strategy:
  """The strategy to train with; call it before TensorFlow computes anything.

  Args:
    devices: replicas on this host; 0 or 1 for none. With several workers in
      TF_CONFIG, which use every GPU they see, it must be 0.

  Returns:
    TensorFlow's default strategy for a single replica, else a replicator.

  Raises:
    UserError: if TF_CONFIG is malformed or there are too few devices.
  """
  if workers() > 1:
    if devices:
      raise errors.UserError(
          "With several workers in TF_CONFIG each uses every GPU it sees: "
          "leave --devices out, and choose GPUs by CUDA_VISIBLE_DEVICES.")
    return MultiWorkerReplicator()
  if devices < 2:
    return tf.distribute.get_strategy()
  return snt.distribute.Replicator(_local_devices(devices))


def workers() -> int:
  """The number of workers in TF_CONFIG; 1 without it.

  Raises:
    UserError: if TF_CONFIG is malformed.
  """
  try:
    config = json.loads(os.environ.get("TF_CONFIG") or "{}")
    if not config:
      return 1
    cluster, task = config["cluster"], config["task"]
    hosts = [*cluster.get("chief", []), *cluster["worker"]]
    cluster[task["type"]][int(task["index"])]
  except (AttributeError, IndexError, KeyError, TypeError, ValueError
          ) as error:
    raise errors.UserError(
        "TF_CONFIG must be JSON such as {\"cluster\": {\"worker\": "
        "[\"host1:2222\", \"host2:2222\"]}, \"task\": {\"type\": \"worker\", "
        "\"index\": 0}}: set it so, or unset it to train on one host."
    ) from error
  return len(hosts)


def _local_devices(count: int) -> List[str]:
  """Names of GPUs or, on a host without any, virtual CPU devices."""
  gpus = tf.config.list_physical_devices("GPU")
  if gpus and len(gpus) < count:
    raise errors.UserError(
        f"{count} devices were asked for, but TensorFlow sees {len(gpus)} "
        "GPU(s): ask for fewer.")
  if not gpus:
    cpu = tf.config.list_physical_devices("CPU")[0]
    with contextlib.suppress(RuntimeError):  # it has started; see below
      tf.config.set_logical_device_configuration(
          cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    if len(tf.config.list_logical_devices("CPU")) < count:
      raise errors.UserError(
          f"{count} virtual CPU devices cannot be made once TensorFlow has "
          "started: open the strategy first.")
  kind = "GPU" if gpus else "CPU"
  return [f"{kind}:{index}" for index in range(count)]


def is_chief(strategy: tf.distribute.Strategy) -> bool:
  """Whether this process is the one that writes files."""
  resolver = strategy.cluster_resolver
  if resolver is None:
    return True
  first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
  return (resolver.task_type, resolver.task_id) == (first, 0)


def check_batch_size(strategy: Union[tf.distribute.Strategy,
                                     tf.distribute.ReplicaContext],
                     size: int) -> None:
  """Raises `UserError` if a batch cannot be shared out evenly."""
  count = strategy.num_replicas_in_sync
  if size % count:
    raise errors.UserError(
        f"A batch of {size} cannot be shared out evenly to {count} replicas: "
        "choose a number of devices that divides it.")


def share(batch: T) -> T:
  """This replica's rows of a batch; to be called on a replica.

  Args:
    batch: tensors `[B, ...]`, the same on every replica.

  Returns:
    Tensors `[B / replicas, ...]`.

  Raises:
    UserError: if B is not a multiple of the number of replicas.
  """
  replica = tf.distribute.get_replica_context()
  count = replica.num_replicas_in_sync
  if count == 1:
    return batch
  check_batch_size(replica, tf.nest.flatten(batch)[0].shape[0])
  return tf.nest.map_structure(
      lambda t: tf.reshape(t, [count, t.shape[0] // count, *t.shape[1:]])[
          replica.replica_id_in_sync_group], batch)


def averaged(values: T) -> T:
  """Means over replicas; to be called on a replica.

  Args:
    values: a structure of tensors, and of None, which stays None.

  Returns:
    The same structure of means, equal on every replica.
  """
  replica = tf.distribute.get_replica_context()
  flat = tf.nest.flatten(values)
  tensors = [value for value in flat if value is not None]
  if replica.num_replicas_in_sync > 1:
    tensors = replica.all_reduce("MEAN", tensors)
  means = iter(tensors)
  return tf.nest.pack_sequence_as(
      values, [None if value is None else next(means) for value in flat])


def run(strategy: tf.distribute.Strategy, function, *arguments):
  """Runs a function on every replica and returns the first one's results."""
  return tf.nest.map_structure(
      lambda value: strategy.experimental_local_results(value)[0],
      strategy.run(function, arguments))


@lost_workers_explained()
def from_chief(strategy: tf.distribute.Strategy, value: int) -> int:
  """What the chief says; returns once every worker has asked.

  Args:
    strategy: from `open_strategy`.
    value: in the chief what all are told, a small integer; of no account in
      other workers.

  Returns:
    The chief's value.
  """
  if strategy.cluster_resolver is None:
    return value
  # The mean over replicas, of which the chief's are some.
  total, share = _mean_over_workers(strategy)(tf.constant(
      [float(value), 1.] if is_chief(strategy) else [0., 0.])).numpy()
  return round(total / share)


@functools.cache
def _mean_over_workers(strategy: tf.distribute.Strategy):
  # `identity`: an argument has no device yet, which all-reducing asks for.
  return tf.function(lambda said: run(
      strategy, lambda value: averaged(tf.identity(value)), said))
