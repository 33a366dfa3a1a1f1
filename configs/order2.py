"""Settings of Figure 2's experiment with second derivatives.

Section 2 defines Sobolev Training for any order; Section 4.1 stops at the
first, because a ReLU network's second derivatives are zero. Everything is as
in Figure 2's `quick` preset but the activation and the number of steps.
"""

import dataclasses
from typing import Mapping, Tuple

from configs import figure2
from sobolev_tf.training import regression

METHODS: Tuple[str, ...] = tuple(regression.ALL_METHODS)

_SETTINGS = dataclasses.replace(
    figure2.QUICK,  # Adam's customary rate for all methods: none is tuned
    activation="tanh",  # ours: smooth, and cheaper than softplus
    gradients="nested",  # ours: four products stop at order 1
    derivative_weight=1.,  # of both orders, as Eq. 1 has them
    steps=1_500,  # ours: about 5 minutes of CPU, by the cost of a step
)
_CPU = dataclasses.replace(
    figure2.PRESETS["quick"],
    sizes=(20, 100),  # ours: where Section 4.1 says the effect is strongest
    seeds=tuple(range(5)),  # ours: intervals, at least
    settings=(_SETTINGS,), points=2_000,  # ours: Hessians of 10,000 take longer
    seeds_per_part=3)

PRESETS: Mapping[str, figure2.Config] = {
    "cpu": _CPU,
    "quick": dataclasses.replace(
        _CPU, sizes=(20,), seeds=(0, 1, 2),
        settings=(dataclasses.replace(_SETTINGS, steps=500),),  # meant: 1 min
        points=1_000),
    "smoke": dataclasses.replace(
        _CPU, functions=("booth", "styblinski_tang"), sizes=(20,),
        seeds=(0, 1), settings=(dataclasses.replace(
            _SETTINGS, hidden_sizes=(16, 16), steps=60),),
        points=200, seeds_per_part=2),
}
