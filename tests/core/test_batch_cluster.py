"""`impasto batch --cluster` on a real Dask scheduler with real workers on loopback."""

import json
import operator
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing

import distributed
import psutil
import pytest
from batches import checkers, done_names, failures_in, left_over, start, write_csv, write_photos, write_recipe
from dask_cluster import DaskCluster
from worker_jobs import processes, wait_until

from impasto.batch import cluster, on_worker
from impasto.errors import WorkerError
from impasto.system.locks import acquire

PATIENCE_S = 600
"""Time after which something hangs, on however busy a computer."""


@pytest.fixture
def impasto(fresh_impasto):
    """The command in whole processes: as a client of a cluster it has threads to end."""
    return fresh_impasto


@pytest.fixture(scope="module")
def dask(engine_with_misbehaving, tmp_path_factory):
    """A scheduler with two workers, which tests leave as they are."""
    made = DaskCluster(engine_with_misbehaving, tmp_path_factory.mktemp("dask"))
    made.add_worker()
    made.add_worker("--resources", "GPU=1", CUDA_VISIBLE_DEVICES="5")
    yield made
    made.close()


@pytest.fixture
def own_dask(engine_with_misbehaving, tmp_path):
    """A scheduler without workers, which a test may break."""
    made = DaskCluster(engine_with_misbehaving, tmp_path / "dask")
    yield made
    made.close()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.png") if path.name != "contact_sheet.png"}


@pytest.mark.slow
def test_shared_and_sent_inputs_give_the_same_bytes_as_local_processes(impasto, dask, tmp_path):
    write_photos(tmp_path / "photos", 3)
    recipe = write_recipe(tmp_path / "r.json", ("tint", {"strength": 0.5}), seed=5)
    impasto("batch", recipe, tmp_path / "photos", "--seeds", 2, "--workers", 1, "--out", tmp_path / "local")
    for name, more in (("seen", ()), ("sent", ("--send",))):
        out = tmp_path / name
        arguments = ("batch", recipe, tmp_path / "photos", "--seeds", 2, "--out", out, "--cluster", dask.address)
        done = impasto(*arguments, *more, "--json")
        assert json.loads(done.stdout.splitlines()[-1])["made"] == 6
        assert contents(out) == contents(tmp_path / "local")
        assert left_over(out) == []
        again = impasto(*arguments, *more, "--json")
        assert json.loads(again.stdout.splitlines()[-1])["done_before"] == 6


@pytest.mark.slow
def test_workers_with_a_full_disk_get_no_more_jobs(impasto, own_dask, tmp_path):
    """The disk of one that is sent its inputs is full; here its temporary folder is missing, which fails alike."""
    for _ in range(2):
        own_dask.add_worker()
    own_dask.wait_for_workers(2)
    with distributed.Client(own_dask.address) as client:
        full, other = client.scheduler_info()["workers"]
        client.run(setattr, tempfile, "tempdir", str(tmp_path / "none"), workers=[full])
        table = write_csv(tmp_path / "t.csv", checkers(12))
        arguments = ("batch", table, "--cluster", own_dask.address, "--send", "--json", "--out")
        done = impasto(*arguments, tmp_path / "out")
        assert json.loads(done.stdout.splitlines()[-1])["made"] == 12
        client.run(setattr, tempfile, "tempdir", str(tmp_path / "none"), workers=[other])
        impasto(*arguments, tmp_path / "more", code=7)
        assert failures_in(tmp_path / "more")[0]["message"].startswith("on the worker tcp://127.0.0.1")


@pytest.mark.slow
def test_limits_hold_on_workers(impasto, dask, tmp_path):
    rows = [{"recipe": "slow", "name": "endless", "parameter.seconds": 60}, *checkers(1)]
    rows.insert(0, {"recipe": "hog", "name": "large", "parameter.mib": 4096})
    table = write_csv(tmp_path / "t.csv", [{**row, "source": "p0.png"} for row in rows])
    write_photos(tmp_path, 1)
    limits = ("--time-limit", "15s", "--memory-limit", "1GiB")
    done = impasto("batch", table, "--out", tmp_path / "out", "--cluster", dask.address, *limits, code=None)
    assert done.returncode != 0
    assert done_names(tmp_path / "out") == ["c0"]
    said = {failure["name"]: failure["message"] for failure in failures_in(tmp_path / "out")}
    assert said == {"endless": "took longer than 15 s", "large": "needed more than 1 GiB of memory"}


@pytest.mark.slow
def test_resources_select_workers_and_missing_ones_are_an_error(impasto, dask, tmp_path):
    table = write_csv(tmp_path / "t.csv", checkers(2))
    arguments = ("batch", table, "--cluster", dask.address, "--out")
    impasto(*arguments, tmp_path / "out", "--resources", "GPU=1")
    (engine,) = engines_below(dask, dask.workers[1])
    assert psutil.Process(engine).environ()["CUDA_VISIBLE_DEVICES"] == "5", "the card of its worker"
    refused = impasto(*arguments, tmp_path / "none", "--resources", "TPU=2", code=7)
    assert "no worker has the resources TPU=2" in refused.stderr
    assert '--resources "TPU=2"' in refused.stderr


