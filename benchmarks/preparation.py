"""Measures the preparation of photographs: `python benchmarks/preparation.py WHAT FILE...`.

corners: error in pixels of `straighten` with the four corners of photographs that are seen at five angles, mean
and largest, and how many aspect ratios are right to 3 % without being given. lines: angle that its automatic
finding leaves, anywhere in the picture, at those angles. lens: error of k1 of `lens`, for five curvatures. light:
deviation in stops of the slow light that `even-light` leaves, beside a division by a Gaussian blur of the same width.
crop: seam z before and after `crop-period`, beside a crop of the same size from the middle.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from impasto import Maps, Recipe, Result, Step, run
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.seams import seam_z
from impasto_photograph.vanishing_points import find_vanishing_points

SIDE_PX, VIEW_PX, FOCAL = 640, 512, 0.85
ANGLES = (((0, 0), 0), ((20, 0), 3), ((0, 25), -4), ((-25, 15), 2), ((30, -20), 5))
"""Tilts about x and y, and roll, in degrees."""
CURVATURES = (0.0, -0.05, -0.15, -0.3, 0.1)
NAMES = ("top_left", "top_right", "bottom_right", "bottom_left")
SLOW = 0.03
"""Width of the blur through which the light that is left is measured, relative to the picture's side."""


def made(tool: str, pixels: np.ndarray, **parameters: object) -> Result:
    source = Maps.from_arrays({"base_color": np.clip(pixels, 0, 1)})
    return run(Recipe((Step(tool, parameters),)), {"source": source})


def photograph(path: Path) -> np.ndarray:
    """The middle square (640, 640, 3) of a photograph."""
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side)).resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    return np.asarray(square, np.float32) / 255


def camera(tilt: tuple[float, float], roll: float) -> np.ndarray:
    """Matrix from pixels (x, y) of the photograph to those of a camera's picture."""
    cx, sx, cy, sy, cz, sz = (f(np.deg2rad(angle)) for angle in (*tilt, roll) for f in (np.cos, np.sin))
    rotation = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]]) @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rotation = rotation @ np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    plane = np.stack([rotation[:, 0], rotation[:, 1], [0, 0, 1.35 * SIDE_PX]], 1)
    center = np.array([[1, 0, -SIDE_PX / 2], [0, 1, -SIDE_PX / 2], [0, 0, 1]])
    focal = FOCAL * VIEW_PX
    return np.array([[focal, 0, VIEW_PX / 2], [0, focal, VIEW_PX / 2], [0, 0, 1]]) @ plane @ center


