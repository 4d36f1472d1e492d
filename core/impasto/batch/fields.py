"""Fields of a row of a batch's table: texts and numbers, as JSON or as text in CSV."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ..errors import ParameterError
from ..system.untrusted import excerpt, is_unicode


def text_of(name: str, fields: Mapping[str, Any]) -> str:
    """A row's field that is text. ParameterError for anything else."""
    value = fields[name]
    if not (isinstance(value, str) and is_unicode(value) and "\0" not in value):
        raise ParameterError(f"{name} is {excerpt(value)}", "write a name")
    return value


def whole_number_of(name: str, fields: Mapping[str, Any]) -> int | None:
    """A row's whole number, also from text as in CSV; None for none. ParameterError for anything else."""
    value = number_of(name, fields.get(name))
    if isinstance(value, float):
        raise ParameterError(f"{name} is {value}", "write a whole number")
    return value


def number_of(name: str, value: object) -> int | float | None:
    """A number, also from text as in CSV; None for none. ParameterError for anything else."""
    if value is None or type(value) in (int, float):
        return value  # type: ignore[return-value]
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(str(value))
    raise ParameterError(f"{name} is {excerpt(value)}, which is no number", "write 7, or 1.5")
