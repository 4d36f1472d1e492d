"""A part of the demo: a phrase becomes a material, and words change it."""

from __future__ import annotations

import argparse
from pathlib import Path

from messages import task

from impasto import match, run, write_maps

PHRASE, CHANGE = "wet mossy cobblestones", "a little darker, much less moss"
SIZE_PX = 1024


def main() -> None:
    """Write both materials into the folder `words`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder / "words"
    first = match("phrase", PHRASE, size_px=(SIZE_PX, SIZE_PX)).recipe
    changed = match("phrase", CHANGE, start=first).recipe
    with task(f'A material from the phrase "{PHRASE}", then "{CHANGE}"'):
        for name, recipe in (("cobbles", first), ("cobbles-changed", changed)):
            result = run(recipe)
            write_maps(result.maps, folder, name, recipe=result.recipe)


if __name__ == "__main__":
    main()
