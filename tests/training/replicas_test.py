"""Training on several devices and hosts, against training on one.

Virtual devices and workers need processes in which TensorFlow has not started.
They are forked from one that has only imported it, so that imports are paid
for once.
"""

import contextlib
import dataclasses
import json
import multiprocessing
import os
import pickle
import signal
import socket

import numpy as np
import pytest
import tensorflow as tf

from configs import architectures, table1
from reproduce.classification import train as training
from sobolev_tf import errors
from sobolev_tf.networks import convnet
from sobolev_tf.training import device, replicas

METHODS = ("backpropagation", "sobolev")
TIMEOUT = 600  # seconds, on a busy machine
DIES_AFTER = 3  # steps; the last checkpoint then is of step 2
# Two convolutions, cut between them, and one in the SG module.
TINY = architectures.Architecture(
    blocks=((convnet.Layer(4, 4),), (), (convnet.Layer(6, 2),), ()),
    small=(convnet.Layer(1), convnet.Layer(1), convnet.Layer(5, 2)),
    channels=(4, 4, 6, 6), free_channels=4)
SETTINGS = dataclasses.replace(
    table1.PRESETS["smoke"]["shapes"].settings[0], architecture="tiny",
    splits=1, steps=4, batch_size=8, weight_decay=.1, optimizer="momentum",
    learning_rates=dict.fromkeys(METHODS, 3e-2), module_optimizer="adam",
    module_learning_rate=1e-3)


def train(method, strategy, **options):
  """Losses, cosines, variables and, if cheap, measures of a run here."""
  architectures.ARCHITECTURES["tiny"] = TINY
  trained = training.train(
      "shapes", method, 0, SETTINGS, held_out=8, strategy=strategy, chunk=1,
      diagnose_every=1, checkpoint_every=2, **options)
  variables = trained.network.variables
  for variable in variables:
    copies = strategy.experimental_local_results(variable)
    for copy in copies:
      np.testing.assert_array_equal(copy, copies[0])
  records = trained.history.records
  if method == "backpropagation":  # no Jacobians
    records = [*records, training.measure(trained, "test")]
  return records, [v.numpy() for v in variables]


def on_devices(path):
  """Trains in this process on one device and on two virtual ones."""
  device.prepare()
  two = replicas.open_strategy(2)
  assert two.num_replicas_in_sync == 2
  path.write_bytes(pickle.dumps([
      {method: train(method, strategy) for method in METHODS}
      for strategy in (tf.distribute.get_strategy(), two)]))


def on_worker(index, ports, folder, dies):
  """Trains in this process as one of several; with `dies` the last is killed.
  """
  os.environ["TF_CONFIG"] = json.dumps({
      "cluster": {"worker": [f"localhost:{port}" for port in ports]},
      "task": {"type": "worker", "index": index}})
  device.prepare()
  strategy = replicas.open_strategy()
  chief = index == 0
  assert replicas.is_chief(strategy) == chief
  assert replicas.from_chief(strategy, chief)
  assert not replicas.from_chief(strategy, not chief)
  if dies and not chief:
    cosines = training.sg.cosines
    calls = []

    def killed(*arguments):
      calls.append(arguments)
      if len(calls) == DIES_AFTER:
        os.kill(os.getpid(), signal.SIGKILL)
      return cosines(*arguments)

    training.sg.cosines = killed
  try:
    with replicas.lost_workers_explained():
      result = train("sobolev", strategy, folder=folder / "checkpoints")
  except errors.UserError as error:
    (folder / "sentence").write_text(str(error))
    raise SystemExit(2) from error  # as an entrypoint
  (folder / f"worker-{index}").write_bytes(pickle.dumps(result))


@pytest.fixture(scope="module")
def start():
  """Starts a function of this file in a process of its own."""
  context = multiprocessing.get_context("forkserver")
  context.set_forkserver_preload(["reproduce.classification.train"])
  started = []

  def call(function, *arguments):
    process = context.Process(target=function, args=arguments)
    process.start()
    started.append(process)
    return process

  with pytest.MonkeyPatch.context() as patch:
    patch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # virtual devices are CPUs
    patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    yield call
  for process in started:
    process.kill()


