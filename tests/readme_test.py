"""What the README tells people to run, runs."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PAGES = ("README.md", "WORKSPACE.md", "results/README.md")


def blocks(language):
  text = (ROOT / "README.md").read_text()
  return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_python_example_trains():
  example, _ = blocks("python")
  names = {}
  exec(compile(example, "README.md", "exec"), names)
  assert float(names["last"]) < .2 * float(names["first"])


def test_keras_example_trains(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)  # it saves the model
  _, example = blocks("python")
  names = {}
  exec(compile(example, "README.md", "exec"), names)
  losses = names["history"].history["val_first_loss"]
  assert losses[-1] < .1 * losses[0]
  assert names["values"].shape == (200, 1)
  assert (tmp_path / "model.keras").exists()


def test_make_targets_exist():
  targets = re.findall(r"^make ([\w-]+)", "\n".join(blocks("sh")), re.MULTILINE)
  assert {"reproduce", "test"} <= set(targets)
  for target in targets:
    subprocess.run(["make", "-n", target], cwd=ROOT, check=True,
                   capture_output=True)


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_links_exist(page):
  text = (ROOT / page).read_text()
  for module, flags in re.findall(
      r"python -m ([\w.]+)((?: --[\w=./,-]+)*)", text):
    path = ROOT / f"{module.replace('.', '/')}.py"
    assert path.exists(), module
    # The flags are the entrypoint's: absl rejects unknown ones.
    for flag in re.findall(r"--(\w+)", flags):
      source = "".join(p.read_text() for p in (
          path, ROOT / "reproduce/app.py",
          ROOT / "reproduce/distillation_grid.py",
          ROOT / "reproduce/regression_grid.py"))
      assert f'"{flag}"' in source, (module, flag)
  for link in re.findall(r"\]\(([^)#:]+)\)", text):
    assert (ROOT / page).parent.joinpath(link).exists(), link


def statements(heading):
  """The cells of the table below a heading of the README."""
  text = (ROOT / "README.md").read_text().split(f"\n### {heading}\n")[1]
  table = re.search(r"(?:^\|.*\n)+", text.split("\n#")[0], re.M)[0]
  names, _, *lines = (
      [cell.strip() for cell in line.strip("|").split(" | ")]
      for line in table.splitlines())
  assert names == ["statement", "command", "code", "test", "figure"]
  return lines


@pytest.mark.parametrize("heading", [
    "The paper's statements", "Sections 2, 4 and 5: from statement to figure"])
def test_every_statement_has_its_command_code_test_and_figure(heading):
  for _, command, code, test, figure in statements(heading):
    assert command.startswith("`python -m reproduce.")
    for cell, pattern in (
        (code, r"(sobolev_tf|reproduce)/.*(\.py|/)"),
        (test, r"tests/.*(_test\.py|/)"),
        (figure, r"results/report/(.*\.png|report\.md#.*)")):
      links = re.findall(r"\[([^]]+)\]\(([^)]+)\)", cell)
      assert links
      # Nothing in backquotes without a link, and each link's own name.
      assert cell.count("`") == 2 * sum("`" in name for name, _ in links)
      for name, link in links:
        assert re.fullmatch(pattern, link), link
        if "`" in name:
          assert link.rstrip("/").endswith("/" + name.strip("`/")), link


@pytest.mark.parametrize("page", PAGES)
def test_files_and_headings_that_links_name_exist(page):
  for link, anchor in re.findall(
      r"\]\(([^)#:]*)#([^)]+)\)", (ROOT / page).read_text()):
    linked = (ROOT / page).parent / link if link else ROOT / page
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", linked.read_text(), re.M)}
    assert anchor in anchors, (link, anchor)


def test_committed_results_are_undamaged():
  from reproduce import rows as results
  rows = [row for run in (ROOT / "results").glob("**/run.json")
          for row in results.read(run.parent)]
  assert {row.artefact for row in rows} >= {
      "figure2", "figure3", "sensitivity"}


def test_package_imports_without_the_repository(tmp_path):
  """`import sobolev_tf` needs nothing from reproduce/ or configs/."""
  code = (
      "import sys; sys.path.insert(0, sys.argv[1]); import sobolev_tf; "
      "bad = [m for m in sys.modules if m.split('.')[0] in "
      "('reproduce', 'configs')]; sys.exit(bool(bad))")
  link = tmp_path / "sobolev_tf"
  link.symlink_to(ROOT / "sobolev_tf")
  subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=tmp_path,
                 check=True)
