"""What the theory run consists of: one or more parts per statement.

Rows and tables only; `reproduce/sections/statements/` draws and explains
them, `reproduce/theory/` holds the computations.
"""

import functools
from typing import List

from configs import theory as config_lib
from reproduce.parts import Part
from reproduce.theory import figures, propositions, theorems


def parts(config: config_lib.Config) -> List[Part]:
  """Everything that a run consists of, in the paper's order."""
  one, two = config.theorem1, config.theorem2
  bind = functools.partial
  found = [
      Part("figure1", bind(figures.figure1, config.figure1),
           [f"figure1_{method}_{what}" for method in ("exact", "stochastic")
            for what in ("nodes", "edges")]),
      Part("figure2_left", bind(figures.figure2_left, config.figure2_left),
           ["figure2_left_curves", "figure2_left_points"]),
      Part("theorem1_constructed", bind(theorems.theorem1_constructed, one),
           ["theorem1_curves"])]
  for dimension, widths in enumerate(one.trained, start=1):
    found += [
        Part(f"theorem1_trained_{dimension}d_{width}",
             bind(theorems.theorem1_trained, one, dimension, width))
        for width in widths]
  found.append(Part("theorem2_bound", bind(theorems.theorem2_bound, two),
                    ["theorem2_curves"]))
  found += [
      Part(f"theorem2_trained_{width}",
           bind(theorems.theorem2_trained, two, width))
      for width in two.widths]
  return found + [
      Part("proposition1",
           bind(propositions.proposition1, config.proposition1),
           ["proposition1_curve", "proposition1_points"]),
      Part("identification",
           bind(propositions.identify, config.identification),
           ["gaussians_curves"]),
      Part("proposition4",
           bind(propositions.proposition4, config.proposition4))]
