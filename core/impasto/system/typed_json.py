"""Plain data from outside, checked against the type that a dataclass or a TypedDict declares, and converted to it.

Standard library only, because Blender uses it too; parameters of tools, which only the engine checks, use pydantic.
"""

from __future__ import annotations

import math
import types
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from ..errors import ImpastoError, Message, ProtocolError, did_you_mean, series
from .untrusted import excerpt, is_unicode, printable, shorten

MAX_ID = 2**53
"""Largest id or count, which any reader of JSON can represent."""
SAME_VERSION = "see the log, and install the same version on both sides"
T = TypeVar("T")


@dataclass(frozen=True)
class Within:
    """Limits of a number, or of the length of text, a list or an object, as in `Annotated[int, Within(1, 4096)]`."""

    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.most and value > self.above


Count = Annotated[int, Within(0, MAX_ID)]
"""A number of things, or an id."""
PositiveSize = Annotated[int, Within(1, MAX_ID)]
"""A number of pixels or the like, at least 1."""
Length = Annotated[float, Within(0)]
"""A length in metres."""
PositiveLength = Annotated[float, Within(above=0)]
"""A length in metres, above 0."""
WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    **dict.fromkeys((dict, Mapping), "an object"),
    **dict.fromkeys((list, tuple, Sequence), "a list"),
}


def as_kind(
    kind: type[T], value: Any, where: str, refuse: type[ImpastoError] = ProtocolError, remedy: str = SAME_VERSION
) -> T:
    """The value as a `kind`. If it does not fit, an error of the class `refuse` names the wrong field, below `where`.

    Kinds are bool, int, float (finite), str, Path, Literal of texts, `X | Y`; lists, tuples, and mappings from text;
    dataclasses, made from their fields; TypedDicts; classes with `from_dict`, which may raise errors of its own; and
    other classes, whose instances the values must be. Fields that are not declared stay as they are.
    """
    try:
        return _as_kind(kind, value, where, Within())
    except ProtocolError as error:
        if refuse is ProtocolError:
            raise
        raise refuse(error.message, error.remedy.replace(SAME_VERSION, remedy)) from error


def check_fields(instance: Any, where: str, refuse: type[ImpastoError], remedy: str) -> None:
    """Check the fields of a dataclass instance; an error of the class `refuse` names the wrong one."""
    for name, (kind, _) in _fields_of(instance.__class__).items():
        value = getattr(instance, name)
        if as_kind(kind, value, f"{where}.{name}", refuse, remedy) != value:
            message = Message("{}.{} must be of the type that is declared, got {}", where, name, excerpt(value))
            raise refuse(message, remedy)


def _as_kind(kind: Any, value: Any, where: str, limits: Within) -> Any:
    if kind is Any or value.__class__ is kind is str:
        return value
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if origin is Annotated:
        limits = next((one for one in arguments if isinstance(one, Within)), limits)
        if arguments[0] not in (int, float) and isinstance(value, str | list | tuple | Mapping) and limits != Within():
            if isinstance(value, str):
                is_usable = len(value) in limits and is_unicode(value)
                _expect(is_usable, value, where, "at most {:g} characters long", limits.most)
            else:
                _expect(len(value) in limits, value, where, "{:g} to {:g} items long", limits.least, limits.most)
        return _as_kind(arguments[0], value, where, limits)
    if origin in (Union, types.UnionType):
        kinds = [one for one in arguments if one is not NoneType]
        return None if value is None and len(kinds) < len(arguments) else _any_of(kinds, value, where, limits)
    if origin is Literal:
        return one_of(arguments, value, where)
    if origin in (int, float):
        is_number = isinstance(value, int | origin) and value.__class__ is not bool and abs(value) < math.inf
        _expect(is_number and value in limits, value, where, *_number(origin, limits))
        return value
    if origin is Path:
        _expect(isinstance(value, str) and value != "" and "\0" not in value, value, where, WORDS[Path])
        return Path(value)
    if origin in (list, tuple, Sequence):
        return _list(origin, arguments, value, where)
    if origin in (dict, Mapping):
        _expect(isinstance(value, Mapping), value, where, WORDS[dict])
        key, of = arguments or (Any, Any)
        return {
            _as_kind(key, name, f"a name in {where}", Within()): _as_kind(
                of, item, f"{where}.{shorten(printable(str(name)))}", Within()
            )
            for name, item in value.items()
        }
    if is_dataclass(kind) and value.__class__ is kind:
        return value
    if hasattr(kind, "from_dict"):
        _expect(isinstance(value, dict), value, where, WORDS[dict])
        return kind.from_dict(value)
    if is_typeddict(kind) or is_dataclass(kind):
        return _object(kind, value, where)
    _expect(isinstance(value, kind), value, where, WORDS.get(kind) or kind.__name__)
    return value


