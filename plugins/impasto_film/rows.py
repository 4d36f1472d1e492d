"""The columns of a batch table that describe a shot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.batch.table import text_of, whole_number_of
from impasto.errors import ParameterError

COLUMNS = {
    "shot": "frames or a movie, instead of `source`: painted as by `stylize --film`, into the folder NAME",
    "first": "number of the shot's first frame",
    "last": "number of its last frame",
    "frame_step": "paint every n-th frame: 2 is every second one",
    "keyframes": "folder or pattern of frames painted by hand",
}
"""Meanings of the columns, by name."""
LEAST = {"first": 0, "last": 0, "frame_step": 1}
"""Smallest value of each column with numbers."""


def values_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Values for a row. Raise ParameterError for fields that a shot does not take."""
    if "shot" not in fields:
        column = next(name for name in COLUMNS if name in fields)
        raise ParameterError("{} is for a shot", "give the frames as shot, or leave it out", column)
    if unfit := next((name for name in ("source", "width_m") if name in fields), ""):
        raise ParameterError("a shot takes no {}", "leave it out", unfit)
    found: dict[str, Any] = {name: text_of(name, fields) for name in ("shot", "keyframes") if name in fields}
    if empty := next((name for name, value in found.items() if not value.strip()), ""):
        raise ParameterError("{} is empty", "write a file's name, or leave the field out", empty)
    for name, least in LEAST.items():
        if (number := whole_number_of(name, fields)) is not None:
            if number < least:
                raise ParameterError("{} is {}", "write a whole number from {}", name, number, least)
            found[name] = number
    return found