def test_a_missing_scheduler_or_worker_is_an_error_with_a_remedy(own_dask, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "WORKERS_LIMIT_S", 0.5)
    with (
        pytest.raises(WorkerError, match=rf"start one: dask worker {own_dask.address}"),
        cluster.dask_cluster(own_dask.address, tmp_path),
    ):
        pass
    monkeypatch.setattr(cluster, "CONNECT_LIMIT_S", 2)  # a scheduler that is there may need more on a busy machine
    for address in ("tcp://127.0.0.1:9", "farm", "tcp://"):
        with (
            pytest.raises(WorkerError, match=rf"no scheduler answers at {address}.*dask scheduler"),
            cluster.dask_cluster(address, tmp_path),
        ):
            pass


@pytest.mark.slow
def test_a_worker_with_other_versions_is_refused_before_anything_runs(impasto, own_dask, tmp_path):
    shadow = tmp_path / "shadow" / "impasto-0.0.9.dist-info"
    shadow.mkdir(parents=True)
    (shadow / "METADATA").write_text("Metadata-Version: 2.1\nName: impasto\nVersion: 0.0.9\n")
    own_dask.add_worker(PYTHONPATH=str(tmp_path / "shadow"))
    table = write_csv(tmp_path / "t.csv", checkers(1))
    done = impasto("batch", table, "--out", tmp_path / "out", "--cluster", own_dask.address, code=4)
    assert "impasto 0.0.9 (here 0.1.0)" in done.stderr
    assert done_names(tmp_path / "out") == []


@pytest.mark.slow
def test_folders_invisible_to_a_worker_are_refused_with_send_as_remedy(impasto, own_dask, tmp_path):
    own_dask.add_worker()
    own_dask.wait_for_workers(1)
    with distributed.Client(own_dask.address) as client:
        client.run(setattr, on_worker, "sees", operator.not_)  # what it is asked about is not there
    arguments = ("batch", write_csv(tmp_path / "t.csv", checkers(1)), "--cluster", own_dask.address, "--out")
    refused = impasto(*arguments, tmp_path / "out", code=3)
    assert f"does not see the folder {tmp_path / 'out'}" in refused.stderr
    assert "add --send" in refused.stderr
    assert done_names(tmp_path / "out") == left_over(tmp_path / "out") == []
    impasto(*arguments, tmp_path / "out", "--send")


def count(folder):
    """Number of jobs that are done so far."""
    return len(done_names(folder)) if (folder / "batch.jsonl").exists() else 0


def wait_for_jobs(running, folder, number):
    """Wait until a batch has made so many jobs; one that ends or stands still before then fails with what it said."""
    until = time.monotonic() + PATIENCE_S
    while count(folder) < number and running.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    if count(folder) < number:
        running.kill()
        pytest.fail(f"{count(folder)} of {number} jobs were made: {running.communicate()}")


def slow_rows(folder, number, seconds):
    """Rows of a table of jobs that each take so long, with their picture."""
    write_photos(folder, 1)
    row = {"recipe": "slow", "source": "p0.png", "parameter.seconds": seconds}
    return [{**row, "name": f"s{index}"} for index in range(number)]


@pytest.mark.slow
def test_killed_workers_neither_lose_nor_repeat_jobs(engine_with_misbehaving, own_dask, tmp_path):
    nannies = [own_dask.add_worker() for _ in range(4)]
    write_photos(tmp_path, 2)
    rows = [
        {"recipe": tool, "name": f"{tool}{index}", "source": f"p{index % 2}.png", "seed": index}
        for index in range(8)
        for tool in ("tint", "checker", "photo-maps")
    ]
    out = tmp_path / "out"
    table = write_csv(tmp_path / "t.csv", rows)
    running = start(engine_with_misbehaving, "batch", table, "--out", out, "--cluster", own_dask.address, "--json")
    wait_for_jobs(running, out, 5)
    for nanny in nannies[:2]:
        own_dask.kill_worker(nanny)
    said, _ = ended(running)
    assert sorted(done_names(out)) == sorted(row["name"] for row in rows)
    assert json.loads(said.splitlines()[-1])["made"] == len(rows)
    assert len(list(out.glob("*_base_color.png"))) == len(rows)
    assert left_over(out) == []


