"""Judges the bundled encoder: a stylizer with it, with random filters of its shape, with other weights, and patches.

    python tests/benchmarks/style_encoder.py --data DIR --weights DIR --heads FILE --out out/style_encoder

The pictures are those of DIR/photos and DIR/paintings that the encoder did not learn from. Judged by SqueezeNet and by
the first layers of VGG19, which had no part in the training (see `style_judging`): the score (0: the photograph, 1: the
painting), in brackets what it is above that of recolouring alone, and LPIPS from the photograph. Writes the pictures,
a sheet for each photograph, and table.md. Pictures that are in the folder already are kept, such as those of an arm
`before` that another version painted; they have no seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from grids import Cell, grid
from PIL import Image
from style import JUDGE, SECOND_JUDGE
from style_judging import Judge, read_heads
from style_pictures import caption_of
from tasks.style_encoder.network import StyleEncoderNetwork

from impasto import Maps, Recipe, Step, read_maps, run
from impasto.context import Context
from impasto.plugins import registry
from impasto_style.gatys import painting as gatys
from impasto_style.neighbours import painting as neighbours
from impasto_style.shared.architectures import ARCHITECTURES, load_encoder
from impasto_style.shared.controls import BUNDLED
from impasto_style.shared.encoder import Encoder, Pooling
from impasto_style.shared.resampling import as_image, as_tensor, resized, scaled_size

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
PATCHES, RANDOM = "patches", "random"
MODULES = {"neighbours": neighbours, "gatys": gatys}


def main() -> None:
    """Print a line for each arm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--weights", type=Path, required=True, metavar="DIR", help="library of weights")
    parser.add_argument("--heads", type=Path, metavar="FILE", help="LPIPS' heads for SqueezeNet, as safetensors")
    parser.add_argument("--out", type=Path, default=Path("out/style_encoder"), metavar="DIR")
    parser.add_argument("--tool", default="neighbours", choices=MODULES, help="(default: neighbours)")
    parser.add_argument("--px", type=int, default=256, help="longer side (default: 256)")
    parser.add_argument("--photos", nargs="+", default=PHOTOS, metavar="NAME")
    parser.add_argument("--paintings", nargs="+", default=PAINTINGS, metavar="NAME")
    parser.add_argument("--arms", nargs="+", default=(PATCHES, RANDOM, BUNDLED, "vgg19-small"), metavar="ARM")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    context = Context(weights=registry().weights_library(options.weights))
    judges = {name: load_encoder(name, context) for name in (JUDGE, SECOND_JUDGE)}
    heads = read_heads(options.heads) if options.heads else None
    lines = ["| arm | SqueezeNet | VGG19 | LPIPS | CPU s |", "| --- | --- | --- | --- | --- |"]
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
                    made, seconds = painted(options.tool, arm, inputs, context)
                    Image.fromarray((255 * made.clip(0, 1)).astype(np.uint8)).save(file)
                rows.append([*judged(read_maps(file)["base_color"].pixels, inputs, judges, heads), seconds])
        means = np.mean(rows, 0)
        squeeze, gain, vgg, vgg_gain, lpips, seconds = means
        lines.append(
            f"| {arm} | {squeeze:.2f} ({gain:+.2f}) | {vgg:.2f} ({vgg_gain:+.2f}) | {lpips:.2f} | {seconds:.1f} |"
        )
        print(lines[-1], flush=True)
    (options.out / "table.md").write_text("\n".join(lines) + "\n")
    for photo in options.photos:
        sheet_of(photo, options).save(options.out / f"sheet_{photo}.jpg", quality=85)


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
    small = resized(picture, scaled_size(picture, px / max(picture.shape[2:])))
    return Maps.from_arrays({"base_color": as_image(small)}, name=path.stem)


def painted(tool: str, arm: str, inputs: dict[str, Maps], context: Context) -> tuple[np.ndarray, float]:
    """The photograph repainted by an arm (H, W, 3), and CPU seconds."""
    begun = time.process_time()
    with encoder_of(arm, MODULES[tool], context):
        tool = "patches-style" if arm == PATCHES else tool
        recipe = Recipe((Step(tool, {}, {"style": "style"}),), 1)
        pixels = run(recipe, inputs).maps["base_color"].pixels
    return pixels, time.process_time() - begun


@contextmanager
def encoder_of(arm: str, module: ModuleType, context: Context) -> Iterator[None]:
    """The encoder of an arm in place of those that a stylizer's module loads."""
    if arm == PATCHES:
        yield
        return
    encoder = random_filters() if arm == RANDOM else load_encoder(arm, context)

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
