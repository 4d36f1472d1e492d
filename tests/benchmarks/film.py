"""Shots repainted, beside their frames repainted one by one.

    IMPASTO_EXTENSION=ZIP BLENDERS_PYTHON tests/benchmarks/film_in_blender.py SHOTS 48 640
    python tests/benchmarks/film.py SHOTS STYLE [--tool wct …] --out FOLDER

In the core's Python. Over pixels that were seen in the frame before: the root mean square of a frame's difference from
the one before, moved along (error; the input's own is the floor), and the correlation of fine detail with that of the
one before, moved along (moved) and as it stands (glued, which the glass of a shower's door would have). ghost: distance
from a frame painted alone, blurred, where newly seen, relative to elsewhere. Writes film.json, and of each shot a strip
and an animation: input, one by one, carried.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from impasto import Maps, Recipe, Step, read_maps, run
from impasto.film.animation import write_animation
from impasto.film.footage import painted_color, painted_name, write_picture
from impasto.film.frames import frames_of
from impasto.film.motion import is_known, pixel_places, samples_at
from impasto.film.shot import Shot, keyframe_spans
from impasto.io.passes import ShotFrame, read_frame

DETAIL_PX, BROAD_PX = 2.0, 4.0
SHOWN = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shots", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--tool", action="append")
    parser.add_argument("--only", action="append")
    parser.add_argument("--footage", action="store_true", help="repaint the frames' pictures, by estimated motion")
    parser.add_argument("--out", type=Path, default=Path("out/film"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    style, found = read_maps(options.style), {}
    for folder in sorted(options.shots.iterdir()):
        for tool in options.tool or ["patches-style", "wct"]:
            if options.only and folder.name not in options.only:
                continue
            recipe = Recipe((Step(tool, {}, {"style": "style"}),), 0)
            out = options.out / f"{folder.name}_{tool}"
            found[f"{folder.name}, {tool}"] = measured(folder, recipe, style, out, options.footage)
            print(folder.name, tool, json.dumps(found[f"{folder.name}, {tool}"]), flush=True)
            (options.out / "film.json").write_text(json.dumps(found, indent=1) + "\n")


def measured(folder: Path, recipe: Recipe, style: Maps, out: Path, is_footage: bool) -> dict[str, Any]:
    """Figures of a shot; its pictures are written beside `out`."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    rows, ghosts, before, trios = [], [], None, []
    frames = frames_of(folder)
    given = footage_of(frames, out / "footage") if is_footage else frames
    started, shot = time.process_time(), Shot(given, recipe, {"style": style})
    for numbers in keyframe_spans(list(frames)):
        list(shot.repaint(numbers, out))
    seconds = time.process_time() - started
    for number, path in frames.items():
        frame = read_frame(path)
        maps = Maps.from_arrays({"base_color": frame.color, "opacity": frame.opacity})
        alone = run(recipe, {"source": maps, "style": style}).maps["base_color"].pixels
        now = frame, (frame.color, alone, painted_color(out / painted_name(given[number])))
        trios.append(np.concatenate(now[1], 1))
        if before is not None:
            known = is_known(frame, before[0])
            rows.append([figures(frame, known, *pair) for pair in zip(before[1], now[1], strict=True)])
            away = np.abs(blurred(now[1][2], BROAD_PX) - blurred(alone, BROAD_PX)).mean(-1)
            if known.any() and not known.all():
                ghosts.append(float(away[~known].mean() / away[known].mean()))
        before = now
    pictures(trios, out)
    means = np.mean(rows, 0)
    names = ("input", "alone", "carried")
    result: dict[str, Any] = {
        name: dict(zip(("error", "moved", "glued"), map(float, row), strict=True))
        for name, row in zip(names, means, strict=True)
    }
    return result | {
        "ghost": float(np.mean(ghosts or [0])),
        "painted": shot.painted,
        "frames": len(trios),
        "seconds": seconds / len(trios),
    }


def footage_of(frames: dict[int, Path], folder: Path) -> dict[int, Path]:
    """The frames' pictures, without their motion."""
    folder.mkdir()
    found = {number: folder / f"{path.stem}.png" for number, path in frames.items()}
    for number, path in frames.items():
        frame = read_frame(path)
        write_picture(found[number], frame.color, frame.opacity, {})
    return found


def figures(frame: ShotFrame, known: np.ndarray, before: np.ndarray, now: np.ndarray) -> tuple[float, float, float]:
    """Error, correlation of detail with what is moved along, and with what stands still."""
    moved = samples_at(before, pixel_places(frame.size_px) + frame.to_previous, "bicubic")
    fine, fine_moved, fine_before = ((one - blurred(one, DETAIL_PX)).mean(-1)[known] for one in (now, moved, before))
    error = float(np.sqrt(np.square(now - moved)[known].mean()))
    return error, float(np.corrcoef(fine, fine_moved)[0, 1]), float(np.corrcoef(fine, fine_before)[0, 1])


def blurred(color: np.ndarray, sigma: float) -> np.ndarray:
    return gaussian_filter(color, (sigma, sigma, 0), mode="nearest")


def pictures(trios: list[np.ndarray], out: Path) -> None:
    """A strip of some frames, and an animation of all."""
    picked = [trios[index] for index in np.linspace(0, len(trios) - 1, SHOWN).round().astype(int)]
    strip = (np.concatenate(picked) * 255).round().clip(0, 255).astype(np.uint8)
    Image.fromarray(strip).save(out.with_suffix(".jpg"), quality=88)
    write_animation(out.with_suffix(".webp"), trios)


if __name__ == "__main__":
    main()
