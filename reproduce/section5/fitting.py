"""Fits an ensemble of small tanh networks to given values and derivatives."""

from typing import Dict, List, Mapping, Sequence, Tuple

import tensorflow as tf

from reproduce.regression import data as data_lib
from reproduce.regression import train as regression
from reproduce.regression import units as scaling
from sobolev_tf import derivatives, losses
from sobolev_tf.losses import terms
from sobolev_tf.networks import mlp
from sobolev_tf.training import ensemble

Domain = Sequence[Sequence[float]]


def fit(seeds: Sequence[int], raw: Sequence[data_lib.RegressionData],
        domains: Sequence[Domain], weights: Tuple[float, ...],
        hidden_sizes: Sequence[int], settings: ensemble.Settings, **options
        ) -> regression.Trained:
  """Minimises Eq. 1 with squared errors, all points at every step.

  Args:
    seeds: of the initial weights, one per member.
    raw: the training set of each member; NaN marks what is not known.
    domains: of each member's inputs.
    weights: of the value's and each derivative's term; their number tells the
      order. Inputs and targets are standardised.
    hidden_sizes: of the networks.
    settings: how to train.
    **options: `identity`, `folder`, `log_folder` and `title` of
      `ensemble.train`.

  Returns:
    The trained ensemble (its `members` are left empty).
  """
  order = len(weights) - 1
  units = [scaling.fit(data, domain, "standardised", "standardised")
           for data, domain in zip(raw, domains)]
  data = data_lib.stack([u.apply(d) for u, d in zip(units, raw)])
  x, *targets = (
      tf.constant(array, tf.float32) for array in (
          data.x, data.y, data.dy_dx, data.d2y_dx2)[:order + 2])
  known = [tf.cast(tf.math.is_finite(target), tf.float32)
           for target in targets]
  orders = terms.Orders((losses.squared_error,) * (order + 1), weights)
  network = mlp.EnsembleMLP(
      seeds, data.x.shape[-1], [*hidden_sizes, 1], tf.tanh)

  def loss(unused_index):
    predictions = derivatives.value_and_derivatives(network, x, order, 2)
    return terms.compare(targets, predictions, orders, batch_dims=2,
                         entry_weights=known).reduce()  # [E]

  history = ensemble.train(network, loss, settings, **options)
  return regression.Trained((), network, scaling.stack(units), history)


def held_out_errors(trained: regression.Trained,
                    sets: Mapping[str, Sequence[data_lib.RegressionData]],
                    domains: Sequence[Domain], order: int = 1
                    ) -> List[Dict[str, float]]:
  """Errors of every member, as `data_lib.mean_squared_errors` names them.

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
    measured = regression.errors_on(trained, members, domains, order)
    for mine, new in zip(errors, measured):
      mine |= {f"{stream}_{name}": value for name, value in new.items()}
  return errors
