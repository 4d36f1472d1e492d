"""Errors that carry their remedy.

Bad input and a bad environment raise `ImpastoError`s: they say what was wrong, with which value, and what to do now.
Any other exception is a bug and shows its traceback. Standard library only: Blender imports this too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

MOST_NAMED = 12
"""Limit of names that a remedy lists."""
FULL_MEMORY = re.compile(r"DefaultCPUAllocator|MPS\sbackend\sout\sof\smemory|ALLOC_FAILED")
"""Phrases in torch's errors about full memory that have no class of their own."""
LONGEST_NAME = 100
"""Number of characters of an unknown name that are compared with known names."""


class ImpastoError(Exception):
    """Base of all expected errors. remedy: what the user can do now. exit_code: exit code of the command."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def __reduce__(self):
        return type(self), (self.message, self.remedy)


class ParameterError(ImpastoError):
    """A parameter, a recipe or a tool's name is wrong."""

    exit_code = 2


class FileError(ImpastoError):
    """A file cannot be read or written."""

    exit_code = 3


class PluginError(ImpastoError):
    """A plugin breaks the contract or could not be loaded."""

    exit_code = 4


class ModelError(ImpastoError):
    """A model file is missing, damaged or of the wrong kind."""

    exit_code = 5


class DeviceError(ImpastoError):
    """The chosen device is missing or out of memory."""

    exit_code = 6


class WorkerError(ImpastoError):
    """The worker could not start, died, or did not answer."""

    exit_code = 7


class ProtocolError(WorkerError):
    """The worker and its client do not speak the same protocol."""


class Cancelled(BaseException):
    """The job was cancelled. The message says what was saved, if anything.

    Not an `Exception`, so that a plugin's `except Exception` cannot swallow it.
    """

    exit_code = 130


def out_of_memory(error: BaseException) -> DeviceError | None:
    """The DeviceError for an error of Python, NumPy or torch about full memory; None for any other error."""
    is_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if is_memory or (isinstance(error, RuntimeError) and FULL_MEMORY.search(str(error))):
        return DeviceError(f"out of memory: {error}", "choose a smaller size, or the CPU")
    return None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """First words of a remedy for an unknown name, `did you mean 'source'? `; "" if no known name is similar."""
    near = difflib.get_close_matches(name[:LONGEST_NAME], list(known), n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def choices(name: str, known: Iterable[str], listed: str) -> str:
    """Remedy for an unknown name: the nearest known name, and all names if they are few; "leave it out" without any.

    listed: a command or a menu that lists the names. The remedy refers to it if there are many.
    """
    names = sorted(known)
    if len(names) > MOST_NAMED:
        return f"{did_you_mean(name, names)}{listed} lists all {len(names)}"
    return f"{did_you_mean(name, names)}choose from {', '.join(names)}" if names else "leave it out"


def error_fields(error: ImpastoError) -> dict[str, str]:
    """An error as JSON, for `error_from_name`: the name of its class, its message and its remedy."""
    return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}


def error_from_name(name: str, message: str, remedy: str) -> ImpastoError:
    """An error of the class called `name`, as sent over the wire; a WorkerError for an unknown name."""
    kind = globals().get(name)
    if isinstance(kind, type) and issubclass(kind, ImpastoError):
        return kind(message, remedy)
    return WorkerError(message, remedy)
