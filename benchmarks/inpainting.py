"""Measures `inpaint` on photographs of which squares are hidden, and times it.

    python benchmarks/inpainting.py quality [PHOTOGRAPH …] [--sheet FILE.png]
    python benchmarks/inpainting.py times [--threads 2]

quality: two squares of a quarter of each photograph's side (512 px; scikit-image's, unless others are given) are filled
by `inpaint`, by a smooth fill (the solution of Laplace's equation, as of the methods of Telea and of Navier and Stokes)
and with the best single patch (that whose surroundings fit best). For each and for the truth: the largest z-score of a
seam at the squares' borders, and the fine sliced Wasserstein distance from the rest of the photograph, relative to that
of what was hidden. Good: below 3, and at most 1.3. The sheet has a row a photograph: hidden, and each filling.
times: a hole of 128² in 2048², and 25 % around 1024², in seconds of the wall clock and of the CPU.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from impasto import Maps, Recipe, Step, run
from impasto.evaluation.metrics.patches import fine, sliced_wasserstein
from impasto_synthesis.inpaint.joining import membrane

SIDE_PX, HOLE_PX, RING_PX = 512, 128, 16
CORNERS = ((96, 64), (288, 304))
NEAR_PX = 4
SAMPLES = ("gravel", "grass", "brick")
Fill = Callable[[np.ndarray, np.ndarray], np.ndarray]


def photograph(path: Path | str, side: int = SIDE_PX) -> np.ndarray:
    """The middle (side, side, 3) of a photograph, or of one of scikit-image's by its name."""
    if isinstance(path, Path):
        image = Image.open(path).convert("RGB")
    else:
        from skimage import data

        image = Image.fromarray(getattr(data, path)()).convert("RGB")
    shorter = min(image.size)
    left, top = (image.width - shorter) // 2, (image.height - shorter) // 2
    image = image.crop((left, top, left + shorter, top + shorter)).resize((side, side), Image.Resampling.BOX)
    return np.asarray(image, np.float32) / 255


def inpainted(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3), filled by the tool."""
    inputs = {"source": Maps.from_arrays({"base_color": pixels})}
    inputs["mask"] = Maps.from_arrays({"base_color": np.repeat(mask[..., None].astype(np.float32), 3, 2)})
    step = Step("inpaint", {"wraps": "no"}, {"mask": "mask"})
    return run(Recipe((step,), 1), inputs).maps["base_color"].pixels


def smooth(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture with holes whose Laplacian is 0."""
    inside = torch.from_numpy(mask)
    known = torch.from_numpy(pixels.transpose(2, 0, 1)) * ~inside
    around = sum(known.roll(step, axis) for axis in (1, 2) for step in (1, -1))
    shift = membrane(inside, around * inside, (False, False))
    return np.ascontiguousarray((known + shift).permute(1, 2, 0).clamp(0, 1).numpy())


