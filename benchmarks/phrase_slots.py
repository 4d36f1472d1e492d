"""Share of slots of the phrases in `phrases/` that are read right: `python benchmarks/phrase_slots.py --errors`.

Each slot that is stated or read counts once. Without --all, only the development phrases, each third one, are read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "core"), str(ROOT / "plugins")]
PHRASES = Path(__file__).parent / "phrases"
LANGUAGES = ("english", "chinese")
SETS = ("first", "second", "third", "kinds")
"""Sets of phrases; only the first has some that are not held out."""
STEP = 3
CHANGED = "cobbles"
"""Material of the recipe that phrases without a material change."""


@dataclass(frozen=True)
class Stated:
    """A phrase with its slots. is_held_out: no development phrase."""

    text: str
    slots: dict[str, str]
    is_held_out: bool


def phrases(language: str, of: str = "first") -> Iterator[Stated]:
    """The phrases of a language, of one of the SETS."""
    folder = PHRASES / of if of != "first" else PHRASES
    lines = (folder / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    for index, line in enumerate(lines):
        text, _, slots = line.partition(" | ")
        yield Stated(text, dict(part.split("=") for part in slots.split()), of != "first" or index % STEP > 0)


def slots_read(text: str, start: str | None = None) -> dict[str, str]:
    """The slots that are read from a phrase, written as in the files; start: the material that it changes."""
    from impasto.errors import ParameterError
    from impasto_phrase.matcher import read_phrase

    try:
        reading = read_phrase(text, start)
    except ParameterError as error:
        return {"error": error.message.replace(" ", "_")}
    found = dict(reading.slots)
    found |= {slot: ",".join(f"{size:g}" for size in sizes) for slot, sizes in reading.sizes_m.items()}
    if reading.material:
        found["material"] = reading.material
    if reading.unknown:
        found["unknown"] = ",".join(reading.unknown)
    return found


def count(stated: Stated, is_chinese: bool = False) -> tuple[int, int, str]:
    """Slots that are right, all slots, and a line about those that are wrong."""
    is_change = not stated.slots.keys() & {"material", "unknown"}
    found = slots_read(stated.text, CHANGED if is_change else None)
    expected = dict(stated.slots)
    if is_chinese:
        for slots in (found, expected):
            if "unknown" in slots:
                slots["unknown"] = slots["unknown"].replace(",", "")
    names = sorted({*found, *expected})
    wrong = [name for name in names if found.get(name) != expected.get(name)]
    line = "  ".join(f"{name}: {expected.get(name, '-')} / {found.get(name, '-')}" for name in wrong)
    return len(names) - len(wrong), len(names), f"{stated.text}: {line}" if wrong else ""


def main() -> None:
    """Print a line for each language and set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="score the held-out phrases as well")
    parser.add_argument("--errors", action="store_true", help="print what is wrong in development phrases")
    parser.add_argument("--set", choices=SETS, default="first", help="which phrases")
    arguments = parser.parse_args()
    parts = (False, True) if arguments.all else (False,)
    for is_held_out in parts if arguments.set == "first" else (True,):
        totals = [0, 0, 0, 0]
        for language in LANGUAGES:
            counts = [
                count(item, language == "chinese")
                for item in phrases(language, arguments.set)
                if item.is_held_out == is_held_out
            ]
            right, of = sum(one[0] for one in counts), sum(one[1] for one in counts)
            whole = sum(not one[2] for one in counts)
            totals = [a + b for a, b in zip(totals, (right, of, whole, len(counts)), strict=True)]
            _print("held out" if is_held_out else "development", language, right, of, whole, len(counts))
            if arguments.errors and not is_held_out:
                print("\n".join(f"    {line}" for _, _, line in counts if line))
        _print("held out" if is_held_out else "development", "both", *totals)


def _print(name: str, language: str, right: int, of: int, whole: int, count: int) -> None:
    share = f"{100 * right / of:.1f} %"
    print(f"{name:12} {language:8} {right} of {of} slots right ({share}), {whole} of {count} phrases without a mistake")


if __name__ == "__main__":
    main()
