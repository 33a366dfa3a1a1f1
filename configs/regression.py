"""Settings of one regression (Section 4.1), checked."""

import dataclasses
import math
from typing import (
    Callable,
    Dict,
    Mapping,
    NamedTuple,
    Tuple,
    Union,
)

import tensorflow as tf

from sobolev_tf import derivatives, errors
from sobolev_tf.derivatives import four_products
from sobolev_tf.networks import mlp


class Method(NamedTuple):
  """The order K of Eq. 1 and whether derivatives are projected (Figure 1b)."""
  order: int
  stochastic: bool = False


SECTION_4_1 = ("regular", "sobolev")  # its methods
METHODS: Mapping[str, Method] = {
    "regular": Method(0),
    "sobolev": Method(1),
    "sobolev-2": Method(2),
    "sobolev-2-stochastic": Method(2, stochastic=True),
}
ACTIVATIONS: Mapping[str, mlp.Activation] = {
    "relu": tf.nn.relu, "tanh": tf.tanh, "softplus": tf.nn.softplus}
SMOOTH = ("tanh", "softplus")  # those of which second derivatives are not 0
SCALINGS = ("raw", "standardised")  # see `reproduce.regression.units`
SCHEDULES = ("constant", "cosine")
# How the Sobolev loss gets the network's gradients; equal up to rounding.
GRADIENTS: Mapping[str, Callable[..., Tuple[tf.Tensor, ...]]] = {
    "nested": derivatives.value_and_derivatives,
    "four_products": four_products.value_and_derivatives,
}


class LearningRates(NamedTuple):
  """Adam's learning rate at the start: without derivatives, and with them."""
  regular: float
  sobolev: float


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to train; the values live in `configs/`.

  Attributes:
    hidden_sizes: of the network.
    steps: number of updates.
    batch_size: points per update (all of them if there are fewer).
    learning_rates: Adam's, at the start.
    schedule: "constant", or "cosine" to fall to 0 over the run.
    derivative_weight: of every derivative's term in the Sobolev loss.
    inputs: scaling of the inputs, one of `SCALINGS`.
    targets: scaling of the targets, one of `SCALINGS`.
    gradients: a key of `GRADIENTS`: "nested" tapes, the reference, or the
      faster "four_products".
    activation: a name in `ACTIVATIONS`.
    xla: whether XLA compiles what follows the choice of a minibatch, see
      `sobolev_tf.training.xla`; equal up to rounding.
  """
  hidden_sizes: Tuple[int, ...]
  steps: int
  batch_size: int
  learning_rates: LearningRates
  schedule: str
  derivative_weight: float
  inputs: str
  targets: str
  gradients: str = "nested"
  activation: str = "relu"  # paper §4.1
  xla: bool = False  # TensorFlow's default

  def learning_rate(self, method: str) -> float:
    """The learning rate of a method."""
    return self.learning_rates[min(METHODS[method].order, 1)]

  def varied(self, method: str) -> Dict[str, Union[str, float]]:
    """What sweeps vary, as a method's rows carry it."""
    return {"inputs": self.inputs, "targets": self.targets,
            "learning_rate": self.learning_rate(method),
            "activation": self.activation}

  def check(self) -> None:
    """Raises `UserError` if a setting is out of range."""
    for name, choice, choices in (
        ("schedule", self.schedule, SCHEDULES),
        ("gradients", self.gradients, GRADIENTS),
        ("activation", self.activation, ACTIVATIONS)):
      if choice not in choices:
        raise errors.UserError(
            f"{name} must be one of {', '.join(choices)}, got "
            f"'{choice}'.")
    for name, values in (
        ("steps", [self.steps]), ("batch_size", [self.batch_size]),
        ("learning_rates", self.learning_rates)):
      if not all(value > 0 for value in values):
        raise errors.UserError(f"{name} must be > 0, got {values}.")
    if not 0 <= self.derivative_weight < math.inf:
      raise errors.UserError(
          "derivative_weight must be finite and >= 0, got "
          f"{self.derivative_weight}.")
    check_scaling(self.inputs, self.targets)


def check_scaling(inputs: str, targets: str) -> None:
  """Raises `UserError` if a scaling is not one of `SCALINGS`."""
  for name, choice in (("inputs", inputs), ("targets", targets)):
    if choice not in SCALINGS:
      raise errors.UserError(
          f"The scaling of {name} must be one of {', '.join(SCALINGS)}, got "
          f"'{choice}'.")
