"""What README and docs/ tell people to run, runs; what they link to, exists."""

import fnmatch
import importlib.util
import pathlib
import re
import runpy
import shlex
import subprocess
import sys
import tomllib

from absl import app as absl_app
from absl import flags
from absl.testing import flagsaver
import commands  # defines absl's own flags  # noqa: F401
import pytest

ROOT = pathlib.Path(__file__).parent.parent
PAGES = ("README.md", "WORKSPACE.md", "results/README.md",
         *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
PROGRAMS = {"cp", "export", "mkdir", "."}  # which need no test


def read(page):
  return (ROOT / page).read_text()


def blocks(page, language):
  return re.findall(rf"```{language}\n(.*?)```", read(page), flags=re.DOTALL)


def prose(page):
  """The page without its blocks, every run of spaces or newlines one space."""
  return " ".join(re.sub(r"```.*?```", "", read(page), flags=re.DOTALL).split())


def unique(items):
  return list(dict.fromkeys(items))


# Examples in Python.


@pytest.mark.parametrize("page, number", [
    (page, number) for page in PAGES
    for number, _ in enumerate(blocks(page, "python"))])
def test_example_trains(page, number, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)  # one saves its model
  names = {}
  exec(compile(blocks(page, "python")[number], page, "exec"), names)
  if "EXPERIMENT" in names:
    check_example_of_an_experiment(names)
  if "last" in names:
    assert float(names["last"]) < .2 * float(names["first"])
  if "history" in names:
    losses = names["history"].history
    losses = losses.get("val_first_loss") or losses["loss"]
    assert losses[-1] < .1 * losses[0]
  if "values" in names:
    assert names["values"].shape == (200, 1)
    assert (tmp_path / "model.keras").exists()


def check_example_of_an_experiment(names):
  """It has a figure, and a part that is lost is made again to the last bit."""
  folder, results = pathlib.Path(names["folder"]), names["results"]
  assert (folder / "toy.png").stat().st_size > 5000
  assert "](toy.png)" in names["EXPERIMENT"].section.write(results)
  regular, sobolev = (
      sum(row.value for row in results.rows if row.method == method)
      for method in ("regular", "sobolev"))
  assert sobolev < regular
  lost = folder / "rows" / "sobolev.csv"
  before = lost.read_bytes()
  lost.unlink()
  names["run"].run(names["plan"]("smoke"), folder)
  assert lost.read_bytes() == before


def test_the_readme_has_one_example_of_the_library_and_one_in_keras():
  first, second = blocks("README.md", "python")
  assert "st.SobolevLoss(" in first and "SobolevModel(" in second


# Commands.


def shell_commands(page):
  """Every command in the page's blocks, as its words."""
  for block in blocks(page, "sh"):
    unfinished = ""
    for line in block.splitlines():
      try:
        words = shlex.split(unfinished + line, comments=True)
      except ValueError:  # a quoted argument goes on in the next line
        unfinished += f"{line}\n"
        continue
      unfinished = ""
      for command in " ".join(map(shlex.quote, words)).split(" '&&' "):
        if command:
          yield shlex.split(command)
    assert not unfinished, page


def quoted_commands(page):
  """The commands quoted in the page's text: `python -m ...`, `figure2 --...`.
  """
  for text in re.findall(r"`([^`<]+)`", prose(page)):
    words = text.split()
    if text.startswith(("python -m ", "make ", "pip install ")):
      yield shlex.split(text)
    elif len(words) > 1 and all(w.startswith("--") for w in words[1:]):
      yield ["python", "-m", f"reproduce.{words[0]}", *words[1:]]


COMMANDS = unique(
    (page, tuple(command)) for page in PAGES
    for command in (*shell_commands(page), *quoted_commands(page)))
EXPERIMENTS = unique(
    words[2:] for _, words in COMMANDS if words[:2] == ("python", "-m"))


def parse_flags(module, *arguments):
  """Runs `python -m <module> <arguments>` up to and with the flags' parsing.
  """
  def run(unused_main, flags_parser=flags.FLAGS):
    flags_parser(sys.argv)
    sys.exit(0)

  with pytest.MonkeyPatch.context() as patch, flagsaver.flagsaver(), (
      pytest.raises(SystemExit)) as stop:
    patch.setattr(absl_app, "run", run)
    patch.setattr(sys, "argv", [module, *arguments])
    runpy.run_module(module, run_name="__main__", alter_sys=True)
  return stop.value.code


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize("command", EXPERIMENTS, ids=" ".join)
def test_the_entrypoint_has_these_flags(command):
  module, *arguments = command
  assert importlib.util.find_spec(module), module
  if "--help" not in arguments:
    assert parse_flags(module, *arguments) == 0


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_an_unknown_flag_or_value_is_found(capsys):
  assert parse_flags("reproduce.figure2", "--presets=quick") == 2
  assert parse_flags("reproduce.figure2", "--preset=quickly") == 2
  assert "quickly" in capsys.readouterr().err


def test_every_other_command_is_known():
  extras = tomllib.loads(read("pyproject.toml"))["project"][
      "optional-dependencies"]
  for program, *arguments in unique(command for _, command in COMMANDS):
    if program == "make":
      subprocess.run(
          ["make", "-n", f"PYTHON={sys.executable}", *arguments], cwd=ROOT,
          check=True, capture_output=True)
    elif program == "pip":
      for extra in re.findall(r"\.\[([\w-]+)\]", " ".join(arguments)):
        assert extra in extras, extra
    else:
      assert program in {"python", *PROGRAMS}, program


def test_the_readme_names_the_two_commands():
  assert {("README.md", ("make", "reproduce")),
          ("README.md", ("make", "test"))} <= set(COMMANDS)


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_the_commands_of_the_readmes_table_are_entrypoints():
  lines = tables(read("README.md"))
  assert len(lines) >= 10
  for line in lines:
    module, *arguments = line["command"].strip("`").split()
    assert parse_flags(f"reproduce.{module}", *arguments) == 0


# Links.


def headings(page):
  """The anchors of its headings, as GitHub and MyST make them."""
  return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
          for heading in re.findall(r"^#+ (.*)$", read(page), re.M)}


