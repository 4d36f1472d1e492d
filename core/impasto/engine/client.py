"""The client of the worker, for Blender and scripts: starts it, sends jobs, keeps its log, ends it.

A `Job` is a `concurrent.futures.Future`: headless code waits for `result()`, an interface polls it.
Standard library and NumPy only; nothing here blocks the caller.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Any

from ..descriptions import MESH
from ..errors import Message, ParameterError, WorkerError
from ..io.map_files import folder_of
from ..options import DEFAULT, RunOptions
from ..recipe import Recipe
from ..system.process import open_fresh_log, start
from ..system.untrusted import excerpt
from ..texture import Maps
from .connection import Connection, ConnectionLimits
from .job import Job
from .messages import ActionRequest, Delivery, JobInput, JobResult, ResultView
from .remote import Remote, read_files, write_files

CANCEL_GRACE_S = 2.0
START_LIMIT_S = 60.0
WORKER = ("-P", "-m", "impasto.engine.worker")
"""Arguments of a Python that make it a worker."""


class Client:
    """Starts the worker for the first job, restarts it after a crash, and ends it after `idle_s` without jobs.

    command: starts the worker, e.g. [python, "-I", "-m", "impasto.engine.worker"]. It may be a `Remote` instead: input
    files are then sent to that machine, and results are written on this one.
    log_path: a rotating file for the worker's stderr. environment: additional variables for the worker.
    grace_s: time for a cancelled job to end before the worker is killed. outlives: whether jobs may continue after
    this process (`submit(detach=True)`); the worker then writes its own log, a new file at each start.
    start_s: time limit for the worker's hello.
    """

    def __init__(
        self,
        command: Sequence[str] | Remote,
        log_path: Path,
        *,
        idle_s: float = 300.0,
        environment: Mapping[str, str] | None = None,
        grace_s: float = CANCEL_GRACE_S,
        outlives: bool = False,
        start_s: float = START_LIMIT_S,
    ) -> None:
        self._remote = command if isinstance(command, Remote) else None
        self._command = command.command(*WORKER) if isinstance(command, Remote) else list(command)
        self._log_path = Path(log_path)
        self._environment, self._outlives = dict(environment or {}), outlives
        self._limits = ConnectionLimits(start_s, idle_s, grace_s)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def describe(self) -> Job:
        """A job whose result is the description of the worker's installation (dict)."""
        return self._submit(ActionRequest(id=next(self._ids), name="describe"), lambda answer: answer.description)

    def submit(
        self,
        recipe: Recipe | None,
        inputs: Mapping[str, Maps | JobInput | Path] | None = None,
        options: RunOptions = DEFAULT,
        *,
        action: str = "run",
        values: Mapping[str, Any] | None = None,
        deliver: Delivery | ResultView | None = None,
        scale: Mapping[str, float] | None = None,
        color_spaces: Mapping[str, str] | None = None,
        supersedes: str = "",
        detach: bool = False,
    ) -> Job:
        """A job whose result is the `JobResult` of an action. An input is maps, a `JobInput`, or a path to read.

        values: the action's own values, as JSON. deliver: the form of a result that is not written to `options.sink`.
        scale: `width_m` and `height_range_m` of the source, if its file does not state them. color_spaces: names of
        colour spaces to use instead of the files', by input. supersedes: a key; older jobs with the same key are
        cancelled. detach: the job continues after this process ends, if the client `outlives` it.
        """
        finish: Callable[[JobResult], JobResult] | None = None
        if self._remote and any(isinstance(value, Path) for value in (values or {}).values()):
            message = "the files of {} are not sent to another machine, and the engine is on {}"
            remedy = "choose an engine of this machine, or run the command there"
            raise ParameterError(message, remedy, action, self._remote.place)
        if self._remote and options.sink:
            finish, deliver = partial(write_files, options.sink), Delivery("encoded", options.sink.format)
            options = replace(options, sink=None)
        job_inputs = {name: self._job_input(name, one) for name, one in (inputs or {}).items()}
        if scale and (source := job_inputs.get("source")):
            width_m, range_m = scale.get("width_m", source.width_m), scale.get("height_range_m", source.height_range_m)
            job_inputs["source"] = replace(source, width_m=width_m, height_range_m=range_m)
        for name, space in (color_spaces or {}).items():
            if name in job_inputs:
                job_inputs[name] = replace(job_inputs[name], color_space=space)
        request = ActionRequest(
            id=next(self._ids),
            name=action,
            recipe=recipe,
            inputs=job_inputs,
            options=options,
            values=values or {},
            deliver=deliver if isinstance(deliver, Delivery) else Delivery(),
            view=deliver if isinstance(deliver, ResultView) else None,
            supersedes=supersedes,
            detach=detach and self._outlives,
        )
        return self._submit(request, finish)

    def _job_input(self, name: str, input_: Maps | JobInput | Path) -> JobInput:
        """An input in the form that is sent. Raise ParameterError if it is no input."""
        if isinstance(input_, Maps):
            return JobInput.of_maps(input_)
        if not isinstance(input_, JobInput | str | os.PathLike):
            raise ParameterError("{} is no input", "give maps, pixels, training data or a path", excerpt(input_))
        if not self._remote:
            return input_ if isinstance(input_, JobInput) else JobInput(path=Path(input_))
        if not isinstance(input_, JobInput):
            path = Path(input_)
            return JobInput(files=read_files(path), folder=folder_of(path) or None)
        if name != MESH and (input_.path or input_.files):
            remedy = "train with `impasto train` on {}, or choose an engine of this machine"
            raise ParameterError("training data are not sent to another machine", remedy, self._remote.place)
        return input_

    def close(self, grace_s: float = 3.0) -> None:
        """End the worker: close its stdin, so that it cancels its jobs and exits, and kill it after the grace period.

        A worker with a detached job is left running instead.
        """
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close(grace_s)

    @property
    def pid(self) -> int | None:
        """The process id of the running worker, or None."""
        connection = self._connection
        return connection.popen.pid if connection and connection.is_open else None

    def _submit(self, request: ActionRequest, finish: Callable[[JobResult], Any] | None = None) -> Job:
        job = Job(request.id, is_detached=request.detach)
        if finish is not None:
            job.finish = finish
        try:
            with self._lock:
                if self._connection is None or not self._connection.add(job, request):
                    self._connection = self._start()
                    self._connection.run(job, request)
        except WorkerError as error:
            job.set_exception(error)
        return job

    def _start(self) -> Connection:
        try:
            with contextlib.ExitStack() as opened:
                log = opened.enter_context(open_fresh_log(self._log_path)) if self._outlives else PIPE
                popen = start(self._command, self._environment, stderr=log)
        except OSError as error:
            message = Message("the engine cannot be started: {}: {}", self._command[0], error.strerror or error)
            raise WorkerError(message, "choose a Python with impasto installed in the preferences") from error
        return Connection(popen, self._limits, self._log_path, *([self._remote.explain] if self._remote else []))
