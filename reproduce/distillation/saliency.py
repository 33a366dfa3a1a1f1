"""What the students of Figure 4 look at, beside their teachers.

Saliency is the derivative of the log-probability of the teacher's most probable
action with respect to the state: what Sobolev Training claims to transfer
(Section 4.2 of https://arxiv.org/abs/1706.04859). A map is its norm over the
four frames of the state.
"""

import dataclasses
import functools
from typing import Callable, Dict, List, Optional, Sequence

from absl import flags
from matplotlib import figure
import numpy as np
import tensorflow as tf

from configs import figure4 as figure4_config
from configs import figure4_saliency as config_lib
from reproduce import experiment, jobs, look, markdown, rows, run, stats, tables
from reproduce.distillation import cells as cells_lib
from reproduce.distillation import game as game_lib
from reproduce.distillation import grid, methods, student
from reproduce.distillation import split as split_lib
from sobolev_tf import derivatives, files
from sobolev_tf.atari import networks, pixels, policies

MAPS = "tables"  # folder of the maps of one state per game
_ELSEWHERE = "teacher at another state"
METRICS = {
    "gradient_cosine": "cosine of the derivatives",
    "map_correlation": "correlation of the maps",
}


def gradients(network: networks.AtariNetwork, x: tf.Tensor,
              actions: tf.Tensor) -> tf.Tensor:
  """Derivatives of the log-probabilities of given actions.

  Args:
    network: the policy.
    x: states `[B, 21, 21, 64]`.
    actions: int `[B]`.

  Returns:
    `[B, 21, 21, 64]`.
  """
  chosen = tf.one_hot(actions, network.num_actions, dtype=x.dtype)  # [B, A]
  return derivatives.projections(policies.log_policy(network), x, [chosen])[1]


def maps(found: tf.Tensor) -> np.ndarray:
  """Norms over the stack: `[B, 21, 21, 64]` -> `[B, 84, 84]`."""
  stacked = np.reshape(found, [*found.shape[:3], -1, pixels.BLOCK**2])
  return np.stack([pixels.from_blocks(one)
                   for one in np.linalg.norm(stacked, axis=-2)])


def alike(first: tf.Tensor, second: tf.Tensor) -> Dict[str, float]:
  """How alike derivatives `[B, 21, 21, 64]` are, means over the states.

  Args:
    first: of one policy.
    second: of another.

  Returns:
    By name as in `METRICS`: the cosine of the derivatives, and Pearson's
    correlation of their maps over the pixels.
  """
  def cosine(one, other):
    one, other = (np.reshape(part, [len(part), -1]) for part in (one, other))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    products = np.sum(one * other, axis=1)
    return float(np.mean(np.divide(
        products, lengths, out=np.zeros_like(products), where=lengths > 0)))

  def centred(of):
    drawn = maps(of)
    return drawn - drawn.mean(axis=(1, 2), keepdims=True)

  return {"gradient_cosine": cosine(first, second),
          "map_correlation": cosine(centred(first), centred(second))}


def plan(preset: str, config: figure4_config.Config,
         agents: Optional[files.Path] = None) -> run.Plan:
  """A part per game and seed, which trains a student of every method.

  Args:
    preset: the preset's name, for the rows.
    config: what to run; one percentage, one trial for each method.
    agents: as for `grid.plan`.

  Returns:
    The plan.

  Raises:
    UserError: as `grid.plan`.
  """
  grid.check(config)
  sources = game_lib.load_all(config, agents)
  open_game = game_lib.opener(sources, config)
  return run.Plan(
      "figure4_saliency", preset,
      {"agents": {name: source.checksums for name, source in sources.items()},
       **dataclasses.asdict(config)},
      [run.Part(
          f"{name}_{percentage:g}_seed{seed}", functools.partial(
              _compute, config, open_game, name, percentage, seed),
          tables=([f"{MAPS}/{name}"] if (percentage, seed) == (
              config.percentages[0], config.seeds[0]) else []))
       for name in config.trials for percentage in config.percentages
       for seed in config.seeds])


