"""Measures how well StackGAN's pictures fit held-out captions, and draws sheets beside the procedural materials.

    impasto captions draw --seed 1 --count 4 --out unseen/drawn
    impasto captions write unseen/real
    python benchmarks/stackgan.py unseen/drawn unseen/real --model NAME --out out/stackgan

The folders hold map sets with captions that the model has not seen. Prints colour and class, with captions of other
pictures as the control of each; writes `sheet.jpg`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from phrase_materials import asked_color, difference
from PIL import Image

from impasto import Maps, Recipe, RunOptions, Step, match, run
from impasto.data.dataset import Dataset, read_dataset
from impasto.surface.color import srgb_to_linear
from impasto.surface.color_tensors import linear_to_oklab
from impasto_phrase.matcher import read_phrase
from impasto_phrase.stackgan.captions import mean_color
from impasto_procedural.matching.classifier import bundled_classifier
from impasto_procedural.matching.features import SIDE_PX, features_of

SIDE_PX_MADE = 256
MOST = 100
PHRASES = (
    *("old red brick wall", "mossy grey stone wall", "light oak parquet", "lush green grass", "blue ceramic tiles"),
    *("wet dark cobblestones", "white marble", "dirty #336699 woven cloth", "灰色的混凝土", "橙色的瓦片"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--model", default="")
    parser.add_argument("--models", type=Path, help="folder of the model, if it is not in the library")
    parser.add_argument("--out", type=Path, default=Path("out/stackgan"))
    options = parser.parse_args()
    if options.models:
        os.environ["IMPASTO_MODELS"] = str(options.models)
    options.out.mkdir(parents=True, exist_ok=True)
    sheet(options.model).save(options.out / "sheet.jpg", quality=85)
    for folder in options.data:
        print(f"{folder.name}:", flush=True)
        judge(read_dataset(folder, longest_px=SIDE_PX_MADE), options.model)


def made(text: str, model: str, seed: int = 0, side_px: int = SIDE_PX_MADE, stage: str = "both") -> Maps:
    parameters = {"text": text, "model": model, "stage": stage, "width_px": side_px, "height_px": side_px}
    return run(Recipe((Step("stackgan", parameters),), seed), None, RunOptions(device="cpu")).maps


def judge(data: Dataset, model: str) -> None:
    """Print figures of one picture for a caption of each sample, and of captions of other samples."""
    rng = np.random.default_rng(0)
    samples = [data.samples[index] for index in rng.permutation(len(data.samples))[:MOST]]
    texts = [str(rng.choice(sample.captions)) for sample in samples]
    pictures = [made(text, model, seed) for seed, text in enumerate(texts)]
    slots = [read_phrase(text).slots for text in texts]
    asked = [None if "shade" in one else asked_color(one) for one in slots]
    colored = [index for index, color in enumerate(asked) if color is not None]
    found = [mean_color(maps) for maps in pictures]
    print_distances("asked and made colour", [asked[i] for i in colored], [found[i] for i in colored], rng)
    print_distances("data's and made colour", [mean_color(sample.load()) for sample in samples], found, rng)
    materials = [read_phrase(text).material for text in texts]
    print_classes("made", materials, pictures, rng)
    print_classes("data", materials, [sample.load() for sample in samples], rng)


def print_distances(name: str, wanted: Sequence, found: Sequence, rng: np.random.Generator) -> None:
    """Print the mean CIEDE2000 between pairs of sRGB colours, and between pairs that do not belong together."""
    found = np.array(found)
    pairs, others = (difference(np.array(wanted), side).mean() for side in (found, rng.permutation(found)))
    print(f"  {name}: ΔE00 {pairs:.1f}, of others {others:.1f}")


def print_classes(name: str, materials: Sequence, pictures: Sequence[Maps], rng: np.random.Generator) -> None:
    """Print how often a classifier of photographs gives the asked material, and one asked for in another caption."""
    known = [index for index, material in enumerate(materials) if material in bundled_classifier().names]
    ranks = {index: list(bundled_classifier().probabilities(features_of(lab_of(pictures[index])))) for index in known}
    others = dict(zip(known, rng.permutation(known), strict=True))
    for count in (1, 3):
        right = np.mean([materials[index] in ranks[index][:count] for index in known])
        wrong = np.mean([materials[others[index]] in ranks[index][:count] for index in known])
        print(f"  {name}: asked material among the first {count} of the classifier {right:.0%}, of others {wrong:.0%}")


def lab_of(maps: Maps) -> torch.Tensor:
    """The base colour (3, SIDE_PX, SIDE_PX) in Oklab."""
    linear = torch.from_numpy(srgb_to_linear(maps["base_color"].pixels)).permute(2, 0, 1)[None]
    return linear_to_oklab(torch.nn.functional.interpolate(linear, (SIDE_PX, SIDE_PX), mode="area")[0])


def sheet(model: str) -> Image.Image:
    """A row for each way: procedural, Stage I, both stages, both with another seed; a column for each phrase."""
    rows = []
    for text in PHRASES:
        drawn = run(match("phrase", text, seed=1, size_px=(SIDE_PX_MADE, SIDE_PX_MADE)).recipe).maps
        column = [drawn, made(text, model, 1, stage="first"), made(text, model, 1), made(text, model, 2)]
        rows.append(np.concatenate([maps["base_color"].pixels for maps in column], 0))
        print(text, flush=True)
    return Image.fromarray((np.concatenate(rows, 1) * 255).round().astype(np.uint8)).resize((1600, 640), Image.LANCZOS)


if __name__ == "__main__":
    main()