@pytest.mark.parametrize("page", PAGES)
def test_files_and_headings_that_links_name_exist(page):
  text = re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)
  labels = dict(re.findall(r"^\[([^]]+)\]: (\S+)$", text, re.M))
  missing = []
  for link in (*re.findall(r"\]\(([^)\s]+)\)", text), *labels.values()):
    path, _, anchor = link.partition("#")
    if re.match(r"[a-z]+:", link):
      continue
    linked = (ROOT / page).parent / path if path else ROOT / page
    if not linked.is_file() or anchor and anchor not in headings(
        linked.resolve().relative_to(ROOT)):
      missing.append(link)
  for label in labels:
    if len(re.findall(rf"\[{re.escape(label)}\](?!:)", text)) == 0:
      missing.append(f"unused: {label}")
  for label in re.findall(r"\]\[([^]]+)\]", text):
    if label not in labels:
      missing.append(f"undefined: {label}")
  assert not missing


def test_every_page_is_in_the_table_of_contents():
  trees = "\n".join(re.findall(r"```{toctree}\n(.*?)```", read("docs/index.md"),
                               flags=re.DOTALL))
  entries = [re.sub(r".*<(.*)>", r"\1", line) for line in trees.splitlines()
             if line and not line.startswith(":")]
  for page in PAGES:
    name = (page.removeprefix("docs/") if page.startswith("docs/")
            else f"../{page}").removesuffix(".md")
    assert name == "index" or any(
        fnmatch.fnmatch(name, entry) for entry in entries), page


def test_the_readme_is_short():
  lines = read("README.md").splitlines()
  assert len(lines) <= 200
  assert len(read("README.md").split()) <= 1500
  assert max(map(len, lines)) <= 100


# The table of statements.


def tables(text):
  """The rows of all tables in the text, each a dictionary by column."""
  rows = []
  for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
    names, _, *lines = (
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in table.splitlines())
    rows += [dict(zip(names, line, strict=True)) for line in lines]
  return rows


def test_every_statement_has_its_command_code_test_and_figure():
  rows = tables(read("docs/coverage.md"))
  assert len(rows) >= 20
  for row in rows:
    assert list(row) == ["statement", "command", "code", "test", "figure"]
    assert row["command"].startswith("`python -m reproduce.")
    for column, pattern in (
        ("code", r"(sobolev_tf|reproduce)/.*\.py"),
        ("test", r"tests/.*_test\.py"),
        ("figure", r"results/report/(.*\.png|report\.md#.*)")):
      cell = row[column]
      links = re.findall(r"\[([^]]+)\]\(\.\./([^)]+)\)", cell)
      assert links
      # Nothing in backquotes without a link, and each link's own name.
      assert cell.count("`") == 2 * sum("`" in name for name, _ in links)
      for name, link in links:
        assert re.fullmatch(pattern, link), link
        if "`" in name:
          assert link.endswith("/" + name.strip("`")), link
