"""The frames of a shot: files of a folder, or of a pattern with # for digits, by their numbers."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import FileError
from ..system.untrusted import excerpt, explain, is_folder

MOVIES = frozenset((".mp4", ".mov", ".mkv", ".avi", ".webm", ".gif", ".ogv"))
SUFFIX = ".exr"
MOST_LISTED = 8


def frames_of(shot: Path, first: int | None = None, last: int | None = None) -> dict[int, Path]:
    """The files of a shot by frame, in order, from `first` to `last`, where these are given.

    shot: a folder with the EXR files of one shot, or a pattern such as shots/street_####.exr. FileError if there are
    none, two have the same number, or some between the first and the last are missing, which it lists.
    """
    if shot.suffix.lower() in MOVIES:
        message = f"{excerpt(shot)} is a movie, which has no motion vectors"
        raise FileError(message, "render the shot from Blender as OpenEXR MultiLayer, with the pass Vector")
    folder, pattern, named = shot, f"*{SUFFIX}", r".*?(\d+)" + re.escape(SUFFIX)
    if "#" in shot.name:
        folder, pattern = shot.parent, shot.name
        named = r"(\d+)".join(map(re.escape, re.split(r"#+", pattern)))
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
    low = min(found, default=0) if first is None else first
    high = max(found, default=0) if last is None else last
    chosen = {number: found[number] for number in sorted(found) if low <= number <= high}
    if not chosen:
        raise FileError(f"{excerpt(folder)} has no frames {excerpt(pattern)} from {low} to {high}", "check their names")
    missing = [number for number in range(low, high + 1) if number not in chosen]
    if missing:
        listed = ", ".join(map(str, missing[:MOST_LISTED])) + (" …" if len(missing) > MOST_LISTED else "")
        message = f"{len(missing)} frames are missing in {excerpt(folder)}: {listed}"
        raise FileError(message, "render them, or give another --first and --last")
    return chosen
