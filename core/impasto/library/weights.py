"""Declarations of networks' published weights, which plugins make for their tools.

Users decide by address, hash and licence. Names and shapes of the tensors identify the weights in a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from ..errors import Message, PluginError
from ..system.untrusted import excerpt

Shapes = Mapping[str, tuple[int, ...]]
"""Shapes of tensors by name."""


@dataclass(frozen=True)
class PublishedFile:
    """A file that the authors of weights publish.

    sha256: all 64 digits, or the first ones if only those are published. A file without any ("") is not downloaded,
    since it could not be verified. prefix: added to the names of its tensors, for weights in several files.
    """

    url: str
    sha256: str = ""
    size_bytes: int = 0
    prefix: str = ""

    @property
    def name(self) -> str:
        """The file name in the address."""
        return PurePosixPath(urlsplit(self.url).path).name

    @property
    def host(self) -> str:
        """The server in the address."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class Conversion:
    """A published layout that differs from the one that tools read, and a function that converts its tensors."""

    shapes: Shapes
    convert: Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Weights:
    """Declaration of published weights.

    licence: the terms of use, which `page` states. shapes: the tensors that tools need. unneeded: regular expression
    for the names of other tensors in the published files.
    """

    name: str
    label: str
    description: str
    licence: str
    page: str
    files: tuple[PublishedFile, ...]
    shapes: Shapes = field(repr=False)
    unneeded: str = ""
    conversion: Conversion | None = None

    @property
    def is_downloadable(self) -> bool:
        """Whether all files have a hash, by which a download can be verified."""
        return all(file.sha256 for file in self.files)

    @property
    def download_bytes(self) -> int:
        """Size of the download; 0 if it is not downloadable."""
        return sum(file.size_bytes for file in self.files) if self.is_downloadable else 0

    @property
    def download_size(self) -> str:
        """Size of the download in MiB, as text."""
        return Message("{:.0f} MiB", self.download_bytes / 2**20)

    @property
    def how_to_get(self) -> str:
        """Instructions for users who have not installed the weights."""
        names = " ".join(file.name for file in self.files) if len(self.files) < 3 else "FILES"
        install = f"`impasto weights install {names}`"
        if self.is_downloadable:
            fetch = "`impasto weights download {}` fetches them ({}, {})"
            fetch = Message(fetch, self.name, self.download_size, self.licence)
            return Message("{}; without a connection, {} takes them from this computer", fetch, install)
        which = Message("the {} files", len(self.files)) if len(self.files) > 1 else "the file"
        text = "get {} that `impasto weights show {}` names ({}), then {}"
        return Message(text, which, self.name, self.licence, install)

    def needed_tensors(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """Tensors or shapes by name, without the unneeded ones."""
        return {name: value for name, value in named.items() if not re.fullmatch(self.unneeded, name)}

    def are_published_as(self, sha256: Sequence[str]) -> bool | None:
        """Whether files with these hashes are the published ones; None if that is unknown."""
        if not sha256 or not self.is_downloadable:
            return None
        known = [file.sha256 for file in self.files]
        return len(known) == len(sha256) and all(map(str.startswith, sha256, known))


def check_weights(weights: Weights) -> None:
    """Raise PluginError if a declaration has a wrong name, lacks a text, or has an address or hash that is no good."""
    where = Message("the weights {}", weights.name)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", weights.name):
        raise PluginError("{} are not named in lower-case words joined by hyphens", "rename them", where)
    for attribute in ("label", "description", "licence", "page", "files", "shapes"):
        if not getattr(weights, attribute):
            raise PluginError("{} have no {}", "say it: users decide by it", where, attribute)
    for file in weights.files:
        if not file.url.startswith("https://"):
            raise PluginError("{} would come from {}", "give an https address", where, file.url)
        if file.sha256 and not re.fullmatch(r"[0-9a-f]{8,64}", file.sha256):
            raise PluginError("{} have the hash {}", "give 8 to 64 digits of the SHA-256", where, excerpt(file.sha256))
        if file.sha256 and file.size_bytes <= 0:
            raise PluginError("{} have no size", "a download is checked by hash and size: give both", where)


def differences(found: Shapes, expected: Shapes) -> list[str]:
    """A clause for each tensor that is missing, has another shape, or is unexpected, in the expected order."""
    wrong: list[str] = [
        Message("it lacks {} ({})", name, _shape(shape))
        if name not in found
        else Message("{} should be {}, is {}", name, _shape(shape), _shape(found[name]))
        for name, shape in expected.items()
        if found.get(name) != shape
    ]
    more = [name for name in found if name not in expected]
    return wrong + [Message("it also contains {} ({})", name, _shape(found[name])) for name in more]


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a single number"
