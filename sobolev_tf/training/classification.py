"""Training a classifier cut into parts: one run of Table 1 (Section 4.3)."""

import dataclasses
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_tf import errors, files, symmetry
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.data import classification as data_lib
from sobolev_tf.networks import classifiers
from sobolev_tf.training import loop, momentum, optimizers, schedules

SCHEDULES = ("constant", "cosine", "halving", "staircase")
OPTIMIZERS = ("adam", "momentum")
_MOMENTUM = .9  # customary; the paper names no optimizer
_DIAGNOSED = 100  # images for cosines, to bound memory
_EXACT = 512  # entries of h up to which whole Jacobians are taken
_PROBES = 8  # ours, see `symmetry.estimated_jacobian_asymmetry`


@dataclasses.dataclass(frozen=True)
class Settings:
  """How to train; the values live in `configs/`.

  Attributes:
    architecture: a key of `classifiers.ARCHITECTURES`.
    splits: number of cuts, each with an SG module.
    targets: of the SG modules, "true" or "bootstrapped".
    steps: number of updates.
    batch_size: images per update.
    optimizer: "adam" or "momentum"; every part and every SG module has its
      own.
    learning_rates: at the start, per method.
    schedule: "constant"; "cosine" falls to 0 over the run; "halving" halves
      the rate every `schedule_steps[0]` steps; "staircase" divides it by 10
      at each of `schedule_steps`.
    schedule_steps: see `schedule`.
    weight_decay: c of c/2 ||w||^2, added to each part's loss for the weights
      of its layers, not for those of normalisation or SG modules.
    gradient_weight: of the gradient's term in Sobolev Training's loss.
    decay_rate: of batch normalisation's moving averages.
  """
  architecture: str
  splits: int
  targets: str
  steps: int
  batch_size: int
  optimizer: str
  learning_rates: Mapping[str, float]
  schedule: str
  schedule_steps: Tuple[int, ...]
  weight_decay: float
  gradient_weight: float
  decay_rate: float

  @property
  def label(self) -> str:
    """What sweeps vary, in short, as rows name it."""
    rates = dict.fromkeys(f"{rate:g}" for rate in self.learning_rates.values())
    return (f"splits={self.splits} targets={self.targets} "
            f"learning_rate={'/'.join(rates)}")

  def check(self) -> None:
    """Raises `UserError` if a setting is out of range."""
    for name, value, choices in (
        ("architecture", self.architecture, classifiers.ARCHITECTURES),
        ("targets", self.targets, sg.TARGETS),
        ("splits", self.splits, (1, 3)),
        ("optimizer", self.optimizer, OPTIMIZERS),
        ("schedule", self.schedule, SCHEDULES)):
      if value not in choices:
        raise errors.UserError(
            f"{name} must be one of {', '.join(map(str, choices))}, got "
            f"{value!r}.")
    for name, values in (
        ("steps", [self.steps]), ("batch_size", [self.batch_size]),
        ("learning_rates", self.learning_rates.values()),
        ("gradient_weight", [self.gradient_weight]),
        ("schedule_steps", self.schedule_steps)):
      if not all(value > 0 for value in values):
        raise errors.UserError(f"{name} must be > 0, got {list(values)}.")
    if not (0 <= self.decay_rate < 1 and self.weight_decay >= 0):
      raise errors.UserError(
          "decay_rate must be in [0, 1) and weight_decay >= 0, got "
          f"{self.decay_rate} and {self.weight_decay}.")


class Trained(NamedTuple):
  """A trained classifier, its data, and what the loop recorded."""
  network: sg.DecoupledNetwork
  data: data_lib.Data
  history: loop.History


