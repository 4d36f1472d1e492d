"""Pictures that judge what a task trains, and are kept out of what it learns from: by their pixels, and by likeness.

A judge is known under any name: recompressed, resized, mirrored, turned, or rolled as a tile is, but not cropped.
`python -m tasks.judges SET… [--judges SET…]`, in the core's Python, prints the sets that show a judge.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from impasto.io.files import read_maps

SIDE_PX = 64
ALIKE = 0.75
"""Correlation of two thumbnails from which on they show the same picture. Of the 30 sets that judge `photo-maps`,
others of the same surface have .84 to 1.00, and 1,700 of other surfaces less than .71, but for some regular tiles."""
LEAST_DEVIATION = 1e-3
"""Deviation of a thumbnail below which it shows nothing that could be alike."""


class Judges:
    """Pictures that judge, each (H, W, 3), sRGB in [0, 1]."""

    def __init__(self, pictures: Iterable[np.ndarray] = ()) -> None:
        self._hashes: set[bytes] = set()
        self._spectra = np.zeros((0, SIDE_PX, SIDE_PX // 2 + 1), np.complex64)
        for picture in pictures:
            self.add(picture)

    def add(self, picture: np.ndarray) -> None:
        """Let a picture judge, too."""
        self._hashes.add(_sha256(picture))
        thumbnail = _thumbnail(picture)
        turned = [np.rot90(one, quarter) for one in (thumbnail, thumbnail[::-1]) for quarter in range(4)]
        self._spectra = np.concatenate([self._spectra, np.conj(np.fft.rfft2(turned)).astype(np.complex64)])

    def may_teach(self, picture: np.ndarray) -> bool:
        """Whether a picture (H, W, 3), sRGB in [0, 1], shows no judge."""
        if _sha256(picture) in self._hashes:
            return False
        correlations = np.fft.irfft2(self._spectra * np.fft.rfft2(_thumbnail(picture)), (SIDE_PX, SIDE_PX))
        return bool(correlations.max(initial=-1) < ALIKE * SIDE_PX**2)


def _sha256(picture: np.ndarray) -> bytes:
    """SHA-256 of the size and the pixels of a picture, in eight bits."""
    pixels = (picture.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()


def _thumbnail(picture: np.ndarray) -> np.ndarray:
    """Grey square of a picture (H, W, 3), with mean 0 and deviation 1."""
    grey = Image.fromarray(picture.mean(2).astype(np.float32))
    pixels = np.asarray(grey.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))
    return (pixels - pixels.mean()) / max(pixels.std(), LEAST_DEVIATION)


def base_color(path: Path) -> np.ndarray | None:
    """The base colour (H, W, 3), sRGB, of a picture or a folder of maps; None if it has none."""
    maps = read_maps(path)
    return maps["base_color"].pixels if "base_color" in maps else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--judges", nargs="*", type=Path, default=[], help="default: each set judges those after it")
    options = parser.parse_args()
    judges = Judges(color for path in options.judges if (color := base_color(path)) is not None)
    for path in options.sets:
        if (color := base_color(path)) is None:
            continue
        if not judges.may_teach(color):
            print(path)
        elif not options.judges:
            judges.add(color)


if __name__ == "__main__":
    main()
