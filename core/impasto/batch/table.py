"""Tables of jobs: CSV or JSON lines with a row for each job.

In JSON lines, `inputs` and `parameters` are objects. Names of files are relative to the table.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..actions import RUN
from ..errors import FileError, ImpastoError, Message, ParameterError, did_you_mean
from ..io.color_spaces import check_color_space
from ..plugins.registry import registry
from ..running.inputs import SOURCE
from ..system.untrusted import excerpt, is_unicode, parse_json, read_bytes
from ..texture import check_metres

SUFFIXES = (".csv", ".tsv", ".jsonl")
MAX_BYTES = 2**26
MAX_ROWS = 200_000
MAX_COLUMNS = 256
MAX_LINE_BYTES = 2**18
DELIMITERS = ",;\t"
COLUMNS: Mapping[str, str] = {
    "recipe": "a recipe's file, or the name of a tool or of a matcher",
    "text": "the phrase, for a matcher: recipe `phrase`, text `wet mossy cobblestones`",
    SOURCE: "the picture or the folder of maps that it starts from",
    "input.NAME": "another input; of a tool, `style-2` is its second `style`",
    "parameter.NAME": "a parameter; `2.NAME` is that of the second step, if several have one",
    "settings": "named settings of one of its tools, such as `Old road` of `asphalt`; parameters replace single values",
    "seed": "instead of the recipe's",
    "name": "start of the files' names; without it, the source's name or the recipe's",
    "width_m": "real-world width of the source in metres",
    "colorspace": "colour space of the source, in place of what its file says, such as ACEScg",
}
"""Columns of every batch and their meanings. Actions add others."""
GROUPS = {"input.": "inputs", "parameter.": "parameters"}


@dataclass(frozen=True)
class Row:
    """A row of a table. number: as spreadsheets and editors count, from 1.

    recipe: the name of a file, a tool or a matcher. text: for a matcher. inputs: names of files. parameters: values, or
    their text, by name; `2.NAME` belongs to the second step. seed: None for the recipe's own. action: its name, with
    its values.
    """

    number: int
    recipe: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    name: str = ""
    width_m: float | None = None
    text: str = ""
    action: str = RUN
    values: Mapping[str, Any] = field(default_factory=dict)
    color_space: str = ""
    settings: str = ""


def columns() -> dict[str, str]:
    """All columns and their meanings, with those of the installed actions."""
    return {**COLUMNS, **{name: text for one in registry().actions.values() for name, text in one.columns.items()}}


def _plain_columns() -> tuple[str, ...]:
    return tuple(name for name in columns() if "." not in name)


def is_table(path: Path) -> bool:
    """Whether the file's name is that of a table."""
    return path.suffix.lower() in SUFFIXES


@dataclass(frozen=True)
class Table:
    """A table in memory. Each iteration parses its rows."""

    path: Path
    data: bytes = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Table:
        """The table in a file. Raise FileError if it is too large."""
        return cls(path, read_bytes(path, MAX_BYTES))

    def __iter__(self) -> Iterator[tuple[int, Row | ImpastoError]]:
        """Each row, or the mistake in it, after its number."""
        cells = _json_lines(self.data) if self.path.suffix.lower() == ".jsonl" else _csv(self.data)
        for count, (number, fields) in enumerate(cells):
            if count == MAX_ROWS:
                yield number, FileError("the table has more than {:,} rows", "split it into several", MAX_ROWS)
                return
            try:
                yield number, fields if isinstance(fields, ImpastoError) else _row(number, fields)
            except ImpastoError as error:
                yield number, error


def _csv(data: bytes) -> Iterator[tuple[int, dict[str, Any] | ImpastoError]]:
    stream = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    number = 1
    try:
        first = stream.readline(MAX_LINE_BYTES)
        stream.seek(0)
        rows = csv.reader(stream, delimiter=max(DELIMITERS, key=first.count))
        columns = [name.strip() for name in next(rows, [])]
        if wrong := _wrong_columns(columns):
            yield number, wrong
            return
        for number, cells in enumerate(rows, start=2):
            if len(cells) > len(columns) and any(cells[len(columns) :]):
                yield number, ParameterError("it has {} cells for {} columns", "remove some", len(cells), len(columns))
            elif any(cells):
                yield number, _group(zip(columns, cells, strict=False))
    except (ValueError, csv.Error) as error:
        yield number, FileError("this is no CSV in UTF-8 ({})", "save it as CSV in UTF-8", error)


