"""Reads idx files: arrays of bytes with their shape in front (MNIST's format).

A file is 0, 0, 8 (the code of unsigned bytes), the number of dimensions, each
dimension as a big-endian 32-bit integer, and then the bytes, row by row:
https://yann.lecun.org/exdb/mnist/. It may be compressed by gzip.
"""

import gzip
import pathlib
import zlib

import numpy as np

from sobolev_tf import errors

_UNSIGNED_BYTES = 8


def read(path: pathlib.Path, dimensions: int) -> np.ndarray:
  """Reads an idx file of unsigned bytes.

  Args:
    path: the file; one whose name ends in `.gz` is decompressed.
    dimensions: how many the array must have.

  Returns:
    The array, uint8.

  Raises:
    UserError: if the file is absent, damaged or of another shape.
  """
  try:
    content = path.read_bytes()
    if path.suffix == ".gz":
      content = gzip.decompress(content)
  except (OSError, EOFError, zlib.error) as error:
    raise errors.UserError(f"'{path}' cannot be read ({error}).") from error
  start = 4 + 4 * dimensions
  magic = bytes([0, 0, _UNSIGNED_BYTES, dimensions])
  if len(content) < start or content[:4] != magic:
    raise errors.UserError(
        f"'{path}' is no idx file of bytes in {dimensions} dimension"
        f"{'s'[:dimensions != 1]}: it begins with {content[:4].hex()}, not "
        f"{magic.hex()}.")
  shape = tuple(map(int, np.frombuffer(content, ">u4", dimensions, 4)))
  expected = start + int(np.prod(shape, dtype=object))
  if len(content) != expected:
    raise errors.UserError(
        f"'{path}' is damaged: an array of shape {shape} makes {expected:,} "
        f"bytes, but it holds {len(content):,}.")
  return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
