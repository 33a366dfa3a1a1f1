"""What is known of functions and models, for as long as they live."""

import contextlib
import functools
from typing import Any, Iterator, List, MutableMapping
import weakref


class Memory:
  """A number for every function, 0 until it is set.

  A lambda that is made at every step is the same function each time: what
  counts is its code, and the models and functions that it uses, from its
  closure, its defaults, the arguments of `functools.partial` or its module.
  Tensors do not count; every step has its own.
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
  """The code and what it uses; a model that has no code is its own part."""
  function = getattr(function, "__wrapped__", function)
  held: List[Any] = []
  if isinstance(function, functools.partial):
    held += [*function.args, *function.keywords.values()]
    function = function.func
  held += [getattr(function, "__self__", None),
           *(getattr(function, "__defaults__", None) or ()),
           *(getattr(function, "__kwdefaults__", None) or {}).values()]
  code = getattr(function, "__code__", None)
  if code is not None:
    held += [function.__globals__.get(name) for name in code.co_names]
  for cell in getattr(function, "__closure__", None) or ():
    with contextlib.suppress(ValueError):  # not filled yet
      held.append(cell.cell_contents)
  yield _key(function if code is None else code)
  yield from map(_key, filter(callable, held))


def _key(part: Any) -> Any:
  """What a number can be noted for: the part, or its type if it cannot."""
  try:
    hash(weakref.ref(part))
  except TypeError:  # such as an instance of a dataclass, or of slots
    return type(part)
  return part