def _wrong_columns(columns: list[str]) -> ParameterError | None:
    plain = _plain_columns()
    known = f"columns are {', '.join(plain)}, input.NAME and parameter.NAME"
    for name in columns[:MAX_COLUMNS]:
        if name not in plain and not any(name.startswith(group) and name != group for group in GROUPS):
            message = "there is no column {}"
            return ParameterError(message, "{}{}{}", excerpt(name), did_you_mean(name, plain), known, registry().hint())
        if columns.count(name) > 1:
            return ParameterError("the column {} is there twice", "remove one", excerpt(name))
    if len(columns) > MAX_COLUMNS:
        return ParameterError("the table has {:,} columns", "use at most {}", len(columns), MAX_COLUMNS)
    return None if columns else ParameterError("the table is empty", "name its columns in the first row: {}", known)


def _group(cells: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The cells that are not empty, with `input.NAME` and `parameter.NAME` in objects as in JSON lines."""
    fields: dict[str, Any] = {}
    for column, cell in cells:
        if cell := cell.strip():
            group = next((group for group in GROUPS if column.startswith(group)), "")
            within = fields.setdefault(GROUPS[group], {}) if group else fields
            within[column.removeprefix(group)] = cell
    return fields


def _json_lines(data: bytes) -> Iterator[tuple[int, dict[str, Any] | ImpastoError]]:
    for number, line in enumerate(io.BytesIO(data), start=1):
        if not line.strip():
            continue
        try:
            fields = parse_json(line, "it", max_bytes=MAX_LINE_BYTES)
            yield number, fields if isinstance(fields, dict) else ParameterError("it is no object", "write {…}")
        except FileError as error:
            yield number, error


def _row(number: int, fields: Mapping[str, Any]) -> Row:
    """A row from its fields. ParameterError with the first wrong field."""
    known = (*_plain_columns(), *GROUPS.values())
    if unknown := next((name for name in fields if name not in known), ""):
        remedy = Message("{}its fields are {}{}", did_you_mean(unknown, known), ", ".join(known), registry().hint())
        raise ParameterError("there is no field {}", remedy, excerpt(unknown))
    if "recipe" not in fields:
        raise ParameterError("it names no recipe", "give the file of a recipe, or a tool's name, as recipe")
    for name in GROUPS.values():
        if not isinstance(fields.get(name, {}), dict):
            raise ParameterError("{} is {}", "write an object", name, excerpt(fields[name]))
    inputs = {**fields.get("inputs", {}), **({SOURCE: fields[SOURCE]} if SOURCE in fields else {})}
    for name in inputs:
        text_of(name, inputs)
    for name in ("recipe", "name", "text", "colorspace", "settings"):
        if name in fields:
            text_of(name, fields)
    for name, value in [*inputs.items(), ("recipe", fields["recipe"])]:
        if not value.strip():
            raise ParameterError("{} is empty", "write a file's name, or leave the field out", name)
    seed, width_m = whole_number_of("seed", fields), number_of("width_m", fields.get("width_m"))
    check_metres("width_m", width_m)
    parameters = fields.get("parameters", {})
    values = number, fields["recipe"], inputs, parameters, seed, fields.get("name", ""), width_m
    if space := fields.get("colorspace", ""):
        check_color_space(space)
    action = next((one for one in registry().actions.values() if set(one.columns) & set(fields)), None)
    carried_out = (action.name, action.of_row({**fields, **inputs})) if action else (RUN, {})
    return Row(*values, fields.get("text", ""), *carried_out, space, fields.get("settings", ""))


def text_of(name: str, fields: Mapping[str, Any]) -> str:
    """A row's field that is text. Raise ParameterError for anything else."""
    value = fields[name]
    if not (isinstance(value, str) and is_unicode(value) and "\0" not in value):
        raise ParameterError("{} is {}", "write a name", name, excerpt(value))
    return value


def whole_number_of(name: str, fields: Mapping[str, Any]) -> int | None:
    """A row's whole number, also from text as in CSV; None for none. Raise ParameterError for anything else."""
    value = number_of(name, fields.get(name))
    if isinstance(value, float):
        raise ParameterError("{} is {}", "write a whole number", name, value)
    return value


def number_of(name: str, value: object) -> int | float | None:
    """A number, also from text as in CSV; None for none. Raise ParameterError for anything else."""
    if value is None or type(value) in (int, float):
        return value  # type: ignore[return-value]
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(str(value))
    raise ParameterError("{} is {}, which is no number", "write 7, or 1.5", name, excerpt(value))
