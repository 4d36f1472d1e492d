"""Looks for meshes in calm places of painted pictures, and for unlike borders.

    python benchmarks/style_meshes.py DIR/photos DIR/paintings out/style_encoder --arms before patches

Reads the pictures ARM--PHOTO--PAINTING.png that `style_encoder.py` wrote. In the calmest window of each photograph, the
power of the strongest frequency above the median of all of nearly its wavelength, in dB, as a mean over sections (Welch
1967): a mesh is a peak there. Beside it, the same of the photograph's own window, of the painting's calmest window, and
as a control of the picture with a mesh of 3 px and four steps of 8 bits. *Above both*: pairs whose peak is 3 dB higher
than those of photograph and painting. Border: contrast of fine detail within 4 px of the borders, relative to that
farther inside, in parts of the photograph's.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from style_encoder import PAINTINGS, PHOTOS, shrunk
from torch.nn.functional import avg_pool2d

from impasto import read_maps
from impasto_style.patches.guides import detail_contrast
from impasto_style.shared.resampling import as_tensor, resize_picture

WINDOW_PX, SECTION_PX = 96, 32
CONTRAST_PX = 2.0
BORDER_PX = 4
LEAST_PERIOD_PX, MOST_PERIOD_PX = 2.0, 8.0
RINGS = 6
MESH_PX = 3
LEVEL = 4 / 255
NOTICED_DB = 3.0


def main() -> None:
    """Print a line for each arm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("made", type=Path)
    parser.add_argument("--arms", nargs="+", default=("patches",), metavar="ARM")
    options = parser.parse_args()
    columns = "".join(f"{name:>11}" for name in ("painted", "photograph", "painting", "above both", "a mesh"))
    print(f"{'arm':>14} {columns} {'border':>16}")
    for arm in options.arms:
        rows = np.array([measured(arm, photo, style, options) for photo in PHOTOS for style in PAINTINGS])
        painted, photograph, painting, meshed, border = rows.T
        above = int((painted > np.maximum(photograph, painting) + NOTICED_DB).sum())
        peaks = f"{painted.mean():11.1f}{photograph.mean():11.1f}{painting.mean():11.1f}{above:11}{meshed.mean():11.1f}"
        print(f"{arm:>14} {peaks} {border.mean():6.2f}, max {border.max():4.2f}")


def measured(arm: str, photo: str, style: str, options: argparse.Namespace) -> list[float]:
    """Peaks of a painted picture, its photograph, its painting and a control, and the ratio of its border."""
    file = options.made / f"{arm}--{photo}--{style}.png"
    made = as_tensor(read_maps(file)["base_color"].pixels, "cpu")
    longest = max(made.shape[2:])
    picture, painting = (
        as_tensor(shrunk(folder / f"{name}.jpg", longest)["base_color"].pixels, "cpu")
        for folder, name in ((options.photos, photo), (options.paintings, style))
    )
    picture = resize_picture(picture, made.shape[2:])
    place, own = calmest(picture), calmest(painting)
    rows, columns = (torch.arange(side) for side in made.shape[2:])
    mesh = LEVEL * ((rows[:, None] + columns) % MESH_PX == 0)
    windows = made[place], picture[place], painting[own], (made + mesh)[place]
    return [*(peak_of(window) for window in windows), border_of(made) / border_of(picture)]


def calmest(x: torch.Tensor) -> tuple[slice, ...]:
    """The window of (1, 3, H, W) with the least contrast."""
    means = avg_pool2d(detail_contrast(x, CONTRAST_PX), WINDOW_PX, 4)[0, 0]
    row, column = divmod(int(means.argmin()), means.shape[1])
    return (slice(None), slice(None), *(slice(4 * start, 4 * start + WINDOW_PX) for start in (row, column)))


def peak_of(window: torch.Tensor) -> float:
    """Power of the strongest frequency of (1, 3, w, w) above the median of all of nearly its wavelength, in dB."""
    grey, half = window.double().mean(1)[0], SECTION_PX // 2
    sections = grey.unfold(0, SECTION_PX, half).unfold(1, SECTION_PX, half)
    taper = torch.hann_window(SECTION_PX, dtype=torch.float64)
    centred = sections - sections.mean((2, 3), keepdim=True)
    power = torch.fft.rfft2(centred * taper[:, None] * taper).abs().square().mean((0, 1))
    down, across = torch.fft.fftfreq(SECTION_PX)[:, None], torch.fft.rfftfreq(SECTION_PX)
    frequency = torch.sqrt(down**2 + across**2)
    edges = torch.logspace(np.log2(1 / MOST_PERIOD_PX), np.log2(1 / LEAST_PERIOD_PX), RINGS + 1, base=2)
    rings = [power[(frequency >= low) & (frequency < high)] for low, high in pairwise(edges)]
    return max(float(10 * (ring.max() / ring.median().clamp_min(1e-12)).log10()) for ring in rings)


def border_of(x: torch.Tensor) -> float:
    """Contrast of fine detail near the borders of (1, 3, H, W), relative to that inside."""
    contrast = detail_contrast(x, CONTRAST_PX)[0, 0]
    inside = contrast[2 * BORDER_PX : -2 * BORDER_PX, 2 * BORDER_PX : -2 * BORDER_PX]
    is_near = torch.ones_like(contrast, dtype=torch.bool)
    is_near[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
    return float(contrast[is_near].mean() / inside.mean())


if __name__ == "__main__":
    main()
