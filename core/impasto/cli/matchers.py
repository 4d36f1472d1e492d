"""`impasto generate MATCHER "TEXT"|PICTURE`: a material from a phrase, or one like a picture."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..host import Host
from ..options import RunOptions
from ..plugins.registry import registry
from ..running.matching import match
from ..system.names import usable_name
from .options import add_command, add_seed, parse_metres, parse_size
from .output import add_output, carry_out
from .sources import SOURCE, SOURCE_HELP, color_spaces_of, recipe_in
from .terminal import Terminal
from .variations import add_variations, names_of_variations

if TYPE_CHECKING:
    from ..texture import Maps

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
            width = "real-world width of the picture in metres, so that what is found has its true size"
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
    arguments.colorspace = []  # of the picture that was matched
    carry_out(matches, dict.fromkeys(names), {}, arguments, terminal)


def _subject(arguments: argparse.Namespace) -> str | Maps:
    from ..io.files import read_maps

    if arguments.matcher.subject == "text":
        color_spaces_of(arguments, ())
        return arguments.subject
    space = color_spaces_of(arguments, (SOURCE,)).get(SOURCE, "")
    maps = read_maps(arguments.subject, color_space=space)
    return replace(maps, width_m=arguments.shown_m) if arguments.shown_m else maps


def _name(subject: str | Maps) -> str:
    """Name of a result: the beginning of the text, or the picture's name."""
    if isinstance(subject, str):
        return usable_name("-".join(subject.lower().split())[:NAME_LENGTH].strip("-"))
    return usable_name(Path(subject.name).stem or "texture")
