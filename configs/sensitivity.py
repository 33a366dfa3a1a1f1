"""Settings of the sensitivity run: scaling and learning rate, Section 4.1.

Every setting is tried for both methods alike, on validation points and on
seeds that no reported run uses. From its rows come Figure 2's settings
(`reproduce.regression.sensitivity.rank`): the scaling of `quick` at Adam's
customary learning rate, and for `tuned` one scaling and for each method its
own best learning rate.
"""

import dataclasses
from typing import Mapping

from configs import figure2, regression

_SETTINGS = tuple(
    dataclasses.replace(
        figure2.QUICK, inputs=inputs, targets=targets,
        learning_rates=regression.LearningRates(rate, rate),
        gradients="nested", xla=False)  # ours: as its committed rows were made
    for inputs in regression.SCALINGS
    for targets in regression.SCALINGS
    for rate in (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, .1))  # ours: to too high

PRESETS: Mapping[str, figure2.Config] = {
    "quick": dataclasses.replace(
        figure2.PRESETS["quick"],
        sizes=(20, 100),  # ours: 10000 costs as much again
        seeds=(100, 101),  # ours: none that is reported
        settings=_SETTINGS, stream="validation", points=2_000),
    "smoke": dataclasses.replace(
        figure2.PRESETS["smoke"], seeds=(100, 101), stream="validation",
        settings=tuple(
            dataclasses.replace(
                figure2.PRESETS["smoke"].settings[0], targets=targets,
                gradients="nested", xla=False)  # as `quick`
            for targets in regression.SCALINGS)),
}
