"""What the paper presets of Table 1 would take on a GPU, from counted FLOPs.

  python -m benchmarks.gpu_hours

Nothing is run: the multiply-adds of a step are counted in its graph
(`benchmarks.synthetic_gradients`) and divided by an assumed rate. Element-wise
operations, input and diagnoses are left out, so this is a lower estimate.
"""

from typing import List

from absl import flags

from benchmarks import synthetic_gradients
from configs import table1
from reproduce import app
from reproduce.sections import markdown
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.training.classification_settings import Settings


def exaflops(settings: Settings, method: str) -> float:
  """Floating-point operations of one run, in units of 1e18.

  Args:
    settings: of the run.
    method: one of `sg.METHODS`.

  Returns:
    Two per multiply-add.
  """
  step = synthetic_gradients.make_step(
      settings.architecture, method, settings.splits, settings.targets, 1)
  per_image = synthetic_gradients.multiply_adds(
      step.get_concrete_function().graph)
  return 2 * per_image * settings.batch_size * settings.steps / 1e18


def hours(exa: float, teraflops: float) -> float:
  """Hours that so many 1e18 operations take at 1e12 times a rate."""
  return exa * 1e6 / teraflops / 3600


def main() -> None:
  """Counts and prints the table."""
  given = flags.FLAGS
  methods = tuple(given.method)
  rows: List[List[str]] = []
  for dataset, config in table1.PRESETS["paper"].items():
    for splits in (1, 3) if dataset == "imagenet" else (3,):  # as the paper
      settings = table1.get("paper", dataset, splits=splits).settings[0]
      counts = [exaflops(settings, method) for method in methods]
      rows += [
          [f"{dataset}, {splits} SG module{'s'[:splits != 1]}", method,
           f"{exa:.3g}", f"{hours(exa, given.teraflops):.3g}",
           f"{len(config.seeds) * hours(exa, given.teraflops):.3g}"]
          for method, exa in zip(methods, counts)]
  print(markdown.table(
      ["paper preset", "method", "1e18 FLOP per run",
       f"GPU hours per run at {given.teraflops:g} TFLOP/s",
       "of all its seeds"], rows))


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_list(
      "method", list(reversed(sg.METHODS)), "Methods to count.")
  flags.DEFINE_float(
      "teraflops", 10., "Sustained rate assumed, in 1e12 FLOP/s; 10 is about "
      "half of an A100's peak in float32.", lower_bound=1e-6)


if __name__ == "__main__":
  app.run(define_flags, main)
