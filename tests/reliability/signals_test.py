"""Ctrl-C outside of training, where no loop takes care of it."""

import signal
import subprocess
import sys

PROGRAM = """
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


def test_control_c_ends_the_process_even_where_exceptions_are_swallowed():
  with subprocess.Popen(
      [sys.executable, "-c", PROGRAM], text=True, stdout=subprocess.PIPE,
      stderr=subprocess.PIPE) as process:
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=30)
  assert process.returncode == -signal.SIGINT
  assert "Stopped; the same command resumes." in text
  assert "Traceback" not in text
