"""Messages that can be translated, and errors that carry their remedy.

Bad input and a bad environment raise `ImpastoError`s: they say what was wrong, with which value, and what to do now.
Any other exception is a bug and shows its traceback. Standard library only: Blender imports this too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsIndex

MOST_NAMED = 12
"""Limit of names that a remedy lists."""
FULL_MEMORY = re.compile(r"DefaultCPUAllocator|MPS\sbackend\sout\sof\smemory|ALLOC_FAILED")
"""Phrases in torch's errors about full memory that have no class of their own."""
LONGEST_NAME = 100
"""Number of characters of an unknown name that are compared with known names."""
FIELD = re.compile(r"\{(?:!([rs]))?(?::([^{}]*))?\}")
"""A field of a message: {}, or with a conversion or a format, as in {!r} or {:,}."""


class Message(str):
    """A text with values in it, as in `Message("no tool {!r}", name)`: English, and a host can translate it.

    id: the text with {} for each value, by which hosts find a translation. values: each as it is shown, or a message,
    which is translated by itself. Other braces than these stay, and so do all braces of a text without values.
    """

    id: str
    values: tuple[str, ...]

    def __new__(cls, text: str, *values: object) -> Message:
        if isinstance(text, Message):
            return text
        texts = tuple(_shown(value, *field) for value, field in zip(values, FIELD.findall(text), strict=False))
        id_ = FIELD.sub("{}", text) if values else text
        message = super().__new__(cls, text_of(id_, texts) if values else text)
        message.id, message.values = id_, texts
        return message

    def replace(self, old: str, new: str, count: SupportsIndex = -1) -> Message:
        """The message with `new` for `old` in its values; in a text without values, anywhere."""
        if not self.values:
            return Message(super().replace(old, new, count))
        return Message(self.id, *(value.replace(old, new, count) for value in self.values))


def series(separator: str, parts: Iterable[str]) -> Message:
    """One message of several, with a separator between them."""
    every = list(parts)
    return Message(separator.join(["{}"] * len(every)), *every)


def _shown(value: object, conversion: str, spec: str) -> str:
    if conversion:
        value = repr(value) if conversion == "r" else str(value)
    return format(value, spec) if spec else value if isinstance(value, str) else str(value)


def text_of(text: str, values: Sequence[str]) -> str:
    """The text with the values in its fields, which are {} in order, or {0}, {1}, … in any."""
    left = iter(values)
    return re.sub(r"\{(\d?)\}", lambda match: values[int(match[1])] if match[1] else next(left, match[0]), text)


def with_ids(data: Any) -> Any:
    """Plain data for JSON, with an object for each message that has values: {"$message": [id, value, …]}."""
    if isinstance(data, Message):
        return {"$message": [data.id, *map(with_ids, data.values)]} if data.values else data
    if isinstance(data, Mapping):
        return {name: with_ids(value) for name, value in data.items()}
    return [with_ids(value) for value in data] if isinstance(data, list | tuple) else data


def with_messages(data: Any) -> Any:
    """Plain data of JSON, with the messages that `with_ids` wrote."""
    match data:
        case {"$message": [str(id_), *values]}:
            return Message(FIELD.sub("{}", id_), *map(with_messages, values))
        case dict():
            return {name: with_messages(value) for name, value in data.items()}
    return [with_messages(value) for value in data] if isinstance(data, list) else data


class ImpastoError(Exception):
    """Base of all expected errors. remedy: what to do now. values: of both, in order. exit_code: of the command."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "", *values: object) -> None:
        own = 0 if isinstance(message, Message) else len(FIELD.findall(message))
        self.message, self.remedy = Message(message, *values[:own]), Message(remedy, *values[own:])
        super().__init__(self.message)

    def __str__(self) -> str:
        return Message("{}; {}", self.message, self.remedy) if self.remedy else self.message

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
        return DeviceError("out of memory: {}", "choose a smaller size, or the CPU", error)
    return None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """First words of a remedy for an unknown name, `did you mean 'source'? `; "" if no known name is similar."""
    near = difflib.get_close_matches(name[:LONGEST_NAME], list(known), n=1)
    return Message("did you mean {!r}? ", near[0]) if near else ""


def choices(name: str, known: Iterable[str], listed: str) -> str:
    """Remedy for an unknown name: the nearest known name, and all names if they are few; "leave it out" without any.

    listed: a command or a menu that lists the names. The remedy refers to it if there are many.
    """
    names = sorted(known)
    if len(names) > MOST_NAMED:
        return Message("{}{} lists all {}", did_you_mean(name, names), listed, len(names))
    return Message("{}choose from {}", did_you_mean(name, names), ", ".join(names)) if names else "leave it out"


def error_fields(error: ImpastoError) -> dict[str, str]:
    """An error as JSON, for `error_from_name`: the name of its class, its message and its remedy."""
    return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}


def error_from_name(name: str, message: str, remedy: str) -> ImpastoError:
    """An error of the class called `name`, as sent over the wire; a WorkerError for an unknown name."""
    kind = globals().get(name)
    if isinstance(kind, type) and issubclass(kind, ImpastoError):
        return kind(message, remedy)
    return WorkerError(message, remedy)
