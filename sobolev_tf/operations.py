"""Stub: what TensorFlow's operations are worth when differentiated again."""

from typing import NamedTuple, Optional


class Verdict(NamedTuple):
  """A row of the table."""
  op: str
  first: str = "right"
  second: str = "right"
  third: str = "right"


_TABLE = {
    "ResizeBicubic": Verdict("ResizeBicubic", second="missing"),
    "ResizeBilinear": Verdict("ResizeBilinear", second="wrong"),
    "Prod": Verdict("Prod", second="wrong"),
    "Cumprod": Verdict("Cumprod", second="wrong"),
    "Softsign": Verdict("Softsign", second="missing"),
    "LRN": Verdict("LRN", second="missing"),
}


def lookup(op_type: str) -> Optional[Verdict]:
  """The verdict on an operation, or None."""
  return _TABLE.get(op_type)
