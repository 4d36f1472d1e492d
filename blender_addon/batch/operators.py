# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.batch`, the panel's button and the call for scripts; the list of its jobs, retries, the contact sheet."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..bridge import image_editors
from ..bridge.inputs import image_called
from ..core.errors import ImpastoError, ParameterError
from ..jobs.operator import InstantOperator, TaskOperator
from ..jobs.task import Place, Task, TaskReport
from ..paths import absolute
from ..tools.arguments import ensure_known, given_properties, values_in, values_of, values_over, with_properties
from ..tools.request import Request
from . import recipes, results
from .chosen import SELECTED, selected_materials
from .recipes import IMAGE, RECIPE, AppliedRecipe
from .request import BatchOutput, BatchProperties, BatchRequest, out_folder


@with_properties(Request, "parameters", "inputs", "seed", "device")
class Batch(BatchProperties, TaskOperator):
    """Mixin: an operator on the batch that the panel is set to; arguments of a call override the panel."""

    place = Place.BATCH

    tool: StringProperty(
        name="Tool", description="Name of the tool, with its defaults for all that is not given; empty: see Recipe"
    )
    image: StringProperty(name="Image", description="Name of an image whose recipe is used")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        settings = context.scene.impasto_batch
        if settings.what == SELECTED and not selected_materials(context):
            return "Select objects with materials"
        return recipes.poll_message(context, settings) or (
            "" if settings.out_dir else "Choose a folder for the results"
        )

    def request(self, context: bpy.types.Context) -> BatchRequest:
        """The request. ImpastoError if a setting is wrong."""
        settings = context.scene.impasto_batch
        output = values_over(BatchOutput, settings, self) | given_properties(self, ("device",))
        return BatchRequest(
            self._applied_recipe(context), BatchOutput(**output), **values_over(BatchRequest, settings, self)
        )

    def _applied_recipe(self, context: bpy.types.Context) -> AppliedRecipe:
        settings = context.scene.impasto_batch
        if self.tool:
            ensure_known(self.tool)
            return AppliedRecipe.of_request(Request(**values_of(Request, self)))
        apply = given_properties(self, ("apply",)).get("apply", settings.apply)
        if self.recipe or (apply == RECIPE and not self.image):
            path = self.recipe or settings.recipe
            if not path:
                raise ParameterError("no recipe is given", "choose a file")
            return AppliedRecipe.of_file(Path(absolute(path)))
        if self.image or apply == IMAGE:
            image = image_called(self.image) if self.image else recipes.chosen_image(context)
            if image is None:
                raise ParameterError("no image is given", "choose one that Impasto made")
            return AppliedRecipe.of_image(image)
        ensure_known(recipes.tool_of(context, apply))
        return recipes.of_panel(context, apply)


class IMPASTO_OT_batch(Batch, bpy.types.Operator):
    """Apply a recipe to many materials, in several processes; what is done already is not done again"""

    bl_label = "Run Batch"

    def task(self, context: bpy.types.Context) -> Task:
        return self.request(context).task(context)


class IMPASTO_OT_batch_list(Batch, bpy.types.Operator):
    """List what the batch would make, and write its table of jobs"""

    bl_label = "List"

    def task(self, context: bpy.types.Context) -> Task:
        return self.request(context).list_task(context)


@with_properties(BatchOutput, "out_dir")
class InFolder:
    """Mixin: an operator on the folder of the results. needed: file in it without which there is nothing to do."""

    needed = ""

    @classmethod
    def is_useful(cls, context: bpy.types.Context) -> bool:
        """Whether the file is there."""
        try:
            return (out_folder(context.scene.impasto_batch.out_dir) / cls.needed).is_file()
        except ImpastoError:
            return False

    def folder(self, context: bpy.types.Context) -> Path:
        """The given folder, or the panel's. ParameterError if there is none."""
        given = values_of(BatchOutput, self).get("out_dir")
        return out_folder(given or context.scene.impasto_batch.out_dir)


class IMPASTO_OT_batch_retry(InFolder, TaskOperator, bpy.types.Operator):
    """Make only the jobs that failed, which are listed in failures.jsonl"""

    bl_label = "Retry Failures"
    place = Place.BATCH
    needed = results.FAILURES

    def task(self, context: bpy.types.Context) -> Task:
        output = values_in(BatchOutput, context.scene.impasto_batch) | {"out_dir": str(self.folder(context))}
        return BatchOutput(**output).retry_task()


class IMPASTO_OT_batch_sheet(InFolder, InstantOperator, bpy.types.Operator):
    """Show the contact sheet of the results in an image editor"""

    bl_label = "Contact Sheet"
    needed = results.SHEET

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if bpy.app.background or cls.is_useful(context) else "There is no contact sheet yet"

    def do(self, context: bpy.types.Context) -> TaskReport:
        image = self._load(self.folder(context) / self.needed)
        if not bpy.app.background:
            image_editors.show(image)
        return TaskReport("INFO", f"Opened the image {image.name}", images=(image.name,))

    def _load(self, path: Path) -> bpy.types.Image:
        if not path.is_file():
            raise ParameterError(f"there is no {path}", "run the batch first")
        image = bpy.data.images.load(str(path), check_existing=True)
        image.reload()
        return image
