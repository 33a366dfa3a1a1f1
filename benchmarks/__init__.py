"""Benchmarks; nothing here is a test, and nothing here has a threshold."""
