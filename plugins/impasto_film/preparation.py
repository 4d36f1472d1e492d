"""Preparation of a shot: a check that something moves, its keyframes, and the removal of replaced frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path

from impasto.errors import FileError
from impasto.system.untrusted import excerpt, explain

from .footage import frame_at
from .frames import keyframes_of
from .memory import moving_objects
from .motion import Motion, has_motion

LOOKED_AT = 2
"""Number of frames that are checked for motion. With motion blur, no frame has vectors."""


def note_on_motion(frames: Mapping[int, Path]) -> str:
    """Note that nothing moves in the first frames of a shot; empty if something moves, or if there is only one frame.

    Raise FileError if the frames have no vectors, although their world positions show that something moves.
    """
    first = []
    for number in islice(frames, LOOKED_AT):
        first.append(frame_at(frames, number))
        if has_motion(first[-1]):
            return ""
    if len(first) < LOOKED_AT:
        return ""
    before, frame = first
    if before.size_px == frame.size_px and moving_objects(Motion(frame, before)):
        message = "{} and the next frame have no motion vectors, yet something moves"
        remedy = "without the pass Position, if only parts without vectors move, such as a fluid"
        remedy = "render them without motion blur; {}"
        raise FileError(message, remedy, excerpt(next(iter(frames.values()))), remedy)
    return "nothing moves in the first two frames; if it should, render them without motion blur"


def ready_keyframes(
    frames: Mapping[int, Path], keyframes: Path | None, on_note: Callable[[str], None]
) -> Mapping[int, Path]:
    """Keyframes by frame number, as from `keyframes_of`. on_note: called with notes on keyframes and missing motion."""
    motion = note_on_motion(frames)
    found, notes = keyframes_of(keyframes, frames) if keyframes else ({}, [])
    for note in [motion] * bool(motion) + notes:
        on_note(note)
    return found


def remove_frames(paths: Iterable[Path]) -> None:
    """Remove frames that will be replaced. Raise FileError if one cannot be removed."""
    for path in paths:
        with explain(path, "replace"):
            path.unlink(missing_ok=True)
