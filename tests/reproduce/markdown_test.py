"""Pieces of Markdown that the sections share."""

import math

from reproduce import markdown, stats


def test_interval_in_words():
  assert markdown.interval(stats.Interval(1.234, 1., 2., 5)) == (
      "1.23 [1.00, 2.00]")
  assert markdown.interval(stats.Interval(1.2, math.nan, math.nan, 1), 1) == (
      "1.2")
  assert markdown.interval(
      stats.Interval(math.nan, math.nan, math.nan, 0)) == "all diverged"


def test_table():
  assert markdown.table(["a", "b"], [["1", "2"]]) == (
      "| a | b |\n| --- | --- |\n| 1 | 2 |\n")
