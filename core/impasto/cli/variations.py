"""Shared by the commands that make several results, each with a seed of its own."""

from __future__ import annotations

import argparse

from ..errors import ParameterError
from ..recipe import MAX_SEED
from .options import whole_number
from .output import refuse_to_replace

MAX_VARIATIONS = 16


def add_variations(parser: argparse.ArgumentParser, default: int = 1) -> None:
    """Add --variations."""
    text = f"results, each with a seed of its own, up to {MAX_VARIATIONS} (default: {default})"
    parser.add_argument("--variations", type=whole_number(1, MAX_VARIATIONS), default=default, metavar="N", help=text)


def names_of_variations(arguments: argparse.Namespace, own: str) -> list[str]:
    """Names of the results, numbered if there are several, in the order of their seeds.

    ParameterError if the last seed is too high; FileError for existing files, before the work is done.
    """
    names = [f"{own}_{index + 1}" for index in range(arguments.variations)] if arguments.variations > 1 else [own]
    if arguments.seed + len(names) - 1 > MAX_SEED:
        raise ParameterError(f"the last seed would be above {MAX_SEED}", "give a lower --seed")
    if not arguments.force:
        for name in names:
            refuse_to_replace(arguments, name)
    return names
