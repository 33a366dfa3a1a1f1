"""Entrypoints: one module per artefact of the paper, run with `python -m`."""

import contextlib
import importlib.util
import os
import sys
import tempfile
from typing import Iterator

# Before TensorFlow is imported: oneDNN's matrix products are about twice as
# fast on CPUs for which TensorFlow does not choose them by itself.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@contextlib.contextmanager
def _quiet_import() -> Iterator[None]:
  """Holds back what TensorFlow's C++ prints at import, unless it fails."""
  stderr = os.dup(2)
  with tempfile.TemporaryFile() as held:
    os.dup2(held.fileno(), 2)
    try:
      yield
    except BaseException:
      held.seek(0)
      os.write(stderr, held.read())
      raise
    finally:
      os.dup2(stderr, 2)
      os.close(stderr)


if importlib.util.find_spec("tensorflow") is None:
  print("error: This Python has no TensorFlow: activate the environment "
        "(. .venv/bin/activate) or make it first (make .venv/.ready).",
        file=sys.stderr)
  sys.exit(2)
sys.stderr.flush()
with _quiet_import():
  import tensorflow as tf
  tf.config.list_physical_devices("GPU")  # its CUDA notes come here