def _any_of(kinds: Sequence[Any], value: Any, where: str, limits: Within) -> Any:
    if len(kinds) == 1:
        return _as_kind(kinds[0], value, where, limits)
    origins = [get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in kinds]
    classes = [get_origin(kind) or kind for kind in origins]
    likely = [one for one, own in zip(kinds, classes, strict=True) if own in WORDS and isinstance(value, own)]
    for kind in (*likely, *kinds):  # an error takes longer than an answer
        with suppress(ProtocolError):
            return _as_kind(kind, value, where, limits)
    raise _wrong(Message("one of {}", series(", ", [WORDS.get(one, WORDS[dict]) for one in classes])), value, where)


def one_of(names: Collection[str], value: Any, where: str) -> str:
    """The value, if it is one of these texts; ProtocolError, with the most similar text, otherwise."""
    if not (isinstance(value, str) and value in names):
        raise _wrong(Message("one of {}", ", ".join(names)), value, where, names)
    return value


def _number(kind: type, limits: Within) -> tuple[Any, ...]:
    """A number within limits, in words, and the limits in them; whole numbers have both limits or none."""
    words = WORDS[kind]
    if math.isfinite(limits.above):
        return f"{words} above {{:.16g}}", limits.above
    if math.isfinite(limits.most):
        return f"{words} from {{:.16g}} to {{:.16g}}", limits.least, limits.most
    return (f"{words} from {{:.16g}}", limits.least) if math.isfinite(limits.least) else (words,)


def _list(origin: type, arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    _expect(isinstance(value, list if origin is list else list | tuple), value, where, WORDS[list])
    kinds = list(arguments or (Any,))
    if origin is tuple and kinds[-1] is not Ellipsis:
        _expect(len(value) == len(kinds), value, where, "a list of {}", len(kinds))
    else:
        kinds = kinds[:1] * len(value)
    items = [
        _as_kind(of, item, f"{where}[{at}]", Within()) for at, (of, item) in enumerate(zip(kinds, value, strict=True))
    ]
    return items if origin is not tuple and isinstance(value, list) else tuple(items)


def _object(kind: Any, value: Any, where: str) -> Any:
    _expect(isinstance(value, Mapping), value, where, WORDS[dict])
    found = {}
    for name, (of, is_needed) in _fields_of(kind).items():
        if name in value:
            found[name] = _as_kind(of, value[name], f"{where}.{name}", Within())
        elif is_needed:
            raise ProtocolError("{}.{} is missing", SAME_VERSION, where, name)
    return {**value, **found} if is_typeddict(kind) else kind(**found)


@cache
def _fields_of(kind: Any) -> Mapping[str, tuple[Any, bool]]:
    """The type of each field of a class, and whether it is needed."""
    hints = get_type_hints(kind, include_extras=True)
    if is_dataclass(kind):
        defaults = {one.name: (one.default, one.default_factory) for one in fields(kind)}
        return {name: (hints[name], one == (MISSING, MISSING)) for name, one in defaults.items()}
    return {
        name: (get_args(of)[0], False) if get_origin(of) is NotRequired else (of, kind.__total__)
        for name, of in hints.items()
    }


def _expect(holds: bool, value: Any, where: str, wanted: str, *limits: float) -> None:
    if not holds:
        raise _wrong(Message(wanted, *limits), value, where)


def _wrong(wanted: str, value: Any, where: str, names: Collection[str] = ()) -> ProtocolError:
    remedy = Message("{}{}", did_you_mean(str(value), names), SAME_VERSION)
    if wanted == WORDS[str]:
        return ProtocolError("{} must be text, got {}", remedy, where, excerpt(value))
    return ProtocolError("{} must be {}, got {}", remedy, where, wanted, excerpt(value))
