"""The journal of a set of files that replaces others: what `transaction` needs to finish or undo it after a crash.

Standard library only: Blender uses it too.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from ..errors import FileError
from .names import is_file_name
from .untrusted import read_json, shown


@dataclass(frozen=True)
class Journal:
    """Names of a set's files, and of those among them that did not exist before."""

    names: tuple[str, ...]
    added: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Journal:
        """The journal in a file. FileError if it is invalid."""
        data = read_json(path)
        names, added = (_unquoted(data.get(key) if isinstance(data, dict) else None) for key in ("names", "added"))
        if not all(map(is_file_name, names + added)):
            raise FileError(f"{shown(path)} is no journal of Impasto's", "remove the folder that it is in")
        return cls(names, added)

    def write(self, path: Path) -> None:
        """Write the journal to a file, which is on the disk afterwards. OSError if that fails."""
        with path.open("wb") as stream:
            stream.write(json.dumps({"names": _quoted(self.names), "added": _quoted(self.added)}).encode())
            stream.flush()
            os.fsync(stream.fileno())


def _quoted(names: tuple[str, ...]) -> list[str]:
    """Names of files in ASCII, even if they are not Unicode."""
    return [quote(name, errors="surrogatepass") for name in names]


def _unquoted(quoted: object) -> tuple[str, ...]:
    """Names of files from what should be a list of quoted names; invalid ones are empty."""
    listed = quoted if isinstance(quoted, list) else [""]
    return tuple(unquote(name, errors="surrogatepass") if isinstance(name, str) else "" for name in listed)
