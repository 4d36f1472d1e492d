"""Judges the bundled encoder: a stylizer with it, with random filters of its shape, with other weights, and patches.

    python benchmarks/style_encoder.py --data DIR --weights DIR --heads FILE --out out/style_encoder

The pictures are those of DIR/photos and DIR/paintings that the encoder did not learn from. Judged by SqueezeNet and by
the first layers of VGG19, which had no part in the training (see `style_judging`): the score (0: the photograph, 1: the
painting), in brackets what it is above that of recolouring alone, and LPIPS from the photograph; then the shares of
pairs with scores of 0.6, gains of 0.15 by both judges, LPIPS of 0.6, and all of these. Writes the pictures, a sheet for
each photograph, and table.md. With --tool wct it prints the PSNR of photographs that each level of a network
encoded and decoded, too. Pictures that are in the folder already are kept, such as those of an arm `before` that
another version painted; they have no seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from pictures import caption_of
from PIL import Image
from sheets import Cell, grid
from style import JUDGE, SECOND_JUDGE
from style_judging import Judge, read_heads
from tasks.style_encoder.network import StyleEncoderNetwork

from impasto import Maps, Recipe, Step, read_maps, run
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto_style.gatys import painting as gatys
from impasto_style.neighbours import painting as neighbours
from impasto_style.shared.architectures import ARCHITECTURES, load_encoder
from impasto_style.shared.controls import BUNDLED
from impasto_style.shared.encoder import Encoder, Pooling
from impasto_style.shared.resampling import as_image, as_tensor, resize_picture, scaled_size
from impasto_style.wct.coders import load_coders

PHOTOS = ("astronaut", "coffee", "st_basils_cathedral", "grand_canyon")
PAINTINGS = (
    "dalziel_crypt",
    "hokusai_great_wave",
    "munch_scream",
    "seurat_grande_jatte",
    "vangogh_starry_night",
    "monet_water_lilies",
)
CELL_PX = 190
LEAST_SCORE, LEAST_GAIN, MOST_LPIPS = 0.6, 0.15, 0.6
PATCHES, RANDOM = "patches", "random"
LOADING = {"neighbours": neighbours, "gatys": gatys}
"""Modules of the stylizers that load encoders alone, without decoders."""


def main() -> None:
    """Print a line for each arm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--weights", type=Path, required=True, metavar="DIR", help="library of weights")
    parser.add_argument("--heads", type=Path, metavar="FILE", help="LPIPS' heads for SqueezeNet, as safetensors")
    parser.add_argument("--out", type=Path, default=Path("out/style_encoder"), metavar="DIR")
    parser.add_argument("--tool", default="neighbours", choices=(*LOADING, "wct"), help="(default: neighbours)")
    parser.add_argument("--px", type=int, default=256, help="longer side (default: 256)")
    parser.add_argument("--photos", nargs="+", default=PHOTOS, metavar="NAME")
    parser.add_argument("--paintings", nargs="+", default=PAINTINGS, metavar="NAME")
    parser.add_argument("--arms", nargs="+", default=(PATCHES, RANDOM, BUNDLED, "vgg19-small"), metavar="ARM")
    options = parser.parse_args()
    if RANDOM in options.arms and options.tool not in LOADING:
        parser.error(f"{options.tool} has no decoders for random filters: give other --arms")
    options.out.mkdir(parents=True, exist_ok=True)
    context = Context(weights=registry().weights_library(options.weights))
    judges = {name: load_encoder(name, context) for name in (JUDGE, SECOND_JUDGE)}
    heads = read_heads(options.heads) if options.heads else None
    lines = [
        "| arm | SqueezeNet | VGG19 | LPIPS | score | gain | near | all | CPU s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for arm in options.arms:
        rows = []
        for photo in options.photos:
            for style in options.paintings:
                inputs = {
                    "source": shrunk(options.data / "photos" / f"{photo}.jpg", options.px),
                    "style": shrunk(options.data / "paintings" / f"{style}.jpg", options.px),
                }
                file = options.out / f"{arm}--{photo}--{style}.png"
                seconds = np.nan
                if not file.exists():
                    made, seconds = painted(arm, inputs, options)
                    Image.fromarray((255 * made.clip(0, 1)).astype(np.uint8)).save(file)
                rows.append([*judged(read_maps(file)["base_color"].pixels, inputs, judges, heads), seconds])
        means = np.mean(rows, 0)
        squeeze, gain, vgg, vgg_gain, lpips, seconds = means
        shares = " | ".join(f"{100 * share:.0f} %" for share in shares_of(np.array(rows)))
        figures = f"{squeeze:.2f} ({gain:+.2f}) | {vgg:.2f} ({vgg_gain:+.2f}) | {lpips:.2f}"
        lines.append(f"| {arm} | {figures} | {shares} | {seconds:.1f} |")
        print(lines[-1], flush=True)
        if options.tool == "wct" and arm != PATCHES:
            print("  PSNR:", ", ".join(f"level {level} {psnr:.1f} dB" for level, psnr in fidelity(arm, options)))
    (options.out / "table.md").write_text("\n".join(lines) + "\n")
    for photo in options.photos:
        sheet_of(photo, options).save(options.out / f"sheet_{photo}.jpg", quality=85)


def shares_of(rows: np.ndarray) -> list[float]:
    """Shares of the pairs (pairs, score, gain, score, gain, LPIPS, ...) that reach each goal, and all of them."""
    score, gain = rows[:, [0, 2]].min(1) >= LEAST_SCORE, rows[:, [1, 3]].min(1) >= LEAST_GAIN
    near = rows[:, 4] <= MOST_LPIPS
    return [float(met.mean()) for met in (score, gain, near, score & gain & near)]


@torch.inference_mode()
def fidelity(network: str, options: argparse.Namespace) -> Iterator[tuple[int, float]]:
    """Each level of a network, and the mean PSNR in dB of the photographs, encoded and decoded."""
    pictures = [shrunk(options.data / "photos" / f"{photo}.jpg", options.px) for photo in options.photos]
    context = Context(weights=registry().weights_library(options.weights))
    for level, coder in load_coders(network, context).items():
        found = []
        for maps in pictures:
            x = as_tensor(maps["base_color"].pixels, "cpu")
            height, width = (side // coder.stride * coder.stride for side in x.shape[2:])
            x = x[..., :height, :width]
            error = (coder.decode(coder.encode(x)).clamp(0, 1) - x).square().mean()
            found.append(-10 * float(error.log10()))
        yield level, float(np.mean(found))


def sheet_of(photo: str, options: argparse.Namespace) -> Image.Image:
    """The photograph and the paintings, and a row for each arm."""
    given = [
        options.data / "photos" / f"{photo}.jpg",
        *(options.data / "paintings" / f"{one}.jpg" for one in options.paintings),
    ]
    first = [shrunk(path, options.px) for path in given]
    rows = [[Cell(maps["base_color"].pixels, caption_of(maps)) for maps in first]]
    for arm in options.arms:
        files = [options.out / f"{arm}--{photo}--{style}.png" for style in options.paintings]
        rows.append([Cell(caption=arm), *(Cell(read_maps(file)["base_color"].pixels) for file in files)])
    return grid(rows, cell_px=CELL_PX)


def shrunk(path: Path, px: int) -> Maps:
    """The picture with this longer side."""
    picture = as_tensor(read_maps(path)["base_color"].pixels, "cpu")
    small = resize_picture(picture, scaled_size(picture, px / max(picture.shape[2:])))
    return Maps.from_arrays({"base_color": as_image(small)}, name=path.stem)


def painted(arm: str, inputs: dict[str, Maps], options: argparse.Namespace) -> tuple[np.ndarray, float]:
    """The photograph repainted by an arm (H, W, 3), and CPU seconds."""
    begun = time.process_time()
    tool = "patches-style" if arm == PATCHES else options.tool
    given = {} if arm == PATCHES else {"backbone": BUNDLED if arm == RANDOM else arm}
    with random_instead(LOADING[tool]) if arm == RANDOM else nullcontext():
        made = run(Recipe((Step(tool, given, {"style": "style"}),), 1), inputs, weights_folder=options.weights)
    return made.maps["base_color"].pixels, time.process_time() - begun


@contextmanager
def random_instead(module: ModuleType) -> Iterator[None]:
    """Random filters in place of the encoder that a stylizer's module loads."""
    encoder = random_filters()

    def replacement(name: str, context: Context, seamless: bool = False, pooling: Pooling = "max") -> Encoder:
        return replace(encoder, seamless=seamless, pooling=pooling)

    with patch.object(module, "load_encoder", replacement):
        yield


def random_filters() -> Encoder:
    """The bundled encoder's shape with random filters, whose features are normalised on noise."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = StyleEncoderNetwork()
        for _ in range(20):
            network(torch.rand(8, 3, 64, 64))
    return Encoder(ARCHITECTURES[BUNDLED], network.eval().folded())


def judged(made: np.ndarray, inputs: dict[str, Maps], judges: dict[str, Encoder], heads: Any) -> list[float]:
    """Score and gain by each judge, and LPIPS."""
    content, style = (inputs[name]["base_color"].pixels for name in ("source", "style"))
    found, distances = [], []
    for name, encoder in judges.items():
        judgement = Judge(encoder, content, style, heads if name == JUDGE else None).judge(made)
        found += [(judgement.gram + judgement.sliced) / 2, judgement.above_recoloring]
        distances.append(judgement.content)
    return [*found, distances[0]]


if __name__ == "__main__":
    main()
