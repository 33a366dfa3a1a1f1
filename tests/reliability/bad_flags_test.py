"""Bad flags of every entrypoint: one sentence, exit status 2, no file touched.
"""

import io
import pathlib
import string
import subprocess
import sys

from commands import COUNTS, check_refused, check_sentence, contents
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from reproduce import (
    app,
    evaluate_teacher,
    experiment,
    figure2,
    figure3,
    figure4,
    figure4_saliency,
    figure4_search,
    order2,
    record,
    report,
    sensitivity,
    table1,
    train_teacher,
)
from reproduce.theory import __main__ as theory
from sobolev_tf import errors
from sobolev_tf.atari import environment
from sobolev_tf.training import loop

TRAINING = (figure2, figure3, sensitivity, order2, figure4, figure4_saliency,
            figure4_search, table1, theory)
WITH_OUTPUT = (*TRAINING, record, train_teacher)
WITH_GAME = (record, train_teacher, evaluate_teacher)
HUGE = "99999999999999999999999"

CASES = [
    *((module, ["--preset=huge"], "--preset") for module in TRAINING),
    *((module, ["stray"], "'stray' is not a flag") for module in TRAINING),
    *((module, ["--sead=1"], "'sead'") for module in TRAINING),
    *((module, ["--tensorboard=maybe"], "--tensorboard")
      for module in TRAINING),
    *((module, ["--flagfile=/none"], "/none") for module in TRAINING),
    *((module, ["--game=tetris"], "--game") for module in WITH_GAME),
    *((module, [], "--game") for module in WITH_GAME),
    *((module, ["--game=pong", f"--seed={2**31}"], "--seed")
      for module in WITH_GAME),
    *((module, ["--game=pong", "--seed=-1"], "--seed")
      for module in WITH_GAME),
    *((module, [f"--steps={steps}"], "--steps") for steps in (0, 1.5, HUGE)
      for module in (figure2, figure4, figure4_search, table1)),
    *((module, [f"--seeds={seeds}"], "--seeds")
      for seeds in (f"0-{HUGE}", "0-1000000", "", "0,", "1-", "0\n1", "one")
      for module in (figure2, figure4, figure4_search, table1)),
    (figure2, ["--sizes=1"], "single point"),
    (figure2, [f"--sizes={HUGE}"], "--sizes"),
    (figure2, ["--functions="], "functions must name at least one"),
    (figure2, ["--functions=booth,"], "''"),
    (figure2, [f"--seeds_per_part={HUGE}", "--sizes=0"], "--sizes"),
    (figure3, ["--function=Booth"], "'Booth'"),
    (figure3, ["--function="], "''"),
    (figure3, ["--sizes=1"], "from 2"),
    (figure3, [f"--seed={2**31}"], "--seed"),
    (figure3, ["--seed=-1"], "--seed"),
    *((module, [f"--percentages={text}"], "percentages") for text in (
        "nan", "inf", "-1", "0", "100", "1e-400", "5,five", "")
      for module in (figure4, figure4_search)),
    *((module, [f"--games={text}"], "--games") for text in (
        "", "breakout,breakout", "Breakout") for module in (
            figure4, figure4_search)),
    *((module, [f"--methods={text}"], "--methods") for text in (
        "", "sobolev,sobolev", "critic") for module in (
            figure4, figure4_search)),
    (figure4, ["--agents=/none"], "'/none/breakout'"),
    (figure4, ["--agents="], "'breakout'"),
    (table1, ["--method="], "methods must name at least one"),
    (table1, ["--splits=0"], "--splits"),
    (table1, ["--devices=-1"], "--devices"),
    (table1, ["--precision=half"], "--precision"),
    (order2, ["--sizes=0"], "--sizes"),
    (table1, ["--dataset=imagenet", "--preset=cpu"], "no settings"),
    (train_teacher, ["--game=pong", "--steps=0"], "--steps"),
    (train_teacher, ["--game=pong", f"--steps={HUGE}"], "--steps"),
    (train_teacher, ["--game=pong", "--initial=/none"], "'/none'"),
    (train_teacher, ["--game=pong", "--initial="], "not a finished folder"),
    (evaluate_teacher, ["--game=pong", "--games=0"], "--games"),
    (evaluate_teacher, ["--game=pong", "--emulator=mame"], "--emulator"),
    (evaluate_teacher, ["--game=pong", "--weights=/none"], "'/none'"),
    (evaluate_teacher, ["--game=pong", "--ship"], "--ship needs --weights"),
    (record, ["--game=pong", "--copies=0"], "--copies"),
    (report, ["--input="], "--input is empty"),
    (report, ["--input=/none"], "no results below '/none'"),
    (report, ["--presets=quick"], "'presets'"),
]


