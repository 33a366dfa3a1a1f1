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

from reproduce import app
from reproduce import rows as results
from reproduce.classification import table1
from reproduce.costs import scaling, speed, synthetic_gradients
from reproduce.distillation import figure4
from reproduce.distillation import search as figure4_search
from reproduce.regression import figure2, figure3, order2, sensitivity
from reproduce.section5 import section as section5
from reproduce.theory import section as theory
from sobolev_tf import errors, files

# Artefact -> (heading, what the paper says, function of (rows, run, folder)).
SECTIONS = {
    "theory": (
        "Sections 2 and 3: the method and its theory, computed",
        "Paper: Figures 1 and 2 (left), Theorems 1 and 2, Propositions 1 to 3 "
        "and, from Section 4.3, Proposition 4; proofs are in its supplement. "
        "Each statement is made to run here.",
        theory.write),
    "figure2": (
        "Figure 2 (right): regression from values and gradients",
        "Paper, Section 4.1: Sobolev Training has the lower test error on six "
        "of the seven functions, often by orders of magnitude; the effect is "
        "stronger with little data and does not vanish at 10,000 points; on "
        "Ackley regular training is better while data are few. The paper "
        "prints no values for this figure, so its claims are compared.",
        lambda rows, _, folder: figure2.write(rows, folder)),
    "order2": (
        "Second derivatives: Figure 2's experiment at order 2",
        "Paper, Section 2, defines Sobolev Training for any order; Section "
        "4.1 stops at the first, because the second derivatives of its ReLU "
        "networks are zero. Here the network is smooth, and Hessians are "
        "matched, exactly or projected on one random direction per example "
        "and step (Figure 1b). The paper makes no claim about it.",
        lambda rows, _, folder: order2.write(rows, folder)),
    "figure3": (
        "Figure 3: Styblinski-Tang and its models",
        "Paper, Section 4.1: even from very few points, the Sobolev-trained "
        "network captures the shape of the function.",
        lambda _, source, folder: figure3.write(source, folder)),
    "sensitivity": (
        "How Section 4.1's results depend on scaling and learning rate",
        "The paper states neither how inputs and targets were scaled nor how "
        "the learning rate was chosen.",
        lambda rows, _, folder: sensitivity.write(rows, folder)),
    "figure4": (
        "Figure 4: distilling Atari policies",
        "Paper, Section 4.2: with Sobolev Training the student is closer to "
        "its teacher on held-out episodes, on all three games and at every "
        "percentage, most of all with little data; on Pong the gap is small. "
        "The paper prints no values for this figure, so its claims are "
        "compared.",
        lambda rows, source, folder: figure4.write(rows, source, folder)),
    "figure4_search": (
        "How Figure 4's settings were chosen",
        "The paper states no alpha and no learning rates.",
        lambda rows, _, folder: figure4_search.write(rows, folder)),
    "table1": (
        "Table 1: synthetic gradients",
        "Paper, Section 4.3: Sobolev Training gives the best test accuracy of "
        "all synthetic gradients on CIFAR-10 and ImageNet, just above the "
        "critic; supervision by the loss is what matters most on ResNets.",
        lambda rows, _, folder: table1.write(rows, folder)),
    "section5": (
        "Section 5: the open paths, tried",
        "Paper, Section 5, names them without experiments: finite differences "
        "for black boxes, internal derivatives, and second-order signals from "
        "known uncertainty.",
        lambda rows, _, folder: section5.write(rows, folder)),
    "speed": (
        "Speed beside PyTorch, JAX and JENN",
        "Not in the paper. The same networks, data and steps in each library.",
        speed.write),
    "synthetic_gradients": (
        "What a step with synthetic gradients costs",
        "Not in the paper.",
        synthetic_gradients.write),
    "scaling": (
        "What a Sobolev step costs",
        "Paper, Section 2: projections keep the cost of a step independent of "
        "the number of outputs.",
        scaling.write),
}
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
  artefacts, presets = list(SECTIONS), [
      "cpu", "long", "quick", "tuned", "paper"]
  for folder in inputs:
    for path in sorted(folder.glob("**/run.json")):
      settings = results.read_settings(path.parent)
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
    names = ", ".join(f"'{path}'" for path in inputs)
    raise errors.UserError(
        f"There are no results below {names}: run `make reproduce`, or name "
        "the folder of a run with --input.")
  folder = files.make_folder(folder)
  by_artefact: Dict[str, Dict[str, pathlib.Path]] = {}
  for name, run in runs.items():
    by_artefact.setdefault(
        results.read_settings(run)["artefact"], {})[name] = run
  text = [
      "# Sobolev Training for Neural Networks: what was measured\n",
      "Ours beside what the paper prints or claims "
      "(<https://arxiv.org/abs/1706.04859>). Everything below is drawn from "
      "the row files named in each section.\n",
      *(f"* [{title}](#{toc.slugify(title, '-')})"
        for artefact, (title, *_) in SECTIONS.items()
        if artefact in by_artefact),
      ""]
  for artefact, (title, claim, section) in SECTIONS.items():
    here = by_artefact.get(artefact)
    if not here:
      continue
    text.append(f"## {title}\n\n{claim}\n")
    for name, run in here.items():
      rows = results.read(run)
      if not rows:
        text.append(f"### `{run}`\n\nNo part of it is finished yet.\n")
        continue
      try:
        body = section(rows, run, files.make_folder(folder / name))
      except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, errors.UserError) and str(run) in str(error):
          raise  # it names the file already
        raise errors.UserError(
            f"The rows in '{run}' cannot be shown as {artefact} ({error}): "
            "move that folder out of --input.") from error
      text.append(re.sub(r"\]\((?=[^/)]*\.png\))", f"]({name}/", body))
      text.append(_provenance(run, rows))
  page = "\n".join(text)
  (folder / "report.md").write_text(page, encoding="utf-8")
  html = folder / "report.html"
  html.write_text(_to_html(page, folder), encoding="utf-8")
  return html


def _provenance(run: pathlib.Path, rows: Sequence[results.Row]) -> str:
  """Where the rows of a run are and what computed them."""
  commits = sorted({row.commit for row in rows})
  versions = sorted({row.versions for row in rows})
  return (f"\n*{len(rows)} rows in `{run}/rows`; commit "
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
