"""The benchmark of terms runs and prints its table."""

from benchmarks import terms


def test_table_has_every_variant(command):
  status, out, _ = command(
      terms, "--groups=jacobian", "--batch=3", "--steps=1", "--repeats=1")
  assert status == 0
  rows = [[cell.strip() for cell in line.strip("|").split("|")]
          for line in out.splitlines() if line.startswith("| ")][2:]
  assert [row[1] for row in rows] == [
      "constant weights", "2 of 5 inputs", "standardise", "likelihood",
      "SoftAdapt"]
  assert all(row[0] == "jacobian" and float(row[2]) > 0 for row in rows)
  assert rows[0][3] == "1.00"
