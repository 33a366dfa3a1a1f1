"""Settings of the sensitivity run: scaling and learning rate, Section 4.1.

Every choice is tried for both methods alike, on validation points and on
seeds that no reported run uses. `configs.figure2.QUICK` takes the choice with
the lowest mean rank over functions, sizes and both methods together
(`reproduce.sections.sensitivity.choose`).
"""

import dataclasses
from typing import Mapping

from configs import figure2
from sobolev_tf import scaling

_SETTINGS = tuple(
    dataclasses.replace(
        figure2.QUICK, inputs=inputs, targets=targets, learning_rate=rate)
    for inputs in scaling.CHOICES
    for targets in scaling.CHOICES
    for rate in (3e-4, 1e-3, 3e-3))  # ours: around Adam's usual 1e-3

PRESETS: Mapping[str, figure2.Config] = {
    "quick": dataclasses.replace(
        figure2.PRESETS["quick"],
        sizes=(20, 100),  # ours: 10000 costs as much again
        seeds=(100, 101),  # ours: none that is reported
        settings=_SETTINGS, stream="validation", points=2_000),
    "smoke": dataclasses.replace(
        figure2.PRESETS["smoke"], seeds=(100, 101), stream="validation",
        settings=tuple(
            dataclasses.replace(figure2.PRESETS["smoke"].settings[0],
                                targets=targets)
            for targets in scaling.CHOICES)),
}
