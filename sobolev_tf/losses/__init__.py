"""Sobolev losses: exact (Figure 1a) and stochastic (Figure 1b)."""

from sobolev_tf.losses.pointwise import absolute_error, norm, squared_error
from sobolev_tf.losses.sobolev import SobolevLoss
from sobolev_tf.losses.stochastic import StochasticSobolevLoss, unit_directions
from sobolev_tf.losses.terms import SobolevTerms

__all__ = (
    "SobolevLoss",
    "SobolevTerms",
    "StochasticSobolevLoss",
    "absolute_error",
    "norm",
    "squared_error",
    "unit_directions",
)
