"""What is known of functions and models, for as long as they live."""

import contextlib
import functools
import types
from typing import Any, Iterator, List, MutableMapping, Set, Tuple
import weakref


class Memory:
  """A number for every function, 0 until it is set.

  A lambda that is made at every step is the same function each time: what
  counts is its code, and the models and functions that it uses, from its
  closure, its defaults, the arguments of `functools.partial` or its module, and
  from the functions in these, its module's apart.
  Tensors do not count; every step has its own.
  """

  def __init__(self):
    """Nothing is known."""
    self._numbers: MutableMapping[Any, int] = weakref.WeakKeyDictionary()

  def __getitem__(self, function) -> int:
    """The least number of the function's parts."""
    return min(self._numbers.get(part, 0) for part in parts(function))

  def __setitem__(self, function, number: int) -> None:
    """Notes a number for all parts of the function."""
    for part in parts(function):
      self._numbers[part] = number


def parts(function) -> Iterator[Any]:
  """The code and what it uses; a model that has no code is its own part.

  Args:
    function: a function, module or model.

  Yields:
    What a number can be noted for. Of a function that the function has in its
    closure, and that may be made at every step as well, again the parts.
  """
  pending, met = [function], set()
  while pending:
    function = pending.pop()
    function = getattr(function, "__wrapped__", function)
    if id(function) in met:
      continue
    met.add(id(function))
    made, used = _used(function)
    if not isinstance(function, functools.partial):
      yield _key(getattr(function, "__code__", function))
    for one in filter(callable, made):
      if hasattr(one, "__code__") or isinstance(one, functools.partial):
        pending.append(one)
      else:
        yield _key(one)
    yield from map(_key, filter(callable, used))


def _used(function) -> Tuple[List[Any], List[Any]]:
  """What came with a function, and what it finds in its module."""
  if isinstance(function, functools.partial):
    return [function.func, *function.args, *function.keywords.values()], []
  made = [getattr(function, "__self__", None),
          *(getattr(function, "__defaults__", None) or ()),
          *(getattr(function, "__kwdefaults__", None) or {}).values()]
  for cell in getattr(function, "__closure__", None) or ():
    with contextlib.suppress(ValueError):  # not filled yet
      made.append(cell.cell_contents)
  code = getattr(function, "__code__", None)
  if code is None:
    return made, []
  return made, [
      function.__globals__.get(name) for name in names_used(code)]


def names_used(code: types.CodeType) -> Set[str]:
  """The names that code looks up, also in functions that it defines.

  Args:
    code: of a function.

  Returns:
    Those of globals, and of attributes.
  """
  return set(code.co_names).union(*(
      names_used(inner) for inner in code.co_consts
      if isinstance(inner, types.CodeType)))


def _key(part: Any) -> Any:
  """What a number can be noted for: the part, or its type if it cannot."""
  try:
    hash(weakref.ref(part))
  except TypeError:  # such as an instance of a dataclass, or of slots
    return type(part)
  return part
