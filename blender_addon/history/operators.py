# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on entries of the history: select, restore, star, delete, and compare two under one light."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

import bpy
import numpy as np
from bpy.props import IntProperty, StringProperty

from ..bridge import encode, images, naming, replaced, surfaces
from ..bridge.inputs import read
from ..bridge.recipe_inputs import all_sources, sources_of
from ..bridge.surfaces import MapImage
from ..core.errors import ImpastoError, Message, ParameterError
from ..generate import variations
from ..generate.request import restore_settings
from ..jobs.operator import InstantOperator, TaskOperator
from ..jobs.session import connect
from ..jobs.task import Place, Task, TaskReport
from ..relight.panel import maps_of, subject_of_images, subject_of_material
from ..relight.turntable import NOW, SIDE_PX, ShownMaps, light_of, render
from ..tools.action import WorkerAction
from ..translations.texts import sentence
from . import stored
from .entries import HistoryEntry, entry_of, forget


class EntryComparison:
    """Picture of the two entries compared last, and their names."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.names: tuple[str, ...] = ()
        self.pixels: np.ndarray | None = None


comparison = EntryComparison()


def compare_task(context: bpy.types.Context, pair: tuple[HistoryEntry, HistoryEntry]) -> Task:
    """Task that shows two entries side by side. Raise ImpastoError if one of them cannot be read."""
    subjects = {f"{index} {entry.name}": _subject(entry) for index, entry in enumerate(pair)}
    connected, plain, light = connect(), WorkerAction.as_it_is(), light_of(context.scene)

    def work(task: Task) -> np.ndarray:
        client, pictures = connected(), []
        for name, subject in subjects.items():
            subject_maps = ShownMaps(name, {NOW: maps_of(task, client, subject)})
            pictures.append(render(task, client, plain, subject_maps, light)[0])
        balls, planes = ([one[:, part] for one in pictures] for part in (slice(SIDE_PX), slice(SIDE_PX, None)))
        return np.concatenate([np.concatenate(balls, 1), np.concatenate(planes, 1)])

    def apply(picture: np.ndarray) -> TaskReport:
        comparison.names, comparison.pixels = tuple(entry.label for entry in pair), picture
        return TaskReport("INFO", Message("{} and {} are shown under one light", pair[0].label, pair[1].label))

    return Task("Compare", work, apply)


def _subject(entry: HistoryEntry) -> WorkerAction:
    """Action for an entry's maps: a result's own maps, else those of its recipe, run again."""
    if isinstance(entry.item, bpy.types.Material):
        return subject_of_material(entry.item)
    if (image := entry.image) is not None:
        maps = {one.get(images.MAP, ""): MapImage(one) for one in naming.images_of_set(image)}
        return subject_of_images(maps | {"base_color": MapImage(image)})
    recipe = entry.recipe
    return WorkerAction(recipe=recipe, inputs={name: read(source) for name, source in all_sources(recipe).items()})


HANDLERS = (("load_pre", lambda *_: comparison.clear()),)


def unregister() -> None:
    comparison.clear()


ENTRY = StringProperty(name="Entry", description="Key of the entry, such as MATERIAL:Bricks; empty: the selected one")


class IMPASTO_OT_select_entry(bpy.types.Operator):
    """Choose this entry of the history; the one that was chosen before can be compared with it"""

    bl_label = "Select Entry"
    bl_options = {"INTERNAL"}  # noqa: RUF012  as Blender wants it

    entry: StringProperty(name="Entry", description="Key of the entry")

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.window_manager.impasto_history
        if settings.selected != self.entry:
            settings.former, settings.selected = settings.selected, self.entry
        return {"FINISHED"}


class IMPASTO_OT_turn_page(bpy.types.Operator):
    """Show other entries of the history"""

    bl_label = "Turn Page"
    bl_options = {"INTERNAL"}  # noqa: RUF012  as Blender wants it

    page: IntProperty(name="Page", description="Number of the page, from 0")

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.impasto_history.page = self.page
        return {"FINISHED"}


class IMPASTO_OT_refresh_history(bpy.types.Operator):
    """Read the recipes of all files again, which other Blenders may have written"""

    bl_label = "Refresh History"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        stored.refresh()
        return {"FINISHED"}


class OnEntry(InstantOperator):
    """Mixin: an operator on an entry of the history, by default the selected one."""

    place = Place.HISTORY
    entry: ENTRY

    def do(self, context: bpy.types.Context) -> TaskReport:
        return self.change(context, self.chosen_entry(context))

    def chosen_entry(self, context: bpy.types.Context) -> HistoryEntry:
        """The entry of the key. Raise ParameterError if there is none."""
        return entry_of(self.entry or context.window_manager.impasto_history.selected)

    def change(self, context: bpy.types.Context, entry: HistoryEntry) -> TaskReport:
        """Carry the operation out on an entry. Raise ImpastoError if that is impossible."""
        raise NotImplementedError


class IMPASTO_OT_restore_settings(OnEntry, bpy.types.Operator):
    """Set the Impasto panel to the source, the tool and the parameters that made this"""

    bl_label = "Restore Settings"

    def change(self, context: bpy.types.Context, entry: HistoryEntry) -> TaskReport:
        recipe = entry.recipe
        missing = restore_settings(context.scene, recipe, sources_of(recipe, entry.image))
        notes = [Message("choose its input {}, which was not found", name) for name in missing]
        return TaskReport.noted(Message("The Impasto panel is set as for {}", entry.name), notes)


class IMPASTO_OT_star_entry(OnEntry, bpy.types.Operator):
    """Toggle the star. A starred variation is saved in the file"""

    bl_label = "Star Entry"

    def change(self, context: bpy.types.Context, entry: HistoryEntry) -> TaskReport:
        if entry.variation is not None:
            _keep_variation(context, entry, entry.variation)
            return TaskReport("INFO", Message("{} is kept in the file", entry.name))
        if entry.stored is not None:
            stored.toggle_star(entry.stored)
            stored.refresh()
        elif item := entry.item:
            replaced.star(item, not entry.is_starred)
        forget()
        said = Message("{} has no star any more" if entry.is_starred else "{} has a star", entry.name)
        return TaskReport("INFO", said)


def _keep_variation(context: bpy.types.Context, entry: HistoryEntry, variation: variations.Variation) -> None:
    """Keep a variation in the file as a small image with its recipe and a star."""
    data = encode.encode_png(variation.pixels[::-1] / 255, bits=8)
    image = images.add(entry.name, "base_color", data, entry.recipe)
    replaced.keep([image])
    replaced.star(image, True)
    replaced.note(image)
    variations.forget(variation)
    settings = context.window_manager.impasto_history
    if settings.selected == entry.key:
        settings.selected = entry_of(f"IMAGE:{image.name}").key


class IMPASTO_OT_delete_entry(OnEntry, bpy.types.Operator):
    """Delete this with all images that only it uses; objects get back what it took the place of"""

    bl_label = "Delete"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        try:
            entry = self.chosen_entry(context)
        except ParameterError:
            return self.execute(context)
        self.entry = entry.key
        message = "" if entry.item else "Undo does not bring it back."
        title = sentence("Delete {}?", entry.name)
        return context.window_manager.invoke_confirm(
            self, event, title=title, message=sentence(message), confirm_text="Delete"
        )

    def change(self, context: bpy.types.Context, entry: HistoryEntry) -> TaskReport:
        if entry.variation is not None:
            variations.forget(entry.variation)
        elif entry.stored is not None:
            stored.remove(entry.stored)
            stored.refresh()
        elif isinstance(entry.item, bpy.types.Material):
            _delete_material(entry.item)
        else:
            others = [one for one in naming.images_of_set(entry.item) if one.users == int(one.use_fake_user)]
            bpy.data.batch_remove({entry.item, *others})  # with the unused maps that were made with it
        forget()
        settings = context.window_manager.impasto_history
        settings.selected = "" if settings.selected == entry.key else settings.selected
        return TaskReport("INFO", Message("Deleted {}", entry.name))


class IMPASTO_OT_clean_up(InstantOperator, bpy.types.Operator):
    """Delete all results in this file that nothing uses, except those with a star, and the images that only they use"""

    bl_label = "Clean Up"
    place = Place.HISTORY

    @classmethod
    def poll_message(cls, _context: bpy.types.Context) -> str:
        return "" if _unused() else "Something uses each result, or it has a star"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        results = _unused()
        text = "Delete {} results that nothing uses ({:.1f} MB)?"
        title = sentence(text, len(results), _size_mb(_images_of(results)))
        return context.window_manager.invoke_confirm(self, event, title=title, confirm_text="Delete")

    def do(self, _context: bpy.types.Context) -> TaskReport:
        results = _unused()
        found, count = _images_of(results), len(results)
        bpy.data.batch_remove([one for one in results if isinstance(one, bpy.types.Material)])
        found = {image for image in found if image.users == int(image.use_fake_user)}
        size_mb = _size_mb(found)
        bpy.data.batch_remove(found)
        forget()
        return TaskReport("INFO", Message("Deleted {} results: {:.1f} MB", count, size_mb))


def _unused() -> list[replaced.Result]:
    """Results that nothing uses, except those with a star and assets.

    Being the material that another one replaced, and could be restored to, does not count as a use.
    """
    held = replaced.use_counts()
    found = [one for one in replaced.latest_results() if one.users - held[one] == int(one.use_fake_user)]
    return [one for one in found if replaced.STARRED not in one and not one.asset_data]


def _images_of(results: Sequence[replaced.Result]) -> set[bpy.types.Image]:
    """Images of results that no other material shows."""
    used = {one: {node.image for node in surfaces.map_nodes(one).values()} for one in bpy.data.materials}
    images_kept = set().union(*(found for one, found in used.items() if one not in results))
    own = (used[one] if isinstance(one, bpy.types.Material) else [one, *naming.images_of_set(one)] for one in results)
    return {image for found in own for image in found if images.has_recipe(image)} - images_kept


def _size_mb(found: Iterable[bpy.types.Image]) -> float:
    """Size of the packed files of images, in MB."""
    return sum(file.packed_file.size for image in found for file in image.packed_files) / 1e6


def _delete_material(material: bpy.types.Material) -> None:
    """Delete a material, and images of ours that nothing else uses."""
    with suppress(ImpastoError):  # it took the place of none
        replaced.restore(material, list(bpy.data.objects))
    images_shown = {node.image for node in surfaces.map_nodes(material).values() if images.has_recipe(node.image)}
    bpy.data.materials.remove(material)
    bpy.data.batch_remove([one for one in images_shown if one.users == int(one.use_fake_user)])


class IMPASTO_OT_compare(TaskOperator, bpy.types.Operator):
    """Show this beside the entry that was selected before, both under the light of the Relight panel"""

    bl_label = "Compare"
    place = Place.HISTORY

    entry: ENTRY
    other: StringProperty(name="Other", description="Key of the other entry; empty: the one that was selected before")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        settings = context.window_manager.impasto_history
        return "" if settings.selected and settings.former else "Select two entries, one after the other"

    def task(self, context: bpy.types.Context) -> Task:
        settings = context.window_manager.impasto_history
        other = entry_of(self.other or settings.former)
        return compare_task(context, (other, entry_of(self.entry or settings.selected)))
