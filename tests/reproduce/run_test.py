"""Runs made of parts: shared, resumed, refused; helpers of `--jobs`."""

import contextlib
import multiprocessing
import os
import pathlib
import time

import commands
import pytest
import tensorflow as tf

from reproduce import folder as folder_lib
from reproduce import jobs, tables
from reproduce import rows as rows_lib
from reproduce import run as run_lib
from sobolev_tf import errors, files

CONTEXT = multiprocessing.get_context("spawn")


def outcome(value, **tables):
  return run_lib.Outcome(
      [rows_lib.Row("task", "method", "metric", value)], tables)


def plan(*parts, **settings):
  return run_lib.Plan("toy", "smoke", settings, parts)


def counted(name, calls, value=1., **options):
  def compute(job):
    calls.append(job)
    return outcome(value)
  return run_lib.Part(name, compute, **options)


def test_two_parts_of_one_name_are_refused_before_anything_is_written(tmp_path):
  calls = []
  twice = plan(counted("a", calls), counted("b", calls), counted("a", calls))
  with pytest.raises(ValueError, match="2 parts of the plan are named 'a'"):
    run_lib.run(twice, tmp_path / "run")
  assert not calls and not (tmp_path / "run").exists()


def test_parts_are_computed_once_and_rows_name_their_origin(tmp_path):
  calls = []
  made = plan(counted("a", calls, 1.), counted("b", calls, 2.), width=3)
  rows = run_lib.run(made, tmp_path)
  assert [row.value for row in rows] == [1., 2.]
  assert {(row.artefact, row.preset) for row in rows} == {("toy", "smoke")}
  assert run_lib.run(made, tmp_path) == rows and len(calls) == 2
  assert folder_lib.read_settings(tmp_path) == {
      "artefact": "toy", "preset": "smoke", "width": 3}
  (tmp_path / "rows" / "a.csv").unlink()
  assert run_lib.run(made, tmp_path) == rows and len(calls) == 3


def test_a_row_file_is_verified_once_however_often_a_process_looks(
    tmp_path, monkeypatch):
  made = plan(*(counted(name, []) for name in "abcd"))
  read, reads = tables.read, []
  monkeypatch.setattr(
      tables, "read", lambda path: reads.append(path.stem) or read(path))
  run_lib.run(made, tmp_path)
  assert sorted(reads) == sorted(2 * "abcd")  # and at the end, for their rows


def test_a_job_says_where_things_go(tmp_path):
  calls = []
  run_lib.run(plan(counted("a", calls, title="first")), tmp_path,
              tensorboard=True)
  job, = calls
  assert job.training == {
      "folder": tmp_path / "checkpoints" / "a", "title": "toy first",
      "log_folder": tmp_path / "tensorboard" / "a"}
  assert job.output == tmp_path


def test_a_part_without_its_table_is_not_finished(tmp_path):
  calls = []

  def compute(job):
    calls.append(job)
    return outcome(1., **{"tables/curve": [{"x": .5}]})

  made = plan(run_lib.Part("a", compute, ["tables/curve"]))
  run_lib.run(made, tmp_path)
  path = tmp_path / "tables" / "curve.csv"
  assert tables.read(path) == [{"x": "0.5"}]
  run_lib.run(made, tmp_path)
  assert len(calls) == 1
  path.unlink()
  run_lib.run(made, tmp_path)
  assert len(calls) == 2 and path.exists()


def test_a_part_may_have_no_rows(tmp_path):
  made = plan(run_lib.Part(
      "a", lambda job: run_lib.Outcome([], {"timing/a": [{"seconds": .5}]}),
      ["timing/a"], rows=False))
  assert run_lib.run(made, tmp_path) == []
  assert (tmp_path / "timing" / "a.csv").exists()


def test_other_settings_are_refused_and_overwrite_deletes(tmp_path):
  run_lib.run(plan(counted("a", []), width=3), tmp_path)
  before = commands.contents(tmp_path)
  with pytest.raises(errors.UserError, match="width: 3 there, 4 now"):
    run_lib.run(plan(counted("a", []), width=4), tmp_path)
  assert commands.contents(tmp_path) == before
  rows = run_lib.run(plan(counted("b", []), width=4), tmp_path, overwrite=True)
  assert len(rows) == 1 and not (tmp_path / "rows" / "a.csv").exists()


def test_overwrite_waits_for_nobody_who_is_at_a_part(tmp_path, monkeypatch):
  monkeypatch.setattr(run_lib, "_ATTEMPTS", 2)
  made = plan(counted("a", []))
  run_lib.run(made, tmp_path)
  with commands.held_elsewhere(tmp_path / folder_lib.LOCKS / "a"), (
      pytest.raises(errors.InUse)):
    run_lib.open_folder(made, tmp_path, overwrite=True)
  assert len(rows_lib.read(tmp_path)) == 1


