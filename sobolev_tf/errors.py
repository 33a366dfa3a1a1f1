"""The one exception for mistakes that a user can mend."""


class UserError(ValueError):
  """A mistake in what the user gave: one sentence, naming it and its fix.

  Entrypoints print the sentence and exit with status 2 instead of showing a
  traceback. Library code raises it for bad arguments; being a `ValueError`,
  it is caught by callers who expect the usual exception.
  """
  # For AutoGraph: inside a tf.function, too, the sentence comes out as it is.
  ag_pass_through = True


class InUse(UserError):
  """Another process holds the folder that this one needs."""


class Interrupted(Exception):
  """A run was stopped by a signal, cleanly; the same command resumes it.

  Attributes:
    signal_number: the signal that asked for the stop.
  """

  def __init__(self, message: str, signal_number: int):
    super().__init__(message)
    self.signal_number = signal_number
