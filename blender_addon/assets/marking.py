# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.mark_asset`: an asset with a rendered preview, and what its recipe says of it.

The worker renders the preview, since Blender renders none in the background. Without an engine it is the base colour.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import numpy as np

from ..bridge import images, replaced, surfaces
from ..bridge.target import chosen_material
from ..core.engine.messages import RELIT, ResultView
from ..core.errors import ImpastoError, Message, ParameterError
from ..core.io.assets import CLASS_WORDS, ROOT_CATALOG, AssetText, asset_text, catalog_id, catalog_path
from ..core.system.untrusted import printable
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.operator import TaskOperator
from ..jobs.session import connect, push_undo
from ..jobs.task import Task, TaskReport
from ..material.using import NAMED
from ..tools.action import WorkerAction
from . import catalogs

PREVIEW_PX = 256
LONGEST_PX = 512
"""Longer side of the maps that the preview shows."""
MEAN_PX = 32
"""Longer side of the base colour, whose mean is named in the description."""
LIGHT_DEGREES = 135.0, 45.0
"""Azimuth and elevation of the preview's light."""


class IMPASTO_OT_mark_asset(TaskOperator, bpy.types.Operator):
    """Mark the material as an asset: with a rendered preview, a catalogue, and tags of what it was made of"""

    bl_label = "Mark as Asset"
    needs_engine = False

    material: NAMED

    @classmethod
    def poll_message(cls, _context: bpy.types.Context) -> str:
        return "" if bpy.data.materials else "There is no material yet"

    def task(self, context: bpy.types.Context) -> Task:
        material = chosen_material(context, self.material)
        if material.library is not None:
            raise ParameterError("the material {} is linked from another file", "mark it there", material.name)
        return mark_task(material)


def mark_task(material: bpy.types.Material) -> Task:
    """Task that renders a material's preview and marks it as an asset."""
    name, can_render = material.name, surfaces.has_base_color(material) and not engine.poll_message()
    if can_render:
        pixels_of = surfaces.read(material, surfaces.lit_maps(surfaces.map_nodes(material)), LONGEST_PX)
        connected, action = connect(), WorkerAction.as_it_is(pixels_of)

    def work(task: Task) -> np.ndarray | ImpastoError | None:
        if not can_render:
            return None
        azimuth, elevation = LIGHT_DEGREES
        view = ResultView("relit", side_px=PREVIEW_PX, azimuth=azimuth, elevation=elevation, frames=1)
        try:
            return action.answer(task, connected(), view).arrays[RELIT][0][:, :PREVIEW_PX]
        except ImpastoError as error:  # it still becomes an asset
            return error

    def apply(picture: np.ndarray | ImpastoError | None) -> TaskReport:
        found = bpy.data.materials.get(name)
        if found is None:
            raise ParameterError("the material {} was deleted meanwhile", "undo that, and mark it again", name)
        failed = isinstance(picture, ImpastoError)
        mark(found, None if failed else picture)
        push_undo("Impasto: Mark as Asset")
        said = Message("Marked the material {} as an asset", name)
        if failed:
            return TaskReport("WARNING", Message("{}; its preview is not rendered: {}", said, picture))
        return TaskReport("INFO", said)

    return Task("Mark as Asset", work, apply)


def mark(material: bpy.types.Material, picture: np.ndarray | None = None) -> None:
    """Mark a material as an asset, and forget the materials it replaced; an existing asset is described anew.

    picture: its preview, uint8 (H, W, 3) with row 0 at the top; without one, it is the base colour.
    """
    color = surfaces.map_nodes(material).get("base_color")
    material.asset_mark()
    replaced.release(material)
    mean = images.small(color.image, MEAN_PX)[..., :3].mean((0, 1)) if color else None
    tools = {tool["name"]: tool for tool in catalogue}
    describe(material, asset_text(images.recipe_in(material), tools, catalogue.models, mean))
    if picture is not None:
        put_preview(material, with_alpha(picture))
    elif color:
        put_preview(material, images.small(color.image, PREVIEW_PX))


def describe(material: bpy.types.Material, text: AssetText) -> None:
    """Describe an asset by a text; a catalogue that the user chose stays."""
    catalog = material.asset_data.catalog_id
    if catalogs.catalog_of(material) in (catalogs.NO_CATALOG, *_our_catalogs()):
        file = Path(bpy.data.filepath) if bpy.data.filepath else None
        ids = catalogs.add_catalogs(catalogs.folder_of_file(file), [text.catalog]) if file else {}
        catalog = ids.get(text.catalog) or catalog_id(text.catalog)
    put_text(material, text, catalog)


def put_text(material: bpy.types.Material, text: AssetText, catalog: str) -> None:
    """Give an asset a text and the id of its catalogue; fields that are empty in the text stay."""
    about = material.asset_data
    about.catalog_id = catalog
    for tag in text.tags:
        about.tags.new(tag, skip_if_exists=True)
    about.description = text.description or about.description
    about.license = text.license or about.license


def with_alpha(picture: np.ndarray) -> np.ndarray:
    """A picture, uint8 (H, W, 3) with row 0 at the top, as Blender's floats (H, W, 4) with row 0 at the bottom."""
    color = picture[::-1].astype(np.float32) / 255
    return np.concatenate([color, np.ones((*color.shape[:2], 1), np.float32)], axis=2)


def put_preview(item: bpy.types.ID, pixels: np.ndarray) -> None:
    """Make pixels (H, W, 4), row 0 at the bottom, the preview of a datablock."""
    preview = item.preview_ensure()
    preview.image_size = pixels.shape[1::-1]
    preview.image_pixels_float.foreach_set(pixels.ravel())


def _our_catalogs() -> dict[str, str]:
    """Paths of the catalogues that results are put into, by id."""
    kinds = {*CLASS_WORDS, *(tool["subgroup"] for tool in catalogue if tool["group"] == "Make"), ""}
    return {catalog_id(path): path for path in map(catalog_path, kinds)}


def _file_saved(*_: object) -> None:
    """Add the catalogues of our assets to the folder of the saved file."""
    ours = _our_catalogs()
    tagged = (one for one in bpy.data.materials if one.asset_data and ROOT_CATALOG in one.asset_data.tags)
    if used := {ours[id_] for one in tagged if not one.library and (id_ := catalogs.catalog_of(one)) in ours}:
        try:
            catalogs.add_catalogs(catalogs.folder_of_file(Path(bpy.data.filepath)), used)
        except ImpastoError as error:  # the file itself is saved
            print(printable(f"Impasto: {error}"), file=sys.stderr)


HANDLERS = (("save_post", _file_saved),)
