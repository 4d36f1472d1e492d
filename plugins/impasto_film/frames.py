"""The frames of a shot, by number: the files of a folder, or of a pattern with # for digits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from impasto.errors import FileError, ParameterError
from impasto.io.signatures import EXTENSIONS
from impasto.system.untrusted import excerpt, explain, is_folder, printable

RENDERED = ".exr"
PICTURES = tuple(extension for extension in EXTENSIONS if extension != RENDERED)
MOST_LISTED = 8
MOST_DIGITS = 9
"""Most digits of a frame's number, which must fit into 32 bits. A time stamp has more."""
MOST_FRAMES = 2**17
"""Most frames of a shot: an hour and a half at 24 a second."""


def frames_of(shot: Path, first: int | None = None, last: int | None = None) -> dict[int, Path]:
    """The files of a shot by frame number, in order, from `first` to `last`; None for no limit.

    shot: as for `numbered_files`. Raise FileError as well if there are no frames, or if some between the first and the
    last are missing.
    """
    return check_numbers(numbered_files(shot), shot, first, last)


def asked_frames(frames: Mapping[int, Path], frame_step: int = 1) -> dict[int, Path]:
    """Every n-th frame, from the first on. Raise ParameterError for a step below 1."""
    if frame_step < 1:
        raise ParameterError(f"frame_step is {frame_step}", "write a whole number from 1")
    return {number: frames[number] for number in list(frames)[::frame_step]}


def numbered_files(shot: Path) -> dict[int, Path]:
    """The files of frames by number. Raise FileError if there is no folder, or if two files have the same number.

    shot: a folder with the frames of one shot, or a pattern such as shots/street_####.exr.
    """
    suffixes = "|".join(map(re.escape, (RENDERED, *PICTURES)))
    folder, named = shot, rf"(?!\.).*?(\d+)(?:{suffixes})"  # no hidden files
    if "#" in shot.name:
        folder, named = shot.parent, r"(\d+)".join(map(re.escape, re.split(r"#+", shot.name)))
    if not is_folder(folder):
        raise FileError(
            f"{excerpt(folder)} is not a folder", "give the folder of the frames, or a pattern: shot_####.exr"
        )
    found: dict[int, Path] = {}
    with explain(folder, "read"):
        files = sorted(folder.iterdir())
    for file in files:
        match = re.fullmatch(named, file.name, re.IGNORECASE)
        if match is None:
            continue
        number = int(match.group(1))
        if number in found:
            message = f"{excerpt(found[number].name)} and {excerpt(file.name)} are both frame {number}"
            raise FileError(message, "give the pattern of one shot, such as street_####.exr")
        found[number] = file
    return found


def check_numbers(found: Mapping[int, Path], shot: Path, first: int | None, last: int | None) -> dict[int, Path]:
    """The frames from `first` to `last`. Raise FileError if there are none, or some are missing."""
    low = min(found, default=0) if first is None else first
    high = max(found, default=0) if last is None else last
    chosen = {number: found[number] for number in sorted(found) if low <= number <= high}
    if not chosen:
        raise FileError(f"{excerpt(shot)} has no frames from {low} to {high}", "check their names and numbers")
    if missing := high - low + 1 - len(chosen):
        lacking = (number for number in range(low, high + 1) if number not in chosen)
        listed = ", ".join(map(str, islice(lacking, MOST_LISTED))) + (" …" if missing > MOST_LISTED else "")
        message = f"{missing:,} frames are missing in {excerpt(shot)}: {listed}"
        if missing > len(chosen):
            message = f"{message}; the last that is there is {excerpt(chosen[max(chosen)].name)}"
        raise FileError(message, "render them, or give another --first and --last")
    if max(chosen) >= 10**MOST_DIGITS:
        message = f"the number of the frame {excerpt(chosen[max(chosen)].name)} has more than {MOST_DIGITS} digits"
        raise FileError(message, "give the pattern of one shot, such as street_####.exr")
    return check_count(chosen, shot)


def check_count(frames: dict[int, Path], shot: Path) -> dict[int, Path]:
    """The frames. Raise FileError if there are too many."""
    if len(frames) > MOST_FRAMES:
        raise FileError(f"{excerpt(shot)} has more than {MOST_FRAMES:,} frames", "give --first and --last")
    return frames


def keyframes_of(given: Path, frames: Mapping[int, Path]) -> tuple[dict[int, Path], list[str]]:
    """Keyframes by frame number, and notes that name the unused files.

    given: as for `numbered_files`. Raise FileError if there is no keyframe for these frames.
    """
    numbered = numbered_files(given)
    found = {number: path for number, path in numbered.items() if number in frames}
    low, high = min(frames), max(frames)
    if not found:
        message = f"{excerpt(given)} has no keyframes of the frames {low} to {high}"
        raise FileError(message, "give each the number of its frame, and save it as EXR, PNG, JPEG, TIFF or WebP")
    notes, stray = [], [path.name for number, path in numbered.items() if number not in frames]
    if stray:
        notes.append(f"keyframes outside the frames {low} to {high} are ignored: {first_names(stray)}")
    if "#" not in given.name:
        names = {path.name for path in given.iterdir()} - {path.name for path in numbered.values()}
        if others := sorted(name for name in names if not name.startswith(".")):
            notes.append(f"not used as keyframes, since they have no number or are no pictures: {first_names(others)}")
    return found, notes


def first_names(names: list[str]) -> str:
    """The first few names as one text, with the number of the others."""
    more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    return ", ".join(map(printable, names[:MOST_LISTED])) + more
