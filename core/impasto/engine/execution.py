"""Execution of a request by the worker: a run, a match, recipes that resemble others, a shot, or the description.

It runs in the job's thread, checks the events that the reading thread sets, and tells the client how far it is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..errors import Cancelled
from .delivery import deliver, preview_pixels, read_inputs, read_picture
from .requests import Delivery, FilmRequest, JobRequest, MatchRequest, MoreLikeRequest, Request, View

if TYPE_CHECKING:
    from ..matchers import Match
    from ..running.inputs import Given
    from ..running.kept import KeptSteps
    from ..running.options import Host
    from ..tools import Result

PREVIEW_INTERVAL_S = 0.25
PROGRESS_INTERVAL_S = 0.05
MOST_KEPT_BYTES, KEPT_SHARE = 2**31, 8
"""Limits of the results of steps that are kept: bytes, and the part of the machine's memory, one in so many."""

Frame: TypeAlias = "tuple[dict[str, Any], dict[str, np.ndarray]]"
"""Header and arrays of a frame."""
Send: TypeAlias = Callable[..., None]
"""Sends a header, and arrays if there are any, to the client."""

log = logging.getLogger("impasto.worker")


@dataclass
class RunningJob:
    """A request that takes time. The reading thread sets its events, the running tool checks them.

    resumed: cleared while the job is paused.
    """

    request: Request
    cancelled: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    resumed: threading.Event = field(default_factory=threading.Event)
    is_running: bool = False

    def __post_init__(self) -> None:
        self.resumed.set()

    @property
    def id(self) -> int:
        return self.request.id

    @property
    def key(self) -> str:
        """Key by which a newer job supersedes this one; "" if none does."""
        return getattr(self.request, "supersedes", "")

    @property
    def continues_alone(self) -> bool:
        """Whether the job is finished even if the client is gone."""
        return isinstance(self.request, JobRequest) and self.request.detach and self.resumed.is_set()


