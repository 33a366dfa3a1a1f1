"""The sweep over Keras layers, and that the page is made from the tables."""

import pytest

from benchmarks.operations import layer_sweep, layers, page


@pytest.mark.parametrize("name, cells", [
    ("Dense", {"right"}), ("Activation(softsign)", {"missing"}),
    ("LayerNormalization", {"wrong"})])
def test_layers(name, cells):
  row = layer_sweep.row(name, layers.settings()[name])
  assert len(row) == len(layer_sweep.COLUMNS)
  assert set(row[1:10]) == cells
  _, rows = page.read_layers()
  committed = {r["layer"]: r for r in rows}[name]
  assert row[1:10] == [committed[c] for c in layer_sweep.COLUMNS[1:10]]


def test_through_the_door():
  row = layer_sweep.row("Dense", layers.settings()["Dense"], door=True)
  assert row[10:12] == ["right", "right"]


def test_at_least_sixty_layers_are_in_the_table():
  _, rows = page.read_layers()
  assert len(rows) >= 60
  assert {row["layer"] for row in rows} <= set(layers.settings())


def test_the_page_is_what_the_tables_say():
  assert page.PAGE.read_text(encoding="utf-8") == page.text()
