"""Measures finish filters on photographs: `python benchmarks/finish.py denoise FILE...`.

denoise: PSNR in dB of photographs with noise, beside kornia's bilateral filter at the best of twelve settings for each.
super-resolution: PSNR in dB of photographs shrunk to a half and a quarter, enlarged by bicubic interpolation and by us.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from impasto import Maps, Recipe, Step, run

CROP_PX = 256
NOISE = (0.03, 0.06)
BORDER_PX = 16


def psnr(pixels: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, for a peak of 1."""
    return float(-10 * np.log10(np.square(np.clip(pixels, 0, 1) - truth).mean()))


def photograph(path: Path) -> np.ndarray:
    """The middle (256, 256, 3) of a photograph at half its size, which has none of its noise and JPEG blocks."""
    image = Image.open(path).convert("RGB")
    image = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    left, top = (image.width - CROP_PX) // 2, (image.height - CROP_PX) // 2
    return np.asarray(image.crop((left, top, left + CROP_PX, top + CROP_PX)), np.float32) / 255


def denoise(path: Path) -> Iterator[str]:
    """Noise, PSNR with it, after `denoise`, and after kornia's bilateral filter."""
    from kornia.filters import bilateral_blur

    clean = photograph(path)
    for noise in NOISE:
        noisy = np.clip(clean + noise * np.random.default_rng(0).standard_normal(clean.shape), 0, 1).astype(np.float32)
        made = run(Recipe((Step("denoise"),)), {"source": Maps.from_arrays({"base_color": noisy})}).maps
        x = torch.from_numpy(noisy.transpose(2, 0, 1))[None]
        others = [
            bilateral_blur(x, (9, 9), color * noise, (space, space))[0].permute(1, 2, 0).numpy()
            for color, space in product((1.5, 2.0, 2.5, 4.0), (1.0, 1.5, 2.0))
        ]
        found = psnr(noisy, clean), psnr(made["base_color"].pixels, clean), max(psnr(one, clean) for one in others)
        yield f"| {path.stem} | {noise} | " + " | ".join(f"{value:.2f}" for value in found) + " |"


def super_resolution(path: Path) -> Iterator[str]:
    """PSNR of the double and fourfold size of a shrunk photograph: bicubic interpolation, and `super-resolution`."""
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    image = image.crop((0, 0, side, side)).resize((2 * CROP_PX, 2 * CROP_PX), Image.Resampling.LANCZOS)
    truth = np.asarray(image, np.float32) / 255
    inside = np.s_[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX]
    for factor in (2, 4):
        small = image.resize((image.width // factor, image.height // factor), Image.Resampling.BOX)
        bicubic = np.asarray(small.resize(image.size, Image.Resampling.BICUBIC), np.float32) / 255
        source = Maps.from_arrays({"base_color": np.asarray(small, np.float32) / 255})
        made = run(Recipe((Step("super-resolution", {"factor": str(factor)}),)), {"source": source}).maps
        found = [psnr(pixels[inside], truth[inside]) for pixels in (bicubic, made["base_color"].pixels)]
        yield f"| {path.stem} | {factor} | {found[0]:.2f} | {found[1]:.2f} | {found[1] - found[0]:+.2f} |"


MEASURES = {"denoise": denoise, "super-resolution": super_resolution}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    for path in options.files:
        for row in MEASURES[options.what](path):
            print(row, flush=True)


if __name__ == "__main__":
    main()
