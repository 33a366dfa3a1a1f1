"""What the theory run computes: one or more parts per statement.

Rows and tables only; `reproduce/sections/statements/` draws and explains
them, `sobolev_tf/theory/` holds the computations.
"""

import functools
import math
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

import numpy as np
import tensorflow as tf

from configs import theory as config_lib
from sobolev_tf import derivatives
from sobolev_tf.theory import (
    gaussians,
    gradient_fields,
    graphs,
    identification,
    interpolation,
    three_pieces,
    universality,
    wrong_derivative,
)

Table = Sequence[Mapping[str, Any]]
_EXAMPLE = 15  # seed of a set of points that can be told apart in a drawing


class Measured(NamedTuple):
  """What a part measured.

  Attributes:
    rows: the fields of `results.Row` that differ within a run.
    tables: curves, points and graphs, by name.
  """
  rows: List[Dict[str, Any]]
  tables: Dict[str, Table] = {}


class Part(NamedTuple):
  """A piece of the run that is stored when it is finished.

  Attributes:
    name: of its row file.
    compute: takes `folder`, `log_folder` and `title` for training.
    tables: names of the tables it makes.
  """
  name: str
  compute: Callable[..., Measured]
  tables: Sequence[str] = ()


def parts(config: config_lib.Config) -> List[Part]:
  """Everything that a run consists of, in the paper's order."""
  one, two = config.theorem1, config.theorem2
  found = [
      Part("figure1", functools.partial(figure1, config.figure1), [
          f"figure1_{method}_{what}" for method in ("exact", "stochastic")
          for what in ("nodes", "edges")]),
      Part("figure2_left", functools.partial(
          figure2_left, config.figure2_left),
           ["figure2_left_curves", "figure2_left_points"]),
      Part("theorem1_constructed", functools.partial(
          theorem1_constructed, one), ["theorem1_curves"])]
  found += [
      Part(f"theorem1_trained_{dimension}d_{width}", functools.partial(
          theorem1_trained, one, dimension, width))
      for dimension, widths in enumerate(one.trained, start=1)
      for width in widths]
  found.append(Part("theorem2_bound", functools.partial(theorem2_bound, two),
                    ["theorem2_curves"]))
  found += [
      Part(f"theorem2_trained_{width}", functools.partial(
          theorem2_trained, two, width)) for width in two.widths]
  return found + [
      Part("proposition1", functools.partial(
          proposition1, config.proposition1),
           ["proposition1_curve", "proposition1_points"]),
      Part("identification", functools.partial(
          identify, config.identification), ["gaussians_curves"]),
      Part("proposition4", functools.partial(
          proposition4, config.proposition4))]


def _row(task: str, method: str, metric: str, value: float, *, n: int = 0,
         seed: int = 0, step: int = 0, setting: str = "") -> Dict[str, Any]:
  return dict(task=task, method=method, metric=metric, value=float(value),
              n=n, seed=seed, step=step, setting=setting)


def _table(**columns: np.ndarray) -> Table:
  """Columns `[N]` as records."""
  arrays = {name: np.asarray(column).tolist()
            for name, column in columns.items()}
  return [dict(zip(arrays, record)) for record in zip(*arrays.values())]


def figure1(config: config_lib.Figure1, **unused) -> Measured:
  """Traces both losses and reduces their graphs."""
  rows, tables = [], {}
  for method in ("exact", "stochastic"):
    graph = getattr(graphs, method)(
        config.batch, config.inputs, config.outputs)
    tables[f"figure1_{method}_nodes"] = [n._asdict() for n in graph.nodes]
    tables[f"figure1_{method}_edges"] = [
        edge._asdict() | {"trains": int(edge.trains)} for edge in graph.edges]
    rows.append(_row("figure1", method, "operations", sum(
        node.operations for node in graph.nodes)))
  return Measured(rows, tables)


def figure2_left(config: config_lib.Figure2Left, **unused) -> Measured:
  """Hypotheses that fit values, and the one that fits derivatives, too."""
  target, at = three_pieces.TARGET, three_pieces.POINTS
  x = np.linspace(three_pieces.LOW, three_pieces.HIGH, config.points)
  hypotheses = three_pieces.from_values(config.hypotheses, config.seed)
  only = three_pieces.from_values_and_derivatives()
  curves = {f"hypothesis_{i}": h(x) for i, h in enumerate(hypotheses)}
  stacked = np.stack(list(curves.values()))
  left, right = three_pieces.open_parameters()
  return Measured([
      _row("figure2_left", "values", "open_parameters", left),
      _row("figure2_left", "values", "largest_error_at_points", max(
          np.abs(h(at) - target(at)).max() for h in hypotheses)),
      _row("figure2_left", "values", "largest_distance_from_target",
           np.abs(stacked - target(x)).max()),
      _row("figure2_left", "values+derivatives", "open_parameters", right),
      _row("figure2_left", "values+derivatives",
           "largest_distance_from_target",
           np.abs(only(x) - target(x)).max()),
  ], {
      "figure2_left_curves": _table(
          x=x, target=target(x), only=only(x), **curves),
      "figure2_left_points": _table(
          x=at, y=target(at), dy_dx=target.derivative(at)),
  })


