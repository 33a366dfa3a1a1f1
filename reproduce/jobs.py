"""Several processes of this machine share one run.

`--jobs=N` starts N - 1 further processes of the same command, its helpers. All
of them take parts from the same folder (`reproduce.run`), each with its share
of the cores. A helper that dies is no loss: its part is taken by another
process.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import IO, Iterator, List, Sequence, Tuple

import tensorflow as tf

_HELPER = "SOBOLEV_TF_HELPER"  # set in a helper's environment
_PATIENCE = 60.  # seconds in which a helper ends after SIGTERM
# Statuses of helpers that ended as they should: by themselves, or stopped.
_EXPECTED = (0, -signal.SIGINT, 128 + signal.SIGINT,
             -signal.SIGTERM, 128 + signal.SIGTERM)


def is_helper() -> bool:
  """Whether this process was started by another one's `--jobs`."""
  return _HELPER in os.environ


def cores() -> int:
  """The number of cores that this process may use."""
  return len(os.sched_getaffinity(0))


def share_cores(jobs: int) -> None:
  """Limits TensorFlow's threads to this process's share of the cores.

  One operation runs at a time: `AddN`, which adds up gradients, starts with
  the input whose buffer it can reuse, so that among several operations at a
  time sums of three differ in the last digit from one execution to the next.

  Args:
    jobs: number of processes; 1 leaves TensorFlow's default within an
      operation.
  """
  with contextlib.suppress(RuntimeError):  # TensorFlow has started
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if jobs > 1:
      tf.config.threading.set_intra_op_parallelism_threads(
          max(1, cores() // jobs))


def use_one_thread() -> None:
  """Makes rows of convolutions independent of --jobs and of the cores.

  On a CPU the gradient of a convolution is summed in pieces, one per thread.
  """
  if not tf.config.list_physical_devices("GPU"):
    with contextlib.suppress(RuntimeError):  # TensorFlow has started
      tf.config.threading.set_intra_op_parallelism_threads(1)


@contextlib.contextmanager
def helpers(module: str, arguments: Sequence[str], jobs: int
            ) -> Iterator[None]:
  """Runs helpers while the block runs.

  Args:
    module: the command's module, such as "reproduce.figure2".
    arguments: its flags.
    jobs: number of processes, this one included.
  """
  started: List[Tuple[subprocess.Popen, IO[bytes]]] = []
  try:
    for _ in range(jobs - 1):
      said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _wait
      started.append((subprocess.Popen(
          [sys.executable, "-m", module, *arguments, "--nooverwrite"],
          stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said,
          env={**os.environ, _HELPER: "1"}), said))
    yield
  finally:
    for process, _ in started:
      if process.stdin:
        process.stdin.close()  # see `end_with_parent`
    for process, output in started:
      _wait(process, output)


def end_with_parent() -> None:
  """In a helper: asks it to stop when the process that started it is gone."""
  def watch():
    # Returns when the other end closes. Not `sys.stdin.buffer.read()`: its
    # lock, held by a daemon thread, aborts a helper that ends by itself.
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)

  threading.Thread(target=watch, daemon=True).start()


def _wait(process: subprocess.Popen, said: IO[bytes]) -> None:
  """Waits for a helper's end and passes on why it failed, if it did."""
  try:
    status = process.wait(_PATIENCE)
  except subprocess.TimeoutExpired:
    process.kill()  # what is on the disk is as safe as from any kill
    process.wait()
    status = -signal.SIGTERM  # it was asked to stop
  with said:
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines()
  if status not in _EXPECTED:
    print("A helper process ended early: "
          f"{lines[-1] if lines and status > 0 else f'status {status}'}",
          file=sys.stderr)
