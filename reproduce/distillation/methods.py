"""How students are taught: the paper's two ways, and controls.

A control is an entry of `METHODS` and the function that it names. All methods
of a seed share initial weights and minibatches, so that they can be compared
seed by seed.
"""

import functools
from typing import Callable, Dict, Mapping, NamedTuple, Tuple

from configs import distillation as config_lib
from reproduce import look, rows
from reproduce.distillation import controls
from reproduce.distillation import step as step_lib
from sobolev_tf import errors
from sobolev_tf.losses import terms

_COMMON = ("learning_rate", "centred")  # what every method's trials tune


class Method(NamedTuple):
  """A way to teach a student.

  Attributes:
    title: for tables and legends.
    colour: of its lines.
    loss: gives a step's terms, per example.
    tuned: fields of `Trial` that it uses beside those that all methods use.
    needs_mean: whether it uses `Step.mean_jacobian`.
  """
  title: str
  colour: str
  loss: Callable[[step_lib.Step], terms.SobolevTerms]
  tuned: Tuple[str, ...] = ()
  needs_mean: bool = False


METHODS: Mapping[str, Method] = {
    "regular": Method("regular", look.BLUE, step_lib.divergence),
    "sobolev": Method("Sobolev", look.RED, step_lib.matched, ("alpha",)),
    "squared": Method(
        "squared distance", look.ORANGE,
        functools.partial(step_lib.matched, distance="squared"), ("alpha",)),
    "exact": Method(
        "exact Jacobians", look.YELLOW,
        functools.partial(step_lib.matched, exact=True), ("alpha",)),
    "shuffled": Method(
        "shuffled derivatives", look.PURPLE, controls.shuffled, ("alpha",)),
    "mean": Method(
        "mean Jacobian", look.BROWN, controls.mean, ("alpha",),
        needs_mean=True),
    "random": Method(
        "random directions", look.PINK, controls.random, ("alpha",)),
    "zero": Method("zero targets", look.BLACK, controls.zero, ("alpha",)),
    "noise": Method("KL with noise", look.GREEN, controls.noise, ("noise",)),
    "softened": Method(
        "softened teacher", look.GREY, controls.softened, ("alpha",)),
}


def check(method: str, trial: config_lib.Trial) -> None:
  """Checks that a trial has what its method needs and nothing else.

  Args:
    method: a key of `METHODS`.
    trial: its tuned settings.

  Raises:
    UserError: naming what is wrong.
  """
  if method not in METHODS:
    raise errors.UserError(
        f"Unknown method '{method}': choose from {', '.join(METHODS)}.")
  trial.check()
  for name, value in vars(trial).items():
    if value and name not in (*_COMMON, *METHODS[method].tuned):
      raise errors.UserError(
          f"{name} must be 0 for the method '{method}', got {value}.")


def settings(method: str, trial: config_lib.Trial
             ) -> Dict[str, rows.Setting]:
  """A trial as a method's rows carry it: None for what it does not use."""
  return {name: value if name in (*_COMMON, *METHODS[method].tuned) else None
          for name, value in vars(trial).items()}