def test_what_measures_time_waits_for_all_others(tmp_path):
  order = []
  held = []

  def first(job):
    order.append("a")
    # Nothing else is free, and what measures time may not begin.
    store = folder_lib.RunFolder(tmp_path, made.description)
    with contextlib.ExitStack() as stack:
      held.append(run_lib._choose(made.parts[1:], store, stack))
      held.append(_while_busy(store))
    return outcome(1.)

  def _while_busy(store):
    with commands.held_elsewhere(store.lock("b")), (
        contextlib.ExitStack()) as stack:
      return run_lib._choose(made.parts[1:], store, stack)

  made = plan(run_lib.Part("a", first), counted("b", order),
              counted("timed", order, alone=True))
  run_lib.run(made, tmp_path)
  assert held == [0, run_lib._NONE_FREE]


def _work(folder, log, slow):
  def compute(name, job):
    with open(log, "a", encoding="utf-8") as stream:
      stream.write(f"{name} {os.getpid()}\n")
    time.sleep(slow)
    return outcome(float(name))

  parts = [run_lib.Part(str(i), lambda job, i=i: compute(str(i), job))
           for i in range(6)]
  run_lib.run(plan(*parts), folder)


def test_processes_share_the_parts_and_a_killed_one_loses_nothing(tmp_path):
  log = tmp_path / "log"
  folder = tmp_path / "run"
  log.touch()
  workers = [CONTEXT.Process(target=_work, args=(folder, log, .4))
             for _ in range(3)]
  for worker in workers:
    worker.start()
  while len(log.read_text().splitlines()) < 2:
    time.sleep(.02)
  workers[0].kill()
  for worker in workers:
    worker.join(120)
  assert [worker.exitcode for worker in workers[1:]] == [0, 0]
  assert [row.value for row in rows_lib.read(folder)] == [
      0., 1., 2., 3., 4., 5.]
  lines = log.read_text().splitlines()
  assert len(lines) - 6 <= 1  # only what the killed one was at came twice
  assert len({line.split()[1] for line in lines}) >= 2
  with files.locked(folder):
    pass


def test_threads_are_shared_out(monkeypatch):
  calls = []
  monkeypatch.setattr(jobs, "cores", lambda: 8)
  for name in ("intra", "inter"):
    monkeypatch.setattr(
        jobs.tf.config.threading, f"set_{name}_op_parallelism_threads",
        lambda threads, name=name: calls.append((name, threads)))
  for given, within in ((1, []), (3, [("intra", 2)]), (20, [("intra", 1)])):
    calls.clear()
    jobs.share_cores(given)
    assert calls == [("inter", 1), *within]


def test_a_sum_of_three_depends_on_which_buffer_is_free():
  # Why one operation runs at a time: else that is a question of time.
  @tf.function
  def total(a, b, c, is_free):
    if is_free:
      c = tf.minimum(c, 0.)
    return tf.raw_ops.AddN(inputs=[a, b, c])[0]

  a, b = tf.constant([1e8]), tf.constant([1.])
  assert total(a, b, -a, False) != total(a, b, -a, True)


@pytest.mark.parametrize("gpus, threads", [([], [1]), (["GPU:0"], [])])
def test_convolutions_use_one_thread_on_a_cpu(monkeypatch, gpus, threads):
  calls = []
  monkeypatch.setattr(
      jobs.tf.config, "list_physical_devices", lambda kind: gpus)
  monkeypatch.setattr(
      jobs.tf.config.threading, "set_intra_op_parallelism_threads",
      calls.append)
  jobs.use_one_thread()
  assert calls == threads


def test_a_helper_ends_with_the_block(tmp_path):
  started = tmp_path / "helper.py"
  started.write_text(
      "import pathlib, signal, time\n"
      "from reproduce import jobs\n"
      "assert jobs.is_helper()\n"
      "jobs.end_with_parent()\n"
      f"pathlib.Path({str(tmp_path)!r}, 'there').touch()\n"
      "time.sleep(600)\n")
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv("PYTHONPATH", f"{tmp_path}:{pathlib.Path.cwd()}")
    begun = time.monotonic()
    with jobs.helpers("helper", [], 2):
      while not (tmp_path / "there").exists():
        assert time.monotonic() - begun < 120
        time.sleep(.05)
  assert time.monotonic() - begun < 120


def test_why_a_helper_failed_is_passed_on(capfd):
  with jobs.helpers("reproduce.no_such_module", [], 2):
    pass
  assert "A helper process ended early" in capfd.readouterr().err
