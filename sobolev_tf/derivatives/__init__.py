"""Derivatives with respect to the input: by tapes, by differences, faster."""

from sobolev_tf.derivatives.tapes import (
    Direction,
    Function,
    gradient,
    hessian,
    jacobian,
    projections,
    value_and_derivatives,
)

__all__ = (
    "Direction",
    "Function",
    "gradient",
    "hessian",
    "jacobian",
    "projections",
    "value_and_derivatives",
)
