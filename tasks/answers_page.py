"""Writes the reference of the answers with --json: `python -m tasks.answers_page`, in the core's Python."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import get_args, get_type_hints

from impasto import descriptions
from impasto_judge.maps import MapFigures

from .environments import ROOT
from .markdown import MADE, REFERENCE, put

PAGE = REFERENCE / "json.md"
FILES = ("core/impasto/cli/answers.toml", "plugins/impasto_judge/answers.toml")
DESCRIPTIONS = ("InputDescription", "SettingsDescription", "ToolDescription", "WeightsDescription", "PluginDescription")
NAMES = {str: "text", bool: "boolean", int: "number", list[str]: "list", bool | None: "boolean or null"}
NESTED = {
    "inputs": "list of InputDescription",
    "settings": "list of SettingsDescription",
    "parameters": "object",
    "values": "object",
}
HEAD = f"""# Answers with --json

{MADE}

With `--json`, an action prints one object on one line, after lines of *Progress* for `train`, `batch` and `weights
download`.
"""


@dataclass(frozen=True)
class Answer:
    """An answer: what it is, and the type and the meaning of each field."""

    about: str
    fields: Mapping[str, tuple[str, str]]


def answers() -> dict[str, Answer]:
    """All answers by name."""
    figures = {one.name: ("number or null", one.metadata["meaning"]) for one in fields(MapFigures)}
    known = {"MapFigures": Answer("Figures of a set of maps.", figures)}
    for name in DESCRIPTIONS:
        described = getattr(descriptions, name)
        known[name] = Answer(described.__doc__, dict(_described(described)))
    for file in FILES:
        for name, given in tomllib.loads((ROOT / file).read_text("utf-8")).items():
            base = known[given.pop("with")].fields if "with" in given else {}
            about = given.pop("about")
            known[name] = Answer(about, {**base, **{field: tuple(both) for field, both in given.items()}})
    return known


def _described(description: type) -> Iterator[tuple[str, tuple[str, str]]]:
    for field, hint in get_type_hints(description, include_extras=True).items():
        kind, *_, meaning = get_args(hint)
        yield field, (NESTED.get(field) or NAMES[kind], meaning)


def page() -> str:
    """The page."""
    lines = [HEAD]
    for name, answer in answers().items():
        lines.append(f"- *{name}*: {answer.about}")
        for field, (kind, meaning) in answer.fields.items():
            lines.append(f"  - `{field}` ({kind}): {meaning}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    put({PAGE: page()})
