"""Synthetic gradients: networks cut into parts (Section 4.3, Table 1)."""

from sobolev_tf.synthetic_gradients.cuts import (
    METHODS,
    SUPERVISION,
    Backpropagated,
    Cut,
    Noprop,
    Supervision,
    SyntheticGradient,
)
from sobolev_tf.synthetic_gradients.decoupled import (
    TARGETS,
    DecoupledNetwork,
    Plain,
    Step,
    preserved,
)
from sobolev_tf.synthetic_gradients.modules import (
    FreeGradient,
    LossModel,
    Prediction,
    cross_entropy,
)

__all__ = (
    "METHODS",
    "SUPERVISION",
    "TARGETS",
    "Backpropagated",
    "Cut",
    "DecoupledNetwork",
    "FreeGradient",
    "LossModel",
    "Noprop",
    "Plain",
    "Prediction",
    "Step",
    "Supervision",
    "SyntheticGradient",
    "cross_entropy",
    "preserved",
)