@pytest.mark.slow
def test_jobs_of_a_hanging_worker_are_made_by_others(engine_with_misbehaving, tmp_path, monkeypatch):
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL", "40s")
    with closing(DaskCluster(engine_with_misbehaving, tmp_path / "dask")) as dask:
        hanging, _ = dask.add_worker(), dask.add_worker()
        dask.wait_for_workers(2)
        out, rows = tmp_path / "out", slow_rows(tmp_path, 12, 0.5)
        table = write_csv(tmp_path / "t.csv", rows)
        running = start(engine_with_misbehaving, "batch", table, "--out", out, "--cluster", dask.address)
        wait_for_jobs(running, out, 2)
        (worker,) = processes("spawn_main", below=hanging.pid)
        worker.suspend()  # but not its engine: as if the network were cut
        ended(running)
        assert sorted(done_names(out)) == sorted(row["name"] for row in rows)


@pytest.mark.slow
def test_a_dead_scheduler_ends_the_batch_which_another_one_can_resume(
    engine_with_misbehaving, impasto, own_dask, tmp_path
):
    own_dask.add_worker()
    out, table = tmp_path / "out", write_csv(tmp_path / "t.csv", slow_rows(tmp_path, 30, 0.2))
    running = start(engine_with_misbehaving, "batch", table, "--out", out, "--cluster", own_dask.address)
    wait_for_jobs(running, out, 3)
    own_dask.scheduler.kill()
    _, errors = ended(running, 7)
    assert "is gone" in errors
    assert "goes on" in errors
    done = len(done_names(out))
    assert 3 <= done < 30
    with closing(DaskCluster(engine_with_misbehaving, tmp_path / "restarted")) as restarted:
        restarted.add_worker()
        again = impasto("batch", table, "--out", out, "--json", "--cluster", restarted.address)
    said = json.loads(again.stdout.splitlines()[-1])
    assert (said["made"], said["done_before"]) == (30 - done, done)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_jobs_on_the_workers_end_with_the_command(engine_with_misbehaving, dask, tmp_path, number):
    out, table = tmp_path / "out", write_csv(tmp_path / "t.csv", slow_rows(tmp_path, 4, 60))
    before = set(engines_below(dask))  # idle ones of other tests
    running = start(engine_with_misbehaving, "batch", table, "--out", out, "--cluster", dask.address)
    wait_until(lambda: jobs_in(out), PATIENCE_S)
    began = time.monotonic()
    running.send_signal(number)
    running.communicate(timeout=20)
    assert running.returncode == (130 if number == signal.SIGINT else -number)
    assert time.monotonic() - began < 10
    wait_until(lambda: not jobs_in(out) and set(engines_below(dask)) <= before, PATIENCE_S)
    time.sleep(1)
    assert not jobs_in(out), "the jobs that were on their way were begun"
    assert list(out.glob("*.png")) == []


@pytest.mark.slow
def test_ending_a_batch_leaves_other_batches_running(engine_with_misbehaving, impasto, dask, tmp_path):
    short, began = write_csv(tmp_path / "other.csv", checkers(1)), time.monotonic()
    impasto("batch", short, "--out", tmp_path / "first", "--cluster", dask.address)
    seconds = max(3.0, time.monotonic() - began)  # so that four in turn outlast another batch on any computer
    out, rows = tmp_path / "out", slow_rows(tmp_path, 8, seconds)
    table = write_csv(tmp_path / "t.csv", rows)
    running = start(engine_with_misbehaving, "batch", table, "--out", out, "--cluster", dask.address, "--tries", 1)
    wait_until(lambda: len(jobs_in(out)) == 2, PATIENCE_S)
    impasto("batch", short, "--out", tmp_path / "other", "--cluster", dask.address)
    assert running.poll() is None, "the batches ran beside each other"
    ended(running)
    assert sorted(done_names(out)) == [row["name"] for row in rows]


def engines_below(dask, *nannies):
    """Engines that the workers of some nannies run, or those of all."""
    nannies = nannies or dask.workers
    return [engine.pid for nanny in nannies for engine in processes("impasto.engine.worker", below=nanny.pid)]


def ended(running, code=0):
    """Output, stdout and stderr, of a batch that ends with this exit code."""
    said, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == code, errors
    return said, errors


def jobs_in(folder):
    """Names of the jobs that engines make now: those whose lock is held."""
    found = []
    for path in folder.glob(".impasto-s*.lock"):
        if lock := acquire(path):
            lock.release()
        else:
            found.append(path.name)
    return found


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make certificates with")
def test_tls_with_certificates(impasto, engine_with_misbehaving, tmp_path, monkeypatch):
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ("-x509", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1")
    subprocess.run(
        ["openssl", "req", *subject, "-newkey", "rsa:2048", "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )
    tls = ("--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key)
    with closing(DaskCluster(engine_with_misbehaving, tmp_path / "dask", tls)) as secured:
        secured.add_worker()
        table = write_csv(tmp_path / "t.csv", checkers(1))
        assert secured.address.startswith("tls://")
        monkeypatch.setattr(cluster, "CONNECT_LIMIT_S", 2)
        with pytest.raises(WorkerError, match="certificates"), cluster.dask_cluster(secured.address, tmp_path):
            pass
        impasto("batch", table, "--out", tmp_path / "out", "--cluster", secured.address, *tls)
