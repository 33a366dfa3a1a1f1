"""Other ways to a step have the gradients of nested tapes."""

import pytest

from benchmarks import alternatives


@pytest.mark.parametrize("make", [
    alternatives.of_student, alternatives.of_vector, alternatives.of_hessian])
def test_gradients_are_those_of_nested_tapes(make):
  error = alternatives.apart(make(4))
  assert len(error) > 3
  for name, value in error.items():
    assert value < (.05 if name.startswith("differences") else 1e-5), name


def test_table_has_every_way(command):
  status, out, _ = command(
      alternatives, "--groups=vector", "--batch=3", "--steps=1", "--repeats=1")
  assert status == 0
  assert [line.split("|")[1].strip() for line in out.splitlines()
          if line.startswith("| ")][2:] == [
              "values alone", "nested tapes", "differences, 0.001",
              "differences, 0.01", "differences, 0.1"]
