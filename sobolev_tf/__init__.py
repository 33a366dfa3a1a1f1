"""Sobolev Training for Neural Networks in TensorFlow and Sonnet.

Czarnecki, Osindero, Jaderberg, Swirszcz and Pascanu, NeurIPS 2017,
https://arxiv.org/abs/1706.04859.
"""

from sobolev_tf import ops
from sobolev_tf.checks import check_derivatives
from sobolev_tf.derivatives import (
    gradient,
    hessian,
    jacobian,
    projections,
    value_and_derivatives,
)
from sobolev_tf.derivatives.functionals import (
    Functional,
    divergence,
    laplacian,
    of_derivatives,
)
from sobolev_tf.derivatives.guard import (
    HalfPrecisionWarning,
    WrongDerivativeWarning,
)
from sobolev_tf.derivatives.linearity import PiecewiseLinearWarning
from sobolev_tf.derivatives.symmetry import (
    estimated_jacobian_asymmetry,
    jacobian_asymmetry,
)
from sobolev_tf.errors import UserError
from sobolev_tf.functions import FUNCTIONS, BenchmarkFunction
from sobolev_tf.losses import (
    Balancing,
    ChannelScales,
    Prefactors,
    ProfiledLikelihood,
    SobolevLoss,
    SobolevTerms,
    SoftAdapt,
    StochasticSobolevLoss,
    absolute_error,
    capped,
    huber,
    huge_savine,
    norm,
    relative,
    squared_error,
    standardise,
    unit_directions,
)
from sobolev_tf.networks.mlp import EnsembleMLP
from sobolev_tf.targets import from_arrays, from_black_box, from_function
from sobolev_tf.training.loop import History, Schedule, train
from sobolev_tf.training.optimizers import Adam, cosine

__version__ = "0.1.0"

__all__ = (
    "FUNCTIONS",
    "Adam",
    "Balancing",
    "BenchmarkFunction",
    "ChannelScales",
    "EnsembleMLP",
    "Functional",
    "HalfPrecisionWarning",
    "History",
    "PiecewiseLinearWarning",
    "Prefactors",
    "ProfiledLikelihood",
    "Schedule",
    "SobolevLoss",
    "SobolevTerms",
    "SoftAdapt",
    "StochasticSobolevLoss",
    "UserError",
    "WrongDerivativeWarning",
    "absolute_error",
    "capped",
    "check_derivatives",
    "cosine",
    "divergence",
    "estimated_jacobian_asymmetry",
    "from_arrays",
    "from_black_box",
    "from_function",
    "gradient",
    "hessian",
    "huber",
    "huge_savine",
    "jacobian",
    "jacobian_asymmetry",
    "laplacian",
    "norm",
    "of_derivatives",
    "ops",
    "projections",
    "relative",
    "squared_error",
    "standardise",
    "train",
    "unit_directions",
    "value_and_derivatives",
)
