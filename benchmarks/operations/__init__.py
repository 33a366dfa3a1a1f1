"""Which operations and layers are right when differentiated again."""
