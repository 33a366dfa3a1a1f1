"""Table 1's section, from made-up rows."""

import dataclasses
import math
import warnings

from reproduce import experiment, published, rows
from reproduce.classification import cells, section
from sobolev_tf import synthetic_gradients as sg


def write(made, folder):
  return section.write(experiment.Results(made, folder, folder))


def make_rows(seeds=(0, 1, 2), splits=3, task="shapes", methods=sg.TABLE1):
  """Rows of a made-up run: accuracy 10 x place of the method + seed."""
  made = []
  for place, method in enumerate(methods):
    for seed in seeds:
      def row(metric, value, step=100, method=method, seed=seed):
        return rows.Row(
            task, method, metric, value, seed=seed, step=step,
            preset="made-up", settings={
                "splits": splits, "targets": "true",
                "learning_rate": .01 if method == "noprop" else .1})
      made.append(row("test_top1", 10. * place + seed))
      if method not in ("noprop", "backpropagation"):
        for cut in range(1, splits + 1):
          made += [row(f"cosine_{cut}", .1 * cut, step) for step in (50, 100)]
          made.append(row(f"test_asymmetry_{cut}", 1e-7))
  return made


def test_section_of_made_up_rows(tmp_path):
  text = write(make_rows(), tmp_path)
  assert text.startswith(
      "### `shapes`, preset `made-up`: splits=3 targets=true, learning rates "
      "by method, 100 steps\n")
  header, _, ours, paper = text.split("\n\n")[1].splitlines()
  cells = [c.strip() for c in ours.strip("|").split("|")]
  assert "3 seeds" in cells[0]
  assert "(51.0 [" in cells[0]
  assert [c.split()[0] for c in cells[1:]] == [
      "1.0", "11.0", "21.0", "31.0", "41.0"]
  printed = next(r for r in published.TABLE1 if r.data == "cifar10")
  for accuracy in printed.methods.values():
    assert f"{accuracy.mean} ± {accuracy.deviation}" in paper
  assert "(94.3)" in paper
  assert "not for the numbers" in text
  assert "backpropagation -10.0 [-10.0, -10.0] (Sobolev worse)" in text
  assert "Critic 10.0 [10.0, 10.0] (Sobolev better)" in text
  assert "0.10 / 0.20 / 0.30" in text and "1.0e-07" in text
  assert (tmp_path / "table1-0.png").exists()
  # Of the errors: backpropagation's 49 and the critic's 69 against 59.
  assert "| backpropagation | 0.83" in text and "| Critic | 1.17" in text
  assert (tmp_path / "table1-0-profiles.png").exists()


def test_a_column_that_the_paper_has_not_is_marked(tmp_path):
  text = write(make_rows(methods=sg.METHODS), tmp_path)
  header, _, ours, paper = (
      [cell.strip() for cell in line.strip("|").split("|")]
      for line in text.split("\n\n")[1].splitlines())
  assert header[-1] == "local losses (not in the paper)"
  assert ours[-1].startswith("51.0 [") and paper[-1] == "none"
  assert "local losses -10.0 [-10.0, -10.0] (Sobolev worse)" in text
  # Without rows there is no such column.
  assert "local" not in write(make_rows(), tmp_path)


def test_section_of_an_imagenet_run_has_the_papers_rows():
  made = cells.Cells(make_rows(splits=1, task="imagenet"))
  assert [(r.modules, r.top) for r in made.paper()] == [(1, 1), (1, 5)]
  assert cells.Cells(make_rows()).paper()[0].data == "cifar10"


def test_section_of_a_single_seed_and_method(tmp_path):
  made = [r for r in make_rows(seeds=(4,)) if r.method == "noprop"]
  text = write(made, tmp_path)
  assert "1 seed " in text and "not run" in text
  assert "splits=3 targets=true learning_rate=0.01, 100 steps" in text


def test_section_says_what_diverged(tmp_path):
  made = []
  for row in make_rows():
    lost = row.method == "critic" and row.metric.startswith(("test", "cosine"))
    if lost and "asymmetry" in row.metric:
      continue  # not measured then
    made.append(dataclasses.replace(
        row, value=math.nan) if lost else row)
    if lost and row.metric == "test_top1":
      made.append(dataclasses.replace(
          row, metric="test_diverged_at", value=30.))
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    text = write(made, tmp_path)
  assert "nan" not in text
  assert "| Critic | diverged / diverged / diverged |" in text
  assert "left out of the means: Critic with seed 0, Critic with seed 1" in text


def test_section_of_a_search(tmp_path):
  made = [rows.Row("shapes", "sobolev", "validation_top1", value, seed=seed,
                   step=10, settings={
                       "splits": 3, "targets": "true", "learning_rate": rate,
                       "gradient_weight": 1.})
          for rate, value in ((.1, 20.), (.2, 30.)) for seed in (100, 101)]
  text = write(made, tmp_path)
  row = "| splits=3 targets=true learning_rate={} gradient_weight=1 | {} |"
  assert row.format(.1, "20.0") in text
  assert row.format(.2, "**30.0**") in text
