"""The frames of a shot, by number: the files of a folder, or of a pattern with # for digits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from impasto.errors import FileError, Message, ParameterError
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
        raise ParameterError("frame_step is {}", "write a whole number from 1", frame_step)
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
        message = "{} is not a folder"
        raise FileError(message, "give the folder of the frames, or a pattern: shot_####.exr", excerpt(folder))
    found: dict[int, Path] = {}
    with explain(folder, "read"):
        files = sorted(folder.iterdir())
    for file in files:
        match = re.fullmatch(named, file.name, re.IGNORECASE)
        if match is None:
            continue
        number = int(match.group(1))
        if number in found:
            message = Message("{} and {} are both frame {}", excerpt(found[number].name), excerpt(file.name), number)
            raise FileError(message, "give the pattern of one shot, such as street_####.exr")
        found[number] = file
    return found


def check_numbers(found: Mapping[int, Path], shot: Path, first: int | None, last: int | None) -> dict[int, Path]:
    """The frames from `first` to `last`. Raise FileError if there are none, or some are missing."""
    low = min(found, default=0) if first is None else first
    high = max(found, default=0) if last is None else last
    chosen = {number: found[number] for number in sorted(found) if low <= number <= high}
    if not chosen:
        raise FileError("{} has no frames from {} to {}", "check their names and numbers", excerpt(shot), low, high)
    if missing := high - low + 1 - len(chosen):
        lacking = (number for number in range(low, high + 1) if number not in chosen)
        listed = ", ".join(map(str, islice(lacking, MOST_LISTED))) + (" …" if missing > MOST_LISTED else "")
        message = Message("{:,} frames are missing in {}: {}", missing, excerpt(shot), listed)
        if missing > len(chosen):
            message = Message("{}; the last that is there is {}", message, excerpt(chosen[max(chosen)].name))
        raise FileError(message, "render them, or give another --first and --last")
    if max(chosen) >= 10**MOST_DIGITS:
        remedy = "give the pattern of one shot, such as street_####.exr"
        name = excerpt(chosen[max(chosen)].name)
        raise FileError("the number of the frame {} has more than {} digits", remedy, name, MOST_DIGITS)
    return check_count(chosen, shot)


def check_count(frames: dict[int, Path], shot: Path) -> dict[int, Path]:
    """The frames. Raise FileError if there are too many."""
    if len(frames) > MOST_FRAMES:
        raise FileError("{} has more than {:,} frames", "give --first and --last", excerpt(shot), MOST_FRAMES)
    return frames


def keyframes_of(file_or_folder: Path, frames: Mapping[int, Path]) -> tuple[dict[int, Path], list[str]]:
    """Keyframes by frame number, and notes that name the unused files.

    file_or_folder: as for `numbered_files`. Raise FileError if there is no keyframe for these frames.
    """
    numbered = numbered_files(file_or_folder)
    found = {number: path for number, path in numbered.items() if number in frames}
    low, high = min(frames), max(frames)
    if not found:
        remedy = "give each the number of its frame, and save it as EXR, PNG, JPEG, TIFF or WebP"
        raise FileError("{} has no keyframes of the frames {} to {}", remedy, excerpt(file_or_folder), low, high)
    notes: list[str] = []
    stray = [path.name for number, path in numbered.items() if number not in frames]
    if stray:
        notes.append(Message("keyframes outside the frames {} to {} are ignored: {}", low, high, first_names(stray)))
    if "#" not in file_or_folder.name:
        names = {path.name for path in file_or_folder.iterdir()} - {path.name for path in numbered.values()}
        if others := sorted(name for name in names if not name.startswith(".")):
            note = "not used as keyframes, since they have no number or are no pictures: {}"
            notes.append(Message(note, first_names(others)))
    return found, notes


def first_names(names: list[str]) -> str:
    """The first few names as one text, with the number of the others."""
    listed = ", ".join(map(printable, names[:MOST_LISTED]))
    return Message("{} and {:,} more", listed, len(names) - MOST_LISTED) if len(names) > MOST_LISTED else listed
