"""A preview animation of a shot: each frame next to its painted version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from impasto.errors import ParameterError
from impasto.system.transaction import stage
from impasto.system.untrusted import excerpt

from .footage import frame_at, painted_color
from .passes import ShotFrame

SUFFIX = ".webp"
WIDEST_PX, FRAME_MS, QUALITY = 960, 42, 60
"""Largest width; duration of a frame, at 24 frames a second; WebP quality."""


def check_animation(path: Path) -> None:
    """Raise ParameterError if the suffix of the file is not the suffix of an animation."""
    if path.suffix.lower() != SUFFIX:
        raise ParameterError("{} is not the name of an animation", "let it end with {}", excerpt(path), SUFFIX)


def before_and_after(
    frames: Mapping[int, Path], painted: Sequence[Path], alone: Callable[[ShotFrame], np.ndarray] | None = None
) -> Iterator[np.ndarray]:
    """Pictures (H, 2 W, 3) of each frame and its painted version.

    alone: function that paints a frame (H, W, 3) without its neighbours, to show in between; pictures are (H, 3 W, 3).
    """
    for number, path in zip(frames, painted, strict=True):
        frame = frame_at(frames, number)
        between = [alone(frame)] if alone else []
        yield np.concatenate([frame.color, *between, painted_color(path)], 1)


def write_animation(path: Path, pictures: Iterable[np.ndarray]) -> None:
    """Write pictures (H, W, 3) in [0, 1] as an animated WebP, 24 a second. Raise FileError if it cannot be written."""
    first, *others = map(_image, pictures)
    options = {"save_all": True, "append_images": others, "duration": FRAME_MS, "loop": 0, "quality": QUALITY}
    with stage([path]) as parts:
        first.save(parts[path], "WEBP", **options)


def _image(color: np.ndarray) -> Image.Image:
    image = Image.fromarray((255 * color).round().clip(0, 255).astype(np.uint8))
    image.thumbnail((WIDEST_PX, image.height))
    return image
