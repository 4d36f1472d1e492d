"""`impasto relight`: maps on a ball and a plane under a light, which makes wrong relief visible."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..system.names import usable_name
from .options import add_command, add_device, number, whole_number
from .sources import add_colorspace, color_space_of
from .terminal import Terminal

MOST_FRAMES, FRAME_MS = 120, 80
MOST_PX = 2048


def add_relight(commands: Any) -> None:
    """`impasto relight MAPS --out DIR`."""
    text = "see maps on a ball and a plane under a light that can be moved"
    parser = add_command(commands, "relight", text, "textures/brick --frames 24 --out looked-at", _relight)
    parser.add_argument("source", type=Path, metavar="MAPS", help="a folder of maps, or a picture")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for NAME_relit.png, or .webp")
    text = "direction of the light in degrees: 0 from the right, 90 from the top (default: 135)"
    parser.add_argument("--azimuth", type=float, default=135.0, metavar="DEG", help=text)
    text = "height of the light above the surface in degrees; low light shows relief (default: 40)"
    parser.add_argument("--elevation", type=number(1, 90), default=40.0, metavar="DEG", help=text)
    text = "pictures of one turn of the light, as an animation (default: 1, a still picture)"
    parser.add_argument("--frames", type=whole_number(1, MOST_FRAMES), default=1, metavar="N", help=text)
    text = "side of the ball (default: 512)"
    parser.add_argument("--side", type=whole_number(16, MOST_PX), default=512, metavar="PX", help=text)
    text = "repeats of the maps across the ball (default: 1)"
    parser.add_argument("--repeats", type=number(0.1, 64), default=1.0, metavar="N", help=text)
    add_colorspace(parser)
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    add_device(parser)


def _relight(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from ..device import choose_device
    from ..io.files import read_maps, source_name
    from ..surface.shading import BallAndPlane, Light
    from ..system.transaction import replace_files

    maps = read_maps(arguments.source, color_space=color_space_of(arguments))
    device = choose_device(arguments.device)
    light = Light(arguments.azimuth, arguments.elevation)
    view = BallAndPlane.of_maps(maps, arguments.side, repeats=arguments.repeats, device=device)
    pictures = []
    with terminal.progress() as show:
        for picture in view.turn(light, arguments.frames):
            pictures.append(picture)
            show(len(pictures) / arguments.frames, "Rendering")
    data, ending = (_png(pictures[0]), "png") if arguments.frames == 1 else (_animation(pictures), "webp")
    path = arguments.out / f"{usable_name(source_name(arguments.source))}_relit.{ending}"
    replace_files({path: data}, replace=arguments.force)
    terminal.report_files([path], {})


def _bytes(picture: np.ndarray) -> np.ndarray:
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _png(picture: np.ndarray) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(_bytes(picture)).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _animation(pictures: Sequence[np.ndarray]) -> bytes:
    """WebP that repeats for ever."""
    from PIL import Image

    frames = [Image.fromarray(_bytes(picture)) for picture in pictures]
    stream = io.BytesIO()
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, quality=85)
    return stream.getvalue()
