"""`make`, which runs one job in an engine of this thread. Any `concurrent.futures.Executor` can call it.

An engine is a worker process that is reused for later jobs. It writes the files itself, all or none. If it crashes, the
batch goes on.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..engine.client import CANCEL_GRACE_S, Client
from ..errors import Cancelled, DeviceError, WorkerError
from ..options import RunOptions, Sink
from ..running.inputs import SOURCE
from ..running.recording import versions_of
from ..system import process
from ..system.folders import user_folder
from ..system.untrusted import explain
from .record import BatchResult
from .units import readable_bytes, readable_time

if TYPE_CHECKING:
    from ..engine.job import Job
    from .job import BatchJob

COMMAND = (sys.executable, "-P", "-m", "impasto.engine.worker")
WATCH_INTERVAL_S = 0.1
LOST_TRY_S = 180
"""Longest wait for an earlier try of the same job on a machine that seems lost, but may still be writing."""
IDLE_SHARE = 0.5
"""Part of the memory limit that an idle engine may use before it is restarted."""
MEMORY_BYTES = 3 * 2**29
"""Memory that a worker is expected to need if no limit is given: PyTorch, and a material of 2048 x 2048 pixels."""
ASK_LIMIT_S = 10


@dataclass(frozen=True)
class Limits:
    """Limits of each job, and the share of this machine that each engine gets.

    threads: of the processor. gpus: CUDA's numbers of the graphics cards that engines take in turn. If there are none,
    engines see the cards that this process sees.
    """

    time_s: float | None = None
    memory_bytes: int | None = None
    threads: int = 1
    gpus: tuple[str, ...] = ()


class CrashError(WorkerError):
    """The engine died: another try may succeed."""


def make(job: BatchJob, limits: Limits, is_cancelled: Callable[[], bool] = lambda: False) -> BatchResult:
    """Make the files of a job in this thread's engine. Once `is_cancelled()`, end the engine and raise Cancelled.

    Raise CrashError if the engine died. Any other ImpastoError would happen again on another try.
    """
    started, key = time.monotonic(), job.key()
    engines: Engines = getattr(_of_thread, "engines", shared_engines)
    client = engines.of_this_thread(limits)
    if limits.memory_bytes and _memory_bytes(client.pid) > limits.memory_bytes * IDLE_SHARE:
        client.close()  # memory that earlier jobs left must not count against this one
    running = _submit(job, client)
    _watch(running, client, limits, is_cancelled)
    try:
        answer = running.wait()
    except WorkerError as error:
        if client.pid is None:
            raise CrashError(error.message, error.remedy) from error
        raise
    with explain(job.folder, "read"):
        sizes = {path.relative_to(job.folder).as_posix(): path.stat().st_size for path in answer.paths}
    return BatchResult(job.name, key, sizes, round(time.monotonic() - started, 3), job.export, answer.notes)


def _submit(job: BatchJob, client: Client) -> Job:
    """Submit a job to an engine, which writes its files."""
    sink = Sink(job.folder, job.name, job.format, job.replace, LOST_TRY_S, job.export)
    scale = {"width_m": job.width_m} if job.width_m else None
    spaces = {SOURCE: job.color_space} if job.color_space else {}
    return client.submit(
        job.recipe,
        job.inputs,
        RunOptions(job.device, sink=sink),
        action=job.action,
        values=job.values,
        scale=scale,
        color_spaces=spaces,
    )


def _watch(running: Job, client: Client, limits: Limits, is_cancelled: Callable[[], bool]) -> None:
    """Wait for a job to end. A job that exceeds a limit is ended, with a WorkerError or DeviceError."""
    began_s: float | None = None
    while not running.done():
        wait([running], timeout=WATCH_INTERVAL_S)
        if is_cancelled():
            client.close(CANCEL_GRACE_S)
            raise Cancelled
        if running.state != "waiting":
            began_s = began_s or time.monotonic()
        if limits.time_s and began_s and time.monotonic() - began_s > limits.time_s:
            running.cancel()
            wait([running], timeout=2 * CANCEL_GRACE_S)
            if running.cancelled() or not running.done():
                message = "took longer than {}"
                raise WorkerError(message, "raise --time-limit, or choose a smaller size", readable_time(limits.time_s))
        if limits.memory_bytes and _memory_bytes(client.pid) > limits.memory_bytes and not running.done():
            client.close(grace_s=0)
            remedy = "raise --memory-limit, or choose a smaller size"
            raise DeviceError("needed more than {} of memory", remedy, readable_bytes(limits.memory_bytes))


def _memory_bytes(pid: int | None) -> int:
    """Memory of a process and its descendants; 0 if it has ended."""
    import psutil

    total = 0
    try:
        engine = psutil.Process(pid) if pid else None
        for process in [engine, *engine.children(recursive=True)] if engine else ():
            total += process.memory_info().rss
    except psutil.Error:  # it has just ended
        pass
    return total


class Engines:
    """Engines of an executor's threads. The first job of a thread starts its engine. Idle engines end by themselves."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, tuple[str, ...]], Client] = {}
        self._lock = threading.Lock()
        self._is_ending = False

    def of_this_thread(self, limits: Limits) -> Client:
        """This thread's engine with this share of the machine. Raise Cancelled if the engines are being ended."""
        share = (threading.get_ident(), limits.threads, limits.gpus)
        with self._lock:
            if self._is_ending:
                raise Cancelled
            index = len(self._known)
            if (known := self._known.get(share)) is None:
                log = user_folder("cache") / "logs" / f"batch-{index + 1}.log"
                known = self._known[share] = Client(COMMAND, log, environment=_environment(limits, index))
        return known

    def end(self, grace_s: float = 0.0) -> None:
        """End the engines, and start no others. Running jobs are cancelled, and leave no half-written file."""
        with self._lock:
            self._is_ending = True
            engines = list(self._known.values())
            self._known.clear()
        if engines:
            with ThreadPoolExecutor(len(engines), "end") as pool:
                list(pool.map(lambda engine: engine.close(grace_s), engines))


