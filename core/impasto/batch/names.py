"""Names of results by a pattern such as {name}_{seed}."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from string import Formatter

from ..errors import Message, ParameterError, did_you_mean
from ..system.names import check_name
from ..system.untrusted import excerpt

FIELDS = {
    "name": "the row's name, or that of its source",
    "index": "1, 2, 3, … in order; {index:04} writes 0001",
    "seed": "the recipe's seed",
    "recipe": "the recipe's file, without its ending",
    "tool": "the first step's tool",
}
NUMBERS = ("index", "seed")
WIDTH = re.compile(r"0?\d{0,2}")


def check_pattern(pattern: str, fields: Collection[str] = FIELDS) -> str:
    """The pattern, if all its fields are known. ParameterError names the wrong field and lists the known ones."""
    known = ", ".join(f"{{{name}}}" for name in fields)
    if not pattern.strip():
        raise ParameterError("the pattern is {}", "its fields are {}", excerpt(pattern), known)
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError as error:
        message = "the pattern {} is not valid: {}"
        raise ParameterError(message, "its fields are {}", excerpt(pattern), error, known) from error
    for _, field, width, conversion in parts:
        if field is None:
            continue
        if field not in fields:
            message = Message("the pattern {} has the unknown field {}", excerpt(pattern), excerpt(field))
            raise ParameterError(message, "{}its fields are {}", did_you_mean(field, fields), known)
        if conversion or not WIDTH.fullmatch(width or "") or (width and field not in NUMBERS):
            remedy = "write {index:04} for four digits, and other fields as they are"
            raise ParameterError("the pattern {} formats {} in an unknown way", remedy, excerpt(pattern), field)
    return pattern


def fill_in(pattern: str, *, name: str, index: int, seed: int, recipe: str, tool: str) -> str:
    """The name of a result. Raise ParameterError if no file can have it on every platform."""
    result = pattern.format(name=name, index=index, seed=seed, recipe=recipe, tool=tool)
    return check_name(result, "the name of the files")


def fold(name: str) -> str:
    """The name as Windows and macOS compare it. Two names with the same folded form are one file there."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
