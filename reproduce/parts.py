"""Runs made of computations that are stored one by one.

The theory run and the experiments on Section 5: each part returns rows (and
tables), and is never computed again once they are on disk.
"""

from typing import Any, Callable, Iterable, List, Mapping, NamedTuple, Sequence

from reproduce import rows as results
from reproduce.theory import outcome
from sobolev_tf import files
from sobolev_tf.training import device


class Part(NamedTuple):
  """A piece of a run that is stored when it is finished.

  Attributes:
    name: of its row file.
    compute: takes `folder`, `log_folder` and `title` for training.
    tables: names of the tables it makes.
  """
  name: str
  compute: Callable[..., outcome.Outcome]
  tables: Sequence[str] = ()


def run(artefact: str, parts: Iterable[Part], settings: Mapping[str, Any],
        folder: files.Path, *, preset: str, overwrite: bool = False,
        tensorboard: bool = False) -> List[results.Row]:
  """Runs or resumes parts.

  Args:
    artefact: the name rows carry.
    parts: what to run.
    settings: everything that determines the rows.
    folder: the run's folder; `tables/` holds what is drawn as curves and
      graphs, `rows/` all numbers.
    preset: the preset's name, for the rows.
    overwrite: deletes what the folder holds.
    tensorboard: writes TensorBoard scalars of what is trained.

  Returns:
    All rows in the folder.

  Raises:
    UserError: if the folder cannot be used.
    Interrupted: if a signal asked to stop.
  """
  device.prepare()
  with files.locked(folder) as locked:
    store = results.Run(
        locked, {"artefact": artefact, "preset": preset, **settings},
        overwrite)
    for part in parts:
      made = [locked / "tables" / f"{name}.csv" for name in part.tables]
      if store.finished(part.name) and all(path.exists() for path in made):
        continue
      logs = locked / "tensorboard" / part.name
      measured = part.compute(
          folder=store.checkpoints(part.name),
          log_folder=logs if tensorboard else None, title=part.name)
      for path in made:
        files.make_folder(path.parent)
        results.write_table(path, measured.tables[path.stem])
      store.write(part.name, [
          results.Row(artefact, preset, **row) for row in measured.rows])
    return results.read(locked)
