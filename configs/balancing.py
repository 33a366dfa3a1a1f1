"""Ways to balance values and derivatives, and how each is tuned.

The rule, fixed before any search ran. Every method has the same number of
trials: 12. One with a strength of its own tries 2 learning rates, 3 strengths
and 2 weight decays; one without tries 3 learning rates and 4 weight decays.
(Weight decay is in, because values alone overfit without it, and a comparison
with an unregularised baseline flatters derivatives: jkitchin/pounce, notebook
43_sobolev_training.) What decides is the error of the value on validation
points, its logarithm averaged over seeds that no reported run uses. Trials on
the edge of the grid are not followed further.

Robust terms (`sobolev_tf.losses.robust`) have a search of their own, by the
same rule, fixed before it ran as well: does one of them, in place of Eq. 1's
squared error of the gradient, repair the two functions of Figure 2 on which
Sobolev Training loses? Beside them stand values alone, Eq. 1 and the constant
weight, with 12 trials each. Each function has a choice of its own. Robust terms
have the weight 1.
"""

import dataclasses
from typing import Mapping, NamedTuple, Tuple

from sobolev_tf import functions


class Method(NamedTuple):
  """A way to balance the orders.

  Attributes:
    title: for tables and legends.
    strength: what its own constant is, in words; empty if it has none.
    strengths: what is tried.
  """
  title: str
  strength: str = ""
  strengths: Tuple[float, ...] = ()


METHODS: Mapping[str, Method] = {
    "values": Method("values alone"),
    "eq1": Method("Eq. 1, weight 1"),
    "constant": Method(
        "constant weight", "weight of the derivatives' sum of squares",
        (.01, .1, 10.)),  # ours: two decades below Eq. 1's, one above
    "prefactors": Method(
        "prefactors", "weight of the derivatives at the start; 1 at the end",
        (10., 100., 1000.)),  # 1000: DeePMD's for forces
    "z-score": Method(
        "channel z-score", "weight of the derivatives' mean of squares",
        (.1, 1., 10.)),  # 1: jkitchin/pounce
    "huge-savine": Method(
        "Huge and Savine", "their lambda", (.1, 1., 10.)),  # 1: theirs
    "likelihood": Method("profiled likelihood"),
    "soft-adapt": Method(
        "SoftAdapt", "beta", (.1, 1.1, 10.)),  # 1.1: NequIP's
}
# ours: from nearly all examples beyond it to a few of the largest gradients
_DELTA = "delta, in medians of the norms of the training set's gradients"
_DELTAS = (.1, .5, 2.5)
ROBUST: Mapping[str, Method] = {
    "huber": Method("Huber", _DELTA, _DELTAS),
    "relative": Method("relative", _DELTA, _DELTAS),
    "capped": Method("capped", "root of the cap" + _DELTA.removeprefix("delta"),
                     _DELTAS),
}
ALL_METHODS: Mapping[str, Method] = {**METHODS, **ROBUST}


class Trial(NamedTuple):
  """What is chosen on validation points.

  Attributes:
    learning_rate: Adam's, falling to 0 along half a cosine.
    strength: the method's own; 0 if it has none.
    weight_decay: decoupled: each step multiplies all parameters by
      1 - (learning rate of the step) * weight_decay.
  """
  learning_rate: float
  strength: float
  weight_decay: float


@dataclasses.dataclass(frozen=True)
class Grid:
  """What is tried; both kinds of method must get the same number of trials.

  Attributes:
    learning_rates: of methods with a strength.
    weight_decays: of methods with a strength.
    more_learning_rates: of those without.
    more_weight_decays: of those without.
  """
  learning_rates: Tuple[float, ...] = (3e-3, 1e-2)  # ours; 3e-3: the notebook
  weight_decays: Tuple[float, ...] = (0., .3)
  more_learning_rates: Tuple[float, ...] = (1e-3, 3e-3, 1e-2)
  more_weight_decays: Tuple[float, ...] = (0., .1, .3, 1.)  # the notebook's

  def trials(self, method: str) -> Tuple[Trial, ...]:
    """All trials of a method."""
    strengths = ALL_METHODS[method].strengths
    rates, decays = (
        (self.learning_rates, self.weight_decays) if strengths else
        (self.more_learning_rates, self.more_weight_decays))
    return tuple(Trial(rate, strength, decay) for rate in rates
                 for strength in strengths or (0.,) for decay in decays)


@dataclasses.dataclass(frozen=True)
class Training:
  """How every method's networks are trained.

  Attributes:
    hidden_sizes: of the network.
    activation: a name in `configs.regression.ACTIVATIONS`.
    steps: number of updates.
    batch_size: points per update; all of them if there are fewer.
  """
  hidden_sizes: Tuple[int, ...]
  activation: str
  steps: int
  batch_size: int = 2**31 - 1  # ours: all points, as training sets are small


