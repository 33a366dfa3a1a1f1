"""One report of whatever has been run, beside the paper's claims.

Collects the finished and unfinished runs below the input folders and writes
`report.md` with its figures, and `report.html`, which holds them itself.

  python -m reproduce.report
"""

import base64
import pathlib
import re
from typing import Dict, List, Sequence, Tuple

from absl import flags
import markdown
from markdown.extensions import toc

from reproduce import app, experiment, registry, rows
from reproduce import folder as folder_lib
from sobolev_tf import errors, files

_STYLE = """
body {max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222;
      background: #fff; font: 16px/1.5 system-ui, sans-serif;
      overflow-wrap: anywhere}
img {max-width: 100%} h1, h2, h3 {line-height: 1.2}
h2 {border-bottom: 1px solid #ccc; margin-top: 3rem}
.table {overflow-x: auto} table {border-collapse: collapse; font-size: .85rem}
td, th {padding: .2rem .6rem; border-bottom: 1px solid #ddd; text-align: left;
        white-space: nowrap}
@media (max-width: 45rem) {
  p:has(> img) {overflow-x: auto} img {max-width: none; width: 60rem}}
"""


def find_runs(inputs: Sequence[pathlib.Path]) -> Dict[str, pathlib.Path]:
  """Finds the runs below some folders.

  Args:
    inputs: folders; of two runs at the same place below them, the one below
      the earlier folder counts.

  Returns:
    Folders of runs by a name of their own, in the report's order: by
    artefact, then `cpu`, `long`, `quick`, `tuned`, `paper`, all else.

  Raises:
    UserError: if a run's `run.json` is damaged.
  """
  found: Dict[str, Tuple[Tuple, pathlib.Path]] = {}
  artefacts, presets = list(registry.MODULES), [
      "cpu", "long", "quick", "tuned", "paper"]
  for folder in inputs:
    for path in sorted(folder.glob("**/run.json")):
      settings = folder_lib.read_settings(path.parent)
      artefact, preset = settings.get("artefact"), settings.get("preset")
      if not isinstance(artefact, str) or artefact not in artefacts:
        continue
      place = str(path.parent.relative_to(folder))
      name = f"{artefact}-{preset}" if place == "." else place.replace("/", "-")
      rank = (artefacts.index(artefact),
              presets.index(preset) if preset in presets else len(presets))
      found.setdefault(name, ((*rank, name), path.parent))
  return {name: path for name, (_, path) in sorted(
      found.items(), key=lambda item: item[1][0])}


def write(inputs: Sequence[pathlib.Path], folder: files.Path) -> pathlib.Path:
  """Writes the report.

  Args:
    inputs: folders below which runs are looked for.
    folder: where `report.md`, `report.html` and the figures go.

  Returns:
    The HTML page's path.

  Raises:
    UserError: if there is no run, or a file of one is damaged or holds other
      rows than its settings say.
  """
  if not inputs:
    raise errors.UserError("--input is empty: name at least one folder.")
  runs = find_runs(inputs)
  if not runs:
    raise errors.UserError(_nothing_found(inputs))
  folder = files.make_folder(folder)
  by_artefact: Dict[str, Dict[str, pathlib.Path]] = {}
  for name, run in runs.items():
    by_artefact.setdefault(
        folder_lib.read_settings(run)["artefact"], {})[name] = run
  sections = {name: registry.load(name).section for name in registry.MODULES
              if name in by_artefact}
  text = [
      "# Sobolev Training for Neural Networks: what was measured\n",
      "Ours beside what the paper prints or claims "
      "(<https://arxiv.org/abs/1706.04859>). Everything below is drawn from "
      "the row files named in each section.\n",
      *(f"* [{section.title}](#{toc.slugify(section.title, '-')})"
        for section in sections.values()),
      ""]
  for artefact, section in sections.items():
    text.append(f"## {section.title}\n\n{section.claim}\n")
    for name, run in by_artefact[artefact].items():
      results = experiment.Results.read(run, folder / name)
      if not results.rows:
        text.append(f"### `{run}`\n\nNo part of it is finished yet.\n")
        continue
      files.make_folder(results.folder)
      try:
        body = section.write(results)
      except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, errors.UserError) and str(run) in str(error):
          raise  # it names the file already
        raise errors.UserError(
            f"The rows in '{run}' cannot be shown as {artefact} ({error}): "
            "move that folder out of --input.") from error
      text.append(re.sub(r"\]\((?=[^/)]*\.png\))", f"]({name}/", body))
      text.append(_provenance(run, results.rows))
  page = "\n".join(text)
  (folder / "report.md").write_text(page, encoding="utf-8")
  html = folder / "report.html"
  html.write_text(_to_html(page, folder), encoding="utf-8")
  return html


def _nothing_found(inputs: Sequence[pathlib.Path]) -> str:
  """Why a report would be empty, and what to do about it."""
  names = ", ".join(f"'{path}'" for path in inputs)
  unknown = sorted({
      str(folder_lib.read_settings(path.parent).get("artefact"))
      for folder in inputs for path in folder.glob("**/run.json")})
  if unknown:
    return (f"All runs below {names} are of an artefact that "
            f"reproduce/registry.py does not name ({', '.join(unknown)}): add "
            "it there, or name another folder with --input.")
  return (f"There are no results below {names}: run `make reproduce`, or name "
          "the folder of a run with --input.")


def _provenance(run: pathlib.Path, measured: Sequence[rows.Row]) -> str:
  """Where the rows of a run are and what computed them."""
  commits = sorted({row.commit for row in measured})
  versions = sorted({row.versions for row in measured})
  return (f"\n*{len(measured)} rows in `{run}/rows`; commit "
          f"{', '.join(commits)}; {' / '.join(versions)}.*\n")


def _to_html(text: str, folder: pathlib.Path) -> str:
  """Markdown to one page with its figures inside."""
  body = markdown.markdown(text, extensions=["tables", "toc"])
  body = body.replace("<table>", '<div class="table"><table>')
  body = body.replace("</table>", "</table></div>")

  def embed(match):
    data = base64.b64encode((folder / match[1]).read_bytes()).decode()
    return f'src="data:image/png;base64,{data}"'

  body = re.sub(r'src="([^":]+\.png)"', embed, body)
  return (
      '<!doctype html><html lang="en"><head><meta charset="utf-8">'
      '<meta name="viewport" content="width=device-width, initial-scale=1">'
      f"<title>sobolev_tf: report</title><style>{_STYLE}</style></head>"
      f"<body>{body}</body></html>\n")


def define_flags() -> None:
  """Defines this entrypoint's flags."""
  flags.DEFINE_list(
      "input", ["runs", "results"],
      "Folders below which to look for runs; of two at the same place below "
      "them, figure2/quick say, the one in the folder named first is shown.")
  flags.DEFINE_string("output", "runs/report", "Folder for the report.")


def main() -> None:
  inputs: List[pathlib.Path] = [
      pathlib.Path(name) for name in flags.FLAGS.input]
  print(f"Report: {write(inputs, flags.FLAGS.output)}")


if __name__ == "__main__":
  app.run(define_flags, main)
