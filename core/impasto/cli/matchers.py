"""`impasto generate MATCHER "TEXT"|PICTURE` and `more-like FILE…`: materials for a phrase, a picture or favourites.

They make several results if that is wanted, each with a seed of its own.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ParameterError
from ..host import Host
from ..options import RunOptions
from ..plugins.registry import registry
from ..recipe import MAX_SEED
from ..running.matching import match
from ..running.more_like import MAX_PARENTS, MORE_LIKE, more_like
from ..system.names import usable_name
from .options import add_command, add_seed, number, parse_metres, parse_size, whole_number
from .output import add_output, carry_out, refuse_to_replace
from .sources import SOURCE_HELP, add_named_inputs, color_space_of, color_spaces_of, named_files, recipe_in
from .terminal import Terminal

if TYPE_CHECKING:
    from ..texture import Maps

NAME_LENGTH = 60
"""Limit of characters of a name that is made from a text."""
MAX_VARIATIONS, LIKE_FAVOURITES = 16, 4
"""Limit of results, and the default number of results that resemble favourites."""


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
            width = "real-world width of the picture in metres, so that the result has its true size"
            parser.add_argument("--width-m", dest="shown_m", type=parse_metres, metavar="METRES", help=width)
        if matcher.can_edit:
            text = "change the recipe in this file, of a result or on its own"
            parser.add_argument("--from", dest="start", type=Path, metavar="FILE", help=text)
        parser.add_argument("--size", type=parse_size, metavar="WxH", help="size in pixels")
        add_seed(parser)
        if matcher.varies:
            add_variations(parser)
        add_output(parser)
        parser.set_defaults(matcher=matcher, start=None, variations=1, width_m=None)


def _match(arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Find the recipe of each variation and run it."""
    subject, start = _subject(arguments), arguments.start and recipe_in(arguments.start)
    own = arguments.name or _name(subject)
    names = names_of_variations(arguments, own)
    with terminal.progress() as on_progress:
        matches = {
            name: match(
                arguments.matcher.name,
                subject,
                RunOptions(arguments.device),
                Host(on_progress=on_progress),
                seed=arguments.seed + index,
                start=start,
                size_px=arguments.size and arguments.size[::-1],
            )
            for index, name in enumerate(names)
        }
    arguments.colorspace = []  # it is for the picture that was matched
    carry_out(matches, dict.fromkeys(names), {}, arguments, terminal)


def _subject(arguments: argparse.Namespace) -> str | Maps:
    from ..io.files import read_maps

    if arguments.matcher.subject == "text":
        color_spaces_of(arguments, ())
        return arguments.subject
    space = color_space_of(arguments)
    maps = read_maps(arguments.subject, color_space=space)
    return replace(maps, width_m=arguments.shown_m) if arguments.shown_m else maps


def _name(subject: str | Maps) -> str:
    """Name of a result: the beginning of the text, or the picture's name."""
    if isinstance(subject, str):
        return usable_name("-".join(subject.lower().split())[:NAME_LENGTH].strip("-"))
    return usable_name(Path(subject.name).stem or "texture")


def add_more_like(commands: Any) -> None:
    """A subparser of `generate` for results that resemble other results."""
    text = "make results that resemble one or more others, by varying and mixing their parameters"
    example = "textures/wall_1_base_color.png textures/wall_3_base_color.png --out textures"
    parser = add_command(commands, MORE_LIKE, text, example, _more_like)
    text = f"favourites: files that Impasto wrote, or recipes, up to {MAX_PARENTS}"
    parser.add_argument("favourites", type=Path, nargs="+", metavar="FILE", help=text)
    text = "0: between the favourites, up to 1: far around them (default: 0.5)"
    parser.add_argument("--variety", type=number(0, 1), default=0.5, metavar="N", help=text)
    text = "a parameter that keeps its value; may be repeated"
    parser.add_argument("--lock", action="append", default=[], metavar="PARAMETER", help=text)
    parser.add_argument("--size", type=parse_size, metavar="WxH", help="size in pixels (default: the favourite's)")
    add_seed(parser)
    add_variations(parser, LIKE_FAVOURITES)
    add_named_inputs(parser)
    add_output(parser)
    parser.set_defaults(width_m=None)


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


def add_variations(parser: argparse.ArgumentParser, default: int = 1) -> None:
    """Add --variations."""
    text = f"results, each with a seed of its own, up to {MAX_VARIATIONS} (default: {default})"
    parser.add_argument("--variations", type=whole_number(1, MAX_VARIATIONS), default=default, metavar="N", help=text)


def names_of_variations(arguments: argparse.Namespace, own: str) -> list[str]:
    """Names of the results, numbered if there are several, in the order of their seeds.

    Raise ParameterError if the last seed is too high, and FileError for existing files, before the work is done.
    """
    names = [f"{own}_{index + 1}" for index in range(arguments.variations)] if arguments.variations > 1 else [own]
    if arguments.seed + len(names) - 1 > MAX_SEED:
        raise ParameterError("the last seed would be above {}", "give a lower --seed", MAX_SEED)
    if not arguments.force:
        for name in names:
            refuse_to_replace(arguments, name)
    return names
