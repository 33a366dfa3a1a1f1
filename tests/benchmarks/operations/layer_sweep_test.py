"""The sweep over Keras layers, and that the page is made from the tables."""

import pytest

from benchmarks.operations import layer_sweep, layers, page


@pytest.mark.parametrize("name, cells", [
    ("UnitNormalization", {"right"}), ("LayerNormalization", {"wrong"})])
def test_the_table_can_be_made_again(name, cells):
  row = layer_sweep.row(name, layers.settings()[name])
  assert len(row) == len(layer_sweep.COLUMNS)
  assert set(row[1:10]) == cells
  committed = {r["layer"]: r for r in page.read_layers()[1]}[name]
  assert row[1:10] == [committed[c] for c in layer_sweep.COLUMNS[1:10]]


def test_a_missing_gradient():
  name = "Activation(softsign)"
  row = layer_sweep.row(name, layers.settings()[name])
  assert set(row[1:10]) == {"missing"} and "SoftsignGrad" in row[-1]


@pytest.mark.parametrize("name", ["Dense", "LayerNormalization"])
def test_through_the_door(name):
  row = layer_sweep.row(name, layers.settings()[name], door=True)
  assert row[10:12] == ["right", "right"]


def test_at_least_sixty_layers_can_be_swept():
  settings = layers.settings()
  assert len(settings) >= 60
  assert {row["layer"] for row in page.read_layers()[1]} <= set(settings)


def test_the_page_is_what_the_tables_say():
  assert page.PAGE.read_text(encoding="utf-8") == page.text()
