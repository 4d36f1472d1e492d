"""The program that starts a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .texture import Maps


@dataclass(frozen=True)
class Host:
    """Callbacks of the program that starts a run, and its cache of results.

    on_progress(fraction, message), on_preview(maps): called from the run's thread. The run raises Cancelled once
    `is_cancelled()` is true. Once `is_stopped()` is true, tools that improve their result step by step finish early
    with the result so far. cache: the `StepCache` of earlier runs.
    """

    on_progress: Callable[[float, str], None] = lambda fraction, message: None
    on_preview: Callable[[Maps], None] = lambda maps: None
    is_cancelled: Callable[[], bool] = lambda: False
    is_stopped: Callable[[], bool] = lambda: False
    cache: Any = None


NOBODY = Host()
"""A host that ignores progress and previews, and never cancels."""
