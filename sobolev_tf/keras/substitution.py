"""Operations that TensorFlow differentiates wrongly twice, replaced in place.

Keras's layers call `tf.nn.moments` and the like by these names, so inside
`corrected()` the names stand for operations with right derivatives of every
order. Only the thread that has entered the context gets them, and with the
last thread's exit the names stand for TensorFlow's own again.
"""

import contextlib
import functools
import threading
from typing import Any, Callable, Iterator, List, NamedTuple

import keras
import tensorflow as tf

from sobolev_tf.keras import batch_norm


class Substitute(NamedTuple):
  """What a name stands for inside the context.

  Attributes:
    owner: a module or class.
    name: of its attribute.
    function: takes what the attribute does, behind the attribute itself.
  """
  owner: Any
  name: str
  function: Callable


def moments(original, x, axes, shift=None, keepdims=False, name=None):
  """`tf.nn.moments` without its `stop_gradient` on the mean.

  That is harmless in a first derivative only.
  """
  del original, shift  # unused by TensorFlow, too
  with tf.name_scope(name or "moments"):
    x = tf.convert_to_tensor(x)
    wide = tf.cast(x, tf.float32) if x.dtype == tf.float16 else x
    mean = tf.reduce_mean(wide, axes, keepdims=True)
    variance = tf.reduce_mean(tf.square(wide - mean), axes, keepdims=True)
    if not keepdims:
      mean, variance = (tf.squeeze(m, axes) for m in (mean, variance))
    return tf.cast(mean, x.dtype), tf.cast(variance, x.dtype)


_SUBSTITUTES = (
    Substitute(tf.nn, "moments", moments),
    Substitute(keras.layers.BatchNormalization, "call", batch_norm.call),
)
_LOCK = threading.Lock()
_ACTIVE = threading.local()  # .depth: contexts that this thread is in
_originals: List[Callable] = []  # in place of which wrappers stand
_users = 0  # threads' contexts that are open


@contextlib.contextmanager
def corrected() -> Iterator[None]:
  """In this thread, the names stand for the substitutes."""
  global _users
  with _LOCK:
    if not _users:
      _install()
    _users += 1
  _ACTIVE.depth = getattr(_ACTIVE, "depth", 0) + 1
  try:
    yield
  finally:
    _ACTIVE.depth -= 1
    with _LOCK:
      _users -= 1
      if not _users:
        _uninstall()


def _install() -> None:
  for owner, name, function in _SUBSTITUTES:
    original = getattr(owner, name)
    _originals.append(original)
    setattr(owner, name, _dispatching(original, function))


def _uninstall() -> None:
  for owner, name, _ in reversed(_SUBSTITUTES):
    setattr(owner, name, _originals.pop())


def _dispatching(original: Callable, function: Callable) -> Callable:
  """Calls the substitute in threads inside the context."""
  @functools.wraps(original)
  def call(*args, **kwargs):
    if getattr(_ACTIVE, "depth", 0):
      return function(original, *args, **kwargs)
    return original(*args, **kwargs)
  return call
