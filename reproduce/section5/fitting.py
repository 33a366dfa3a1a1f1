"""Fits small networks to values and derivatives, known or not."""

from typing import Dict, List, Mapping, Sequence, Tuple

import tensorflow as tf

from configs import regression
from reproduce.regression import data, measure
from reproduce.regression import fit as fit_lib
from sobolev_tf import derivatives, losses
from sobolev_tf.losses import terms


def fit(raw: Sequence[data.RegressionData], domains: Sequence[data.Domain],
        seeds: Sequence[int], weights: Tuple[float, ...],
        settings: regression.Settings, **options) -> fit_lib.Trained:
  """Minimises Eq. 1 with squared errors over what is known.

  Args:
    raw: the training set of each member; NaN marks what is not known.
    domains: of each member's inputs.
    seeds: of the initial weights, one per member.
    weights: of the value's and each derivative's term; their number tells the
      order.
    settings: how to train, with one learning rate for all methods.
    **options: `identity`, `folder`, `log_folder` and `title` of
      `reproduce.regression.fit.fit`.

  Returns:
    The trained ensemble.
  """
  order = len(weights) - 1
  orders = terms.Orders((losses.squared_error,) * (order + 1), weights)

  def loss(network, unused_seed, x, *targets):
    predictions = derivatives.value_and_derivatives(network, x, order, 2)
    known = [tf.cast(tf.math.is_finite(target), tf.float32)
             for target in targets]
    return terms.compare(targets, predictions, orders, batch_dims=2,
                         entry_weights=known).reduce()  # [E]

  return fit_lib.fit(raw, domains, seeds, loss, settings, order=order,
                     learning_rate=settings.learning_rates.sobolev, **options)


def held_out_errors(trained: fit_lib.Trained,
                    sets: Mapping[str, Sequence[data.RegressionData]],
                    domains: Sequence[data.Domain], order: int = 1
                    ) -> List[Dict[str, float]]:
  """Errors of every member, as `measure.mean_squared_errors` names them.

  Args:
    trained: E members.
    sets: by name, E sets of equally many points.
    domains: of each member's inputs.
    order: of the highest derivative, 1 or 2.

  Returns:
    E dictionaries; the keys begin with the set's name.
  """
  errors: List[Dict[str, float]] = [{} for _ in domains]
  for stream, members in sets.items():
    measured = measure.errors_on(trained, members, domains, order)
    for mine, new in zip(errors, measured):
      mine |= {f"{stream}_{name}": value for name, value in new.items()}
  return errors
