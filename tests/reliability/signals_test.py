"""Signals that no step takes care of: an entrypoint ends, without a traceback.
"""

import signal
import subprocess
import sys

import pytest

# A process in the background of a script is started with SIGINT ignored.
AS_IN_A_TERMINAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
OUTSIDE = """
import time
from reproduce import app

def main():
  print("begun", flush=True)
  try:
    time.sleep(60)
  except BaseException:  # as TensorFlow's C++ may do with an exception
    time.sleep(60)

app.run(lambda: None, main)
"""
TRAINING = """
import time
from reproduce import app
from sobolev_tf.training import loop

def step(unused_index):
  print("begun", flush=True)
  while True:  # a step that does not end
    time.sleep(.1)

def main():
  loop.train(step, {}, loop.Schedule(1), compiled=False)

app.run(lambda: None, main)
"""
STOPPED = "Stopped; the same command goes on from what is stored."


@pytest.mark.parametrize("program, numbers, told", [
    (OUTSIDE, [signal.SIGINT], True),
    (OUTSIDE, [signal.SIGTERM], False),
    (TRAINING, [signal.SIGINT, signal.SIGINT], True),
    (TRAINING, [signal.SIGINT, signal.SIGTERM], False)],
    ids=["Ctrl-C", "SIGTERM", "Ctrl-C twice", "Ctrl-C, then SIGTERM"])
def test_the_signal_ends_the_process(program, numbers, told):
  with subprocess.Popen(
      [sys.executable, "-c", AS_IN_A_TERMINAL + program], text=True,
      stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
    try:
      assert process.stdout.readline() == "begun\n"
      for number in numbers[:-1]:
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):  # it waits for the step
          process.wait(1)
      process.send_signal(numbers[-1])
      _, text = process.communicate(timeout=30)
    finally:
      process.kill()
  assert process.returncode == -numbers[-1]
  assert (STOPPED in text) == told
  assert "Traceback" not in text
