"""Training: the loop, checkpoints, optimizers, one run of each experiment."""