class Updates(snt.Module):
  """The optimizers: one per part and one per SG module, each on its own."""

  def __init__(self, network: sg.DecoupledNetwork, method: str,
               settings: Settings):
    """Args:
      network: what to train.
      method: whose learning rate to use.
      settings: how to train.
    """
    super().__init__()
    self._network = network
    self._weight_decay = settings.weight_decay
    rate = _schedule(settings, settings.learning_rates[method])
    self.parts, self.modules = (
        [_optimizer(settings.optimizer, list(m.trainable_variables), rate)
         for m in several]
        for several in (network.parts, network.cuts))

  def apply(self, step: sg.Step) -> None:
    """Updates every part and module that has gradients."""
    network = self._network
    for part, optimizer, gradients in zip(
        network.parts, self.parts, step.parts):
      if gradients is not None:
        variables = part.trainable_variables
        optimizer.apply([
            g + self._weight_decay * v if _decays(v) else g
            for g, v in zip(gradients, variables)], variables)
    for cut, optimizer, gradients in zip(
        network.cuts, self.modules, step.modules):
      if gradients is not None:
        optimizer.apply(gradients, cut.trainable_variables)


def train(
    dataset: str, method: str, seed: int, settings: Settings, *,
    held_out: int, data_folder: Optional[str] = None,
    train_on_validation: bool = False, diagnose_every: int = 0,
    folder: Optional[files.Path] = None,
    log_folder: Optional[files.Path] = None, title: str = "training",
    chunk: int = 50, checkpoint_every: int = 500,
) -> Trained:
  """Trains one classifier with one method.

  Args:
    dataset: one of `data_lib.DATASETS`.
    method: one of `sg.METHODS`.
    seed: of initial weights and batches, which do not depend on the method.
    settings: how to train.
    held_out: size of the held-out sets of drawn shapes.
    data_folder: of prepared data; None for their default.
    train_on_validation: see `data_lib.open_data`.
    diagnose_every: steps between comparisons of synthetic with true
      gradients; 0 for the end only.
    folder: for checkpoints; None keeps none.
    log_folder: for TensorBoard; None writes nothing.
    title: the progress bar's text.
    chunk: steps per call of the compiled loop.
    checkpoint_every: steps between checkpoints.

  Returns:
    The trained classifier.

  Raises:
    UserError: if an argument is out of range or data are missing.
  """
  settings.check()
  data = data_lib.open_data(
      dataset, seed=seed, batch_size=settings.batch_size, held_out=held_out,
      folder=data_folder, train_on_validation=train_on_validation)
  network = classifiers.make_network(
      settings.architecture, method, cuts=settings.splits,
      num_classes=data.num_classes, input_shape=data.shape,
      decay_rate=settings.decay_rate, seed=seed, targets=settings.targets,
      gradient_weight=settings.gradient_weight)
  updates = Updates(network, method, settings)

  def learn(batch: data_lib.Batch) -> Dict[str, tf.Tensor]:
    step = network.step(batch.images, batch.labels)
    updates.apply(step)
    # `[1]`: for the loop an ensemble of one, whose divergence is noted.
    return {"loss": tf.reduce_mean(step.losses)[tf.newaxis]}

  run = learn if data.compiled else tf.function(learn)

  def step(index):
    return run(data.train(index))

  images, labels = next(iter(data.held_out("validation")))
  few = data_lib.Batch(images[:_DIAGNOSED], labels[:_DIAGNOSED])

  history = loop.train(
      step, {"network": network, "updates": updates, "data": data.state},
      loop.Schedule(settings.steps, chunk, evaluate_every=diagnose_every,
                    checkpoint_every=checkpoint_every if folder else 0),
      evaluate=lambda: cosines(network, few), folder=folder,
      log_folder=log_folder, title=title, compiled=data.compiled)
  return Trained(network, data, history)


