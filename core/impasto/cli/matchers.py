"""`impasto generate MATCHER "TEXT"|PICTURE`: a material from a phrase, or one like a picture."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ParameterError
from ..matching import match
from ..plugins import registry
from ..recipe import MAX_SEED, Recipe
from ..system.names import usable_name
from ..system.outside import read_json, shown
from .making import add_output, carry_out, refuse_to_replace
from .options import add_command, add_seed, parse_size
from .sources import SOURCE_HELP
from .terminal import Terminal

if TYPE_CHECKING:
    from ..texture import Maps

MAX_VARIATIONS = 16
NAME_LENGTH = 60
"""Longest name, in characters, that is made of a text."""


def add_matchers(commands: Any) -> None:
    """A subparser of `generate` for each matcher."""
    for matcher in sorted(registry().matchers.values(), key=lambda item: (item.rank, item.name)):
        of_text = matcher.subject == "text"
        subject = f'"{matcher.example}"' if of_text else matcher.example or "wall.png"
        example = f"{subject} --size 1024x1024 --out textures"
        parser = add_command(commands, matcher.name, matcher.description, example, _match)
        if of_text:
            parser.add_argument("subject", metavar="TEXT", help="a description, in quotation marks")
        else:
            parser.add_argument("subject", type=Path, metavar="PICTURE", help=SOURCE_HELP)
        if matcher.can_edit:
            text = "change the recipe in this file, of a result or on its own"
            parser.add_argument("--from", dest="start", type=Path, metavar="FILE", help=text)
        parser.add_argument("--size", type=parse_size, metavar="WxH", help="size in pixels")
        add_seed(parser)
        if matcher.varies:
            text = f"results, each with a seed of its own, up to {MAX_VARIATIONS} (default: 1)"
            parser.add_argument("--variations", type=_variations, default=1, metavar="N", help=text)
        add_output(parser)
        parser.set_defaults(matcher=matcher, start=None, variations=1, width_m=None)


def _variations(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text[:3]) <= MAX_VARIATIONS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MAX_VARIATIONS}")
    return int(text)


def _match(arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Find the recipe of each variation and run it."""
    subject, start = _subject(arguments), _start(arguments)
    own = arguments.name or _name(subject)
    names = [f"{own}_{index + 1}" for index in range(arguments.variations)] if arguments.variations > 1 else [own]
    if arguments.seed + len(names) - 1 > MAX_SEED:
        raise ParameterError(f"the last seed would be above {MAX_SEED}", "give a lower --seed")
    if not arguments.force:
        for name in names:
            refuse_to_replace(arguments, name)
    with terminal.progress() as on_progress:
        matches = {
            name: match(
                arguments.matcher.name,
                subject,
                seed=arguments.seed + index,
                start=start,
                size_px=arguments.size and arguments.size[::-1],
                device=arguments.device,
                on_progress=on_progress,
            )
            for index, name in enumerate(names)
        }
    carry_out(matches, dict.fromkeys(names), {}, arguments, terminal)


def _subject(arguments: argparse.Namespace) -> str | Maps:
    from ..io.files import read_maps

    return arguments.subject if arguments.matcher.subject == "text" else read_maps(arguments.subject)


def _name(subject: str | Maps) -> str:
    """Name of a result: the beginning of the text, or the picture's name."""
    if isinstance(subject, str):
        return usable_name("-".join(subject.lower().split())[:NAME_LENGTH].strip("-"))
    return usable_name(Path(subject.name).stem or "texture")


def _start(arguments: argparse.Namespace) -> Recipe | None:
    """The recipe to be changed, without the record of its run."""
    from ..io.files import read_recipe

    if arguments.start is None:
        return None
    if arguments.start.suffix.lower() == ".json":
        recipe = Recipe.from_dict(read_json(arguments.start, f"the recipe in {shown(arguments.start)}"))
    else:
        recipe = read_recipe(arguments.start)
    return replace(recipe, inputs={}, made_with={})
