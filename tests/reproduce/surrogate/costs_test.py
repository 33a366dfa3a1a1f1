"""What labels cost."""

from reproduce.surrogate import costs


def test_costs_in_solves_of_five_inputs():
  assert costs.VALUES == 1
  assert costs.JACOBIAN == {
      "back-solves": 1.17, "forward sensitivities": 6,
      "central differences": 11}
