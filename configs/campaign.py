"""Every committed run: its folder in `results/` and the command that makes it.

`python -m reproduce.campaign` makes all of them again, under one commit and one
environment; results/README.md lists the same commands, which a test compares.
"""

import dataclasses
from typing import Tuple


@dataclasses.dataclass(frozen=True)
class Run:
  """One command.

  Attributes:
    folder: of its rows, below `results/`.
    module: run as `python -m MODULE`.
    arguments: its flags but `--output` and `--jobs`.
    shared: whether it has `--jobs`; those that measure time have not.
    layer: of the environment that it needs, such as "bench"; empty for none.
  """
  folder: str
  module: str
  arguments: Tuple[str, ...] = ()
  shared: bool = True
  layer: str = ""

  @property
  def words(self) -> Tuple[str, ...]:
    """What follows `python -m`, from the root of the repository."""
    return (self.module, *self.arguments, f"--output=results/{self.folder}")


def _run(folder: str, *arguments: str) -> Run:
  """A run of the experiment and with the preset that its folder names."""
  experiment, *_, preset = folder.split("/")
  return Run(folder, f"reproduce.{experiment}",
             (f"--preset={preset}", *arguments))


_BOOTSTRAPPED = "--targets=bootstrapped"
_FASHION = "--dataset=fashion_mnist"
# Those that targets make a difference to.
_TAUGHT = "--method=direct,vfbn,critic,sobolev"

RUNS: Tuple[Run, ...] = (
    _run("theory/quick"),
    _run("sensitivity/quick"),
    _run("figure2/quick"),
    _run("figure2/tuned"),
    _run("figure2/paper"),
    _run("order2/tuning"),
    _run("order2/cpu"),
    _run("section5/cpu"),
    _run("surrogate/tuning"),
    _run("surrogate/cpu"),
    _run("surrogate/long"),
    _run("surrogate/curves"),
    _run("pricing/tuning"),
    _run("pricing/cpu"),
    _run("pricing/notebook"),
    _run("forces/tuning"),
    _run("forces/cpu"),
    _run("balancing/tuning"),
    _run("balancing/cpu"),
    _run("balancing/robust_tuning"),
    _run("balancing/robust"),
    _run("figure3/quick"),
    _run("figure4_search/cpu"),
    _run("figure4/cpu"),
    _run("figure4/controls"),
    _run("figure4/power"),
    _run("figure4_search/controls"),
    _run("figure4/tuned_controls", "--search=results/figure4_search/controls"),
    _run("figure4_saliency/cpu"),
    _run("table1/shapes-3-true/tuning"),
    _run("table1/shapes-3-true/tuning_weight"),
    _run("table1/shapes-3-bootstrapped/tuning", _BOOTSTRAPPED,
         _TAUGHT),
    _run("table1/digits-3-true/tuning", "--dataset=digits"),
    _run("table1/shapes-3-true/cpu"),
    _run("table1/shapes-3-bootstrapped/cpu", _BOOTSTRAPPED, "--seeds=0-4"),
    _run("table1/shapes-1-true/cpu", "--splits=1", "--seeds=0-4"),
    _run("table1/digits-3-true/cpu", "--dataset=digits"),
    _run("table1/shapes-3-true/long"),
    _run("table1/fashion_mnist-3-true/tuning", _FASHION),
    _run("table1/fashion_mnist-3-true/cpu", _FASHION),
    _run("table1/fashion_mnist-3-bootstrapped/cpu", _FASHION, _BOOTSTRAPPED,
         _TAUGHT, "--seeds=0-4"),
    _run("table1/fashion_mnist-1-true/cpu", _FASHION, "--splits=1",
         "--seeds=0-4"),
    Run("benchmarks/peers", "benchmarks.compare", shared=False, layer="bench"),
    Run("benchmarks/scaling", "benchmarks.scaling", shared=False,
        layer="bench"),
    Run("benchmarks/synthetic_gradients", "benchmarks.synthetic_gradients",
        shared=False),
)
REPORT = Run("report", "reproduce.report", ("--input=results",), shared=False)
