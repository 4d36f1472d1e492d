# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say which objects share a set of maps, and whose surface it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..core.errors import ParameterError
from ..tools.form import argument

EACH, ONE = "EACH", "ONE"
CHOSEN, BAKED_BEFORE = "CHOSEN", "BAKED"
OWN, SELECTED, NAMED = "OWN", "SELECTED", "NAMED"


@dataclass(frozen=True)
class BakeTargets:
    """Objects that share a set of maps, and those whose surface it shows. extrusion, ray_distance: in Blender units."""

    target: str = argument(
        EACH,
        "Target",
        "Which objects share a set of maps",
        items=(
            (EACH, "Each Object", "A set of maps for each selected object"),
            (ONE, "All in One", "One set of maps for all selected objects, whose UV islands share the square"),
        ),
    )
    objects: str = argument(
        CHOSEN,
        "Objects",
        "Which objects are baked",
        items=(
            (CHOSEN, "Selected", "The selected objects"),
            (BAKED_BEFORE, "Baked Before", "All objects of the scene that have baked images, selected or not"),
        ),
    )
    surface: str = argument(
        OWN,
        "Surface",
        "Whose surface the maps show",
        items=(
            (OWN, "Own", "Each object's own"),
            (SELECTED, "Selected to Active", "That of the other selected objects, on the active one"),
            (NAMED, "By Names", "That of the high objects of the same name, on each selected low one"),
        ),
    )
    use_tiles: bool = argument(
        False, "UDIM Tiles", "Bake all tiles that the UVs use, each of the given size, into one tiled image"
    )
    low_suffix: str = argument("_low", "Low Suffix", "End of the names of low objects")
    high_suffix: str = argument(
        "_high", "High Suffix", "End of the names of high objects, which another part may follow"
    )
    cage_suffix: str = argument("_cage", "Cage Suffix", "End of the names of cages")
    extrusion: float = argument(
        0.0, "Extrusion", "How far above the low surface rays begin; 0 finds it", min=0.0, subtype="DISTANCE"
    )
    ray_distance: float = argument(
        0.0, "Ray Distance", "How far rays go from where they begin; 0 finds it", min=0.0, subtype="DISTANCE"
    )

    def check_suffixes(self) -> None:
        """Raise ParameterError unless the suffixes tell low, high and cage apart."""
        suffixes = [one.lower() for one in (self.low_suffix, self.high_suffix, self.cage_suffix)]
        if not all(suffixes) or len(set(suffixes)) < len(suffixes):
            raise ParameterError("The suffixes of low, high and cage are not three different ones", "write three")


def base_of(name: str, suffix: str) -> str:
    """The part of an object's name before a suffix, in lower case; "" if it has none.

    More may follow: `crate_high.001` and `crate_high_bolts` belong to `crate`. Letters that follow at once make another
    word, as in `crate_highway`.
    """
    if suffix.lower() not in name.lower():
        return ""
    found = re.match(rf"(.+?){re.escape(suffix.lower())}(?![^\W\d_])", name.lower())
    return found[1] if found else ""
