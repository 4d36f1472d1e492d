"""The measured sets: which ones judge, and which ones teach.

A set of each of ten classes was taken, before the first training, by a rule that looks at no picture: classes with
more than one set, in the order of their names' SHA-256, and of each class the set whose name's SHA-256 is least.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from impasto.surface.color import srgb_to_linear

from ..judges import Judges, base_color

JUDGES = (
    "brick_brick_wall_08",
    "fabric_fabric048",
    "grass_sparse_grass",
    "ground_ground054",
    "metal_metal007",
    "plaster_plastered_wall_03",
    "roof_roofingtiles013a",
    "stone_castle_wall_slates",
    "tiles_tiles036",
    "wood_planks012",
)
"""Sets that are kept out of training and of every choice."""
RELIEF_JUDGES = (
    "bark_bark003",
    "bark_cgb_mossy_bark_02",
    "concrete_concrete001",
    "fabric_fabric003",
    "grass_cgb_grass_01",
    "ground_ground002",
    "marble_3dt_marble_tiles_001",
    "metal_metal012",
    "rock_gray_rocks",
    "rock_rock006",
    "rubber_3dt_rubber_floor_001",
    "rust_rust004",
    "snow_snow015",
    "stone_3dt_stone_wall_012",
    "stone_ph_kings_road_stone_block",
    "thatch_ph_kings_road_thatch",
    "tiles_3dt_terracotta_tiles_003",
    "tiles_tiles074",
    "wood_ph_kings_road_wood",
    "wood_wood067",
)
"""Likewise of a larger collection of sets of 512 px: drawn by chance from its measured surfaces (no stylised ones), at
most two of a material and one of that from each source; 15 have a mean tilt of 5 degrees and more, five less than 3."""


PHOTOGRAPHS = ("brick", "grass", "gravel")
"""Photographs of scikit-image that judge by eye, in `benchmarks/photo_maps_pictures.py`."""
KINDS = ("pbr", "pbr512")
"""Folders of sets in the data."""


def is_judge(name: str) -> bool:
    """Whether a set judges."""
    return name in (*JUDGES, *RELIEF_JUDGES)


def sets(data: Path) -> list[Path]:
    """Folders of all sets of the data."""
    return [path for kind in KINDS for path in sorted((data / kind).iterdir()) if path.is_dir()]


def judges(data: Path) -> Judges:
    """The base colours of the sets that judge, and the photographs."""
    from skimage import data as photographs

    found = Judges(color for path in sets(data) if is_judge(path.name) and (color := base_color(path)) is not None)
    for name in PHOTOGRAPHS:
        found.add(np.repeat(getattr(photographs, name)()[..., None] / np.float32(255), 3, 2))
    return found


def pictures(folder: Path, judged: Judges) -> list[torch.Tensor]:
    """Linear colours (3, H, W) of the photographs in a folder that show no judge, at most 512 px wide."""
    found = []
    for path in sorted(folder.rglob("*.jpg")):
        picture = base_color(path)
        if picture is None or not judged.may_teach(picture):
            continue
        color = srgb_to_linear(picture)
        image = torch.from_numpy(np.ascontiguousarray(color.transpose(2, 0, 1)))
        shrink = max(1.0, image.shape[2] / 512)
        size = [round(side / shrink) for side in image.shape[1:]]
        found.append(torch.nn.functional.interpolate(image[None], size, mode="area")[0])
    return found
