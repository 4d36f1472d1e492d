"""Execution of an action by the worker.

It runs in the job's thread, checks the events that the reading thread sets, and reports progress to the client.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import Cancelled, Message
from ..system.typed_json import as_kind
from .delivery import deliver, preview_pixels, read_inputs
from .messages import ActionRequest, JobNews, JobResult, Reply

if TYPE_CHECKING:
    from ..running.cache import StepCache
    from ..running.inputs import RecipeInput

PREVIEW_INTERVAL_S = 0.25
PROGRESS_INTERVAL_S = 0.05
MOST_KEPT_BYTES, KEPT_SHARE = 2**31, 8
"""Limits of the cached results of steps: bytes, and divisor of the machine's memory. The lower limit applies."""

Send: TypeAlias = Callable[[Reply], None]
"""Sends a reply to the client."""

log = logging.getLogger("impasto.worker")


@dataclass
class RunningJob:
    """A requested action. The reading thread sets its events, and the running tool checks them.

    resumed: cleared while the job is paused.
    """

    request: ActionRequest
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
    def continues_alone(self) -> bool:
        """Whether the worker finishes the job even if the client is gone."""
        return self.request.detach and self.resumed.is_set()


@cache
def step_cache() -> StepCache:
    """The cache of steps' results, which all jobs of the worker share."""
    import psutil

    from ..running.cache import StepCache

    return StepCache(min(MOST_KEPT_BYTES, psutil.virtual_memory().total // KEPT_SHARE))


class Execution:
    """Carries out an action, and reports to its client meanwhile."""

    def __init__(self, job: RunningJob, send: Send) -> None:
        self._job, self._request, self._send = job, job.request, send
        self._report = _throttle(
            PROGRESS_INTERVAL_S, lambda fraction, message: self._send_news(fraction=fraction, message=message)
        )
        self._preview = _throttle(PREVIEW_INTERVAL_S, lambda maps: self._send_news(preview=preview_pixels(maps)))
        self._send_news(state="running")

    def reply(self) -> JobResult:
        """The result in the requested form. Raise Cancelled, and the errors of the tools."""
        from ..actions import Doing
        from ..host import Host
        from .actions import action_called

        request, started = self._request, time.monotonic()
        action, options = action_called(request.name), request.options
        if (view := request.view) and view.kind == "preview":
            px = view.longest_px
            options = replace(options, preview_px=px) if view.runs_small else replace(options, enough_px=px)
        cache = step_cache() if options.keeps_steps else None
        host = Host(self._report, self._preview, self._is_cancelled, self._job.stopped.is_set, cache)
        doing = Doing(request.recipe, options, host, self._read, lambda said: self._send_news(warnings=tuple(said)))
        result = action.carry_out(doing, as_kind(action.values, request.values, request.name))
        log.info("job %d took %.2f s", self._job.id, time.monotonic() - started)
        return deliver(result, request, self._check)

    def _read(self) -> dict[str, RecipeInput]:
        request = self._request
        check = self._check
        return read_inputs(request.recipe, request.inputs, lambda _, name: check(0.0, Message("looking at {}", name)))

    def _send_news(self, **news: Any) -> None:
        self._send(JobNews(self._job.id, **news))

    def _check(self, fraction: float, message: str) -> None:
        """Report progress. Raise Cancelled if the job was cancelled."""
        if self._is_cancelled():
            raise Cancelled
        self._report(fraction, message)

    def _is_cancelled(self) -> bool:
        """Whether the job was cancelled; blocks while it is paused."""
        if not self._job.resumed.is_set():
            self._send_news(state="paused")
            self._job.resumed.wait()
            self._send_news(state="running")
        return self._job.cancelled.is_set()


def _throttle(interval_s: float, function: Callable[..., None]) -> Callable[..., None]:
    """The function limited to one call per interval. Calls in between are dropped."""
    last = [-interval_s]

    def call(*arguments: Any) -> None:
        now = time.monotonic()
        if now - last[0] >= interval_s:
            last[0] = now
            function(*arguments)

    return call
