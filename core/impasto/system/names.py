"""Names of files that are valid on every platform. Standard library only: Blender uses it too."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

from ..errors import ImpastoError, Message, ParameterError
from .untrusted import excerpt, is_unicode

MAX_NAME_BYTES = 180
"""Limit in UTF-8: file systems allow 255, and `_ambient_occlusion.png` and the suffix of a partial file are added."""
NOT_IN_NAMES = frozenset('/\\<>:"|?*')
RESERVED_ON_WINDOWS = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")


def check_name(name: object, what: str, *, kind: type[ImpastoError] = ParameterError) -> str:
    """The name, unless some platform refuses files of this name, or it is a path or hidden. Raises `kind` if so."""

    def refuse(why: str, *values: object) -> ImpastoError:
        return kind(f"{{}} {why}", "use letters, digits, - and _", Message("{} {}", what, excerpt(name)), *values)

    if not isinstance(name, str):
        raise kind("{} must be text, got {}", "use letters, digits, - and _", what, excerpt(name))
    if not name.strip():
        raise refuse("is empty")
    if not is_unicode(name):
        raise refuse("is not Unicode")
    if found := sorted({character for character in name if _is_refused(character)}):
        characters = " ".join(found) if set(found) <= NOT_IN_NAMES else "control characters"
        raise refuse("contains {}", characters)
    if name.startswith(".") or name.endswith((".", " ")):
        raise refuse("begins with a dot, or ends with a dot or a space")
    if RESERVED_ON_WINDOWS.fullmatch(name):
        raise refuse("is reserved on Windows")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise refuse("is longer than {} bytes", MAX_NAME_BYTES)
    return name


def usable_name(text: str) -> str:
    """A similar name that `check_name` accepts, with _ for each refused character."""
    plain = "".join("_" if _is_refused(character) else character for character in as_unicode(text))
    plain = plain.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip(". ")
    return f"{plain}_" if RESERVED_ON_WINDOWS.fullmatch(plain) else plain or "untitled"


def _is_refused(character: str) -> bool:
    return character in NOT_IN_NAMES or unicodedata.category(character) in ("Cc", "Zl", "Zp")


def as_unicode(name: str) -> str:
    """The name of a file with _ for each byte that is not UTF-8, so that other files can contain it."""
    return "".join("_" if "\ud800" <= character <= "\udfff" else character for character in name)


def is_file_name(name: str) -> bool:
    """Whether a text names a file, and is no path, on every platform."""
    if name in ("", ".", "..") or "\0" in name or PureWindowsPath(name).drive:
        return False
    return PurePosixPath(name).name == PureWindowsPath(name).name == name
