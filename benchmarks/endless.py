"""Figures of histogram-preserving blending, beside plain repetition and noise of the photograph's spectrum.

    python benchmarks/endless.py [--side 384] PHOTOGRAPH …

Photographs are shrunk to 384 px, results are twice as wide and high. `histogram`: mean distance of the channels'
quantiles, of 255. `contrast`: standard deviation of the luminance over the photograph's. `repeated`: share of the
result that occurs in it twice. `period`: the highest correlation with itself, shifted. `salience`: the most salient
blurred patch over that of other crops. `statistics`: distance of wavelet statistics over that of another crop. The last
line of each photograph says whether a regular pattern was found. Without photographs, scikit-image's are taken. Also
prints the CPU seconds of 4096² from 1024².

    python benchmarks/endless.py --picture docs/pictures

Only writes endless_bricks.jpg: bricks beside what becomes of them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from style_pictures import at, sample
from synthesis import TILE_PX, sheet

from impasto import Maps, Recipe, Step, read_maps, run
from impasto.evaluation.controls import random_phase_noise
from impasto.evaluation.pictures import RESULT, judge_picture

SAMPLES = ("gravel", "grass", "brick")
LARGE_PX = 4096
BENCH = Step("histogram-blending", {"width_px": LARGE_PX, "height_px": LARGE_PX, "layout": 0, "pattern": "insist"})


def blended(source: Maps, size_px: tuple[int, int], layout: int = 0) -> tuple[Maps, str]:
    """The result, and the tool's note on a pattern."""
    parameters = {"height_px": size_px[0], "width_px": size_px[1], "layout": layout}
    result = run(Recipe((Step("histogram-blending", parameters),)), {"source": source})
    return result.maps, "; ".join(result.notes)


def quantile_distance(made: np.ndarray, source: np.ndarray) -> float:
    """Mean distance of quantiles, of 255: the first Wasserstein distance, averaged over channels."""
    shares = np.linspace(0.0005, 0.9995, 1000)
    pairs = [np.quantile(pixels.reshape(-1, 3), shares, axis=0) for pixels in (made, source)]
    return float(255 * np.abs(pairs[0] - pairs[1]).mean())


def period(luma: np.ndarray) -> float:
    """The highest correlation of luminance (H, W) with itself, shifted by more than an eighth of its height."""
    centred = luma - luma.mean()
    power = np.fft.irfft2(np.abs(np.fft.rfft2(centred)) ** 2, s=luma.shape)
    least = luma.shape[0] // 8
    power[:least, :least] = power[-least:, :least] = power[:least, -least:] = power[-least:, -least:] = 0
    return float(power.max() / np.square(centred).sum())


def compare(source: Maps) -> None:
    """Print a photograph's figures."""
    size_px = (2 * source.size_px[0], 2 * source.size_px[1])
    color = source["base_color"].pixels
    endless, note = blended(source, size_px)
    rows = {
        "repetition": Maps.from_arrays({"base_color": np.tile(color, (2, 2, 1))}),
        "noise": random_phase_noise(source, size_px, ("base_color",), 0),
        "endless": endless,
    }
    for row, maps in rows.items():
        pixels = maps["base_color"].pixels
        figures = judge_picture(maps, source, controls=False).figures[RESULT]
        luma = [values @ (0.299, 0.587, 0.114) for values in (pixels, color)]
        print(
            f"{source.name:<22}{row:<11}{quantile_distance(pixels, color):9.2f}{luma[0].std() / luma[1].std():9.3f}"
            f"{figures['repeated_share']:9.3f}{period(luma[0]):9.3f}{figures['salience_of_crop']:9.2f}{figures['statistics_of_crop']:11.2f}",
            flush=True,
        )
    print(f"{source.name:<22}pattern: {note or 'none'}")


def bench(source: Maps) -> None:
    """Print the CPU seconds of 4096² with one thread, reading and writing of files not counted."""
    flat = at(source, 1024)
    color, grey = flat["base_color"].pixels, flat["base_color"].pixels.mean(2, keepdims=True)
    normal = np.concatenate([0.4 + 0.2 * grey, 0.4 + 0.2 * grey, np.full_like(grey, 0.97)], 2)
    sets = {"base_color": color}, {"base_color": color, "roughness": grey, "normal": normal, "height": grey}
    for maps in sets:
        started = time.process_time()
        run(Recipe((BENCH,)), {"source": Maps.from_arrays(maps)})
        print(f"{LARGE_PX}² of {', '.join(maps)}: {time.process_time() - started:.1f} s of CPU", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", nargs="*", type=Path)
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    if options.picture:
        source = at(sample("brick"), TILE_PX)
        made = blended(source, (TILE_PX, TILE_PX))[0]
        pictures = [maps["base_color"].pixels for maps in (source, made)]
        sheet([pictures]).save(options.picture / "endless_bricks.jpg", quality=88)
        return
    torch.set_num_threads(1)
    sources = [read_maps(path) for path in options.photographs] or [sample(name) for name in SAMPLES]
    columns = ("histogram", "contrast", "repeated", "period", "salience", "statistics")
    print(" " * 33 + "".join(f"{name:>{max(9, len(name) + 1)}}" for name in columns))
    for source in sources:
        compare(at(source, options.side))
    bench(sources[0])


if __name__ == "__main__":
    main()
