"""Are a model's derivatives right? Compared with central differences."""

from sobolev_tf.checks.model import check_derivatives
from sobolev_tf.checks.report import Entry, Report

__all__ = ("Entry", "Report", "check_derivatives")
