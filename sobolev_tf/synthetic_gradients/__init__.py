"""Synthetic gradients: networks cut into parts (Section 4.3, Table 1)."""

from sobolev_tf.synthetic_gradients.cuts import (
    METHODS,
    SUPERVISION,
    TABLE1,
    Backpropagated,
    Cut,
    Lesson,
    LocalLoss,
    Noprop,
    Supervision,
    SyntheticGradient,
)
from sobolev_tf.synthetic_gradients.decoupled import (
    TARGETS,
    DecoupledNetwork,
    Step,
)
from sobolev_tf.synthetic_gradients.diagnosis import (
    asymmetries,
    cosines,
    preserved,
)
from sobolev_tf.synthetic_gradients.modules import (
    FreeGradient,
    LossModel,
    Prediction,
    cross_entropy,
)
from sobolev_tf.synthetic_gradients.stages import Plain

__all__ = (
    "METHODS",
    "SUPERVISION",
    "TABLE1",
    "TARGETS",
    "Backpropagated",
    "Cut",
    "DecoupledNetwork",
    "FreeGradient",
    "Lesson",
    "LocalLoss",
    "LossModel",
    "Noprop",
    "Plain",
    "Prediction",
    "Step",
    "Supervision",
    "SyntheticGradient",
    "asymmetries",
    "cosines",
    "cross_entropy",
    "preserved",
)
