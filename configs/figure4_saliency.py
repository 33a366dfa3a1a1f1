"""Settings of the pictures of what Figure 4's students look at."""

import dataclasses
from typing import Mapping

from configs import figure4

PRESETS: Mapping[str, figure4.Config] = {
    "cpu": dataclasses.replace(
        figure4.PRESETS["cpu"],
        # ours: the smallest share, where the paper sees the largest effect; no
        # test rows chose it
        percentages=(1.,),
        derivative_states=200,  # ours: seconds per student
        score_games=0, timing_repeats=0),
    "smoke": dataclasses.replace(
        figure4.PRESETS["smoke"], seeds=(0,), derivative_states=5,
        timing_repeats=0),
}
