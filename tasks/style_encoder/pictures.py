"""The pictures that the style encoder learns from: thumbnails of materials, map sets, textures, procedural materials,
and some photographs and paintings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto import Recipe, Step, run
from impasto.data.dataset import Dataset, Sample, read_dataset
from impasto_procedural.catalogue import all_materials

from ..judges import Judges, base_color

FOLDERS = {"texture_sheets": 128, "pbr": 512, "textures": 512, "photos": 512, "paintings": 512}
"""Longest side of the pictures of each folder of the data, in pixels."""
UNLABELLED = ("photos", "paintings")
JUDGES = frozenset(
    {
        *("astronaut", "cameraman", "canyon_ashim_dsilva", "cat_chelsea", "coffee", "grand_canyon"),
        *("hubble_deep_field", "st_basils_cathedral"),
        *("dalziel_crypt", "hokusai_great_wave", "monet_water_lilies", "munch_scream", "seurat_grande_jatte"),
        "vangogh_starry_night",
    }
)
"""Photographs and paintings with which stylizers are judged: kept out of the training, under any name."""
SEEDS = range(4)
PROCEDURAL_PX = 256


@dataclass(frozen=True)
class Picture:
    """pixels: sRGB, uint8 (3, H, W). label: its kind of material, "" for none."""

    pixels: Tensor
    label: str


def pictures(data: Path) -> tuple[list[Picture], list[dict[str, Any]]]:
    """All pictures below a folder of data that show no judge, and their sources."""
    found: list[Picture] = []
    sources: list[dict[str, Any]] = []
    judged = judges(data)
    for name, longest_px in FOLDERS.items():
        dataset = read_dataset(data / name, longest_px=longest_px)
        taught = list(photographed(dataset, judged, is_labelled=name not in UNLABELLED))
        found += [picture for _, picture in taught]
        sources += replace(dataset, samples=tuple(sample for sample, _ in taught)).sources()
    return found, sources


def judges(data: Path) -> Judges:
    """The photographs and paintings of the data that judge."""
    paths = (path for name in UNLABELLED for path in sorted((data / name).iterdir()) if path.stem in JUDGES)
    return Judges(color for path in paths if (color := base_color(path)) is not None)


def photographed(dataset: Dataset, judged: Judges, is_labelled: bool) -> Iterator[tuple[Sample, Picture]]:
    """Samples of a dataset and their base colours, but those that show a judge."""
    for sample in dataset.samples:
        pixels = sample.load()["base_color"].pixels
        if judged.may_teach(pixels):
            yield sample, Picture(as_bytes(pixels), (sample.label or "").removesuffix("s") if is_labelled else "")


def procedural() -> Iterator[Picture]:
    """Base colours of all procedural materials, in several variations; each is a class of its own."""
    for tool in all_materials():
        for seed in SEEDS:
            size = {"width_px": PROCEDURAL_PX, "height_px": PROCEDURAL_PX}
            maps = run(Recipe((Step(tool.name, size),), seed)).maps
            yield Picture(as_bytes(maps["base_color"].pixels), f"procedural {tool.name}")


def as_bytes(pixels: np.ndarray) -> Tensor:
    """sRGB in [0, 1], (H, W, 3), as uint8 (3, H, W)."""
    return torch.from_numpy((pixels.clip(0, 1) * 255 + 0.5).astype(np.uint8)).permute(2, 0, 1).contiguous()


def resized(pixels: Tensor, side_px: int) -> Tensor:
    """A square of a picture, uint8 (3, s, s), as (3, side_px, side_px) in [0, 1]."""
    square = pixels[None].float() / 255
    return interpolate(square, size=(side_px, side_px), mode="bilinear", antialias=True, align_corners=False)[0]
