"""Figure 3: Styblinski-Tang and its models, with their gradient fields.

Section 4.1 of https://arxiv.org/abs/1706.04859. Every part is a surface: the
true function, or a model with its test errors; below is the drawing.
"""

import dataclasses
import functools
from typing import Dict, List, Sequence, Tuple

from absl import flags
from matplotlib import figure
import numpy as np

from configs import figure3 as config_lib
from configs import regression
from reproduce import app, experiment, look, markdown, rows, run
from reproduce.regression import measure, panels, train
from sobolev_tf import derivatives, functions

_TRUE = "surfaces/true"
_FIELDS = ("x1", "x2", "y", "dy_dx1", "dy_dx2")  # columns of a surface
_ARROWS = 15  # per axis, so that single arrows can be told apart


def define_flags() -> None:
  """Defines this experiment's flags."""
  flags.DEFINE_string(
      "function", None, "Benchmark function to draw, one of "
      f"{', '.join(functions.FUNCTIONS)}. [the preset's]")
  flags.DEFINE_list(
      "sizes", None, "Numbers of training points. [the preset's]")
  flags.DEFINE_integer(
      "seed", None, "Seed of data and weights. [the preset's]", lower_bound=0,
      upper_bound=app.HIGHEST)


def configure() -> config_lib.Config:
  """The preset's settings with those the user's flags replace."""
  given = flags.FLAGS
  config = config_lib.PRESETS[given.preset]
  if given.function is not None:
    config = dataclasses.replace(config, function=given.function)
  if given.sizes is not None:
    config = dataclasses.replace(
        config, sizes=app.numbers("sizes", given.sizes, 2))
  if given.seed is not None:
    config = dataclasses.replace(config, seed=given.seed)
  return config


def plan(preset: str, config: config_lib.Config) -> run.Plan:
  """The surfaces as the parts of a run.

  Args:
    preset: the preset's name, for the rows.
    config: what to run.

  Returns:
    The plan.

  Raises:
    UserError: if a setting is out of range.
  """
  functions.by_name(config.function)
  app.check_distinct("sizes", config.sizes)
  config.settings.check()
  return run.Plan("figure3", preset, dataclasses.asdict(config), [
      run.Part("true", functools.partial(_true, config), (_TRUE,), rows=False),
      *(run.Part(f"n{count}_{method}",
                 functools.partial(_model, config, count, method),
                 (_surface(count, method),), title=f"n={count} {method}")
        for count in config.sizes for method in regression.SECTION_4_1)])


def _surface(count: int, method: str) -> str:
  """The name of a model's surface."""
  return f"surfaces/n{count}_{method}"


def _points(config: config_lib.Config) -> np.ndarray:
  """The points of a surface, `[G^2, 2]`."""
  sides = [np.linspace(*side, config.grid)
           for side in functions.by_name(config.function).domain]
  return np.stack(np.meshgrid(*sides, indexing="ij"), -1).reshape(-1, 2)


def _records(*columns: np.ndarray) -> run.Table:
  """Points `[G^2, 2]`, values `[G^2]` and gradients `[G^2, 2]` as a table."""
  return [dict(zip(_FIELDS, record))
          for record in np.column_stack(columns).tolist()]


def _true(config: config_lib.Config, unused_job: run.Job) -> run.Outcome:
  """The function itself."""
  x = _points(config)
  y, dy_dx = derivatives.value_and_derivatives(
      functions.by_name(config.function), x, 1)
  return run.Outcome([], {_TRUE: _records(x, y, dy_dx)})


def _model(config: config_lib.Config, count: int, method: str, job: run.Job
           ) -> run.Outcome:
  """Trains one model, samples its surface and measures its test errors."""
  function = functions.by_name(config.function)
  trained = train.train([train.Member(function, config.seed)], count, method,
                        config.settings, **job.training)
  x = _points(config)
  y, dy_dx = trained.predict(x[None])  # [1, G^2, *]
  errors, = measure.held_out_errors(
      trained, [function], config.points, "test")
  return run.Outcome([
      rows.Row(
          task=function.name, method=method, metric=f"test_{metric}",
          value=value, n=count, seed=config.seed, step=config.settings.steps,
          settings=config.settings.varied(method))
      for metric, value in errors.items()],
      {_surface(count, method): _records(x, y[0], dy_dx[0])})


