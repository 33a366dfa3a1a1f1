"""Fashion-MNIST's four files, written with few images."""

import gzip
import struct

import numpy as np

from reproduce.classification.data import fashion_mnist

COUNTS = {"train": 120, "t10k": 20}


def pack(array):
  return gzip.compress(
      bytes([0, 0, 8, array.ndim]) + struct.pack(
          f">{array.ndim}I", *array.shape) + array.tobytes(), 1)


def arrays():
  """By the files' names: random images, each label equally often."""
  rng = np.random.default_rng(0)
  found = {}
  for part, count in COUNTS.items():
    found[f"{part}-images-idx3-ubyte.gz"] = rng.integers(
        0, 256, (count, 28, 28)).astype(np.uint8)
    found[f"{part}-labels-idx1-ubyte.gz"] = rng.permutation(
        np.arange(count) % 10).astype(np.uint8)
  return found


def write(folder, monkeypatch):
  """Writes them; the set counts as complete with so few images."""
  monkeypatch.setattr(fashion_mnist, "COUNTS", COUNTS)
  for name, array in arrays().items():
    (folder / name).write_bytes(pack(array))
  return folder
