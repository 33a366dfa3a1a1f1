"""How each operation is called to be checked."""

import collections
from typing import Dict, List

from benchmarks.operations.cases import (
    arrays,
    containers,
    elementwise,
    images,
    linear_algebra,
    networks,
    reductions,
)
from benchmarks.operations.cases.case import Case

__all__ = ("Case", "by_operation")


def by_operation() -> Dict[str, List[Case]]:
  """All cases, by the type of the operation."""
  cases: Dict[str, List[Case]] = collections.defaultdict(list)
  for module in (arrays, containers, elementwise, images, linear_algebra,
                 networks, reductions):
    for case in module.CASES:
      cases[case.op].append(case)
  return dict(cases)
