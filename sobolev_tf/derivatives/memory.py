"""What is known of functions and models, for as long as they live."""

import contextlib
from typing import Any, Iterator, MutableMapping
import weakref


class Memory:
  """A number for every function, 0 until it is set.

  A lambda that is written anew at every step is the same function: what counts
  is its code, and the models and functions that it holds. Tensors that it
  holds do not count; every step has its own.
  """

  def __init__(self):
    """Nothing is known."""
    self._numbers: MutableMapping[Any, int] = weakref.WeakKeyDictionary()

  def __getitem__(self, function) -> int:
    """The least number of the function's parts."""
    return min(self._numbers.get(part, 0) for part in _parts(function))

  def __setitem__(self, function, number: int) -> None:
    """Notes a number for all parts of the function."""
    for part in _parts(function):
      self._numbers[part] = number


def _parts(function) -> Iterator[Any]:
  """The code and what it holds; a model that has no code is its own part."""
  function = getattr(function, "__wrapped__", function)
  function = getattr(function, "func", function)  # of functools.partial
  held = [getattr(function, "__code__", function),
          getattr(function, "__self__", None)]
  for cell in getattr(function, "__closure__", None) or ():
    with contextlib.suppress(ValueError):  # not filled yet
      held.append(cell.cell_contents)
  yield held[0]
  yield from filter(callable, held[1:])
