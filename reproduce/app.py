"""What the entrypoints share: flags, the output folder, errors in a sentence.
"""

import contextlib
import functools
import io
import os
import pathlib
import signal
import sys
import threading
from typing import Callable, Iterator, NoReturn, Optional, Sequence

from absl import app, flags, logging
import tensorflow as tf

from reproduce import experiment as experiment_lib
from reproduce import jobs as jobs_lib
from reproduce import run as run_lib
from reproduce import together
from sobolev_tf import errors

HIGHEST = 2**31 - 1  # of integers in flags, seeds above all
_MOST = 10_000  # integers that one flag may list: each is a training or more
MOST_JOBS = 1_000
USER_ERROR = 2  # exit status for a mistake of the user's


# What the presets' names promise, on 2 CPU cores; --help lists them.
_PROMISES = {
    "smoke": "smoke takes seconds, to see it run",
    "quick": "quick minutes",
    "cpu": "cpu up to hours",
    "small": "small an hour, or minutes on a GPU",
    "long": "long half an hour",
    "tuning": "tuning half an hour, on validation data",
    "paper": "paper longest, with the paper's settings as far as known",
}


def define_flags(experiment: experiment_lib.Experiment) -> None:
  """Defines the flags every experiment has, and its own."""
  names = list(experiment.presets)
  promises = "; ".join(
      promise for name, promise in _PROMISES.items() if name in names)
  flags.DEFINE_enum(
      "preset", experiment.default, names,
      "Which settings to use; "
      f"configs/{experiment.config or experiment.name}.py holds them. On 2 CPU "
      f"cores {promises}.")
  flags.DEFINE_string(
      "output", None,
      "Folder for rows, checkpoints and figures. If it holds an unfinished "
      "run of the same settings, that is resumed; if other processes are at "
      "it, they share the rest. "
      f"[runs/{experiment.place or f'{experiment.name}/PRESET'}]")
  define_overwrite("--output")
  if experiment.timed:
    return
  define_sharing(1)
  experiment.define_flags()


def define_overwrite(where: str) -> None:
  """Defines `--overwrite`."""
  flags.DEFINE_bool(
      "overwrite", False,
      f"Delete the results in {where} and start afresh.")


def define_sharing(processes: int) -> None:
  """Defines the flags of commands that train, with the default of `--jobs`."""
  flags.DEFINE_bool(
      "tensorboard", False, "Write TensorBoard scalars under --output.")
  flags.DEFINE_integer(
      "jobs", processes, "Number of processes that share the run on this "
      "machine, each with its share of the cores; the rows do not depend on "
      "it.", lower_bound=1, upper_bound=MOST_JOBS)


def run_experiment(experiment: experiment_lib.Experiment) -> None:
  """Runs an experiment's command: flags, plan, run, section."""
  run(functools.partial(define_flags, experiment),
      functools.partial(_main, experiment))


def _main(experiment: experiment_lib.Experiment) -> None:
  given = flags.FLAGS
  jobs, tensorboard = 1, False
  if not experiment.timed:
    jobs, tensorboard = given.jobs, given.tensorboard
  jobs_lib.share_cores(jobs)
  plan = experiment.plan()
  folder = output_folder(given.output, f"runs/{place(experiment, plan)}")
  if together.compute(
      {folder: plan}, experiment.module or f"reproduce.{experiment.name}", jobs,
      overwrite=given.overwrite, tensorboard=tensorboard):
    results = experiment_lib.Results.read(folder, folder)
    show(experiment.section, results)
    experiment.finish(results)


def place(experiment: experiment_lib.Experiment, plan: run_lib.Plan) -> str:
  """The folder of a plan's run below the folder of all runs."""
  return plan.place or f"{experiment.name}/{plan.preset}"


def output_folder(given: Optional[str], default: str = "") -> pathlib.Path:
  """The folder that --output names, or the default one."""
  if given == "":
    raise errors.UserError("--output is empty: name a folder.")
  return pathlib.Path(given or default)


def show(section: experiment_lib.Section,
         results: experiment_lib.Results) -> None:
  """Writes and prints a run's section, and where it is."""
  text = section.write(results)
  (results.folder / "section.md").write_text(text, encoding="utf-8")
  print(text)
  print(f"This text, its figures and rows are in {results.folder}; "
        "python -m reproduce.report puts all runs on one page.")


