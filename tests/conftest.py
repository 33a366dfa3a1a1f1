"""What all tests share: commands, and the counts printed at the end."""

import gc

import commands
import pytest


@pytest.fixture(scope="session")
def command():
  """Runs `python -m <module> <arguments>`; see `commands.run`."""
  return commands.run


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
  """Collects a file's garbage when it is done, and looks at the rest no more.

  Else Python's collector, whose turn comes at random, goes through all that
  TensorFlow keeps, and what it deletes at once takes up to half a minute.
  """
  if nextitem is None or nextitem.path != item.path:
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session):
  """Hands the counts of one of pytest-xdist's workers to what prints them."""
  if hasattr(session.config, "workeroutput"):
    session.config.workeroutput["counts"] = dict(commands.COUNTS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
  """Adds a worker's counts."""
  commands.COUNTS.update(getattr(node, "workeroutput", {}).get("counts", {}))


def pytest_terminal_summary(terminalreporter):
  """Prints what the suites of faults and bad input have tried."""
  for name, number in sorted(commands.COUNTS.items()):
    terminalreporter.write_line(f"{name}: {number}")