@cache
def kept_steps() -> KeptSteps:
    """Results of steps of the worker's jobs."""
    import psutil

    from ..running.kept import KeptSteps

    return KeptSteps(min(MOST_KEPT_BYTES, psutil.virtual_memory().total // KEPT_SHARE))


def reply_to(job: RunningJob, send: Send) -> Frame:
    """Carry a job's request out; its reply, without the id. Raises Cancelled, and what its tools raise."""
    request = job.request
    if isinstance(request, JobRequest):
        return _Execution(job, send).run(request)
    if isinstance(request, MatchRequest):
        return _Execution(job, send).match(request)
    if isinstance(request, FilmRequest):
        return _Execution(job, send).repaint(request)
    return _more_like(request) if isinstance(request, MoreLikeRequest) else _describe()


class _Execution:
    """A job that is carried out, and what its client is told meanwhile."""

    def __init__(self, job: RunningJob, send: Send) -> None:
        self._job, self._send = job, send
        self._report = _throttle(
            PROGRESS_INTERVAL_S,
            lambda fraction, message: self._tell("progress", fraction=fraction, message=message),
        )
        self._show = _throttle(
            PREVIEW_INTERVAL_S, lambda maps: self._tell("preview", {"preview": preview_pixels(maps)})
        )
        self._tell("state", state="running")

    @property
    def _host(self) -> Host:
        """This job's client, as tools see it."""
        from ..running.options import Host

        return Host(self._report, self._show, self._is_cancelled, self._job.stopped.is_set)

    def _inputs(self, request: JobRequest | FilmRequest) -> dict[str, Given]:
        return read_inputs(request.recipe, request.inputs, lambda _, name: self._check(0.0, f"looking at {name}"))

    def _tell(self, kind: str, arrays: Mapping[str, np.ndarray] | None = None, **more: Any) -> None:
        self._send({"type": kind, "id": self._job.id, **more}, arrays)

    def match(self, request: MatchRequest) -> Frame:
        """The recipe that a matcher finds."""
        from ..running.matching import match

        found = match(
            request.matcher,
            read_picture(request.inputs["picture"]) if request.inputs else request.text,
            seed=request.seed,
            start=request.start,
            device=request.device,
            on_progress=self._report,
            is_cancelled=self._is_cancelled,
        )
        return _match_reply(found)

    def run(self, request: JobRequest) -> Frame:
        """The result of a recipe, in the form that was asked for."""
        from ..running.options import RunOptions, Sink
        from ..running.runner import run

        started = time.monotonic()
        inputs = self._inputs(request)
        self._warn(inputs)
        wanted, options = request.deliver, RunOptions(request.device)
        if isinstance(wanted, View) and wanted.kind == "preview":
            named: dict[str, Any] = {"preview_px" if wanted.runs_small else "enough_px": wanted.longest_px}
            options = replace(options, **named)
        if isinstance(wanted, Delivery) and wanted.kind == "files":
            how_written = wanted.replace, wanted.wait_s, wanted.export, wanted.tile_by_tile
            options = RunOptions(
                request.device, sink=Sink(Path(wanted.folder), wanted.name, wanted.format, *how_written)
            )
        host = replace(self._host, kept=kept_steps() if request.keep_steps else None)
        result = run(request.recipe, inputs, options, host)
        if options.sink is None:
            result = self._with_report(result, inputs, request.device)
        log.info("job %d took %.2f s", self._job.id, time.monotonic() - started)
        return deliver(result, wanted, self._check)

    def repaint(self, request: FilmRequest) -> Frame:
        """The painted frames of a shot, which are shown as they come."""
        from ..film.footage import frames_on_disk
        from ..film.frames import asked_frames, keyframes_of
        from ..film.preparation import note_on_motion
        from ..film.shot import repaint_shot
        from ..running.options import RunOptions
        from .shots import ShotProgress

        with frames_on_disk(request.shot, request.first, request.last) as frames:
            asked = asked_frames(frames, request.frame_step)
            notes = [note for note in (note_on_motion(frames),) if note]
            progress = ShotProgress(len(asked), self._report, self._show)
            keyframes: Mapping[int, Path] = {}
            if request.keyframes:
                keyframes, said = keyframes_of(request.keyframes, frames)
                notes += said
            paths = repaint_shot(
                frames,
                request.recipe,
                self._inputs(request),
                request.folder,
                RunOptions(request.device),
                replace(self._host, on_progress=progress.tell),
                keyframes=keyframes,
                frame_step=request.frame_step,
                replaces=request.replace,
                on_frame=progress.add,
                on_note=notes.append,
            )
        reply = {"type": "repainted", "first": next(iter(frames)), "paths": list(map(str, paths)), "notes": notes}
        return reply, {}

    def _check(self, fraction: float, message: str) -> None:
        """Report progress. Raises Cancelled if the job was cancelled."""
        if self._is_cancelled():
            raise Cancelled
        self._report(fraction, message)

    def _warn(self, inputs: Mapping[str, Given]) -> None:
        """Tell the user what the job's datasets lack, before it learns from them for long."""
        from ..data.class_warnings import class_warnings
        from ..data.dataset import Dataset

        found = [said for data in inputs.values() if isinstance(data, Dataset) for said in class_warnings(data)]
        if found:
            self._tell("warnings", warnings=found)

    def _with_report(self, result: Result, inputs: Mapping[str, Given], device: str) -> Result:
        """The result of a training with the report of its model, unless the user cancels or stops it by now."""
        from ..data.dataset import Dataset

        data = next((value for value in inputs.values() if isinstance(value, Dataset)), None)
        if data is None or not result.models:
            return result
        from ..training.reporting import add_report

        stopped = self._job.stopped
        was_stopped = stopped.is_set()

        def is_over() -> bool:
            return self._is_cancelled() or (stopped.is_set() and not was_stopped)

        return add_report(result, data, device=device, on_progress=self._report, is_cancelled=is_over)

    def _is_cancelled(self) -> bool:
        """Whether the job was cancelled; blocks while it is paused."""
        if not self._job.resumed.is_set():
            self._tell("state", state="paused")
            self._job.resumed.wait()
            self._tell("state", state="running")
        return self._job.cancelled.is_set()


def _describe() -> Frame:
    from ..plugins.installation import description

    return {"type": "described", "description": description()}, {}


def _more_like(request: MoreLikeRequest) -> Frame:
    from ..running.more_like import more_like

    given = request.favourites
    return _match_reply(more_like(given, seed=request.seed, variety=request.variety, locked=request.locked))


def _match_reply(found: Match) -> Frame:
    recipe, notes = found.recipe.to_dict(), list(found.notes)
    return {"type": "matched", "recipe": recipe, "notes": notes, "figures": dict(found.figures)}, {}


def _throttle(interval_s: float, function: Callable[..., None]) -> Callable[..., None]:
    """The function, called at most once per interval; calls in between are dropped."""
    last = [-interval_s]

    def call(*arguments: Any) -> None:
        now = time.monotonic()
        if now - last[0] >= interval_s:
            last[0] = now
            function(*arguments)

    return call
