"""Text files that come with pictures: captions, and SOURCES.tsv, a table of each file's licence and class.

Captions have the formats of other trainers. `wall.txt` next to `wall.png` has one caption per line, as most
text-to-picture trainers read it. `metadata.jsonl` has one object per line with `file_name`, relative to its folder, and
`text`, as in Hugging Face's image folders. A map set has the captions of its folder, its name, and its files.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import FileError, Message
from ..io.map_files import set_name
from ..system.untrusted import MAX_JSON_BYTES, excerpt, is_there, parse_json, read_bytes, resolve

TABLE = "metadata.jsonl"
LEVELS = 3
"""Number of folders that are searched for a table, from a picture's own folder up to that of the data."""
MOST_BYTES, MOST_TABLE_BYTES = 2**16, 2**26
MOST_CAPTIONS = 100
SOURCES = "SOURCES.tsv"
SOURCES_LEVELS = 3
"""Number of folders that are searched for SOURCES.tsv, from the data's own folder upwards."""


@dataclass
class Captions:
    """Captions of the pictures in a folder and below. Tables are read once."""

    root: Path
    tables: dict[Path, dict[Path, tuple[str, ...]]] = field(default_factory=dict)

    def of(self, files: Mapping[str, Path]) -> tuple[str, ...]:
        """Captions of a picture or a map set, given its files; those in text files come first. () if there are none.

        Raise FileError if a file of captions cannot be read.
        """
        found = [line for file in _text_files(files) if is_there(file) for line in _lines(file)]
        places = [resolve(file) for file in files.values()]
        folder = resolve(next(iter(files.values()))).parent
        for table_folder in [folder, *folder.parents][:LEVELS]:
            table = self._table(table_folder)
            found += [text for place in dict.fromkeys([*places, folder]) for text in table.get(place, ())]
            if table_folder == resolve(self.root):
                break
        return tuple(dict.fromkeys(found))[:MOST_CAPTIONS]

    def _table(self, folder: Path) -> dict[Path, tuple[str, ...]]:
        if folder not in self.tables:
            file = folder / TABLE
            self.tables[folder] = _rows(file) if is_there(file) else {}
        return self.tables[folder]


def _text_files(files: Mapping[str, Path]) -> Iterable[Path]:
    """Paths at which text files with captions may be: named after each file, and after a set's name and folder."""
    names = [file.with_suffix(".txt") for file in files.values()]
    if len(files) > 1:
        first = next(iter(files.values()))
        folder = first.parent
        names += [folder / f"{set_name(first)}.txt", folder / f"{folder.name}.txt", folder.with_suffix(".txt")]
    return dict.fromkeys(names)


def _lines(file: Path) -> list[str]:
    return [line for line in map(_plain, _text(file, MOST_BYTES).splitlines()) if line]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _text(file: Path, most_bytes: int) -> str:
    try:
        return read_bytes(file, most_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError("{} is no text in UTF-8", "save it as UTF-8", excerpt(file)) from error


def _rows(file: Path) -> dict[Path, tuple[str, ...]]:
    """Captions by file or folder. FileError names the line that is wrong."""
    found: dict[Path, tuple[str, ...]] = {}
    for number, line in enumerate(_text(file, MOST_TABLE_BYTES).splitlines(), start=1):
        if not line.strip():
            continue
        what = Message("line {} of {}", number, file.name)
        row = parse_json(line, what)
        name, text = (row.get("file_name"), row.get("text")) if isinstance(row, dict) else (None, None)
        texts = text if isinstance(text, list) else [text]
        if not isinstance(name, str) or not all(isinstance(one, str) for one in texts):
            message = "{} does not say a file_name and a text"
            raise FileError(message, 'each line is like {"file_name": "wall.png", "text": "old red bricks"}', what)
        place = resolve(file.parent / name)
        found[place] = (*found.get(place, ()), *filter(None, map(_plain, texts)))
    return found


@dataclass(frozen=True)
class SourceTable:
    """A SOURCES.tsv: its folder, and its rows by their column `file`."""

    folder: Path
    rows: Mapping[str, Mapping[str, str]]

    @classmethod
    def nearest(cls, folder: Path) -> SourceTable:
        """The nearest SOURCES.tsv in `folder` or its parents; a table without rows if there is none."""
        folder = resolve(folder)
        for place in [folder, *folder.parents][:SOURCES_LEVELS]:
            if is_there(place / SOURCES):
                return cls(place, {row["file"]: row for row in _source_rows(place / SOURCES)})
        return cls(folder, {})

    def row(self, file: Path) -> Mapping[str, str]:
        """The row of a file, or else that of its nearest parent folder with a row; empty if there is none."""
        path = resolve(file)
        if not path.is_relative_to(self.folder):
            return {}
        relative = path.relative_to(self.folder)
        names = [relative.as_posix(), *(parent.as_posix() for parent in relative.parents)]
        return next((self.rows[name] for name in names if name in self.rows), {})


def _source_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a SOURCES.tsv. Raise FileError if it is not a valid table."""
    try:
        text = read_bytes(file, MAX_JSON_BYTES).decode("utf-8-sig")
        rows = [
            {str(key): value or "" for key, value in row.items() if isinstance(value, str | None)}
            for row in csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")
        ]
    except (ValueError, csv.Error) as error:
        message = "{} is no table ({})"
        raise FileError(message, "write it as UTF-8, a tab between columns", excerpt(file), error) from error
    if rows and not {"file", "licence"} <= rows[0].keys():
        message = "{} has no columns file and licence"
        raise FileError(message, "name them in its first line, a tab between", excerpt(file))
    return rows
