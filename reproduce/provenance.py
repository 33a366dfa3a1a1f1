"""What computed a row: this repository's commit, versions and the device."""

import functools
import pathlib
import platform
import subprocess

import numpy as np
import sonnet as snt
import tensorflow as tf


@functools.cache
def commit() -> str:
  """The commit that this process began with; see `commit_now`."""
  return commit_now()


def commit_now() -> str:
  """The repository's commit, with "+" if files differ from it.

  Those in `results/` do not count: they are what is computed.
  """
  here = pathlib.Path(__file__).resolve().parent
  def git(*arguments):
    return subprocess.run(
        ["git", "-C", str(here), *arguments], capture_output=True, text=True,
        check=True).stdout.strip()
  try:
    return git("rev-parse", "--short", "HEAD") + (
        "+" if git("status", "--porcelain", "--", ":/", ":(top,exclude)results")
        else "")
  except (OSError, subprocess.CalledProcessError):
    return "unknown"


@functools.cache
def versions() -> str:
  """Versions of what computed a row, and the device."""
  gpus = tf.config.list_physical_devices("GPU")
  device = "cpu"
  if gpus:
    details = tf.config.experimental.get_device_details(gpus[0])
    device = details.get("device_name", "gpu")
  return (f"python {platform.python_version()}; tensorflow {tf.__version__}; "
          f"sonnet {snt.__version__}; numpy {np.__version__}; {device}")
