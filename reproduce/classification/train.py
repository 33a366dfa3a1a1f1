"""Training a classifier cut into parts: one run of Table 1 (Section 4.3)."""

import dataclasses
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np
import sonnet as snt
import tensorflow as tf

from configs.classification import Settings
from reproduce import diverged
from reproduce.classification import networks
from reproduce.classification.data import base, opener
from sobolev_tf import files
from sobolev_tf import synthetic_gradients as sg
from sobolev_tf.training import loop, momentum, optimizers, replicas

_MOMENTUM = .9  # customary; the paper names no optimizer
_DIAGNOSED = 100  # images for cosines, to bound memory


class Trained(NamedTuple):
  """A trained classifier, its data, and what the loop recorded."""
  network: sg.DecoupledNetwork
  data: base.Data
  history: loop.History


class Updates(snt.Module):
  """The optimizers: one per part and one per SG module, each on its own."""

  def __init__(self, network: sg.DecoupledNetwork, method: str,
               settings: Settings):
    """Creates them.

    Args:
      network: what to train.
      method: whose learning rate to use.
      settings: how to train.
    """
    super().__init__()
    self._network = network
    self._weight_decay = settings.weight_decay
    self.parts, self.modules = (
        [_optimizer(name, list(m.trainable_variables), rate) for m in several]
        for several, name, rate in (
            (network.parts, settings.optimizer, settings.part_rate(method)),
            (network.cuts, settings.module_optimizer or settings.optimizer,
             settings.module_rate(method))))

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
    strategy: Optional[tf.distribute.Strategy] = None,
) -> Trained:
  """Trains one classifier with one method.

  Args:
    dataset: one of `opener.DATASETS`.
    method: one of `sg.METHODS`.
    seed: of initial weights and batches, which do not depend on the method.
    settings: how to train.
    held_out: size of the held-out sets of drawn shapes.
    data_folder: of prepared data; None for their default.
    train_on_validation: see `opener.open_data`.
    diagnose_every: steps between comparisons of synthetic with true
      gradients, on images of the validation set (with `train_on_validation`,
      CIFAR-10's and ImageNet's have been trained on); 0 for the end only.
    folder: for checkpoints; None keeps none.
    log_folder: for TensorBoard; None writes nothing.
    title: the progress bar's text.
    chunk: steps per call of the compiled loop.
    checkpoint_every: steps between checkpoints.
    strategy: from `replicas.open_strategy`; None trains on one device. Of
      several workers the first writes to `folder` and `log_folder`, and all
      read the checkpoints.

  Returns:
    The trained classifier.

  Raises:
    UserError: if an argument is out of range or data are missing.
  """
  settings.check()
  strategy = strategy or tf.distribute.get_strategy()
  data = opener.open_data(
      dataset, seed=seed, batch_size=settings.batch_size, held_out=held_out,
      folder=data_folder, train_on_validation=train_on_validation)
  replicas.check_batch_size(strategy, settings.batch_size)
  with strategy.scope():
    network = networks.make_network(
        settings.architecture, method, cuts=settings.splits,
        num_classes=data.num_classes, input_shape=data.shape,
        decay_rate=settings.decay_rate, seed=seed, targets=settings.targets,
        gradient_weight=settings.gradient_weight,
        mixed=settings.precision == "mixed")
    updates = Updates(network, method, settings)

  def learn(batch: base.Batch) -> Dict[str, tf.Tensor]:
    step = network.step(*replicas.share(batch))
    loss, parts, modules = replicas.averaged(
        (tf.reduce_mean(step.losses), step.parts, step.modules))
    updates.apply(step._replace(parts=parts, modules=modules))
    # `[newaxis]`: for the loop an ensemble of one, whose divergence is noted.
    return {"loss": loss[tf.newaxis]}

  def everywhere(batch: base.Batch) -> Dict[str, tf.Tensor]:
    return replicas.run(strategy, learn, batch)

  run = everywhere if data.compiled else tf.function(everywhere)

  @tf.autograph.experimental.do_not_convert  # no need; it takes seconds
  def step(index):
    return run(data.train(index))

  images, labels = next(iter(data.held_out("validation")))
  few = images[:_DIAGNOSED], labels[:_DIAGNOSED]

  history = loop.train(
      step, {"network": network, "updates": updates, "data": data.state},
      loop.Schedule(settings.steps, chunk, evaluate_every=diagnose_every,
                    checkpoint_every=checkpoint_every if folder else 0),
      evaluate=lambda: sg.cosines(network, *few),
      settings={"dataset": dataset, "method": method, "seed": seed,
                "train_on_validation": train_on_validation,
                **dataclasses.asdict(settings)}, folder=folder,
      log_folder=log_folder, title=title, compiled=data.compiled,
      chief=replicas.is_chief(strategy))
  return Trained(network, data, history)


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
  lost = trained.history.diverged_at[0]
  if lost is not None:
    return diverged.marked(
        dict.fromkeys(("top1", "top5", "loss"), np.nan), lost)
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
  return result | sg.asymmetries(
      network, first.images[:8], first.labels[:8])


def _decays(variable: tf.Variable) -> bool:
  return variable.name.split("/")[-1].startswith("w:")


def _optimizer(name: str, variables: List[tf.Variable],
               rate: optimizers.LearningRate) -> snt.Module:
  if name == "adam":
    return optimizers.Adam(variables, rate)
  return momentum.Momentum(variables, rate, _MOMENTUM)
