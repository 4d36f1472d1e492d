"""Kinds of material that the network learns to recognise: those of the measured sets, and of labelled thumbnails."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from impasto_photo_maps.kinds import KINDS

from ..judges import Judges
from .surfaces import Surfaces

CLASSES: Mapping[str, tuple[str, ...]] = {
    "concrete": ("asphalt", "road", "officeceiling"),
    "bricks": ("brick",),
    "fabric": ("carpet",),
    "grass": ("moss",),
    "ground": ("leaves", "pineneedles", "scatteredleaves"),
    "marble": ("onyx", "porcelain", "terrazzo", "granite", "travertine"),
    "metal": ("metalplates", "metalwalkway", "corrugated", "corrugatedsteel", "diamondplate", "foil"),
    "paving": ("pavingstones",),
    "plaster": ("wallpaper", "paint", "clay"),
    "plastic": ("rubber",),
    "rock": ("rocks",),
    "roof": ("roofingtiles", "thatch", "thatchedroof"),
    "snow": ("ice",),
    "stones": ("stone",),
    "tiles": ("glazedterracotta",),
    "wood": ("bamboo", "woodfloor", "woodsiding", "planks", "chipboard", "logs"),
}
"""Names of classes that belong to a kind besides its own."""
UNKNOWN = -1
UNLIKE = 3
"""Number of surfaces like all others that are added to those of a kind."""


def kind_of(name: str) -> int:
    """Number of the kind of a set called CLASS_NAME, or of a class; `UNKNOWN` if it has none."""
    found = name.split("_")[0].lower()
    for number, kind in enumerate(KINDS):
        if found == kind or found in CLASSES.get(kind, ()):
            return number
    return UNKNOWN


def usual(surfaces: Sequence[Surfaces], kinds: Sequence[int], known: Sequence[bool]) -> dict[str, tuple[float, float]]:
    """The mean tilt in degrees and the roughness of each kind, of surfaces and their kinds.

    Means of logarithms and medians, drawn towards those of all surfaces as if `UNLIKE` more had these. known: whether a
    surface's roughness is.
    """
    tilts = np.array([float(one.slopes.square().sum(0).sqrt().atan().rad2deg().mean()) for one in surfaces])
    logs, rough = np.log(tilts + 0.5), np.array([float(one.roughness.mean()) for one in surfaces])
    of_each, is_known = np.array(kinds), np.array(known)
    found = {}
    for number, kind in enumerate(KINDS):
        own, finish = logs[of_each == number], rough[(of_each == number) & is_known]
        angle = math.exp((own.sum() + UNLIKE * logs.mean()) / (len(own) + UNLIKE))
        middle = len(finish) * np.median(finish) if len(finish) else 0.0
        roughness = (middle + UNLIKE * np.median(rough[is_known])) / (len(finish) + UNLIKE)
        found[kind] = round(angle, 1), round(float(roughness), 2)
    return found


def thumbnails(folder: Path, judged: Judges) -> list[tuple[Tensor, int]]:
    """sRGB pictures (3, h, w) of the contact sheets in a folder that show no judge, and their kinds or `UNKNOWN`."""
    return [(picture, kind_of(name)) for picture, name, _ in named_thumbnails(folder, judged)]


def named_thumbnails(folder: Path, judged: Judges) -> Iterator[tuple[Tensor, str, int]]:
    """The same pictures, with the names of their classes and their numbers in these."""
    index = json.loads((folder / "index.json").read_text())
    side = index["tile"]
    for sheet, corners in index["boxes"].items():
        with Image.open(folder / sheet) as picture:
            whole = np.asarray(picture.convert("RGB"), np.float32) / 255
        for number, (left, top) in enumerate(corners):
            part = whole[top : top + side, left : left + side]
            if judged.may_teach(part):
                yield torch.from_numpy(part.transpose(2, 0, 1).copy()), Path(sheet).stem, number
