# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe of a batch: of a panel's tool, of a file, or of an image; and the files of its other inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy

from ..bridge import encode, image_editors, images
from ..bridge.inputs import SOURCE, Source, existing
from ..bridge.recipe_inputs import all_sources
from ..core.descriptions import DIRECTIONS, MESH
from ..core.errors import ParameterError
from ..core.recipe import Recipe, name_inputs
from ..core.system.names import usable_name
from ..core.system.untrusted import make_folder, read_json
from ..engine.catalogue import catalogue
from ..generate import request as generate_request
from ..stylize import request as stylize_request
from ..tools.missing import tool_poll_message
from ..tools.request import Request

TEXTURE, STYLE, RECIPE, IMAGE = "TEXTURE", "STYLE", "RECIPE", "IMAGE"
ANY = Path("source")
"""Source of a request that is made into a recipe for many."""


@dataclass(frozen=True)
class AppliedRecipe:
    """A recipe for each material. name: of its file. inputs: images and files by their names in the recipe."""

    name: str
    recipe: Recipe
    inputs: Mapping[str, Source | None] = field(default_factory=dict)

    @classmethod
    def of_request(cls, request: Request) -> AppliedRecipe:
        """Of a tool with its parameters and inputs. ParameterError if it makes nothing of a material."""
        tool = catalogue[request.tool]
        if tool["kind"] == "trainer" or not tool["uses_subject"]:
            message = f"{tool['label']} makes nothing of a material"
            raise ParameterError(message, "choose a tool that changes its source")
        recipe = replace(request, source=ANY).recipe()
        return cls(request.tool, recipe, name_inputs(request.inputs)[1])

    @classmethod
    def of_file(cls, path: Path) -> AppliedRecipe:
        """Of a recipe's file. FileError if it cannot be read."""
        recipe = Recipe.from_dict(read_json(existing(path)))
        return cls(usable_name(path.stem), *_without_record(recipe, folder=path.parent))

    @classmethod
    def of_image(cls, image: bpy.types.Image) -> AppliedRecipe:
        """Of the recipe that made an image. FileError if it has none."""
        return cls(usable_name(Path(image.name).stem), *_without_record(images.recipe_of(image), image))

    def write(self, folder: Path) -> tuple[str, dict[str, str]]:
        """Write the recipe and the images that no file has; the recipe's name in the folder, and the files' paths."""
        make_folder(folder)
        file = folder / f"{self.name}.json"
        file.write_text(self.recipe.to_json(), encoding="utf-8")
        given = {name: source for name, source in self.inputs.items() if source is not None}
        return file.name, {name: _file_of(name, source, folder) for name, source in given.items()}


def _without_record(
    recipe: Recipe, image: bpy.types.Image | None = None, folder: Path | None = None
) -> tuple[Recipe, dict[str, Source]]:
    """The recipe without what it was made with and of, and its inputs besides the source and what that lies on."""
    others = {name: about for name, about in recipe.inputs.items() if name not in (SOURCE, MESH, DIRECTIONS)}
    return Recipe(recipe.steps, recipe.seed), all_sources(replace(recipe, inputs=others), image, folder)


def _file_of(name: str, source: Source, folder: Path) -> str:
    """Path of an input's file, relative to the folder if it is written there."""
    if isinstance(source, Path):
        return existing(source).absolute().as_posix()
    plain = images.read(source)
    if isinstance(plain, Path):
        return plain.absolute().as_posix()
    return encode.write(source, make_folder(folder / name)).relative_to(folder).as_posix()


def chosen_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """Image whose recipe the panel uses: the one chosen there, or else one that an image editor shows."""
    shown = [space.image for space in image_editors.image_editors() if images.has_recipe(space.image)]
    return context.scene.impasto_batch.image or next(iter(shown), None)


def tool_of(context: bpy.types.Context, apply: str) -> str:
    """Name of the tool of the panel whose recipe is used."""
    return (context.scene.impasto if apply == TEXTURE else context.scene.impasto_style).tool


def of_panel(context: bpy.types.Context, apply: str) -> AppliedRecipe:
    """Recipe of the Impasto panel or the Style panel."""
    of = generate_request if apply == TEXTURE else stylize_request
    return AppliedRecipe.of_request(of.from_scene(context))


def poll_message(context: bpy.types.Context, settings: bpy.types.PropertyGroup) -> str:
    """Reason why the panel's settings give no recipe; empty if they do. Cheap enough for a panel."""
    if settings.apply == RECIPE:
        return "" if settings.recipe else "Choose a recipe"
    if settings.apply == IMAGE:
        return "" if images.has_recipe(chosen_image(context)) else "Choose an image that Impasto made"
    name = tool_of(context, settings.apply)
    if name in catalogue and not catalogue[name]["uses_subject"]:
        return f"{catalogue[name]['label']} makes nothing of a material: choose a tool that changes its source"
    return tool_poll_message(context.scene, name)
