"""The distillation benchmark prints its table; its counts are right."""

from benchmarks import distillation
from sobolev_tf.atari import networks as atari


def test_table_has_every_game_and_method(command):
  status, out, _ = command(
      distillation, "--preset=smoke", "--repeats=1")
  assert status == 0
  rows = [[cell.strip() for cell in line.strip("|").split("|")]
          for line in out.splitlines()
          if line.startswith("| ")][2:]
  assert [row[1] for row in rows] == 3 * [
      "regular", "Sobolev", "exact Jacobians"]
  assert all(float(cell) > 0 for row in rows for cell in row[2:6])


def test_products_by_hand():
  # 20x20 outputs of 8x8x4 patches and 8 filters; 9x9 of 4x4x8 and 16; ...
  assert distillation.products(atari.SIZES["student-cpu"], 3) == {
      "first": 400 * 256 * 8,
      "rest": 81 * 128 * 16 + 1296 * 128 + 128 * 3}


def test_needed_by_hand():
  student, teacher = (
      atari.SIZES[name] for name in ("student-cpu", "teacher-cpu"))
  # Student: 819,200 in the first layer and 332,160 in the rest; teacher:
  # 1,638,400 and 663,552 + 451,584 + 401,408 + 768.
  assert distillation.needed("regular", student, teacher, 3) == 2_634_880
  assert distillation.needed("sobolev", student, teacher, 3) == 12_400_384
  assert distillation.needed("exact", student, teacher, 3) == 25_619_968
