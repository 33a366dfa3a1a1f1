"""What labels cost, in solves of the plant without derivatives.

Rules, not timings, which depend on the solver. With D inputs:

* values alone: 1;
* back-solves with a factorisation that the solve holds: as the notebook
  measured;
* forward sensitivities, as here: a linear system as large as the plant per
  input beside the plant, 1 + D;
* central differences: two solves per input beside the plant's, 1 + 2 D.
"""

from typing import Mapping

from reproduce import published
from reproduce.surrogate import reactor

_D = len(reactor.INPUTS)
VALUES = 1.
JACOBIAN: Mapping[str, float] = {
    "back-solves": published.SURROGATE_BACK_SOLVES,
    "forward sensitivities": 1. + _D,
    "central differences": 1. + 2 * _D,
}
