"""The sweep over Keras layers, and that the page is made from the tables."""

import pytest

from benchmarks.operations import layer_sweep, layers, page

CELLS = layer_sweep.COLUMNS[1:-1]
VERDICTS = {"right", "wrong", "missing", "undecided", "not vectorised",
            "not compilable", "fails"}


@pytest.mark.parametrize("name, by_tapes, through_door", [
    ("Rescaling", "right", "right"),
    ("LayerNormalization", "wrong", "right"),  # mended
    ("Resizing(nearest)", "missing", "missing"),
])
def test_the_table_can_be_made_again(name, by_tapes, through_door):
  row = layer_sweep.row(name, layers.settings()[name], door=True)
  assert set(row[1:10]) == {by_tapes} and set(row[10:12]) == {through_door}
  committed = {r["layer"]: r for r in page.read_layers()[1]}[name]
  assert row[1:-1] == [committed[column] for column in CELLS]
  if by_tapes == "missing":
    assert "ResizeNearestNeighborGrad" in row[-1]


def test_every_layer_and_combination_is_in_the_table():
  rows = page.read_layers()[1]
  assert len(rows) >= 60
  assert {row["layer"] for row in rows} <= set(layers.settings())
  assert {row[column] for row in rows for column in CELLS} <= VERDICTS


def test_the_page_is_what_the_tables_say():
  assert page.PAGE.read_text(encoding="utf-8") == page.text()