def theorem1_constructed(config: config_lib.Theorem1, **unused) -> Measured:
  """Errors of the networks that are written down or solved for."""
  rows = []
  for width in config.widths:
    for slope in config.negative_slopes:
      network = universality.construct_1d(width, slope)
      rows += _errors("leaky" if slope else "constructed", 1, width,
                      universality.errors(network, 1, config.error_side[0]))
    bounds = universality.bounds_1d(width)
    rows += _errors("bound", 1, width, dict(
        zip(("value_sup", "derivative_sup"), bounds)))
  for angles in config.angles:
    network = universality.construct_2d(angles, config.fit_side)
    rows += _errors("constructed", 2, angles**2 + 2,
                    universality.errors(network, 2, config.error_side[1]))
  x = tf.constant(universality.grid(1, 512))
  curves = {"x": x[:, 0]}
  for name, function in (("f", universality.target_1d),
                         ("h", universality.construct_1d(config.drawn))):
    y, dy_dx = derivatives.value_and_derivatives(function, x, 1)
    curves |= {name: y[:, 0], f"d{name}": dy_dx[:, 0]}
  return Measured(rows, {"theorem1_curves": _table(**curves)})


def _errors(method: str, dimension: int, width: int, errors, seed: int = 0,
            step: int = 0) -> List[Dict[str, Any]]:
  measured = errors if isinstance(errors, dict) else errors._asdict()
  return [_row("theorem1", method, metric, value, n=width, seed=seed,
               step=step, setting=f"dimension={dimension}")
          for metric, value in measured.items()]


def theorem1_trained(config: config_lib.Theorem1, dimension: int, width: int,
                     **options) -> Measured:
  """Errors of networks that are trained on values and gradients."""
  network = universality.train(
      width, dimension, config.seeds, config.training_side[dimension - 1],
      config.settings, **options)
  rows = []
  for member, seed in enumerate(config.seeds):
    rows += _errors(
        "trained", dimension, width, universality.errors(
            network.member(member), dimension,
            config.error_side[dimension - 1]), seed, config.settings.steps)
  return Measured(rows)


def _difference(x):
  return wrong_derivative.other(x) - wrong_derivative.derivative(x)


def theorem2_bound(config: config_lib.Theorem2, **unused) -> Measured:
  """eta, the function that attains it, and the best networks' distances."""
  bound = wrong_derivative.lower_bound(_difference, config.points)
  x, gap = wrong_derivative.best_function(
      _difference, bound.eta, config.points)
  slope = np.diff(gap) / np.diff(x)
  middle = (x[1:] + x[:-1]) / 2
  rows = [_row("theorem2", "bound", metric, value)
          for metric, value in bound._asdict().items()]
  rows.append(_row("theorem2", "best function", "error", max(
      np.abs(gap).max(), np.abs(slope - _difference(middle)).max())))
  rows.append(_row("theorem2", "bound", "difference_sup",
                   np.abs(_difference(x)).max()))
  fine = np.linspace(
      wrong_derivative.LOW, wrong_derivative.HIGH, config.error_points)
  for pieces in config.pieces:
    h = wrong_derivative.best_piecewise_linear(pieces, config.piece_points)
    rows.append(_row(
        "theorem2", "piecewise linear", "error", wrong_derivative.error(
            h(fine), h.derivative(fine), fine), n=pieces))
  for k in config.frequencies:
    rows.append(_row(
        "theorem2", "sin(k pi x)", "eta", wrong_derivative.lower_bound(
            functools.partial(_wave, k), config.points).eta, n=k))
  return Measured(rows, {"theorem2_curves": _table(
      x=middle, f=wrong_derivative.value(middle),
      df=wrong_derivative.derivative(middle), g=wrong_derivative.other(middle),
      h=wrong_derivative.value(middle) + (gap[1:] + gap[:-1]) / 2,
      dh=wrong_derivative.derivative(middle) + slope)})


def _wave(k: int, x: np.ndarray) -> np.ndarray:
  return np.sin(k * np.pi * x)


