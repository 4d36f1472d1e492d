"""Sets and thumbnails that are known to be bare metal, by their `metallic` maps, their classes, and by eye.

Paint and rust on metal are none. 84 thumbnails show bare metal; 28 of these, as 68 of others, are one flat colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

METALS = ("metal", "rust", "foil", "chainmail", "corrugated", "metalplates", "metalwalkway", "diamondplate")
"""Classes of sets some of which are metal."""
UNSURE = (*METALS, "net", "facade", "scifi")
"""Classes of sets whose `metallic` is unknown unless they have a map of it."""
BARE_SETS = (
    "metal_metal001",
    "metal_metal030",
    "metal_metal034",
    "metal_metal035",
    "metal_metal036",
    "metal_metal042a",
    "metal_metal048c",
    "foil_foil002",
)
"""Sets without a map of `metallic` that are bare metal everywhere."""
PAINTED_SETS = ("corrugated_corrugatedsteel001",)
"""Sets without a map of `metallic` that are painted everywhere."""
BARE_CLASSES = ("Metal", "CorrugatedSteel", "DiamondPlate", "Chainmail", "Foil")
"""Classes of thumbnails that are bare metal, but for those below, by their places in the index."""
MIXED: Mapping[str, Sequence[int]] = {
    "Metal": (12, *range(14, 20), 21, 22, 24, 25, 41, 42, 63, 64, 66, 67, *range(69, 74), 78, 79),
    "CorrugatedSteel": (2, 7, 9, 10, 13),
    "DiamondPlate": (6, 10, 14),
    "Net": range(8),
    "SolarPanel": range(4),
}
"""Thumbnails that are partly bare metal, or of which nothing is known."""
PAINTED: Mapping[str, Sequence[int]] = {
    "CorrugatedSteel": (0, 1, 3, 5, 6, 8, 11, 12),
    "DiamondPlate": (4, 5, 8, 9, 12, 13),
}


def knows_metal(name: str, has_map: bool) -> bool:
    """Whether it is known where a set called CLASS_NAME is bare metal."""
    return has_map or name in (*BARE_SETS, *PAINTED_SETS) or name.split("_")[0] not in UNSURE


def metal_of_thumbnail(name: str, number: int) -> float | None:
    """Whether the thumbnail of a class at a place of its sheet is bare metal: 1, 0, or None if nothing is known."""
    if number in MIXED.get(name, ()):
        return None
    return float(name in BARE_CLASSES and number not in PAINTED.get(name, ()))