def cosines(network: sg.DecoupledNetwork,
            batch: data_lib.Batch) -> Dict[str, float]:
  """How well synthetic gradients point along the true ones.

  Args:
    network: a network in training.
    batch: held-out images; normalised as in training, by their own statistics.

  Returns:
    Per cut with an SG module, `cosine_<number>`: the cosine between SG(h, y)
    and dL/dh of an example, averaged over examples; 0 where one of them is 0.
  """
  if not any(isinstance(cut, sg.SyntheticGradient) for cut in network.cuts):
    return {}
  with sg.preserved(network):
    true, synthetic = network.gradients_at_cuts(batch.images, batch.labels)
  measured = {}
  for number, (t, s) in enumerate(zip(true, synthetic), start=1):
    if s is not None:
      t, s = (tf.math.l2_normalize(snt.flatten(g), -1) for g in (t, s))
      measured[f"cosine_{number}"] = float(
          tf.reduce_mean(tf.reduce_sum(t * s, -1)))
  return measured


def measure(trained: Trained, stream: str) -> Dict[str, float]:
  """Measures a trained classifier on held-out images.

  Args:
    trained: the classifier.
    stream: which images, "validation" or "test".

  Returns:
    `top1` and `top5`, accuracies in percent; `loss`, the mean cross-entropy;
    and per cut with an SG module `asymmetry_<number>`: ||J - J^T|| / ||J|| of
    the Jacobian J = dSG/dh, averaged over 8 images (Proposition 4). If the
    loss stopped being finite, NaN for the first three and `diverged_at`, the
    step by which it had.
  """
  network = trained.network
  diverged = trained.history.diverged_at[0]
  if diverged is not None:
    return {"top1": np.nan, "top5": np.nan, "loss": np.nan,
            "diverged_at": float(diverged)}
  predict = tf.function(lambda images: network(images), reduce_retracing=True)
  hits1: List[np.ndarray] = []
  hits5: List[np.ndarray] = []
  losses: List[np.ndarray] = []
  first: Any = None
  for batch in trained.data.held_out(stream):
    first = batch if first is None else first
    logits = predict(batch.images)
    for hits, k in ((hits1, 1), (hits5, 5)):
      hits.append(tf.math.in_top_k(batch.labels, logits, k).numpy())
    losses.append(sg.cross_entropy(logits, batch.labels).numpy())
  result = {
      "top1": 100 * float(np.mean(np.concatenate(hits1))),
      "top5": 100 * float(np.mean(np.concatenate(hits5))),
      "loss": float(np.mean(np.concatenate(losses)))}
  few = data_lib.Batch(first.images[:8], first.labels[:8])
  return result | asymmetries(network, few)


def asymmetries(network: sg.DecoupledNetwork,
                batch: data_lib.Batch) -> Dict[str, float]:
  """Proposition 4, measured: see `measure`.

  Batch normalisation is in evaluation mode, so that SG(h, y) is a function of
  one example. Up to 512 entries of h the whole Jacobian is taken, beyond that
  8 random projections per image.
  """
  measured = {}
  for number, (h, cut) in enumerate(
      zip(network.activations(batch.images), network.cuts), start=1):
    if isinstance(cut, sg.SyntheticGradient):
      def field(points, cut=cut):
        return cut(points, batch.labels, is_training=False).gradient
      if h.shape[1:].num_elements() <= _EXACT:
        ratios = symmetry.jacobian_asymmetry(field, h)
      else:
        ratios = symmetry.estimated_jacobian_asymmetry(
            field, h, tf.constant([number, 0]), _PROBES)
      measured[f"asymmetry_{number}"] = float(tf.reduce_mean(ratios))
  return measured


def _decays(variable: tf.Variable) -> bool:
  return variable.name.split("/")[-1].startswith("w:")


def _schedule(settings: Settings, rate: float) -> optimizers.LearningRate:
  if settings.schedule == "cosine":
    return optimizers.cosine(rate, settings.steps)
  if settings.schedule == "halving":
    return schedules.halving(rate, settings.schedule_steps[0])
  if settings.schedule == "staircase":
    return schedules.staircase(rate, settings.schedule_steps, .1)
  return rate


def _optimizer(name: str, variables: List[tf.Variable],
               rate: optimizers.LearningRate) -> snt.Module:
  if name == "adam":
    return optimizers.Adam(variables, rate)
  return momentum.Momentum(variables, rate, _MOMENTUM)
