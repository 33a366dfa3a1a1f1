"""Table 1's presets hold what the paper states and what was chosen."""

import pathlib

import pytest
import tensorflow as tf

from configs import table1 as config_lib
from reproduce import rows, tuning
from reproduce.classification import section
from sobolev_tf import errors
from sobolev_tf import synthetic_gradients as sg

RESULTS = pathlib.Path(__file__).parents[2] / "results" / "table1"


def searched(settings, method):
  """The values of what a search varies, in a method's settings."""
  varied = settings.varied(method)
  return tuple(varied[name] for name in section.SEARCH.settings)


def test_presets():
  assert set(config_lib.PRESETS) >= {"smoke", "quick", "cpu", "paper"}
  for preset, by_dataset in config_lib.PRESETS.items():
    for dataset, config in by_dataset.items():
      for settings in config.settings:
        settings.check()
      assert config.dataset == dataset
      if not preset.startswith("tuning"):
        assert config.stream == "test"
  assert config_lib.PRESETS["cpu"]["shapes"].methods == sg.TABLE1
  assert len(config_lib.PRESETS["cpu"]["shapes"].seeds) >= 5
  tuning = config_lib.PRESETS["tuning"]["shapes"]
  assert tuning.stream == "validation"
  assert not set(tuning.seeds) & set(config_lib.PRESETS["cpu"]["shapes"].seeds)
  # The same learning rates are tried for every method.
  for settings in tuning.settings:
    assert len(set(settings.learning_rates.values())) == 1


def test_paper_preset_is_what_is_known():
  cifar10 = config_lib.get("paper", "cifar10").settings[0]
  assert (cifar10.splits, cifar10.batch_size, cifar10.optimizer) == (
      3, 32, "adam")
  assert cifar10.weight_decay == 1e-4
  assert (cifar10.schedule, cifar10.schedule_steps) == ("halving", (40_000,))
  assert set(cifar10.learning_rates.values()) == {1e-3}
  for splits in (1, 3):
    imagenet = config_lib.get("paper", "imagenet", splits=splits).settings[0]
    assert (imagenet.architecture, imagenet.splits) == ("resnet50", splits)
    # He et al. (arXiv 1512.03385): 90 epochs of 1.28 million images.
    assert (imagenet.optimizer, imagenet.batch_size, imagenet.steps) == (
        "momentum", 256, 450_000)
    assert imagenet.steps * imagenet.batch_size == pytest.approx(
        90 * 1.281167e6, rel=.01)
    rate = imagenet.part_rate("sobolev")
    assert [float(rate(tf.constant(step))) for step in (
        0, 149_999, 150_000, 299_999, 300_000, 449_999)] == pytest.approx(
            [.1, .1, .01, .01, .001, .001])
    assert imagenet.weight_decay == 1e-4
  for config in config_lib.PRESETS["paper"].values():
    assert config.settings[0].targets == "true"


def test_digits_lose_little_by_the_rates_of_drawn_shapes():
  measured = rows.read(RESULTS / "digits-3-true" / "tuning")
  (settings,) = config_lib.get("cpu", "digits").settings
  for method, means in tuning.means(measured, section.SEARCH).items():
    assert len(means) == 6
    assert means[searched(settings, method)] > max(means.values()) - 1.


def test_fashion_has_what_its_tuning_chose():
  measured = rows.read(RESULTS / "fashion_mnist-3-true" / "tuning")
  (settings,) = config_lib.get("cpu", "fashion_mnist").settings
  chosen = tuning.choose(measured, section.SEARCH)
  assert chosen == {
      method: searched(settings, method) for method in sg.METHODS}
  assert {row.seed for row in measured}.isdisjoint(
      config_lib.get("cpu", "fashion_mnist").seeds)


@pytest.mark.parametrize("targets", sg.TARGETS)
def test_shapes_have_what_their_tuning_chose(targets):
  measured = rows.read(RESULTS / f"shapes-3-{targets}" / "tuning")
  (settings,) = config_lib.get("cpu", "shapes", targets=targets).settings
  chosen = tuning.choose(measured, section.SEARCH)
  assert chosen == {
      method: searched(settings, method) for method in chosen}
  # The other two have no SG modules, so no targets.
  assert set(sg.TABLE1) - set(chosen) <= {"noprop", "backpropagation"}
  assert {row.seed for row in measured}.isdisjoint(
      config_lib.get("cpu", "shapes").seeds)


def test_a_preset_that_lacks_a_data_set_is_refused():
  with pytest.raises(errors.UserError, match="no settings for imagenet, only"):
    config_lib.get("quick", "imagenet")
