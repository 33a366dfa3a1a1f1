"""Operations with right derivatives of every order, for TensorFlow's own."""

from sobolev_tf.ops.local_response import local_response_normalization
from sobolev_tf.ops.moments import moments
from sobolev_tf.ops.norm import norm
from sobolev_tf.ops.power import power
from sobolev_tf.ops.products import cumprod, reduce_prod
from sobolev_tf.ops.resize import resize
from sobolev_tf.ops.softsign import softsign

__all__ = (
    "cumprod",
    "local_response_normalization",
    "moments",
    "norm",
    "power",
    "reduce_prod",
    "resize",
    "softsign",
)
