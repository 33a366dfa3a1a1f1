"""Time per training step of Section 4.2's student, by method.

  python -m benchmarks.distillation

All methods train the same student from the same teacher on the same states
(drawn at random: their content does not matter for time), in one process,
interleaved, medians of repeats. Beside the time stands the number of
multiply-adds that the step needs.
"""

from typing import Dict

from absl import flags

from configs import figure4 as config_lib
from configs.distillation import Trial
from reproduce import app, markdown
from reproduce.distillation import cells, methods, step_times
from sobolev_tf.atari import environment, networks
from sobolev_tf.training import device

_TRIALS = {
    "regular": Trial(1e-3),
    "sobolev": Trial(1e-3, alpha=1.),
    "exact": Trial(1e-3, alpha=1.),
}


def products(size: networks.NetworkSize, num_actions: int) -> Dict[str, int]:
  """Multiply-adds of a network for one state.

  Args:
    size: its layers.
    num_actions: A.

  Returns:
    `first`, of the first layer; `rest`, of all others up to the logits.
  """
  side, channels, counts = environment.FRAME_SHAPE[0], environment.STACK, []
  for filters, kernel, stride in size.convolutions:
    side = (side - kernel) // stride + 1
    counts.append(side**2 * kernel**2 * channels * filters)
    channels = filters
  counts.append(side**2 * channels * size.hidden_size)
  counts.append(size.hidden_size * num_actions)
  return {"first": counts[0], "rest": sum(counts[1:])}


def needed(method: str, student: networks.NetworkSize,
           teacher: networks.NetworkSize, num_actions: int) -> int:
  """Multiply-adds that one state of one training step needs.

  In passes over a network: the regular student's are forward, weight gradient
  and, but for the first layer, input gradient. With derivatives there is the
  input gradient down to the pixels, and its own reverse pass, which is one
  tangent pass and one more weight gradient; the teacher has a forward pass
  and an input gradient. Whole Jacobians have those of the derivatives A times.
  The regular student's teacher is a look-up.

  Args:
    method: "regular", "sobolev" or "exact".
    student: the student's layers.
    teacher: the teacher's layers.
    num_actions: A.

  Returns:
    The number.
  """
  ours = products(student, num_actions)
  theirs = products(teacher, num_actions)
  full, teachers = sum(ours.values()), sum(theirs.values())
  regular = 2 * full + ours["rest"]
  if method == "regular":
    return regular
  repeats = num_actions if method == "exact" else 1
  return regular + teachers + repeats * (3 * full + teachers)


def main() -> None:
  """Times every method and prints the table."""
  print(f"Device: {device.prepare()}")
  given = flags.FLAGS
  config = config_lib.PRESETS[given.preset]
  rows = []
  for game in environment.GAMES:
    num_actions = len(environment.ACTIONS[game])
    teacher = networks.make_network(
        num_actions, networks.SIZES[given.teacher], seed=0)
    seconds = step_times.measure(
        teacher, game, _TRIALS, config.settings, given.repeats)
    counts = {
        method: needed(method, networks.SIZES[config.settings.network],
                       teacher.size, num_actions) for method in seconds}
    for method, value in seconds.items():
      count = counts[method]
      rows.append([
          f"{cells.title(game)} (A = {num_actions})",
          methods.METHODS[method].title, f"{1e3 * value:.2f}",
          f"{value / seconds['regular']:.2f}", f"{count / 1e6:.2f}",
          f"{count / counts['regular']:.2f}",
          f"{2 * count * config.settings.batch_size / value / 1e9:.0f}"])
  print(markdown.table(
      ["game", "method", "ms per step", "/ regular",
       "M multiply-adds per state", "/ regular", "GFLOP/s"], rows))


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_enum("preset", "cpu", config_lib.PRESETS,
                    "Student and batch size; configs/figure4.py.")
  flags.DEFINE_enum("teacher", "teacher-cpu", list(networks.SIZES),
                    "The teacher's size.")
  flags.DEFINE_integer(
      "repeats", 5, "Timings of each method.", lower_bound=1)


if __name__ == "__main__":
  app.run(define_flags, main)