@pytest.fixture(scope="module")
def runs(start, tmp_path_factory):
  """The same runs on one device and on two."""
  path = tmp_path_factory.mktemp("devices") / "results"
  process = start(on_devices, path)
  process.join(TIMEOUT)
  assert process.exitcode == 0
  return pickle.loads(path.read_bytes())


def assert_alike(actual, expected):
  for a, b in zip(actual[0], expected[0], strict=True):
    for name in b:
      np.testing.assert_allclose(
          a[name], b[name], rtol=1e-4, atol=1e-5, err_msg=name)
  for a, b in zip(actual[1], expected[1], strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("method", METHODS)
def test_two_devices_give_what_one_gives(runs, method):
  one, two = (results[method] for results in runs)
  assert len(one[0]) >= SETTINGS.steps
  assert_alike(two, one)


def free_ports(count):
  with contextlib.ExitStack() as stack:
    sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
    for each in sockets:
      each.bind(("localhost", 0))
    return [each.getsockname()[1] for each in sockets]


def test_two_workers_give_what_two_devices_give_after_one_was_killed(
    start, runs, tmp_path):
  def launch(dies):
    ports = free_ports(2)
    workers = [start(on_worker, index, ports, tmp_path, dies)
               for index in range(2)]
    for worker in workers:
      worker.join(TIMEOUT)
    return [worker.exitcode for worker in workers]

  assert launch(dies=True) == [2, -signal.SIGKILL]
  sentence = (tmp_path / "sentence").read_text()
  assert "Another worker of this run has stopped" in sentence
  assert "\n" not in sentence and len(sentence) < 200
  assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [
      "step-0000000002"]
  assert launch(dies=False) == [0, 0]
  one, two = (results["sobolev"] for results in runs)
  for index in range(2):
    worker = pickle.loads((tmp_path / f"worker-{index}").read_bytes())
    assert_alike(worker, one)
    assert worker[0] == two[0]  # not interrupted
    for a, b in zip(worker[1], two[1], strict=True):
      np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("config", [
    "{", '{"cluster": {"worker": ["a:1", "b:1"]}}', "[]x", '["a:1"]',
    '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", '
    '"index": 5}}'])
def test_malformed_clusters_are_one_sentence(monkeypatch, config):
  monkeypatch.setenv("TF_CONFIG", config)
  with pytest.raises(errors.UserError, match="TF_CONFIG must be JSON such as"):
    replicas.open_strategy()


def test_devices_that_cannot_be_had_are_one_sentence(monkeypatch):
  monkeypatch.setenv("TF_CONFIG", json.dumps({
      "cluster": {"worker": ["a:1", "b:1"]},
      "task": {"type": "worker", "index": 0}}))
  with pytest.raises(errors.UserError, match="leave --devices out"):
    replicas.open_strategy(2)
  monkeypatch.delenv("TF_CONFIG")
  tf.zeros([]).numpy()  # TensorFlow has started
  with pytest.raises(errors.UserError, match="once TensorFlow has started"):
    replicas.open_strategy(64)
  monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
  with pytest.raises(errors.UserError, match="sees 1 GPU"):
    replicas.open_strategy(2)


def test_one_device_needs_nothing():
  strategy = replicas.open_strategy(1)
  assert strategy is tf.distribute.get_strategy()
  assert replicas.is_chief(strategy)
  assert [replicas.from_chief(strategy, v) for v in (True, False)] == [
      True, False]
  batch = (tf.ones([3, 2]), tf.zeros([3]))
  assert replicas.share(batch) is batch
  nested = replicas.averaged({"a": [tf.ones([2]), None]})
  assert nested["a"][1] is None
  np.testing.assert_array_equal(nested["a"][0], [1., 1.])


def test_a_batch_that_cannot_be_shared_out_is_one_sentence():
  class Strategy:
    num_replicas_in_sync = 3

  replicas.check_batch_size(Strategy, 6)
  with pytest.raises(errors.UserError, match="batch of 8 cannot be shared"):
    replicas.check_batch_size(Strategy, 8)


def test_other_errors_are_not_taken_for_lost_workers(monkeypatch):
  monkeypatch.delenv("TF_CONFIG", raising=False)
  error = tf.errors.UnavailableError(None, None, "something else")
  with pytest.raises(tf.errors.UnavailableError), \
      replicas.lost_workers_explained():
    raise error
