"""Settings of the recordings (Section 4.2): the only home of them.

Paper, caption of Figure 4: 100,000 recorded states. Not stated: how they were
played. Ours: actions sampled from the teacher's policy.
"""

import dataclasses
from typing import Mapping


@dataclasses.dataclass(frozen=True)
class RecordingConfig:
  """How much is recorded.

  Attributes:
    copies: N, games played side by side.
    length: T, agent steps of each; where a game ends the next one starts.
  """
  copies: int
  length: int


PRESETS: Mapping[str, RecordingConfig] = {
    # Long enough for two games of Pong between equals.
    "full": RecordingConfig(copies=20, length=5000),
    "smoke": RecordingConfig(copies=2, length=250),
}

SEED = 20_000  # none that teachers are trained or evaluated with
