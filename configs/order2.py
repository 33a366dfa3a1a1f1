"""Settings of Figure 2's experiment with second derivatives.

Section 2 defines Sobolev Training for any order; Section 4.1 stops at the
first, because a ReLU network's second derivatives are zero. Everything is as
in Figure 2's `quick` preset but the activation, the width, the number of steps
and the learning rate: of five, 1e-2 has the lowest mean log10 error of the
value on validation points for each of the four methods (results/order2/tuning;
a test compares them). The derivatives' weight is Eq. 1's, 1, and was not tuned.
"""

import dataclasses
from typing import Mapping, Tuple

from configs import figure2, regression

METHODS: Tuple[str, ...] = tuple(regression.METHODS)

_SETTINGS = dataclasses.replace(
    figure2.QUICK,
    activation="tanh",  # ours: smooth
    hidden_sizes=(64, 64),  # ours: Hessians of 256 units take minutes
    learning_rates=regression.LearningRates(  # ours: see above
        regular=1e-2, sobolev=1e-2),
    gradients="nested",  # ours: four products stop at order 1
    xla=False,  # ours: as its committed rows were made
    derivative_weight=1.,  # of both orders, as Eq. 1 has them
    steps=1_500,  # ours: all of it in about 5 minutes of CPU
)
_CPU = dataclasses.replace(
    figure2.PRESETS["quick"],
    sizes=(20, 100),  # ours: where Section 4.1 says the effect is strongest
    seeds=tuple(range(5)),  # ours: intervals, at least
    settings=(_SETTINGS,), points=2_000,  # ours: Hessians of 10,000 take longer
    seeds_per_part=3)

PRESETS: Mapping[str, figure2.Config] = {
    "cpu": _CPU,
    # Every rate for every method, on validation points and on seeds that no
    # reported run uses.
    "tuning": dataclasses.replace(
        _CPU, seeds=(100, 101, 102), stream="validation", settings=tuple(
            dataclasses.replace(
                _SETTINGS, learning_rates=regression.LearningRates(rate, rate))
            for rate in (1e-3, 3e-3, 1e-2, 3e-2, .1))),
    "quick": dataclasses.replace(  # ours: half a minute of CPU
        _CPU, sizes=(20,), seeds=(0, 1, 2),
        settings=(dataclasses.replace(_SETTINGS, steps=500),),
        points=1_000),
    "smoke": dataclasses.replace(
        _CPU, functions=("booth", "styblinski_tang"), sizes=(20,),
        seeds=(0, 1), settings=(dataclasses.replace(
            _SETTINGS, hidden_sizes=(16, 16), steps=60),),
        points=200, seeds_per_part=2),
}