def write(results: experiment.Results) -> str:
  """Draws the figure and writes the section of the report."""
  first = results.rows[0]
  models: List[Tuple[int, str]] = sorted(
      {(row.n, row.method) for row in results.rows})
  surfaces = {"true function": surface(results, _TRUE)} | {
      f"{n} samples, {panels.LABELS[method]}": surface(
          results, _surface(n, method)) for n, method in models}
  look.save(draw(surfaces, f"{first.task}, {first.preset} preset"),
            results.folder / "figure3.png")
  return (
      f"### Preset `{first.preset}`: {first.task}, "
      f"{panels.title(results.rows)}, {first.step} steps, seed {first.seed}\n\n"
      "![Figure 3](figure3.png)\n\n"
      "Surfaces share one scale (and are cut off at the true function's "
      "range); under each, the field of its gradient, with arrows as long "
      "and dark as the square root of the gradient's norm, on one scale.\n\n"
      + markdown.table(
          ["n", "method", "test MSE", "test MSE / variance",
           "test MSE of the gradient"],
          [[str(n), panels.LABELS[method], *_errors(results.rows, n, method)]
           for n, method in models]))


def _errors(measured: Sequence[rows.Row], n: int, method: str) -> List[str]:
  """The test errors of one model, as the table shows them."""
  values = {row.metric: row.value
            for row in rows.matching(measured, n=n, method=method)}
  return [f"{values[metric]:.4g}" for metric in (
      "test_mse", "test_mse_standardised", "test_gradient_mse")]


def surface(results: experiment.Results, name: str) -> np.ndarray:
  """A surface of a run, `[G, G, 5]`: `_FIELDS` on a grid.

  Args:
    results: of a run.
    name: of the table.

  Raises:
    UserError: if it is missing or damaged.
  """
  columns = results.columns(name)
  stacked = np.stack([columns[field] for field in _FIELDS], axis=-1)
  side = round(len(stacked)**.5)
  return stacked.reshape(side, side, len(_FIELDS))


def draw(surfaces: Dict[str, np.ndarray], title: str) -> figure.Figure:
  """The figure in the paper's layout: one row of surfaces over their fields.

  Args:
    surfaces: `[G, G, 5]` per panel title, the true function first.
    title: the figure's title.

  Returns:
    The figure.
  """
  drawing = look.sheet(2.6 * len(surfaces), 4.9)
  true = next(iter(surfaces.values()))
  low, high = true[..., 2].min(), true[..., 2].max()
  longest = np.linalg.norm(true[..., 3:], axis=-1).max()**.5
  cell = np.ptp(true[..., 0]) / _ARROWS
  for i, (name, surface) in enumerate(surfaces.items(), start=1):
    x1, x2, y, d1, d2 = np.moveaxis(surface, -1, 0)
    top = drawing.add_subplot(2, len(surfaces), i, projection="3d")
    top.plot_surface(
        x1, x2, np.clip(y, low, high), cmap="viridis", vmin=low, vmax=high,
        rcount=len(x1), ccount=len(x1), linewidth=0)
    top.set_zlim(low, high)
    top.set_title(name, fontsize=10)
    top.tick_params(labelsize=6, pad=-3)
    top.view_init(elev=28, azim=-62)
    below = drawing.add_subplot(2, len(surfaces), len(surfaces) + i)
    at = (slice(None, None, max(1, len(x1) // _ARROWS)),) * 2
    size = np.hypot(d1, d2)[at]
    shrink = 1.7 * cell / longest / np.sqrt(np.maximum(size, 1e-12))
    below.quiver(
        x1[at], x2[at], d1[at] * shrink, d2[at] * shrink, np.sqrt(size),
        cmap="magma_r", clim=(-.3 * longest, longest), angles="xy",
        scale_units="xy", scale=1., width=.006, pivot="middle")
    below.set_aspect("equal")
    below.tick_params(labelsize=6)
  drawing.suptitle(title, fontsize=10)
  return drawing


EXPERIMENT = experiment.Experiment(
    "figure3", config_lib.PRESETS,
    lambda: plan(flags.FLAGS.preset, configure()),
    experiment.Section(
        "Figure 3: Styblinski-Tang and its models",
        "Paper, Section 4.1: even from very few points, the Sobolev-trained "
        "network captures the shape of the function.",
        write),
    define_flags)
