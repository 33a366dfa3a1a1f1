"""Problems on which the methods are compared, as the parts of a run.

Every problem gives its members (a task and a seed each) and what to measure;
rows of all problems have the same metrics and settings, so that one table
(`which`) holds them all.
"""

import functools
from typing import (
  Any,
  Callable,
  Dict,
  List,
  Mapping,
  NamedTuple,
  Optional,
  Sequence,
)

import numpy as np
import sonnet as snt

from configs import balancing as config_lib
from reproduce import rows as rows_lib
from reproduce import run, tuning
from reproduce.balancing import fit as fit_lib
from sobolev_tf.networks import mlp

# Errors of the value and of the first derivative, each divided by the standard
# deviation of what is predicted, root mean square, mean over the channels.
VALIDATION, VALUE, DERIVATIVE = (
    "validation_error", "test_error", "test_derivative_error")
SEARCH = tuning.Search(
    ("learning_rate", "strength", "weight_decay"), VALIDATION,
    "log10 error of the value", score=lambda error: -float(np.log10(error)),
    shown=lambda score: 0. - score, form="{:.2f}",
    titles={name: method.title
            for name, method in config_lib.ALL_METHODS.items()})


class Member(NamedTuple):
  """What one network of the ensemble learns.

  Attributes:
    task: of its rows.
    seed: of its initial weights and minibatches.
    train: its training set `[N, ...]`, in units for training.
    x: held-out points `[M, D]` in those units, as many for all members.
    measure: takes the predictions at them, `[M, ...]` in those units, and
      returns numbers by metric, `VALIDATION` among them or `VALUE` and
      `DERIVATIVE`.
  """
  task: str
  seed: int
  train: fit_lib.Data
  x: np.ndarray
  measure: Callable[[fit_lib.Data], Dict[str, float]]


# Makes an ensemble, given its training sets and seeds.
Build = Callable[[fit_lib.Data, Sequence[int]], snt.Module]
# Numbers by metric of each network of an ensemble, beside `Member.measure`.
More = Callable[[mlp.EnsembleMLP, Sequence[Member]], List[Dict[str, float]]]


def parts(name: str, members: Callable[[int], Sequence[Member]],
          trials: Mapping[int, Mapping[str, Sequence[config_lib.Trial]]],
          training: config_lib.Training, more: Optional[More] = None,
          settings: Optional[Mapping[str, Any]] = None,
          build: Optional[Build] = None) -> List[run.Part]:
  """One part per size, method and strength.

  Args:
    name: begins the parts' names.
    members: of a number of training points.
    trials: by number of training points and by method; those of one strength
      are trained side by side.
    training: how to train.
    more: measures what needs the networks.
    settings: of all rows, beside the trial's.
    build: makes the networks; None for MLPs.

  Returns:
    The parts.
  """
  found = []
  for count, methods in trials.items():
    for method, tried in methods.items():
      for strength in dict.fromkeys(trial.strength for trial in tried):
        found.append(run.Part(
            rows_lib.slug(f"{name}_n{count}_{method}_{strength:g}"),
            functools.partial(
                _compute, members, count, method, strength,
                [trial for trial in tried if trial.strength == strength],
                training, more, settings or {}, build),
            title=f"{name} n={count} {method}"))
  return found


def _compute(members, count, method, strength, trials, training, more,
             settings, build, job: run.Job) -> run.Outcome:
  """Trains all members with every trial in one ensemble."""
  each = members(count)
  pairs = [(trial, member) for trial in trials for member in each]
  networks = [member for _, member in pairs]
  data = fit_lib.Data(*(
      np.stack(arrays) for arrays in zip(*(m.train for m in networks))))
  seeds = [member.seed for member in networks]
  how = (seeds, method, strength, [trial.learning_rate for trial, _ in pairs],
         [trial.weight_decay for trial, _ in pairs], training)
  options = {"identity": {"tasks": [m.task for m in networks], "count": count,
                          **settings}, **job.training}
  if build is None:
    network = fit_lib.fit(data, *how, **options)
  else:
    network = build(data, seeds)
    fit_lib.train(network, data, *how, **options)
  found = fit_lib.predict(network, np.stack([m.x for m in networks]))
  extra = more(network, networks) if more else [{}] * len(networks)
  return run.Outcome([
      rows_lib.Row(
          member.task, method, metric, value, n=count, seed=member.seed,
          step=training.steps, settings={**trial._asdict(), **settings})
      for (trial, member), y, dy_dx, beside in zip(
          pairs, found.y, found.dy_dx, extra)
      for metric, value in {
          **member.measure(fit_lib.Data(member.x, y, dy_dx)), **beside
      }.items()])


def normalised_error(predicted: np.ndarray, true: np.ndarray) -> float:
  """Root mean square error over standard deviation, mean over the channels.

  Args:
    predicted: `[M, *channels]`.
    true: `[M, *channels]`.
  """
  error = np.sqrt(np.mean((predicted - true)**2, 0))
  return float(np.mean(error / np.std(true, 0)))