def single_patch(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture whose squares are copied from where what surrounds them fits best."""
    made = pixels.copy()
    height, width = mask.shape
    forbidden = np.fft.rfft2(mask.astype(float))
    spectra = [np.fft.rfft2(channel) for channel in np.where(mask[..., None], 0, pixels).transpose(2, 0, 1)]
    energy = np.fft.rfft2(np.where(mask, 0, np.square(pixels).sum(2)))
    side = HOLE_PX + 2 * RING_PX
    for top, left in CORNERS:
        y, x = top - RING_PX, left - RING_PX
        ring = np.zeros((height, width))
        ring[:side, :side] = 1
        whole = np.fft.rfft2(ring)
        ring[RING_PX:-RING_PX, RING_PX:-RING_PX][:HOLE_PX, :HOLE_PX] = 0
        wanted = np.zeros((3, height, width))
        wanted[:, :side, :side] = pixels[y : y + side, x : x + side].transpose(2, 0, 1)
        cost = energy * np.fft.rfft2(ring).conj()
        for spectrum, channel in zip(spectra, wanted * ring, strict=True):
            cost -= 2 * spectrum * np.fft.rfft2(channel).conj()
        cost = np.fft.irfft2(cost, s=(height, width))
        cost[np.fft.irfft2(forbidden * whole.conj(), s=(height, width)) > 0.5] = np.inf
        cost = cost[: height - side + 1, : width - side + 1]
        from_y, from_x = np.unravel_index(int(cost.argmin()), cost.shape)
        rows, columns = slice(from_y + RING_PX, from_y + RING_PX + HOLE_PX), from_x + RING_PX
        made[top : top + HOLE_PX, left : left + HOLE_PX] = pixels[rows, columns : columns + HOLE_PX]
    return made


FILLS: dict[str, Fill] = {
    "truth": lambda pixels, _: pixels,
    "inpaint": inpainted,
    "smooth fill": smooth,
    "single patch": single_patch,
}


def border_z(pixels: np.ndarray) -> float:
    """The largest z-score of the steps across the squares' borders, compared with those along the same lines."""
    return max(
        z
        for top, left in CORNERS
        for picture, along, across in ((pixels, top, left), (pixels.swapaxes(0, 1), left, top))
        for z in _z_scores(picture[along : along + HOLE_PX], across)
    )


def _z_scores(strip: np.ndarray, left: int) -> Iterator[float]:
    """z-scores of the columns where a square of a strip (HOLE_PX, W, 3) begins and ends."""
    steps = np.abs(np.diff(strip, axis=1)).mean((0, 2))
    spikes = steps[1:-1] - 0.5 * (steps[:-2] + steps[2:])  # spikes[i] lies between the columns i + 1 and i + 2
    borders = left - 2, left + HOLE_PX - 2
    others = np.ones(len(spikes), bool)
    others[borders[0] - NEAR_PX : borders[1] + NEAR_PX] = False
    for border in borders:
        yield float((spikes[border] - spikes[others].mean()) / max(spikes[others].std(), 1e-6))


def distance(pixels: np.ndarray, source: np.ndarray, mask: np.ndarray) -> float:
    """Fine sliced Wasserstein distance of the squares of a picture from parts of a photograph without squares."""
    squares = [pixels[y : y + HOLE_PX, x : x + HOLE_PX] for y, x in CORNERS]
    steps = range(0, SIDE_PX - HOLE_PX + 1, HOLE_PX // 4)
    parts = [(y, x) for y in steps for x in steps if not mask[y : y + HOLE_PX, x : x + HOLE_PX].any()]
    return fine(sliced_wasserstein(squares, [source[y : y + HOLE_PX, x : x + HOLE_PX] for y, x in parts]))


def quality(names: list[Path | str], sheet: Path | None) -> None:
    mask = np.zeros((SIDE_PX, SIDE_PX), bool)
    for top, left in CORNERS:
        mask[top : top + HOLE_PX, left : left + HOLE_PX] = True
    print("| photograph | " + " | ".join(f"{name}: z, SWD" for name in FILLS) + " |", flush=True)
    print("| --- |" + " --- |" * len(FILLS))
    rows = []
    for name in names:
        source = photograph(name)
        hidden = np.where(mask[..., None], np.float32([1, 0, 1]), source)
        made = {label: fill(source if label == "truth" else hidden, mask) for label, fill in FILLS.items()}
        floor = distance(source, source, mask)
        found = [f"{border_z(one):.1f}, {distance(one, source, mask) / floor:.2f}" for one in made.values()]
        print(f"| {Path(name).stem} | " + " | ".join(found) + " |", flush=True)
        rows.append(np.concatenate([hidden, *list(made.values())[1:]], 1))
    if sheet:
        Image.fromarray((np.concatenate(rows) * 255).round().astype(np.uint8)).save(sheet)


def times(threads: int) -> None:
    torch.set_num_threads(threads)
    source = photograph("gravel", 2048)
    mask = np.zeros((2048, 2048), bool)
    mask[900:1028, 700:828] = True
    small = Maps.from_arrays({"base_color": photograph("gravel", 1024)})
    margins = dict.fromkeys(("left", "right", "top", "bottom"), 0.125)
    runs = {
        "128² in 2048²": lambda: inpainted(source, mask),
        "25 % around 1024²": lambda: run(Recipe((Step("extend", margins),), 1), {"source": small}),
    }
    print(f"| with {threads} threads | seconds | of CPU |\n| --- | --- | --- |")
    for name, make in runs.items():
        make()  # a warm process
        started, started_cpu = time.perf_counter(), time.process_time()
        make()
        print(f"| {name} | {time.perf_counter() - started:.2f} | {time.process_time() - started_cpu:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("quality", "times"))
    parser.add_argument("photographs", nargs="*", type=Path)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.what == "times":
        times(options.threads)
    else:
        quality(options.photographs or list(SAMPLES), options.sheet)


if __name__ == "__main__":
    main()
