"""Docstrings reach the site as they were written."""

import importlib.util
import pathlib
import textwrap

PATH = pathlib.Path(__file__).parents[2] / "docs" / "docstrings.py"
spec = importlib.util.spec_from_file_location("docs_docstrings", PATH)
docstrings = importlib.util.module_from_spec(spec)
spec.loader.exec_module(docstrings)


def converted(text):
  lines = textwrap.dedent(text).strip("\n").split("\n")
  return "\n".join(docstrings.as_restructured_text(lines))


def test_equations_keep_their_lines_and_symbols():
  assert converted("""
      The gradient is at most |x|:

        d_1 = 1
        d_2 = |x|

      for all x.
      """) == (r"The gradient is at most \|x\|:" "\n\n\n::\n\n"
               "  d_1 = 1\n  d_2 = |x|\n\nfor all x.")


def test_lines_indented_without_a_blank_line_are_kept_as_well():
  assert "::\n\n  S. Author, Title,\n    https://x" in converted("""
      References, by author:
        S. Author, Title,
          https://x
      """)


def test_prose_may_follow_an_equation_without_a_blank_line():
  assert converted("""
      With
        y = |x|
      where x is real.
      """) == "With\n\n::\n\n  y = |x|\n\nwhere x is real."


def test_code_may_be_followed_by_a_power_or_a_letter():
  assert converted("`a`^2 `b` s `c`s, `d`.") == r"`a`\ ^2 `b` s `c`\ s, `d`."
  assert converted("c` and `d` or") == "c` and `d` or"  # begins above


def test_lists_and_sections_are_left_alone():
  text = """
      A sum of

      * one thing that takes
        two lines, and

        a second paragraph;

      1. another
         thing.

      Args:
        x: points
          `[B, D]`.

          More of them.

      Returns:
        The sum.
      """
  assert converted(text) == textwrap.dedent(text).strip("\n")


def test_a_docstring_of_arguments_alone_is_a_section():
  """Its indentation is common to all lines but the first, and so removed."""
  lines = ["Args:", "x: points", "  `[B, D]`.", "y: values."]
  assert list(docstrings.as_restructured_text(lines)) == [
      "Args:", "  x: points", "    `[B, D]`.", "  y: values."]


def test_nothing_is_nothing():
  assert list(docstrings.as_restructured_text([])) == [""]
