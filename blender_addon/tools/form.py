# SPDX-License-Identifier: GPL-3.0-or-later
"""Form of a result and where it goes: settings in each scene, arguments of operators, and part of each request."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ..bridge import mapping, mesh_masks
from ..bridge.inputs import Source, find_source
from ..bridge.target import ACTIVE, NEW, NONE, Target, target_of
from ..paths import FOLDER_PATH
from .arguments import argument

BITS = (
    ("8", "8 bits", "Small and fast"),
    ("16", "16 bits", "Smooth heights, for true displacement; four times the memory"),
)
MATERIALS = (
    (NEW, "New", "A new material on the selected objects"),
    (ACTIVE, "Active", "The active object's material: its other nodes stay as they are"),
    (NONE, "Images", "New images, no material"),
)
AS_STORED = "AUTO"
COLOR_SPACES = (
    (
        AS_STORED,
        "As in the File",
        "What the file says: its profile or its primaries, and else sRGB, or linear for floats",
    ),
    ("sRGB", "sRGB", "sRGB, whatever the file says"),
    ("Linear Rec.709", "Linear sRGB", "Light in the primaries of sRGB"),
    ("Display P3", "Display P3", "As phones and Apple's computers store photographs"),
    ("Adobe RGB", "Adobe RGB", "As cameras store photographs for printing"),
    ("ProPhoto RGB", "ProPhoto RGB", "As developers of raw files store photographs"),
    ("Rec.2020", "Rec.2020", "As for television, with the curve of a screen"),
    ("Linear Rec.2020", "Linear Rec.2020", "Light in the primaries of Rec.2020"),
    ("ACEScg", "ACEScg", "Light in the primaries of ACES for rendering"),
    ("ACES2065-1", "ACES2065-1", "Light in the primaries of ACES for exchange"),
    ("Non-Color", "Non-Color", "Values as they are stored"),
)
DIRECTIONS = {
    "name": "Directions",
    "description": "Image of where strokes and patterns point up on the mesh, by its UVs: red along U, green along V, "
    "0.5 for none",
}
LOOK = ("width_m", "mapping", "use_displacement", "use_ambient_occlusion")
"""Fields that a material depends on."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """Form of a result, and where it goes.

    name: of the results. out_dir: folder for files. device: empty for that of the preferences. width_m, color_space: of
    the source. across_seams: over the mesh of the objects that the source is a texture of; None: if there is one.
    directions: of strokes and patterns on it. mask_by: what on it is the mask.
    """

    name: str = argument("", "Name", "What the results are called (default: as the source)")
    bits: str = argument("8", "Depth", "Bits of each channel of the results", items=BITS)
    out_dir: str = argument(
        "",
        "Output Folder",
        "Write the maps as files here instead of packing them",
        **FOLDER_PATH,
    )
    replace: bool = argument(
        False, "Replace", "Replace files of the same name in the folder, which otherwise get a number"
    )
    device: str = argument("", "Device", "auto, cpu, cuda, cuda:1 or mps; empty: as in the preferences")
    width_m: float = argument(0.0, "Real Width", "Real-world width of a picture in metres; 0: unknown", min=0)
    color_space: str = argument(
        AS_STORED,
        "Colour Space",
        "What the colours of the source's file are, in place of what it says; an image has its own in its settings",
        items=COLOR_SPACES,
    )
    material: str = argument(NEW, "Material", "Where the result goes", items=MATERIALS)
    mapping: str = argument(
        mapping.AUTO, "Mapping", "How the textures of a new material are mapped to surfaces", items=mapping.CHOICES
    )
    use_displacement: bool = argument(
        False, "True Displacement", "Displace the surface itself (Cycles and EEVEE, finely subdivided meshes)"
    )
    use_ambient_occlusion: bool = argument(
        False, "Ambient Occlusion", "Darken the base colour by the ambient occlusion map"
    )

    across_seams: bool | None = argument(
        None,
        "Across Seams",
        "Work on across the seams of the UVs, on the selected objects that show the material",
        property_default=True,
    )
    directions: Source | None = argument(  # noqa: RUF009  it makes a field
        None,
        *DIRECTIONS.values(),
        read=lambda text, _: find_source(text) if text else None,
    )
    mask_by: str = argument(
        mesh_masks.IMAGE,
        "Mask By",
        "Where a texture of the selected objects is changed, by a tool that takes a mask",
        items=mesh_masks.ITEMS,
    )

    @property
    def scale(self) -> dict[str, float]:
        """Real-world width of the source, if it is known."""
        return {"width_m": self.width_m} if self.width_m > 0 else {}

    def target_called(self, context: bpy.types.Context, name: str) -> Target:
        """Target of a result of this name. ParameterError if the active material cannot take maps."""
        return target_of(context, self.material, name, **{one: getattr(self, one) for one in LOOK})
