"""Copies pictures into the documentation as JPEG, at most 1200 px wide and 300 kB long."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

WIDTH_PX = 1200
MAX_BYTES = 300_000


def main(folder: Path, pairs: list[str]) -> None:
    for name, _, path in (pair.partition("=") for pair in pairs):
        picture = Image.open(path).convert("RGB")
        picture.thumbnail((WIDTH_PX, 10 * WIDTH_PX), Image.Resampling.LANCZOS)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        for quality in (86, 78, 70, 60):
            picture.save(folder / f"{name}.jpg", quality=quality, optimize=True, progressive=True)
            if (folder / f"{name}.jpg").stat().st_size <= MAX_BYTES:
                break


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
