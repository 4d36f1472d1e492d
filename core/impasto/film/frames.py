"""The frames of a shot: files of a folder, or of a pattern with # for digits, by their numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ..errors import FileError, ParameterError
from ..system.untrusted import excerpt, explain, is_folder

RENDERED = ".exr"
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
MOST_LISTED = 8


def frames_of(shot: Path, first: int | None = None, last: int | None = None) -> dict[int, Path]:
    """The files of a shot by frame, in order, from `first` to `last`, where these are given.

    shot: as for `numbered_files`. FileError too if there are none, or some between the first and the last are missing,
    which it lists.
    """
    return check_numbers(numbered_files(shot), shot, first, last)


def asked_frames(frames: Mapping[int, Path], frame_step: int = 1) -> dict[int, Path]:
    """The first frame, and from it on each frame at so many frames' distance. ParameterError for a step below 1."""
    if frame_step < 1:
        raise ParameterError(f"frame_step is {frame_step}", "write a whole number from 1")
    return {number: frames[number] for number in list(frames)[::frame_step]}


def numbered_files(shot: Path) -> dict[int, Path]:
    """The files of frames by number. FileError if it is no folder, or two have the same number.

    shot: a folder with the frames of one shot, or a pattern such as shots/street_####.exr.
    """
    suffixes = "|".join(map(re.escape, (RENDERED, *PICTURES)))
    folder, named = shot, rf".*?(\d+)(?:{suffixes})"
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
    """The frames from `first` to `last`. FileError if there are none, or some are missing."""
    low = min(found, default=0) if first is None else first
    high = max(found, default=0) if last is None else last
    chosen = {number: found[number] for number in sorted(found) if low <= number <= high}
    if not chosen:
        raise FileError(f"{excerpt(shot)} has no frames from {low} to {high}", "check their names and numbers")
    missing = [number for number in range(low, high + 1) if number not in chosen]
    if missing:
        listed = ", ".join(map(str, missing[:MOST_LISTED])) + (" …" if len(missing) > MOST_LISTED else "")
        message = f"{len(missing)} frames are missing in {excerpt(shot)}: {listed}"
        raise FileError(message, "render them, or give another --first and --last")
    return chosen