def _environment(limits: Limits, index: int) -> dict[str, str]:
    """Environment variables of the engine with this index."""
    gpu = {"CUDA_VISIBLE_DEVICES": limits.gpus[index % len(limits.gpus)]} if limits.gpus else {}
    return {"OMP_NUM_THREADS": str(limits.threads), **gpu}


_of_thread = threading.local()
shared_engines = Engines()
"""Engines of the threads of executors other than `local_engines`."""


@contextmanager
def local_engines(count: int) -> Iterator[Executor]:
    """An executor that calls `make` in `count` threads. Their engines end with the block."""
    engines = Engines()
    pool = ThreadPoolExecutor(count, "batch", initializer=lambda: setattr(_of_thread, "engines", engines))
    try:
        yield pool
    finally:
        engines.end()
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Share:
    """A number of workers, the processor threads of each, and the graphics cards that they take in turn."""

    workers: int
    threads: int
    gpus: tuple[str, ...] = ()


def share(
    jobs: int, device: str = "auto", *, workers: int = 0, threads: int = 0, memory_bytes: int | None = None
) -> Share:
    """The workers for a number of jobs, limited by free memory. `workers` and `threads` replace the choice if not 0.

    On a processor each worker has one thread. So results do not depend on the number of cores, and none waits.
    """
    import psutil

    cores = _cores()
    gpus = graphics_cards() if device in ("auto", "cuda") else ()
    fitting = max(1, psutil.virtual_memory().available // (memory_bytes or MEMORY_BYTES))
    usual = len(gpus) if gpus else max(1, cores // (threads or 1))
    workers = min(jobs, workers or min(usual, fitting))
    return Share(workers, threads or (max(1, cores // workers) if gpus else 1), gpus)


def _cores() -> int:
    """Number of processor cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def graphics_cards() -> tuple[str, ...]:
    """CUDA's names of NVIDIA's graphics cards: those in CUDA_VISIBLE_DEVICES, or else all that the driver lists.

    PyTorch is not asked: it takes seconds to load, and would hold its memory during the batch.
    """
    if "+cpu" in versions_of([])["torch"]:
        return ()
    if (chosen := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return tuple(name.strip() for name in chosen.split(",") if name.strip())
    try:
        answer = process.run(["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"], {}, ASK_LIMIT_S)
    except OSError:
        return ()
    return () if answer.returncode else tuple(answer.stdout.decode().split())
