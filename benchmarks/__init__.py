"""Benchmarks; nothing here is a test, and nothing here has a threshold."""

import reproduce  # noqa: F401  (sets TensorFlow up before it is imported)