def theorem2_trained(config: config_lib.Theorem2, width: int, **options
                     ) -> Measured:
  """How close trained smooth networks come to eta."""
  network = wrong_derivative.train(
      width, config.seeds, config.training_points, config.settings, **options)
  x = np.linspace(
      wrong_derivative.LOW, wrong_derivative.HIGH, config.error_points)
  h, dh_dx = derivatives.value_and_derivatives(
      network, np.stack([x[:, None]] * len(config.seeds)), 1, batch_dims=2)
  return Measured([
      _row("theorem2", "trained", "error", wrong_derivative.error(
          h[e, :, 0].numpy(), dh_dx[e, :, 0].numpy(), x), n=width, seed=seed,
           step=config.settings.steps)
      for e, seed in enumerate(config.seeds)])


def proposition1(config: config_lib.Proposition1, **unused) -> Measured:
  """Errors of the constructed networks at the points they are built for."""
  rows = []
  for slope in config.negative_slopes:
    for dimension in config.dimensions:
      for n in config.sizes:
        for seed in config.seeds:
          x, y, dy_dx = interpolation.random_demands(n, dimension, seed)
          network = interpolation.interpolating_network(x, y, dy_dx, slope)
          value, gradient = derivatives.value_and_derivatives(
              network, tf.constant(x), 1)
          errors = (np.abs(value[:, 0] - y).max(),
                    np.abs(gradient - dy_dx).max())
          rows += [
              _row("proposition1", "leaky" if slope else "relu", metric, error,
                   n=n, seed=seed, setting=f"dimension={dimension}")
              for metric, error in zip(
                  ("value_error", "gradient_error"), errors)]
  x, y, dy_dx = interpolation.random_demands(5, 1, seed=_EXAMPLE)
  grid = np.linspace(-1.1, 1.1, 500)[:, None]
  network = interpolation.interpolating_network(x, y, dy_dx)
  return Measured(rows, {
      "proposition1_curve": _table(
          x=grid[:, 0], h=network(tf.constant(grid))[:, 0]),
      "proposition1_points": _table(x=x[:, 0], y=y, dy_dx=dy_dx[:, 0])})


def identify(config: config_lib.Identification, **unused) -> Measured:
  """K_reg and K_sob of linear families, and solutions among Gaussians."""
  rows = []
  families = [
      (name, n, make(n)) for name, make, sizes in (
          ("polynomials", identification.polynomials, config.degrees),
          ("hyperplanes", identification.hyperplanes, config.dimensions),
          ("element-wise linear", identification.elementwise_linear,
           config.dimensions)) for n in sizes]
  for name, n, family in families:
    generic = [identification.random_points(family.input_size, seed)
               for seed in range(config.sets)]
    collinear = [identification.collinear_points(family.input_size)]
    for sets, samplers in (("generic", generic), ("all", generic + collinear)):
      for metric in ("K_reg", "K_sob"):
        found = identification.fewest_points(
            family, samplers, metric == "K_sob", config.limit)
        rows.append(_row(
            "identification", name, metric,
            math.inf if found is None else found, n=n, setting=sets))
  for dimension, side in config.grids:
    rows.append(_row(
        "identification", "grid", "K_reg", 1 + identification.largest_open_set(
            identification.elementwise_linear(dimension), side), n=side,
        setting=f"dimension={dimension}"))
  random = np.random.default_rng(0)
  for seed in range(config.gaussians):
    rows += _gaussian(gaussians.draw(random), random.uniform(-3, 3, 3), seed)
  target, x = gaussians.Gaussian(0., 1.), np.linspace(-4, 6, 400)
  both = gaussians.from_two_values(.5, 2., *target.log([.5, 2.]))
  return Measured(rows, {"gaussians_curves": _table(
      x=x, **{f"solution_{i}": found(x) for i, found in enumerate(both)})})


def _gaussian(target: gaussians.Gaussian, x: np.ndarray, seed: int
              ) -> List[Dict[str, Any]]:
  """Solves for a density from what is known of it in three ways."""
  solutions = {
      "value+derivative": [gaussians.from_value_and_derivative(
          x[0], float(target(x[0])), float(target.derivative(x[0])))],
      "two values": gaussians.from_two_values(x[0], x[1], *target.log(x[:2])),
      "three values": [gaussians.from_three_values(x, target.log(x))]}
  rows = []
  for known, found in solutions.items():
    error = min(max(abs(a - b) for a, b in zip(s, target)) for s in found)
    rows += [_row("identification", f"gaussian, {known}", metric, value,
                  seed=seed)
             for metric, value in (("solutions", len(found)),
                                   ("parameter_error", error))]
  return rows


def proposition4(config: config_lib.Proposition4, **unused) -> Measured:
  """Asymmetry of the Jacobians of random modules."""
  return Measured([
      _row("proposition4", module, "asymmetry", value, n=size, seed=draw)
      for size in config.sizes for module in gradient_fields.MODULES
      for draw, value in enumerate(gradient_fields.asymmetries(
          module, size, config.draws, config.seed))])
