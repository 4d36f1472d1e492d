"""`impasto generate more-like FILE…`: results that resemble favourites, or mix them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..running.more_like import MAX_PARENTS, MORE_LIKE, more_like
from ..system.names import usable_name
from ..system.untrusted import excerpt
from .options import add_command, add_seed, parse_size
from .output import add_output, carry_out
from .sources import add_named_inputs, named_files, recipe_in
from .terminal import Terminal
from .variations import add_variations, names_of_variations

VARIATIONS = 4


def add_more_like(commands: Any) -> None:
    """A subparser of `generate` for results that resemble others."""
    text = "make results that resemble one or more others, by varying and mixing their parameters"
    example = "textures/wall_1_base_color.png textures/wall_3_base_color.png --out textures"
    parser = add_command(commands, MORE_LIKE, text, example, _more_like)
    text = f"favourites: files that Impasto wrote, or recipes, up to {MAX_PARENTS}"
    parser.add_argument("favourites", type=Path, nargs="+", metavar="FILE", help=text)
    text = "0: between the favourites, up to 1: far around them (default: 0.5)"
    parser.add_argument("--variety", type=_variety, default=0.5, metavar="N", help=text)
    text = "a parameter that keeps its value; may be repeated"
    parser.add_argument("--lock", action="append", default=[], metavar="PARAMETER", help=text)
    parser.add_argument("--size", type=parse_size, metavar="WxH", help="size in pixels (default: the favourite's)")
    add_seed(parser)
    add_variations(parser, VARIATIONS)
    add_named_inputs(parser)
    add_output(parser)
    parser.set_defaults(width_m=None)


def _variety(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{excerpt(text)} is not a number from 0 to 1")
    return value


def _more_like(arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Make the recipe of each variation and run it."""
    favourites = [recipe_in(path) for path in arguments.favourites]
    files = named_files(arguments.input)
    source = files.pop("source", None)
    names = names_of_variations(arguments, arguments.name or usable_name(f"{MORE_LIKE}-{arguments.favourites[0].stem}"))
    matches = {
        name: more_like(
            favourites,
            seed=arguments.seed + index,
            variety=arguments.variety,
            locked=arguments.lock,
            size_px=arguments.size and arguments.size[::-1],
        )
        for index, name in enumerate(names)
    }
    carry_out(matches, dict.fromkeys(names, source), files, arguments, terminal)