def numbers(name: str, text: Sequence[str], low: int) -> tuple[int, ...]:
  """Reads a flag's list of distinct integers.

  Args:
    name: the flag's name.
    text: its entries; "0-4" stands for 0, 1, 2, 3, 4.
    low: the lowest value allowed.

  Returns:
    The integers, in the order given.

  Raises:
    UserError: naming the flag and the entry.
  """
  values: list[int] = []
  for entry in text:
    first, dash, last = entry.partition("-")
    try:
      several = range(int(first), int(last if dash else first) + 1)
    except ValueError as error:
      raise errors.UserError(
          f"--{name}: '{entry}' is not an integer or a range such as 0-4."
      ) from error
    if not several:
      raise errors.UserError(
          f"--{name}: '{entry}' is an empty range; write the lower end first.")
    if several[-1] - several[0] + len(values) >= _MOST:
      raise errors.UserError(
          f"--{name} lists more than {_MOST:,} integers: list fewer.")
    values.extend(several)
  if (not values or min(values) < low or max(values) > HIGHEST or
      len(set(values)) < len(values)):
    raise errors.UserError(
        f"--{name} needs different integers from {low} to {HIGHEST}, got "
        f"'{','.join(text)}'.")
  return tuple(values)


def check_distinct(name: str, values: Sequence) -> None:
  """Refuses a list of settings that is empty or names something twice.

  Args:
    name: what the values are, for the message.
    values: the list.

  Raises:
    UserError: naming it.
  """
  if not values or len(set(values)) < len(values):
    raise errors.UserError(
        f"{name} must name at least one and none twice, got "
        f"{', '.join(map(str, values)) or 'none'}.")


def run(define: Callable[[], None], main: Callable[[], None]) -> None:
  """Runs an entrypoint; a user's mistake ends it with one sentence.

  Args:
    define: defines the entrypoint's flags. They are not defined at import, so
      that one program can import several entrypoints.
    main: takes no argument; flags are parsed when it is called.
  """
  define()
  shared = __name__.rpartition(".")[0]  # flags that other modules here define
  for module, defined in flags.FLAGS.flags_by_module_dict().items():
    for flag in defined if module.startswith(f"{shared}.") else ():
      flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)  # for --help
  app.run(functools.partial(_guarded, main), flags_parser=_parse)


def _parse(argv: Sequence[str]) -> Sequence[str]:
  try:
    return flags.FLAGS(argv)
  except (flags.Error, UnicodeDecodeError) as error:  # the latter: a --flagfile
    _refuse(f"{error} (see --help).")


def _refuse(message: object) -> NoReturn:
  """Ends with one line on standard error, whatever is quoted in it."""
  line = "".join(c if c.isprintable() else ascii(c)[1:-1]
                 for c in str(message))
  print(f"error: {line}", file=sys.stderr)
  sys.exit(USER_ERROR)


def _guarded(main: Callable[[], None], argv: Sequence[str]) -> None:
  for stream in (sys.stdout, sys.stderr):
    if isinstance(stream, io.TextIOWrapper):  # in a locale that lacks a letter
      stream.reconfigure(errors="backslashreplace")
  logging.set_verbosity(logging.WARNING)  # TensorFlow reports every save
  tf.get_logger().setLevel("ERROR")  # ... and warns of graphs built on purpose
  try:
    if len(argv) > 1:
      raise errors.UserError(
          f"'{argv[1]}' is not a flag: flags begin with -- (see --help).")
    with _interruptible():
      main()
  except errors.UserError as error:
    _refuse(error)
  except OSError as error:  # from drawing or writing a report
    what = f"'{error.filename}'" if error.filename else "a file"
    _refuse(f"Cannot use {what} ({error.strerror or error}): free space, or "
            "name another folder.")
  except (MemoryError, tf.errors.ResourceExhaustedError):
    _refuse("There is not enough memory for these settings: choose smaller "
            "numbers, of points or games say.")
  except errors.Interrupted as stop:
    print(stop, file=sys.stderr)
    sys.exit(128 + stop.signal_number)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
  """Ctrl-C outside of training ends the process once TensorFlow returns.

  A `KeyboardInterrupt` could be raised inside of TensorFlow's C++, which
  prints a traceback and goes on. What is on the disk is as safe as from a kill.
  """
  def stop(number, unused_frame):
    os.write(2, b"\nStopped; the same command goes on from what is stored.\n")
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)

  ours = (threading.current_thread() is threading.main_thread() and
          signal.getsignal(signal.SIGINT) is signal.default_int_handler)
  if ours:
    signal.signal(signal.SIGINT, stop)
  try:
    yield
  finally:
    if ours:
      signal.signal(signal.SIGINT, signal.default_int_handler)
