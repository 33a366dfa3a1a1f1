"""Networks: MLPs, Atari policies, classifiers of images, normalisation."""
