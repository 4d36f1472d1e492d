"""A Dask cluster as the executor of a batch. Workers write to a folder that all machines see, or files are sent.

Dask distributes jobs, counts failed workers and frees memory. This module makes sure that results are the same there.
"""

from __future__ import annotations

import logging
import secrets
import socket
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import FileError, ImpastoError, Message, PluginError, WorkerError, series
from ..io.datablocks import Datablock
from ..io.files import source_files
from ..io.map_files import folder_of, sent_files
from ..system.transaction import replace_files
from ..system.untrusted import excerpt, explain, make_folder, open_file
from .engines import Limits
from .job import BatchJob
from .on_worker import Files, FullError, installed_versions, make_there, sees
from .record import BatchResult

CONNECT_LIMIT_S = 15
WORKERS_LIMIT_S = 30
TRIES_TO_ASK = 3
"""Number of times that workers are asked again if all of them seem lost: busy workers miss heartbeats."""
MOST_SENT = 64
"""Limit of inputs that stay on the cluster for later jobs, such as styles. Others are sent again."""


@dataclass(frozen=True)
class Security:
    """Files for tls:// (PEM), as for `dask worker`. Dask's own configuration replaces missing files."""

    ca_file: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def for_dask(self) -> Any:
        """Security object for `distributed.Client`; None without files."""
        from distributed.security import Security as DaskSecurity

        options = {"tls_ca_file": self.ca_file, "tls_client_cert": self.cert, "tls_client_key": self.key}
        known = {name: str(path) for name, path in options.items() if path}
        return DaskSecurity(**known, require_encryption=True) if known else None


