"""Other ways to a step have the gradients of nested tapes."""

import tensorflow as tf

from benchmarks import alternatives


def test_hessians_by_forward_mode():
  error = alternatives.relative_errors(alternatives.of_hessian(4))
  assert len(error) == 4 and max(error.values()) < 1e-5


def test_differences_of_a_smooth_network():
  error = alternatives.relative_errors(alternatives.of_vector(4, tf.tanh))
  assert error["differences, 0.001"] < 2e-3
  assert error["differences, 0.01"] < 2e-2
  # Of the first order in the step.
  assert error["differences, 0.1"] > 3 * error["differences, 0.01"]


def test_a_student_has_ways_and_parts():
  ways = alternatives.of_student(2)
  error = alternatives.relative_errors(ways)
  assert error["values alone"] == error["nested tapes"] == 0
  assert [name for name in ways if name not in error] == [
      f"part: {whose}'s {what}" for whose in ("teacher", "student")
      for what in ("value", "derivative")]


def test_table_has_every_way(command):
  status, out, _ = command(
      alternatives, "--groups=vector", "--batch=3", "--steps=1", "--repeats=1")
  assert status == 0
  assert [line.split("|")[1].strip() for line in out.splitlines()
          if line.startswith("| ")][2:] == [
              "values alone", "nested tapes", "differences, 0.001",
              "differences, 0.01", "differences, 0.1"]
