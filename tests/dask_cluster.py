"""A real Dask scheduler and its workers on loopback, each a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

LIMIT_S = 300.0


class DaskCluster:
    """A scheduler with workers that a Python runs; `address` is the scheduler's."""

    def __init__(self, python: Path, folder: Path, tls: Sequence[str] = ()) -> None:
        self.python, self.folder, self._tls = python, folder, tuple(map(str, tls))
        self.workers: list[subprocess.Popen] = []
        folder.mkdir(exist_ok=True)
        self._started = 0
        scheme = "tls" if tls else "tcp"
        more = ("--host", f"{scheme}://127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", self._file)
        self.scheduler = self._start("scheduler", *more)
        self._wait(lambda: self._file.exists() and self._file.read_text().endswith("}"))
        self.address = json.loads(self._file.read_text())["address"]

    @property
    def _file(self) -> Path:
        return self.folder / "scheduler.json"

    def _start(self, what: str, *arguments: object, **environment: str) -> subprocess.Popen:
        """`dask scheduler` or `dask worker` in a process group of its own."""
        self._started += 1
        module = f"distributed.cli.dask_{what}"
        command = [self.python, "-P", "-m", module, *map(str, arguments), *self._tls]
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "DASK_LOGGING__DISTRIBUTED": "warning", **environment}
        with (self.folder / f"{what}-{self._started}.log").open("wb") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env=variables, start_new_session=True
            )

    def add_worker(self, *arguments: object, **environment: str) -> subprocess.Popen:
        """Start a worker with one thread; its nanny starts it again if it is killed."""
        own = ("--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", self.folder)
        self.workers.append(self._start("worker", self.address, *own, *arguments, **environment))
        return self.workers[-1]

    def wait_for_workers(self, count: int) -> None:
        """Wait until the scheduler knows so many workers."""
        from distributed import Client

        with Client(self.address) as client:
            client.wait_for_workers(count, timeout=LIMIT_S)

    def kill_worker(self, nanny: subprocess.Popen) -> None:
        """Kill what a nanny watches, with its engine's parent gone."""
        for process in psutil.Process(nanny.pid).children(recursive=False):
            if "tracker" not in " ".join(process.cmdline()):
                process.send_signal(signal.SIGKILL)

    def kill_machine(self, process: subprocess.Popen) -> None:
        """Kill a nanny, its worker and the engine, or the scheduler, as if the machine were switched off."""
        below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        for one in [*below, process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait(10)

    def close(self) -> None:
        """End every process."""
        for process in (*self.workers, self.scheduler):
            self.kill_machine(process)

    def _wait(self, condition) -> None:
        until = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < until, [log.read_text()[-2000:] for log in self.folder.glob("*.log")]
            time.sleep(0.05)
