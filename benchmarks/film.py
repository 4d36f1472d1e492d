"""Shots repainted, beside their frames repainted one by one.

    IMPASTO_EXTENSION=ZIP BPY benchmarks/film_in_blender.py SHOTS 48 640
    python benchmarks/film.py SHOTS STYLE [--tool wct --tool fast-style=MODEL …] --out FOLDER

In the core's Python. Over pixels that were seen in the frame before: the root mean square of a frame's difference from
the one before, moved along (error; the input's own is the floor), and the correlation of fine detail with that of the
one before, moved along (moved) and as it stands (glued, which the glass of a shower's door would have). ghost: distance
from a frame painted alone, blurred, where newly seen, relative to elsewhere; ghost_beside: relative to elsewhere at the
same distance to outlines, beside which nearly all lies that is newly seen. returns: over pixels of what stands still
that were hidden in the frame before and shown in an earlier one, the root mean square of the difference from the first
frame that shows them. --weights and --heads: score and content of some frames, as of `style_judging`. --times: the peak
of memory after paint was carried through a shot once, and after so many times in a row. Writes film.json, and of each
shot a strip and an animation: input, one by one, carried.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from paintings import chosen_of
from PIL import Image
from scipy.ndimage import gaussian_filter
from style import JUDGE
from style_judging import Judge, read_heads

from impasto import Maps, Recipe, Step, read_maps, run
from impasto.context import Context
from impasto.device import keep_freed_memory
from impasto.plugins.registry import registry
from impasto_film.animation import write_animation
from impasto_film.footage import painted_color, painted_name, write_picture
from impasto_film.frames import frames_of
from impasto_film.memory import Surfaces, moving_objects
from impasto_film.motion import Motion, samples_at
from impasto_film.passes import ShotFrame, read_frame
from impasto_film.shot import KEYFRAMES_APART, Shot, keyframe_spans
from impasto_style.shared.architectures import load_encoder

DETAIL_PX, BROAD_PX = 2.0, 4.0
OUTLINES_PX = (2, 4, 8, 16)
"""Bounds between distances to outlines that count as the same."""
SHOWN = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shots", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--tool", action="append", metavar="TOOL[=MODEL]")
    parser.add_argument("--only", action="append")
    parser.add_argument("--footage", action="store_true", help="repaint the frames' pictures, by estimated motion")
    parser.add_argument("--times", type=int, default=0, help="carry paint through the shot so many times, in a row")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="library of weights, with the judge's")
    parser.add_argument("--heads", type=Path, metavar="FILE", help="LPIPS' heads for SqueezeNet, as safetensors")
    parser.add_argument("--out", type=Path, default=Path("out/film"))
    options = parser.parse_args()
    keep_freed_memory()  # as the command and Blender's worker do
    options.out.mkdir(parents=True, exist_ok=True)
    style, found = read_maps(options.style), {}
    for folder in sorted(options.shots.iterdir()):
        for tool in options.tool or ["patches-style", "wct"]:
            if options.only and folder.name not in options.only:
                continue
            out = options.out / f"{folder.name}_{tool}"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            if options.times:
                result: dict[str, Any] = {"mib": memory_mib(folder, tool, style, out, options.times)}
            else:
                result = measured(folder, tool, style, out, options)
            found[f"{folder.name}, {tool}"] = result
            print(folder.name, tool, json.dumps(result), flush=True)
            (options.out / "film.json").write_text(json.dumps(found, indent=1) + "\n")


def recipe_of(tool: str) -> tuple[Recipe, list[str]]:
    """A recipe of a tool, or of a tool with a model, and the names of its inputs."""
    name, parameters, needs_style = chosen_of(tool)
    inputs = ["style"] if needs_style else []
    return Recipe((Step(name, parameters, {each: each for each in inputs}),), 0), inputs


def measured(folder: Path, tool: str, style: Maps, out: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Figures of a shot; its pictures are written beside `out`."""
    rows, ghosts, before, trios, earlier, moved, returned = [], [], None, [], [], set(), []
    frames = frames_of(folder)
    given = footage_of(frames, out / "footage") if options.footage else frames
    recipe, names = recipe_of(tool)
    inputs = dict.fromkeys(names, style)
    started, shot = time.process_time(), Shot(given, recipe, inputs)
    for numbers in keyframe_spans(list(frames)):
        list(shot.repaint(numbers, out))
    seconds, alone_s = time.process_time() - started, 0.0
    for number, path in frames.items():
        frame = read_frame(path)
        maps = Maps.from_arrays({"base_color": frame.color, "opacity": frame.opacity})
        started = time.process_time()
        alone = run(recipe, {"source": maps, **inputs}).maps["base_color"].pixels
        alone_s += time.process_time() - started
        now = frame, (frame.color, alone, painted_color(out / painted_name(given[number])))
        trios.append(np.concatenate(now[1], 1))
        if before is not None:
            motion = Motion(frame, before[0])
            known = motion.is_known
            moved |= moving_objects(motion)
            if frame.position is not None:
                returned.append(differences(frame, ~known & ~np.isin(frame.index, list(moved)), now[1], earlier))
            rows.append([figures(motion, *pair) for pair in zip(before[1], now[1], strict=True)])
            away = np.abs(blurred(now[1][2], BROAD_PX) - blurred(alone, BROAD_PX)).mean(-1)
            if known.any() and not known.all():
                ghosts.append(
                    [away[~known].mean() / limit for limit in (away[known].mean(), beside(away, known, frame))]
                )
        before = now
        earlier.append((Surfaces.of(frame), now[1]))
    picked = [trios[index] for index in np.linspace(0, len(trios) - 1, SHOWN).round().astype(int)]
    pictures(trios, picked, out)
    means = np.mean(rows, 0)
    kinds = ("input", "alone", "carried")
    result: dict[str, Any] = {
        name: dict(zip(("error", "moved", "glued"), map(float, row), strict=True))
        for name, row in zip(kinds, means, strict=True)
    }
    if options.weights:
        for name, figure in zip(kinds[1:], scores(picked, style, options), strict=True):
            result[name] |= figure
    if returned:
        squares = np.square(np.concatenate(returned, 1))
        result["returns"] = dict(zip(kinds, np.sqrt(squares.mean((1, 2))).tolist(), strict=True))
        result["returning"] = squares.shape[1]
    return result | {
        **dict(zip(("ghost", "ghost_beside"), np.mean(ghosts or [[0, 0]], 0).tolist(), strict=True)),
        "painted": shot.painted,
        "frames": len(trios),
        "seconds": seconds / len(trios),
        "alone_s": alone_s / len(trios),
    }


