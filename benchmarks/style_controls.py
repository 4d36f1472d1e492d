"""Effects of the controls of stylizers: a sheet for each control, a row for each method."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paintings import Painting, paint_all, shown
from pictures import NAMES, at, brick_material, caption_of, disc
from PIL import Image
from sheets import Cell, grid, tiled

from impasto import Maps

PLAIN: dict[str, Any] = NAMES["controls"]
"""Sheets of one picture in one style: a title, and settings."""


@dataclass(frozen=True)
class Setting:
    """A picture of a sheet: parameters, inputs besides picture and style, and the seed.

    after: the caption of the setting whose result is the input `start`.
    """

    caption: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Maps | Sequence[Maps]] = field(default_factory=dict)
    seed: int = 0
    after: str = ""


@dataclass(frozen=True)
class Control:
    """A sheet: picture, style, and settings. is_tiled: results are shown two by two."""

    title: str
    picture: Maps
    style: Maps
    settings: Sequence[Setting]
    given: Sequence[Cell] = ()
    is_tiled: bool = False


def controls(contents: Sequence[Maps], styles: Sequence[Maps], px: int) -> dict[str, Callable[[], Control]]:
    """Sheets by name, each created on request."""
    picture, style = contents[0], styles[0]
    other = styles[1 % len(styles)]
    inside, outside = disc(picture.size_px), disc(picture.size_px, inverted=True)
    both = [Cell(maps["base_color"].pixels, caption_of(maps)) for maps in (style, other)]
    half = px // 2

    def plain(title: str, *settings: Setting) -> Callable[[], Control]:
        return lambda: Control(title, picture, style, settings, both[:1])

    return {
        **{name: plain(one["title"], *(Setting(**about) for about in one["settings"])) for name, one in PLAIN.items()},
        "mixing": lambda: Control(
            "Two styles, mixed by the weight of the second",
            picture,
            style,
            [
                Setting(f"weight {weight:g}", {"weight": [1, weight]}, {"style": [style, other]})
                for weight in (0, 0.3, 1, 3, 10)
            ],
            both,
        ),
        "masks": lambda: Control(
            "Masks",
            picture,
            style,
            [
                Setting("mask: the disc", inputs={"mask": inside}),
                Setting("mask: around the disc", inputs={"mask": outside}),
                Setting("a style in each", inputs={"style": [style, other], "mask": [inside, outside]}),
            ],
            [*both, Cell(inside["base_color"].pixels, "the disc")],
        ),
        "larger": plain(
            "Going on larger",
            Setting(f"{half} px", {"longest_px": half}),
            Setting(f"{px} px, from {half}", {"longest_px": px}, after=f"{half} px"),
            Setting(f"{px} px from scratch", {"longest_px": px}),
        ),
        "seamless": lambda: _of_bricks(px, style),
    }


def _of_bricks(px: int, style: Maps) -> Control:
    """Settings for a seamless material: with and without matching borders."""
    settings = [Setting("not seamless", {"seamless": "off"}), Setting("seamless")]
    return Control("Seamless: two by two tiles", at(brick_material(px), px), style, settings, is_tiled=True)


def control_sheets(
    options: argparse.Namespace, contents: Sequence[Maps], styles: Sequence[Maps]
) -> dict[str, Image.Image]:
    """The requested sheets, by the name of the control."""
    known = controls(contents, styles, options.px)
    return {name: _sheet(known[name](), name, options) for name in options.controls or known}


def _sheet(control: Control, name: str, options: argparse.Namespace) -> Image.Image:
    show = tiled if control.is_tiled else lambda pixels: pixels
    given = [Cell(show(shown(control.picture)), caption_of(control.picture)), *control.given]
    rows = [given] if len(options.tools) > 1 else []
    for tool in options.tools:
        folder = options.out / "controls" / f"{options.px}px" / tool
        paintings = {one.caption: _painting(control, one, tool, folder, name) for one in control.settings}
        made = paint_all(list(paintings.values()), options.weights, options.device)
        cells = [Cell(show(one.pixels()), caption) for caption, one in paintings.items() if one in made]
        rows.append([Cell(caption=tool), *cells] if rows else [*given, *cells])
    return grid(rows, control.title)


def _painting(control: Control, setting: Setting, tool: str, folder: Path, name: str) -> Painting:
    def path(caption: str) -> Path:
        return folder / f"{name}--{re.sub(r'[^a-z0-9.]+', '_', caption)}.png"

    inputs: dict[str, Maps | Sequence[Maps] | Path] = {
        "source": control.picture,
        "style": control.style,
        **setting.inputs,
    }
    if setting.after:
        inputs["start"] = path(setting.after)
    return Painting(path(setting.caption), tool, inputs, setting.parameters, setting.seed)
