"""Settings of one run of Table 1 (Section 4.3), checked."""

import dataclasses
from typing import Dict, Mapping, Optional, Tuple, Union

from configs import architectures
from sobolev_tf import errors
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.networks import convolution
from sobolev_tf.training import optimizers, schedules

SCHEDULES = ("constant", "cosine", "halving", "staircase")
OPTIMIZERS = ("adam", "momentum")


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to train; the values are in `configs.table1`.

  Attributes:
    architecture: a key of `architectures.ARCHITECTURES`.
    splits: number of cuts, each with an SG module.
    targets: of the SG modules, "true" or "bootstrapped".
    steps: number of updates.
    batch_size: images per update.
    optimizer: "adam" or "momentum"; every part has its own.
    learning_rates: of the parts at the start, per method.
    schedule: "constant"; "cosine" falls to 0 over the run; "halving" halves
      the rate every `schedule_steps[0]` steps; "staircase" divides it by 10
      at each of `schedule_steps`.
    schedule_steps: see `schedule`.
    weight_decay: c of c/2 ||w||^2, added to each part's loss for the weights
      of its layers, not for those of normalisation or SG modules.
    gradient_weight: of the gradient's term in Sobolev Training's loss.
    decay_rate: of batch normalisation's moving averages.
    module_optimizer: as `optimizer`, of each SG module; None for the parts'.
    module_learning_rate: of the SG modules at the start, on the same schedule;
      None for the parts'.
    precision: "float32", or "mixed": the parts' convolutions multiply in
      bfloat16. All else is float32 always: variables, optimizers,
      normalisation, linear layers, the loss, and SG modules with their losses.
  """
  architecture: str
  splits: int
  targets: str
  steps: int
  batch_size: int
  optimizer: str
  learning_rates: Mapping[str, float]
  schedule: str
  schedule_steps: Tuple[int, ...]
  weight_decay: float
  gradient_weight: float
  decay_rate: float
  precision: str
  module_optimizer: Optional[str] = None
  module_learning_rate: Optional[float] = None

  def varied(self, method: str) -> Dict[str, Union[str, float, None]]:
    """What flags and sweeps vary, as a method's rows carry it."""
    return {"splits": self.splits, "targets": self.targets,
            "learning_rate": self.learning_rates[method],
            "module_optimizer": self.module_optimizer,
            "module_learning_rate": self.module_learning_rate,
            "gradient_weight": self.gradient_weight,
            "precision": self.precision}

  def check(self) -> None:
    """Raises `UserError` if a setting is out of range."""
    for name, value, choices in (
        ("architecture", self.architecture, architectures.ARCHITECTURES),
        ("targets", self.targets, sg.TARGETS),
        ("splits", self.splits, (1, 3)),
        ("optimizer", self.optimizer, OPTIMIZERS),
        ("module_optimizer", self.module_optimizer or self.optimizer,
         OPTIMIZERS),
        ("schedule", self.schedule, SCHEDULES),
        ("precision", self.precision, convolution.PRECISIONS)):
      if value not in choices:
        raise errors.UserError(
            f"{name} must be one of {', '.join(map(str, choices))}, got "
            f"{value!r}.")
    for name, values in (
        ("steps", [self.steps]), ("batch_size", [self.batch_size]),
        ("learning_rates", self.learning_rates.values()),
        ("module_learning_rate", [
            1. if self.module_learning_rate is None
            else self.module_learning_rate]),
        ("gradient_weight", [self.gradient_weight]),
        ("schedule_steps", self.schedule_steps)):
      if not all(value > 0 for value in values):
        raise errors.UserError(f"{name} must be > 0, got {list(values)}.")
    if not (0 <= self.decay_rate < 1 and self.weight_decay >= 0):
      raise errors.UserError(
          "decay_rate must be in [0, 1) and weight_decay >= 0, got "
          f"{self.decay_rate} and {self.weight_decay}.")

  def part_rate(self, method: str) -> optimizers.LearningRate:
    """The parts' learning rate with a method, as optimizers take it."""
    return self._scheduled(self.learning_rates[method])

  def module_rate(self, method: str) -> optimizers.LearningRate:
    """The SG modules' learning rate with a method."""
    given = self.module_learning_rate
    return self._scheduled(
        self.learning_rates[method] if given is None else given)

  def _scheduled(self, rate: float) -> optimizers.LearningRate:
    if self.schedule == "cosine":
      return optimizers.cosine(rate, self.steps)
    if self.schedule == "halving":
      return schedules.halving(rate, self.schedule_steps[0])
    if self.schedule == "staircase":
      return schedules.staircase(rate, self.schedule_steps, .1)
    return rate
