"""SOURCES.tsv, a table beside training data that lists the licence and the class of each file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import FileError
from ..system.untrusted import MAX_JSON_BYTES, excerpt, is_there, read_bytes, resolve

SOURCES = "SOURCES.tsv"
SOURCES_LEVELS = 3
"""Number of folders searched for SOURCES.tsv, from the data's own upwards."""


@dataclass(frozen=True)
class Sources:
    """A SOURCES.tsv: its folder, and its rows by file."""

    folder: Path
    rows: Mapping[str, Mapping[str, str]]

    @classmethod
    def above(cls, folder: Path) -> Sources:
        """The nearest SOURCES.tsv in `folder` or its parents; without rows if there is none."""
        folder = resolve(folder)
        for place in [folder, *folder.parents][:SOURCES_LEVELS]:
            if is_there(place / SOURCES):
                return cls(place, {row["file"]: row for row in _rows(place / SOURCES)})
        return cls(folder, {})

    def row(self, file: Path) -> Mapping[str, str]:
        """The row of a file, or else of its nearest parent folder that has one; empty if none has."""
        path = resolve(file)
        if not path.is_relative_to(self.folder):
            return {}
        relative = path.relative_to(self.folder)
        names = [relative.as_posix(), *(parent.as_posix() for parent in relative.parents)]
        return next((self.rows[name] for name in names if name in self.rows), {})


def _rows(file: Path) -> list[dict[str, str]]:
    """The rows of a SOURCES.tsv. FileError if it is not a valid table."""
    try:
        text = read_bytes(file, MAX_JSON_BYTES).decode("utf-8-sig")
        rows = [
            {str(key): value or "" for key, value in row.items() if isinstance(value, str | None)}
            for row in csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")
        ]
    except (ValueError, csv.Error) as error:
        raise FileError(f"{excerpt(file)} is no table ({error})", "write it as UTF-8, a tab between columns") from error
    if rows and not {"file", "licence"} <= rows[0].keys():
        raise FileError(
            f"{excerpt(file)} has no columns file and licence", "name them in its first line, a tab between"
        )
    return rows