def name(case):
  module, arguments, _ = case
  return "-".join([module.__name__.rsplit(".", maxsplit=1)[-1], *arguments])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
  """An empty folder to be in, where nothing may be trained or played."""
  def fail(*unused, **unused_named):
    raise AssertionError("it was not refused before the work began")
  monkeypatch.setattr(loop, "train", fail)
  monkeypatch.setattr(environment, "AtariEnvironment", fail)
  monkeypatch.chdir(tmp_path)
  (tmp_path / "mine.txt").write_text("mine")
  return tmp_path


@pytest.mark.parametrize("case", CASES, ids=name)
def test_bad_flags(case, folder, command):
  module, arguments, word = case
  smoke = ["--preset=smoke"] if module in TRAINING else []
  check_refused(command(module, *smoke, *arguments), word)
  assert contents(folder) == {"mine.txt": b"mine"}


@pytest.mark.parametrize("output, word", [
    ("", "--output is empty"), ("mine.txt", "File exists"),
    ("mine.txt/below", "Not a directory"), ("x" * 300, "name too long"),
    ("/proc/none", "another output folder"), (".", "'mine.txt'")])
@pytest.mark.parametrize(
    "module", WITH_OUTPUT, ids=lambda m: m.__name__.rsplit(".")[-1])
def test_bad_outputs(module, output, word, folder, command):
  if module is record and output == ".":
    pytest.skip("record writes into a folder of its own below the output")
  game = ["--game=pong"] if module in (record, train_teacher) else []
  preset = ["--sample"] if module is record else []
  check_refused(command(
      module, "--preset=smoke", *game, *preset, f"--output={output}"), word)
  assert contents(folder) == {"mine.txt": b"mine"}


def test_a_report_into_a_file(folder, command):
  check_refused(command(report, "--input=.", "--output=mine.txt"),
                "no results")
  assert contents(folder) == {"mine.txt": b"mine"}


def test_a_flagfile_that_is_no_text(folder, command):
  (folder / "flags").write_bytes(bytes(range(128, 256)))
  check_refused(command(figure2, "--flagfile=flags"))


def test_too_little_memory_is_one_sentence(command, monkeypatch):
  def train(*unused, **unused_named):
    raise MemoryError
  monkeypatch.setattr(loop, "train", train)
  check_refused(command(theory, "--preset=smoke", "--output=run"), "memory")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(
    st.text(alphabet=string.digits + "- ,.eE+_x", max_size=12),
    st.text(max_size=8),
    st.integers().map(str),
    st.tuples(st.integers(-9, 10**6), st.integers(-9, 10**30)).map(
        lambda pair: f"{pair[0]}-{pair[1]}")), max_size=4))
def test_numbers_are_read_or_refused(entries):
  try:
    values = app.numbers("seeds", entries, 0)
  except errors.UserError as error:
    assert str(error).startswith("--seeds")
  else:
    assert 0 < len(set(values)) == len(values) <= app.HIGHEST
    assert all(0 <= value <= app.HIGHEST for value in values)


@settings(max_examples=25, deadline=None)
@given(flag=st.sampled_from(["sizes", "seeds", "functions"]),
       text=st.text(alphabet=st.characters(codec="utf-8"), max_size=10).filter(
           lambda text: not any(c.isdigit() for c in text)))
def test_any_text_without_numbers_is_refused(flag, text, command):
  check_refused(command(figure2, "--preset=smoke", f"--{flag}={text}"))


def test_a_terminal_that_lacks_a_letter(monkeypatch, tmp_path):
  section = experiment.Section("", "", lambda results: "1 \u00b1 2")
  results = experiment.Results([], tmp_path, tmp_path)
  stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
  monkeypatch.setattr(sys, "stdout", stream)
  monkeypatch.setattr(sys, "argv", ["shown"])
  with pytest.raises(SystemExit) as stop:
    app.run(lambda: None, lambda: app.show(section, results))
  stream.flush()
  assert not stop.value.code
  assert stream.buffer.getvalue().startswith(b"1 \\xb1 2\n")


def test_without_the_environment_it_says_what_to_do():
  done = subprocess.run(
      [sys.executable, "-S", "-m", "reproduce.figure2"],  # -S: bare
      cwd=pathlib.Path(app.__file__).parents[1], capture_output=True, text=True,
      check=False)
  assert done.returncode == app.USER_ERROR
  assert "activate the environment" in done.stderr
  check_sentence(done.stderr.rstrip())
  COUNTS["bad inputs refused"] += 1


def test_in_a_process_of_its_own(folder):
  done = subprocess.run(
      [sys.executable, "-m", "reproduce.figure2", "--sizes=many",
       f"--output={folder}/new"], cwd=app.__file__.rsplit("/", maxsplit=2)[0],
      capture_output=True, text=True, check=False)
  assert done.returncode == app.USER_ERROR and not done.stdout
  assert done.stderr.splitlines()[-1].startswith("error: --sizes: 'many'")
  assert "Traceback" not in done.stderr
  check_sentence(done.stderr.splitlines()[-1])
  assert contents(folder) == {"mine.txt": b"mine"}
