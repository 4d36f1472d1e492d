"""What files say of themselves, validated when it is read: metadata in pictures, indexes, model cards.

Frozen models with every field typed and bounded, so that the code behind them meets no wrong type.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import FileError, ImpastoError
from .outside import parse_json, shown

LARGEST_M = 1e5
"""Of the side of a picture or the range of its heights, in metres: a hundred kilometres."""
SMALLEST_M = 1e-9

Metres = Annotated[float, Field(ge=SMALLEST_M, le=LARGEST_M)]
Checked = TypeVar("Checked", bound="FromOutside")


class FromOutside(BaseModel):
    """Base of what is read from files: strict types, finite numbers, unknown fields left alone."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False, extra="ignore")


class Embedded(FromOutside):
    """What Impasto writes into a picture; the recipe is validated by its own constructor."""

    recipe: dict[str, Any] | None = None
    width_m: Metres | None = None
    height_range_m: Metres | None = None


def read_embedded(text: str | bytes, path: Path) -> dict[str, Any]:
    """The fields of `Embedded` that are in a picture's JSON. FileError names the one that is wrong."""
    what = f"what Impasto wrote into {shown(path)}"
    found = checked(Embedded, parse_json(text, what), what, FileError, "use another of its files, or save it anew")
    return found.model_dump(exclude_none=True)


def checked(model: type[Checked], data: Any, what: str, kind: type[ImpastoError], remedy: str) -> Checked:
    """The data as a model; an error of `kind` names the first field that is wrong, and its value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise kind(f"{what} {reason(error)}", remedy) from error


def reason(error: ValidationError) -> str:
    """The first thing that is wrong, in words: "has a width_m of -1: input should be greater than 0"."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    message = first["msg"][0].lower() + first["msg"][1:]
    if first["type"] == "missing":
        return f"lacks {name}"
    return f"has {shown(first['input'])} for {name}: {message}" if name else f"is {shown(first['input'])}: {message}"