@contextmanager
def dask_cluster(
    address: str,
    folder: Path,
    *,
    is_sent: bool = False,
    resources: Mapping[str, float] | None = None,
    security: Security | None = None,
) -> Iterator[Cluster]:
    """The cluster of the scheduler at tcp://HOST:PORT or tls://HOST:PORT, until the end of the block.

    folder: of the results. All workers must see it unless `is_sent`, when inputs and results are sent. resources: Dask
    resources that a job needs, such as {"GPU": 1}. Raise WorkerError if there is no scheduler or no fitting worker,
    PluginError if a worker has other versions, FileError if one does not see the folder.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise PluginError("Dask is not installed here", "run: pip install 'impasto[cluster]'") from error
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said by errors
    try:
        _reach(address)
        dask = Client(address, timeout=CONNECT_LIMIT_S, security=security.for_dask() if security else None)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        remedy = "check the address, and that `dask scheduler` runs there; for tls:// also the certificates"
        raise WorkerError("no scheduler answers at {}: {}", remedy, address, _first_line(error)) from error
    try:
        cluster = Cluster(dask, address, is_sent, dict(resources or {}))
        cluster.check(folder)
        yield cluster
    finally:
        dask.close(timeout=2)  # which takes back the jobs that still run


def _reach(address: str) -> None:
    """Connect once, before Dask starts anything. Raise OSError or ValueError if nothing answers at the address."""
    from distributed.comm import parse_address, parse_host_port

    _, place = parse_address(address, strict=True)
    host, port = parse_host_port(place)
    socket.create_connection((host, port), CONNECT_LIMIT_S).close()


class Cluster(Executor):
    """An executor that calls `make` on the workers of a cluster, with the inputs of the job."""

    def __init__(self, dask: Any, address: str, is_sent: bool, resources: Mapping[str, float]) -> None:
        self._dask, self._address, self._is_sent, self._resources = dask, address, is_sent, resources
        self._sent: OrderedDict[str, Any] = OrderedDict()
        self._full: set[str] = set()

    def check(self, folder: Path) -> None:
        """Wait for a worker, and check that all have the same versions and see the folder."""
        self._wait_for_worker()
        if not self._fitting:
            wanted = " ".join(f"{name}={amount:g}" for name, amount in self._resources.items())
            message = "no worker has the resources {}"
            raise WorkerError(message, 'start one: dask worker {} --resources "{}"', wanted, self._address, wanted)
        here = installed_versions()
        for worker, there in self._answers(installed_versions).items():
            if there != here:
                differ = [name for name in {**here, **there} if here.get(name) != there.get(name)]
                versions = [(name, there.get(name, "missing"), here.get(name)) for name in differ]
                said = series(", ", [Message("{} {} (here {})", *one) for one in versions])
                raise PluginError("the worker {} has {}", "install the same versions on all machines", worker, said)
        if not self._is_sent:
            self._check_folder(folder)

    def _wait_for_worker(self) -> None:
        try:
            self._dask.wait_for_workers(1, timeout=WORKERS_LIMIT_S)
        except TimeoutError as error:
            message = "the cluster at {} has no workers"
            raise WorkerError(message, "start one: dask worker {}", self._address, self._address) from error

    def _check_folder(self, folder: Path) -> None:
        probe = make_folder(folder.absolute()) / f".impasto-{secrets.token_hex(8)}"
        with explain(folder):
            probe.touch()
        try:
            blind = [worker for worker, is_seen in self._answers(sees, probe).items() if not is_seen]
        finally:
            probe.unlink(missing_ok=True)
        if blind:
            message = "the worker {} does not see the folder {}"
            raise FileError(message, "mount it there under the same path, or add --send", blind[0], folder)

    def _answers(self, function: Any, *arguments: Any) -> dict[str, Any]:
        """Each worker's answer to a call of a function, without workers that are lost meanwhile.

        Raise PluginError if a worker cannot call it. Raise WorkerError if all workers are lost again and again.
        """
        from distributed.comm import CommClosedError

        for _ in range(TRIES_TO_ASK):
            self._wait_for_worker()
            replies = self._dask.run(function, *arguments, on_error="return")
            if answers := {one: answer for one, answer in replies.items() if not isinstance(answer, CommClosedError)}:
                break
        else:
            message = "the workers of {} do not answer"
            raise WorkerError(message, "wait until their machines are less busy, or start others", self._address)
        for worker, answer in answers.items():
            if isinstance(answer, Exception):
                remedy = "install impasto on all machines of the cluster"
                raise PluginError("the worker {} cannot run impasto: {}", remedy, worker, _first_line(answer))
        return answers

    @property
    def _fitting(self) -> dict[str, Mapping[str, Any]]:
        """The workers with the wanted resources, by address."""
        workers, wanted = self._dask.scheduler_info(n_workers=-1)["workers"], self._resources.items()
        return {
            address: about
            for address, about in workers.items()
            if all(about["resources"].get(name, 0) >= least for name, least in wanted)
        }

    @property
    def threads(self) -> int:
        """Number of jobs that run at a time."""
        return max(1, sum(about["nthreads"] for about in self._fitting.values()))

    def submit(self, _make: Any, job: BatchJob, limits: Limits) -> Future[BatchResult]:  # type: ignore[override]
        """Run a job on a worker. Raise WorkerError if the scheduler is gone."""
        if self._dask.status != "running":
            remedy = "start it and its workers, and run the same command again: it goes on with the others"
            raise WorkerError("the scheduler at {} is gone", remedy, self._address)
        # this batch has begun the job, and a lost worker may have written its files; a folder is continued
        there = replace(job.absolute(), replace=job.replace or not job.has_folder)
        result: Future[BatchResult] = Future()
        try:
            if job.special and self._is_sent:
                job.special.check_sent()
            sent = {name: self._send(path) for name, path in job.inputs.items()} if self._is_sent else None
        except ImpastoError as error:  # it is this job's own
            result.set_exception(error)
            return result
        where = {"resources": self._resources or None, "workers": self._able()}
        running = self._dask.submit(make_there, there, limits, job.key(), sent, pure=False, retries=0, **where)
        running.add_done_callback(lambda done: self._settle(result, done, job))
        result.add_done_callback(lambda done: running.cancel() if done.cancelled() else None)
        return result

    def _able(self) -> list[str] | None:
        """Workers that can write, if some have failed to; None for all. If none is left, all are tried again."""
        return [address for address in self._fitting if address not in self._full] or None if self._full else None

    def _send(self, path: Path) -> Any:
        """The files of an input on the cluster. They are sent once, and stay there while they are in use."""
        files = source_files(path)
        if (datablock := Datablock.at(path)) and len(files) > 1:
            remedy = "pack its resources (File > External Data), or use a folder that all workers see"
            raise FileError("{} uses {}, which is not sent with the .blend", remedy, datablock.title, excerpt(files[1]))
        path = datablock.file if datablock else path
        with explain(path, "read"):
            stamp = f"{path.absolute()} {[(file.name, file.stat().st_mtime_ns) for file in files]}"
        known = self._sent.pop(stamp, None)
        if known is None or known.status != "finished":  # its worker may be lost, and the files with it
            named = {file.name: file for file in files} if datablock else sent_files(path)
            contents: Files = {name: _content(file) for name, file in named.items()}
            (known,) = self._dask.scatter([(folder_of(path), contents)], hash=False)
        self._sent[stamp] = known
        while len(self._sent) > MOST_SENT:
            self._sent.popitem(last=False)
        return known

    def _settle(self, future: Future[BatchResult], done: Any, job: BatchJob) -> None:
        """Write the files of a result, then set the result of its future. Dask calls this in a thread of its own."""
        if not future.set_running_or_notify_cancel():
            return
        try:
            carried = done.result()
            if carried.contents:
                contents = {job.folder / name: content for name, content in carried.contents.items()}
                replace_files(contents, replace=True)
            future.set_result(carried.result)
        except BaseException as error:  # noqa: BLE001  whatever it is becomes the job's error
            if isinstance(error, FullError):
                self._full.add(error.worker)
            future.set_exception(error)
        finally:
            done.release()


def _content(path: Path) -> bytes:
    with open_file(path) as stream, explain(path, "read"):
        return stream.read()


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0][:200]
