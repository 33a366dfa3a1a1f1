"""GPU hours from counted operations."""

import dataclasses

import pytest

from benchmarks import gpu_hours
from configs import table1
from sobolev_tf.networks import classifiers, convnet


def test_operations_by_hand():
  settings = dataclasses.replace(
      table1.get("paper", "cifar10").settings[0], architecture="small",
      batch_size=7, steps=1_000)
  blocks = classifiers.ARCHITECTURES["small"].blocks
  # Backpropagation: three passes, but for the gradient of the images.
  per_image = (3 * convnet.multiply_adds(blocks, 32)
               - convnet.multiply_adds(blocks[:1], 32) + 3 * 64 * 10)
  assert gpu_hours.exaflops(settings, "backpropagation") == pytest.approx(
      2 * per_image * 7 * 1_000 / 1e18)


def test_hours():
  # 36 exaFLOP at 10 TFLOP/s are 3.6 million seconds.
  assert gpu_hours.hours(36., 10.) == pytest.approx(1_000.)
