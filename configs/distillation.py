"""Settings of one distilled student (Section 4.2), checked."""

import dataclasses
import math
from typing import Mapping

from sobolev_tf import errors, losses
from sobolev_tf.atari import networks
from sobolev_tf.losses import pointwise

DISTANCES: Mapping[str, pointwise.PointwiseLoss] = {
    "norm": losses.norm,  # paper §4.2
    "squared": losses.squared_error,  # ours: of the controls
}
VALIDATION_SHARE = .1  # ours: the paper states no validation set
# ours: 1 % of the grey range; a few pixels of a ball elsewhere are more
NEAR = 2.55


@dataclasses.dataclass(frozen=True)
class Trial:
  """What is tuned, for each method with the same number of trials.

  Attributes:
    learning_rate: Adam's, at the start.
    alpha: weight of the derivatives; 0 for methods without.
    noise: standard deviation of the noise on pixels in [0, 1]; 0 for methods
      without.
    centred: whether the student subtracts the mean frame of its training
      states (LeCun et al., Efficient BackProp, 1998, section 4.3).
  """
  learning_rate: float
  alpha: float = 0.
  noise: float = 0.
  centred: bool = False

  def check(self) -> None:
    """Raises `UserError` if a setting is out of range."""
    if not 0 < self.learning_rate < math.inf:
      raise errors.UserError(
          f"learning_rate must be finite and > 0, got {self.learning_rate}.")
    for name in ("alpha", "noise"):
      if not 0 <= getattr(self, name) < math.inf:
        raise errors.UserError(
            f"{name} must be finite and >= 0, got {getattr(self, name)}.")


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to train a student; the values live in `configs/`.

  Attributes:
    network: the student's size, a key of `sobolev_tf.atari.networks.SIZES`.
    steps: number of updates.
    warmup_steps: over this many first updates the learning rate rises
      linearly.
    batch_size: states per update.
    distance: between derivatives, a key of `DISTANCES`.
    evaluate_every: steps between measurements.
    evaluation_states: of each part at most this many, evenly spaced.
    checkpoint_every: steps between checkpoints.
  """
  network: str
  steps: int
  warmup_steps: int
  batch_size: int
  distance: str
  evaluate_every: int
  evaluation_states: int
  checkpoint_every: int

  def check(self) -> None:
    """Raises `UserError` if a setting is out of range."""
    for name in ("steps", "batch_size", "evaluate_every", "evaluation_states",
                 "checkpoint_every"):
      if getattr(self, name) < 1:
        raise errors.UserError(
            f"{name} must be >= 1, got {getattr(self, name)}.")
    if self.warmup_steps < 0:
      raise errors.UserError(
          f"warmup_steps must be >= 0, got {self.warmup_steps}.")
    for name, choices in (("network", networks.SIZES),
                          ("distance", DISTANCES)):
      if getattr(self, name) not in choices:
        raise errors.UserError(
            f"{name} must be one of {', '.join(choices)}, got "
            f"'{getattr(self, name)}'.")
