"""Time per step of several ways to do something, measured by turns."""

import statistics
import sys
import time
from typing import Any, Callable, Dict, Hashable, List, Mapping, TypeVar

import tqdm

Key = TypeVar("Key", bound=Hashable)


def seconds_per_step(
    runs: Mapping[Key, Callable[[int], Any]], steps: Callable[[Key], int],
    repeats: int) -> Dict[Key, float]:
  """Times several ways to do something, one after another, several times over.

  Args:
    runs: each takes a number of steps and returns when they are done.
    steps: of one timing.
    repeats: timings of each, after one that builds graphs and warms caches.

  Returns:
    The median seconds of one step.
  """
  times: Dict[Key, List[float]] = {key: [] for key in runs}
  for repeat in tqdm.trange(
      repeats + 1, desc="timing", leave=False, file=sys.stderr):
    for key, run in runs.items():
      count = steps(key)
      start = time.perf_counter()
      run(count)
      if repeat:
        times[key].append((time.perf_counter() - start) / count)
  return {key: statistics.median(values) for key, values in times.items()}
