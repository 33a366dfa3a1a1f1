"""What all tests share: commands, and the counts printed at the end."""

import commands
import pytest


@pytest.fixture(scope="session")
def command():
  """Runs `python -m <module> <arguments>`; see `commands.run`."""
  return commands.run


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
