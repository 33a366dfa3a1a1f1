"""What all tests share: commands, and the counts printed at the end."""

import commands
import pytest


@pytest.fixture(scope="session")
def command():
  """Runs `python -m <module> <arguments>`; see `commands.run`."""
  return commands.run


def pytest_terminal_summary(terminalreporter):
  """Prints what the suites of faults and bad input have tried."""
  for name, number in sorted(commands.COUNTS.items()):
    terminalreporter.write_line(f"{name}: {number}")
