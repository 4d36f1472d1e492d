"""README's animation of the panel in use: `python -m tasks.reel FOLDER`, in the core's Python, as root on Debian.

Blender 5.2 runs `tests/windows/scenarios/reel.py` in a chroot below FOLDER. Of what its screen showed, still times are
shortened, and the mouse is drawn in.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

from .demo.photo_to_material import TINTS
from .environments import ROOT
from .extension import build_extension

sys.path.insert(0, str(ROOT / "tests" / "windows"))
from blender_chroot import engine_binds, prepare

PICTURE = ROOT / "docs" / "pictures" / "panel.webp"
SIZE_PX, SHOWN_PX = (1440, 1020), (900, 638)
SECONDS, LAST_S = 14.0, 2.0
"""Time of all pictures, and of the last."""
WEIGHT, OBJECT_WEIGHT, MOST_WEIGHT = 1.0, 8.0, 6.0
"""Parts of the time: of a picture, of one in which the object changes besides, and of one that stays, at most."""
OBJECT_PX = (300, 200, 1000, 900)
"""Place of the object in the window: left, top, right, bottom."""
CHANGED = 1.0
"""Mean difference in grey values of 0 to 255 from which on the object has changed."""
QUALITY = 80
MOUSE = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12))


def main(folder: Path) -> None:
    photograph, out = folder / "source" / "bricks.png", folder / "frames"
    for made in (photograph.parent, out):
        made.mkdir(parents=True, exist_ok=True)
    dark, light = (np.array(TINTS["brick"][name]) for name in ("dark", "light"))
    pixels = dark + np.rot90(data.brick())[..., None] / 255 * (light - dark)
    Image.fromarray((pixels * 255).round().astype("u1")).save(photograph)
    extension, engine = build_extension(), Path(sys.executable)
    blender = prepare("5.2", Path(os.environ.get("IMPASTO_CACHE", folder)) / "chroots")
    done = blender.run(
        ROOT / "tests" / "windows" / "run.py",
        [str(out), str(photograph), "reel"],
        binds=engine_binds(engine) | {ROOT: "ro", photograph.parent: "ro", out: "rw", extension.parent: "ro"},
        env={"IMPASTO_ENGINE": str(engine), "IMPASTO_EXTENSION": str(extension)},
        size_px=SIZE_PX,
        timeout_s=1800,
    )
    result = json.loads((out / "result.json").read_text())
    if not result["ok"]:
        sys.exit(f"{result['error']}\n{done.stderr[-2000:]}")
    show(result["facts"]["frames"])


def show(frames: list[tuple[str, tuple[int, int]]]) -> None:
    """Write the animation of the screen's pictures, each with the mouse's place from the lower left."""
    shown: list[Image.Image] = []
    weights: list[float] = []
    before = np.zeros(())
    for path, place in frames:
        screen = Image.open(path).convert("RGB")
        pixels = np.asarray(screen, np.float32)
        if (pixels == before).all():
            weights[-1] = min(weights[-1] + WEIGHT, MOST_WEIGHT)
            continue
        left, top, right, bottom = OBJECT_PX
        difference = np.abs(pixels - before)[top:bottom, left:right].mean() if shown else 0.0
        before = pixels
        draw_mouse(screen, place)
        shown.append(screen.resize(SHOWN_PX, Image.Resampling.LANCZOS))
        weights.append(OBJECT_WEIGHT if difference > CHANGED else WEIGHT)
    each_ms = 1000 * (SECONDS - LAST_S) / sum(weights[:-1])
    times = [*(round(each_ms * weight) for weight in weights[:-1]), round(1000 * LAST_S)]
    shown[0].save(PICTURE, save_all=True, append_images=shown[1:], duration=times, loop=0, quality=QUALITY, method=6)
    print(f"{PICTURE}: {len(shown)} pictures, {sum(times) / 1000:.1f} s, {PICTURE.stat().st_size / 2**20:.2f} MiB")


def draw_mouse(screen: Image.Image, place: tuple[int, int]) -> None:
    """Draw an arrow at a place."""
    x, y = place[0], screen.height - place[1]
    ImageDraw.Draw(screen).polygon([(x + right, y + down) for right, down in MOUSE], fill="white", outline="black")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