def _compute(config: figure4_config.Config,
             open_game: Callable[[str], game_lib.Game], name: str,
             percentage: float, seed: int, job: run.Job) -> run.Outcome:
  """Trains the students of a seed and compares what they look at."""
  game = open_game(name)
  split = game.splits[percentage]
  test = split_lib.thin(split.test, config.derivative_states)
  x, log_probs = game.states(tf.constant(test))
  actions = tf.argmax(log_probs, axis=1)
  teacher = gradients(game.teacher, x, actions)
  elsewhere = tf.roll(teacher, len(test) // 2, axis=0)
  found = {"teacher": teacher}
  measured = {_ELSEWHERE: alike(teacher, elsewhere)}
  settings: Dict[str, Dict[str, rows.Setting]] = {_ELSEWHERE: {}}
  for method, (trial,) in config.trials[name].items():
    trained = student.Distillation(
        game.teacher, game.states, split, method, trial, config.settings, seed)
    trained.train(**{**job.training, "folder": job.folder / method})
    found[method] = gradients(trained.student, x, actions)
    measured[method] = alike(teacher, found[method])
    settings[method] = methods.settings(method, trial)
  shown = _typical(teacher)
  drawn = {key: np.round(np.float64(maps(value[shown:shown + 1])[0]), 4)
           for key, value in found.items()}
  frame = pixels.from_blocks(x[shown, ..., -pixels.BLOCK**2:].numpy())
  row, column = np.indices(frame.shape)
  return run.Outcome(
      [rows.Row(name, method, metric, value,
                n=len(split.train) + len(split.validation), seed=seed,
                step=config.settings.steps,
                settings={"percentage": percentage, **settings[method]})
       for method, values in measured.items()
       for metric, value in values.items()],
      {f"{MAPS}/{name}": tables.records(
          row=row.ravel(), column=column.ravel(),
          frame=np.round(255 * frame).astype(int).ravel(),
          **{key: one.ravel() for key, one in drawn.items()})})


def _typical(teacher: tf.Tensor) -> int:
  """The state whose derivative `[B, ...]` has the median length."""
  lengths = np.linalg.norm(np.reshape(teacher, [len(teacher), -1]), axis=1)
  return int(np.argsort(lengths)[len(lengths) // 2])


def write(results: experiment.Results) -> str:
  """Draws the maps and writes the section of the report."""
  games = [path.stem for path in sorted((results.source / MAPS).glob("*.csv"))]
  look.save(draw({name: results.columns(f"{MAPS}/{name}") for name in games}),
            results.folder / "figure4-saliency.png")
  lines: List[List[str]] = []
  for (name, percentage, method), group in _grouped(results.rows).items():
    lines.append([
        cells_lib.title(name), f"{percentage:g} %", _title(method),
        *(markdown.interval(stats.bootstrap(rows.values(group, metric=metric)))
          for metric in METRICS)])
  seeds = len(rows.distinct(results.rows, "seed"))
  return (
      f"### Preset `{results.rows[0].preset}`: {seeds} seed{'s'[:seeds != 1]}, "
      f"{max(row.step for row in results.rows):,} steps\n\n"
      "![States and where teacher and students look](figure4-saliency.png)\n\n"
      "A test state of each game, its newest frame, and the norm over its "
      "four frames of the derivative of the log-probability of the teacher's "
      "most probable action: the teacher's and those of students of one seed. "
      "The state is the one at which the teacher's derivative has the median "
      "length. Each map has its own scale.\n\n"
      + markdown.table(["game", "share", "whose", *METRICS.values()], lines) +
      "\nWith the teacher's, means over test states, with 95 % bootstrap "
      "intervals over seeds. The teacher's at another state says how alike any "
      "two are.\n")


def _grouped(measured: Sequence[rows.Row]) -> Dict[tuple, List[rows.Row]]:
  """Rows by game, percentage and method, in the order they come."""
  groups: Dict[tuple, List[rows.Row]] = {}
  for row in measured:
    key = (row.task, row.settings["percentage"], row.method)
    groups.setdefault(key, []).append(row)
  return groups


def _title(method: str) -> str:
  return methods.METHODS[method].title if method in methods.METHODS else method


def draw(games: Dict[str, Dict[str, np.ndarray]]) -> figure.Figure:
  """A row per game: the state, the teacher's map and the students'.

  Args:
    games: by game, the columns of its table.

  Returns:
    The figure.
  """
  names = [key for key in next(iter(games.values()))
           if key not in ("row", "column")]
  drawing, axes = look.canvas(
      1.9 * len(names), 2.1 * len(games) + .2, (len(games), len(names)))
  for i, (name, columns) in enumerate(games.items()):
    side = int(columns["row"].max()) + 1
    for j, key in enumerate(names):
      axes[i, j].imshow(columns[key].reshape(side, -1),
                        cmap="gray" if key == "frame" else "magma")
      axes[i, j].set(xticks=[], yticks=[])
      if not i:
        axes[i, j].set_title(_title(key), fontsize=9)
    axes[i, 0].set_ylabel(cells_lib.title(name), fontsize=9)
  return drawing


def _plan() -> run.Plan:
  jobs.use_one_thread()
  return plan(flags.FLAGS.preset, grid.configure(config_lib.PRESETS),
              flags.FLAGS.agents)


EXPERIMENT = experiment.Experiment(
    "figure4_saliency", config_lib.PRESETS, _plan,
    experiment.Section(
        "What Figure 4's students look at",
        "Paper, Section 4.2: students learn the teacher's derivatives with "
        "respect to the state; it shows none.", write),
    grid.define_flags, default="cpu")
