"""Sobolev losses: exact (Figure 1a) and stochastic (Figure 1b)."""

from sobolev_tf.losses.balancing import Balancing
from sobolev_tf.losses.channel_scales import (
    ChannelScales,
    huge_savine,
    standardise,
)
from sobolev_tf.losses.likelihood import ProfiledLikelihood
from sobolev_tf.losses.pointwise import absolute_error, norm, squared_error
from sobolev_tf.losses.prefactors import Prefactors
from sobolev_tf.losses.robust import capped, huber, relative
from sobolev_tf.losses.sobolev import SobolevLoss
from sobolev_tf.losses.soft_adapt import SoftAdapt
from sobolev_tf.losses.stochastic import StochasticSobolevLoss, unit_directions
from sobolev_tf.losses.terms import SobolevTerms

__all__ = (
    "Balancing",
    "ChannelScales",
    "Prefactors",
    "ProfiledLikelihood",
    "SobolevLoss",
    "SobolevTerms",
    "SoftAdapt",
    "StochasticSobolevLoss",
    "absolute_error",
    "capped",
    "huber",
    "huge_savine",
    "norm",
    "relative",
    "squared_error",
    "standardise",
    "unit_directions",
)
