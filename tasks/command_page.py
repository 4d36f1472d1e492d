"""Writes the list of answers in docs/command.md: `python -m tasks.command_page`, in the core's Python."""

from __future__ import annotations

from collections.abc import Iterator

from impasto.cli import json_answers

from .environments import ROOT

PAGE = ROOT / "docs" / "command.md"
FIRST = "\n### "
"""Begins the list of answers, below the last heading that is written by hand."""


def lines() -> Iterator[str]:
    """Lines of the list: each answer with its fields."""
    for name, answer in vars(json_answers).items():
        if name.startswith("_") or answer is json_answers.Answer:
            continue
        if isinstance(answer, type) and issubclass(answer, json_answers.Answer):
            yield f"\n### {answer.__name__}\n\n{answer.__doc__}\n"
            yield from (f"- `{field}`: {about.description}" for field, about in answer.model_fields.items())


def page() -> str:
    """The page with the list made anew."""
    written, heading, rest = PAGE.read_text(encoding="utf-8").partition("\n## JSON\n")
    return written + heading + rest[: rest.index(FIRST)] + "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
