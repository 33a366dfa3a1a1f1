"""What the benchmarks measure beside time: memory, the machine, its limit."""

import gc
import os
import pathlib
import platform
import re
from typing import Any, Callable

import tensorflow as tf


def machine() -> str:
  """The processor's model and the number of cores, "AMD EPYC, 2 cores"."""
  model = platform.processor() or platform.machine()
  cpuinfo = pathlib.Path("/proc/cpuinfo")
  if cpuinfo.exists():
    names = re.findall(r"^model name\s*: (.*)$", cpuinfo.read_text(), re.M)
    model = names[0] if names else model
  return f"{model}, {os.cpu_count()} cores"


def products(members: int, batch: int, width: int) -> Callable[[int], None]:
  """The three batched products of a hidden layer and nothing else.

  Args:
    members: E.
    batch: B.
    width: H of both sides of the layer.

  Returns:
    A function that computes all three a number of times: `[E, B, H]` by
    `[E, H, H]`, by its transpose, and `[E, H, B]` by `[E, B, H]`, which are
    6 E B H^2 floating-point operations.
  """
  h, w = tf.ones([members, batch, width]), tf.eye(
      width, batch_shape=[members])

  @tf.function
  def run(count):
    forward, back, inner = h, h, w
    for _ in tf.range(count):  # each on its own result: none is left out
      forward = tf.matmul(forward, w)
      back = tf.matmul(back, w, transpose_b=True)
      inner = tf.matmul(h, back, transpose_a=True)
    return forward[0, 0, 0] + back[0, 0, 0] + inner[0, 0, 0]

  return lambda count: run(tf.constant(count)).numpy()


def peak_memory(run: Callable[[], Any]) -> float:
  """Growth of this process's memory while something runs.

  Args:
    run: what to do.

  Returns:
    MiB between the resident memory before and its highest value; NaN where
    the system does not tell (it is Linux's /proc that does).
  """
  gc.collect()
  status, reset = (pathlib.Path("/proc/self") / name
                   for name in ("status", "clear_refs"))
  try:
    reset.write_text("5", encoding="ascii")  # forgets the highest value
    before = _kib(status, "VmRSS")
    run()
    return (_kib(status, "VmHWM") - before) / 1024
  except OSError:
    run()
    return float("nan")


def _kib(status: pathlib.Path, name: str) -> int:
  return int(re.findall(rf"{name}:\s*(\d+) kB", status.read_text())[0])