def projected(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (..., 2) through a matrix (3, 3)."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return moved[..., :2] / moved[..., 2:]


def sampled(pixels: np.ndarray, positions: np.ndarray, order: int = 3) -> np.ndarray:
    """Pixels (H, W, 3) at positions (h, w, 2), (x, y)."""
    at = [positions[..., 1] - 0.5, positions[..., 0] - 0.5]
    return np.stack([map_coordinates(one, at, order=order, mode="reflect") for one in np.moveaxis(pixels, 2, 0)], 2)


def grid(size_px: tuple[int, int]) -> np.ndarray:
    """Positions (h, w, 2) of the centres of pixels."""
    return np.stack(np.meshgrid(np.arange(size_px[1]) + 0.5, np.arange(size_px[0]) + 0.5), -1)


def views(pixels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The photograph seen at each of the angles, and the matrix to that picture."""
    smooth = gaussian_filter(pixels, (0.6, 0.6, 0))
    for tilt, roll in ANGLES:
        matrix = camera(tilt, roll)
        yield sampled(smooth, projected(grid((VIEW_PX, VIEW_PX)), np.linalg.inv(matrix))), matrix


def corners(pixels: np.ndarray) -> str:
    """Mean displacement in pixels (by phase correlation of blocks), and how often the aspect is right."""
    ends = np.array([(0, 0), (SIDE_PX, 0), (SIDE_PX, SIDE_PX), (0, SIDE_PX)], float)
    shifts, right = [], 0
    for view, matrix in views(pixels):
        seen = projected(ends, matrix) / VIEW_PX
        given = {name: tuple(np.clip(point, 0, 1).tolist()) for name, point in zip(NAMES, seen, strict=True)}
        result = made("straighten", view, aspect=1.0, **given).maps["base_color"].pixels
        truth = sampled(pixels, grid(result.shape[:2]) * SIDE_PX / result.shape[0])
        shifts.append(displacement(result, truth))
        height, width = made("straighten", view, **given).maps.size_px
        right += abs(width / height - 1) < 0.03
    return f"{np.mean(shifts):.3f} | {np.max(shifts):.3f} | {right}/{len(ANGLES)}"


def displacement(one: np.ndarray, other: np.ndarray, block_px: int = 64) -> float:
    """Mean distance in pixels of one picture from another, in blocks, by least squares on gradients."""
    one, other = (gaussian_filter(x.mean(2), 1.0) for x in (one, other))
    dy, dx = np.gradient(other)
    found = []
    for top in range(0, one.shape[0] - block_px, block_px):
        for left in range(0, one.shape[1] - block_px, block_px):
            part = np.s_[top : top + block_px, left : left + block_px]
            slopes = np.stack([dx[part].ravel(), dy[part].ravel()], 1)
            shift = np.linalg.lstsq(slopes, (one - other)[part].ravel(), rcond=None)[0]
            found.append(np.hypot(*shift))
    return float(np.mean(found))


def lines(pixels: np.ndarray) -> str:
    """Number of angles at which lines were found, and the largest angles that are left along x and y."""
    center = np.array([[1, 0, -VIEW_PX / 2], [0, 1, -VIEW_PX / 2], [0, 0, 1]])
    ends = VIEW_PX * 0.35 * np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    left: tuple[list[float], list[float]] = ([], [])
    for view, matrix in views(pixels):
        found = find_vanishing_points(torch.from_numpy(view.mean(2)).float())
        for axis, point in enumerate(found):
            if point is None:
                continue
            truth = (center @ matrix)[:, axis]
            a, b = (one[:2] - one[2] * ends for one in (truth, point.position))
            cosines = np.abs((a * b).sum(1)) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
            left[axis].append(float(np.degrees(np.arccos(np.clip(cosines, 0, 1))).max()))
    return " | ".join(f"{len(one)}/{len(ANGLES)} | {max(one):.2f}" if one else f"0/{len(ANGLES)} | -" for one in left)


def lens(pixels: np.ndarray) -> str:
    """Error of k1 for each curvature; a dash where no lines were found."""
    half = SIDE_PX / np.sqrt(2)
    errors = []
    for k1 in CURVATURES:
        seen = (grid((SIDE_PX, SIDE_PX)) - SIDE_PX / 2) / half
        straight = seen / (1 + k1 * np.square(seen).sum(-1, keepdims=True))
        fill = 0.5 / np.sqrt(0.5) / np.abs(straight).max()  # the photograph fills the picture
        result = made("lens", sampled(pixels, straight * fill * half + SIDE_PX / 2, 1))
        told = any("no lines" in note for note in result.notes)
        errors.append("-" if told else f"{result.figures['k1'] - k1:+.3f}")
    return " | ".join(errors)


def light(pixels: np.ndarray) -> str:
    """Deviation in stops of the light, what `even-light` leaves, and what division by a blur leaves, for each light."""
    y, x = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    shadow = -1.3 / (1 + np.exp((x + 0.4 * y - 0.1) / 0.12))
    cells = []
    for stops in (0.7 * x + 0.35 * y, -0.7 * (x * x + y * y), shadow, 0 * x):
        lit = srgb_to_linear(pixels) * np.float32(2 ** (stops - stops.max()))[..., None]
        even = made("even-light", linear_to_srgb(lit)).maps["base_color"].pixels
        blurred = gaussian_filter(lit.mean(2), 0.1 * SIDE_PX, mode="mirror")[..., None] + 1e-3
        found = [slow_error(srgb_to_linear(even), pixels), slow_error(lit / blurred, pixels)]
        cells.append(f"{slow_error(lit, pixels):.2f} {found[0]:.2f} {found[1]:.2f}")
    return " | ".join(cells)


def slow_error(linear: np.ndarray, truth: np.ndarray) -> float:
    """Deviation in stops of the slow part of a picture's brightness relative to the true one's."""
    ratio = np.log2((linear.mean(2) + 0.005) / (srgb_to_linear(truth).mean(2) + 0.005))
    return float(gaussian_filter(ratio, SLOW * SIDE_PX, mode="mirror").std())


def crop(pixels: np.ndarray) -> str:
    """Seam z of the picture less a margin, after `crop-period`, and of a crop of the same size from the middle."""
    part = pixels[: SIDE_PX - 57, : SIDE_PX - 91]
    result = made("crop-period", part)
    rows, columns = result.maps.size_px
    top, left = (part.shape[0] - rows) // 2, (part.shape[1] - columns) // 2
    seams = (part, result.maps["base_color"].pixels, part[top : top + rows, left : left + columns])
    told = result.notes[0].removeprefix("periods kept: ") if result.notes else "no pattern"
    return " | ".join(f"{max(seam_z(one)):.1f}" for one in seams) + f" | {columns}x{rows}: {told}"


MEASURES = {"corners": corners, "lines": lines, "lens": lens, "light": light, "crop": crop}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for path in options.files:
        print(f"| {path.stem} | {MEASURES[options.what](photograph(path))} |", flush=True)


if __name__ == "__main__":
    main()