def beside(away: np.ndarray, known: np.ndarray, frame: ShotFrame) -> float:
    """Mean distance of known pixels (H, W) that are as far from outlines as the others are."""
    bins = np.digitize(frame.outline_distance_px, OUTLINES_PX)
    others = [(~known & (bins == one)).sum() if (known & (bins == one)).any() else 0 for one in range(bins.max() + 1)]
    means = [away[known & (bins == one)].mean() if count else 0 for one, count in enumerate(others)]
    return float(np.average(means, weights=others))


def scores(picked: list[np.ndarray], style: Maps, options: argparse.Namespace) -> list[dict[str, float]]:
    """Style score and content distance of frames that were painted alone, and of those that were carried."""
    encoder = load_encoder(JUDGE, Context(weights=registry().weights_library(options.weights)))
    heads, found = read_heads(options.heads) if options.heads else None, []
    for trio in picked:
        shown, *painted = np.split(trio, 3, 1)
        judge = Judge(encoder, shown, style["base_color"].pixels, heads)
        made = [judge.judge(each) for each in painted]
        found.append([((one.gram + one.sliced) / 2, one.content) for one in made])
    return [{"score": float(score), "content": float(content)} for score, content in np.mean(found, 0)]


def memory_mib(folder: Path, tool: str, style: Maps, out: Path, times: int) -> list[float]:
    """Peak of this process's memory after paint was carried through the shot once, and after all times in a row."""
    links, (recipe, names) = out / "links", recipe_of(tool)
    links.mkdir()
    paths = list(frames_of(folder).values())
    for number, path in enumerate(paths * times, 1):
        (links / f"frame_{number:04d}{path.suffix}").symlink_to(path.resolve())
    peaks, shot = [], Shot(frames_of(links), recipe, dict.fromkeys(names, style))
    for numbers in keyframe_spans(list(shot.frames)):
        list(shot.repaint(numbers, out))
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return [peaks[len(paths) // KEYFRAMES_APART], peaks[-1]]


def footage_of(frames: dict[int, Path], folder: Path) -> dict[int, Path]:
    """The frames' pictures, without their motion."""
    folder.mkdir()
    found = {number: folder / f"{path.stem}.png" for number, path in frames.items()}
    for number, path in frames.items():
        frame = read_frame(path)
        write_picture(found[number], frame.color, frame.opacity, {})
    return found


def figures(motion: Motion, before: np.ndarray, now: np.ndarray) -> tuple[float, float, float]:
    """Error, correlation of detail with what is moved along, and with what stands still."""
    moved, known = samples_at(before, motion.places, "bicubic"), motion.is_known
    fine, fine_moved, fine_before = ((one - blurred(one, DETAIL_PX)).mean(-1)[known] for one in (now, moved, before))
    error = float(np.sqrt(np.square(now - moved)[known].mean()))
    return error, float(np.corrcoef(fine, fine_moved)[0, 1]), float(np.corrcoef(fine, fine_before)[0, 1])


def differences(
    frame: ShotFrame, where: np.ndarray, now: tuple[np.ndarray, ...], earlier: list[tuple[Surfaces, Any]]
) -> np.ndarray:
    """Differences (3, N, 3) of pixels from the first earlier frame that shows the same points of the world."""
    found, sought = [np.zeros((len(now), 0, 3))], where & Surfaces.of(frame).is_there
    for surfaces, then in earlier:
        at = np.argwhere(sought)
        places = surfaces.places_of(frame.position[sought], frame.index[sought])
        shown = np.isfinite(places).all(-1)
        here, there = tuple(at[shown].T), places[shown].astype(np.float32)[None]
        found.append(np.stack([a[here] - samples_at(b, there, "bicubic")[0] for a, b in zip(now, then, strict=True)]))
        sought[here] = False
    return np.concatenate(found, 1)


def blurred(color: np.ndarray, sigma: float) -> np.ndarray:
    return gaussian_filter(color, (sigma, sigma, 0), mode="nearest")


def pictures(trios: list[np.ndarray], picked: list[np.ndarray], out: Path) -> None:
    """A strip of the frames that were picked, and an animation of all."""
    strip = (np.concatenate(picked) * 255).round().clip(0, 255).astype(np.uint8)
    Image.fromarray(strip).save(out.with_suffix(".jpg"), quality=88)
    write_animation(out.with_suffix(".webp"), trios)


if __name__ == "__main__":
    main()
