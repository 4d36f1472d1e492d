"""Before a shot is repainted: whether anything moves in it, and the removal of frames that are to be made anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from ..system.untrusted import explain
from .footage import frame_at
from .motion import has_motion

LOOKED_AT = 2
"""Number of frames that are looked at: with motion blur, none has vectors."""


def note_on_stillness(frames: Mapping[int, Path]) -> str:
    """Note that nothing moves in the first frames of a shot; empty if something does, or there is one frame only."""
    first = list(islice(frames, LOOKED_AT))
    if len(first) < LOOKED_AT or any(has_motion(frame_at(frames, number)) for number in first):
        return ""
    return "nothing moves in the first two frames; if it should, render them without motion blur"


def remove_frames(paths: Iterable[Path]) -> None:
    """Remove frames that are to be made anew. FileError if one cannot be."""
    for path in paths:
        with explain(path, "replace"):
            path.unlink(missing_ok=True)