@dataclasses.dataclass(frozen=True)
class Config:
  """Figure 2's functions with every method.

  Attributes:
    functions: names of the benchmark functions.
    sizes: numbers of training points.
    trials: by method, the same for all functions and sizes.
    training: the network and how to train it.
    seeds: one repetition each.
    stream: held-out points: "test", or "validation" to choose settings.
    points: number of held-out points per function.
  """
  functions: Tuple[str, ...]
  sizes: Tuple[int, ...]
  trials: Mapping[str, Tuple[Trial, ...]]
  training: Training
  seeds: Tuple[int, ...]
  stream: str
  points: int


ALL_TRIALS: Mapping[str, Tuple[Trial, ...]] = {
    method: Grid().trials(method) for method in METHODS}
# ours: where nothing is tuned, the same rate and weight decay for all methods
# and the middle one of their strengths
ONE_TRIAL: Mapping[str, Tuple[Trial, ...]] = {
    name: (Trial(1e-2, (method.strengths or (0.,))[
        len(method.strengths) // 2], .1),)
    for name, method in METHODS.items()}
UNTUNED = ("quick", "smoke")  # presets with these, here and of other problems
# Smooth, and not Figure 2's ReLU of 256 units: the derivatives of a ReLU
# network are piecewise constant, and the other problems' networks are smooth.
# Width and activation are those of configs.order2.
_TRAINING = Training((64, 64), "tanh", steps=1_000)

# What the preset `tuning` chose with 20 points (results/balancing/tuning; a
# test compares them). With 100 points they are the same.
CHOSEN: Mapping[str, Trial] = {
    "values": Trial(1e-2, 0., 1.),
    "eq1": Trial(1e-2, 0., .1),
    "constant": Trial(1e-2, 10., .3),
    "prefactors": Trial(1e-2, 10., .3),
    "z-score": Trial(1e-2, 10., .3),
    "huge-savine": Trial(1e-2, 10., .3),
    "likelihood": Trial(1e-2, 0., .3),
    "soft-adapt": Trial(1e-2, .1, .3),
}

# The same for `robust_tuning`, by function.
CHOSEN_ROBUST: Mapping[str, Mapping[str, Trial]] = {
    "bukin": {
        "values": Trial(1e-2, 0., 1.), "eq1": Trial(1e-2, 0., 1.),
        "constant": Trial(1e-2, 10., .3), "huber": Trial(1e-2, .1, .3),
        "relative": Trial(1e-2, .1, .3), "capped": Trial(1e-2, 2.5, .3)},
    "ackley": {
        "values": Trial(1e-2, 0., 1.), "eq1": Trial(1e-2, 0., 1.),
        "constant": Trial(1e-2, .01, .3), "huber": Trial(1e-2, .1, .3),
        "relative": Trial(1e-2, .1, .3), "capped": Trial(1e-2, .1, .3)},
}
_COMPARED = ("values", "eq1", "constant", *ROBUST)


def _robust(function: str, trials: Mapping[str, Tuple[Trial, ...]],
            seeds: Tuple[int, ...], stream: str) -> Config:
  """A function on which Sobolev Training loses, with Figure 2's network."""
  return Config((function,), (20,), trials, Training(
      (256, 256), "relu", steps=1_000), seeds, stream, points=1_000)


PRESETS: Mapping[str, Config | Mapping[str, Config]] = {
    "cpu": Config(
        functions=tuple(functions.FUNCTIONS),
        sizes=(20, 100),  # paper, Figure 2, without its 10,000
        trials={method: (trial,) for method, trial in CHOSEN.items()},
        training=_TRAINING, seeds=tuple(range(10)), stream="test",
        points=1_000),
    "tuning": Config(
        functions=tuple(functions.FUNCTIONS), sizes=(20,), trials=ALL_TRIALS,
        training=_TRAINING,
        seeds=(100, 101),  # ours: no reported run uses them
        stream="validation", points=1_000),
    "robust": {function: _robust(
        function, {method: (trial,) for method, trial in chosen.items()},
        seeds=tuple(range(20)), stream="test")  # ours, as they cost little
        for function, chosen in CHOSEN_ROBUST.items()},
    "robust_tuning": {function: _robust(
        function, {method: Grid().trials(method) for method in _COMPARED},
        seeds=(100, 101, 102),  # ours: no reported run uses them
        stream="validation") for function in CHOSEN_ROBUST},
    "quick": Config(  # ours: half a minute of two cores
        functions=tuple(functions.FUNCTIONS), sizes=(20,), trials=ONE_TRIAL,
        training=dataclasses.replace(_TRAINING, steps=400), seeds=(0, 1, 2),
        stream="test", points=1_000),
    "smoke": Config(
        functions=("booth", "ackley"), sizes=(20,), trials={
            method: ONE_TRIAL[method] for method in ("values", "eq1")},
        training=Training((8,), "tanh", steps=20), seeds=(0, 1),
        stream="test", points=100),
}
