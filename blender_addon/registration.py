# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering all classes, properties and handlers. The engine is not started.

Classes are found in the extension's modules, and in `PANELS` if a module makes one panel for several editors. A module
with other kinds of classes, or classes for some versions of Blender only, lists those of this version in `CLASSES`. An
operator's identifier follows from its class: IMPASTO_OT_run is `impasto.run`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import bpy

from .engine.catalogue import catalogue

PACKAGE = __name__.rpartition(".")[0]
NOT_OURS = ("core",)
"""Folders of the extension without classes of Blender's."""
KINDS = (
    bpy.types.AddonPreferences,
    bpy.types.Operator,
    bpy.types.Menu,
    bpy.types.UIList,
    bpy.types.FileHandler,
    bpy.types.Gizmo,
    bpy.types.GizmoGroup,
    bpy.types.Panel,
    *([bpy.types.AssetShelf] if hasattr(bpy.types, "AssetShelf") else []),
)
"""Kinds of classes in the order in which they are registered."""
PARTS = (
    *("interface.previews", "stylize.gallery", "bridge.set_files", "layers.settings", "parameters.properties"),
    *("generate.settings", "match.panel", "train.request", "stylize.settings", "stylize.film"),
    *("bake.settings", "bake.overlay", "interface.deferred", "batch.request", "relight.panel", "endless"),
    *("export", "region.view", "region.overlay", "jobs.session", "jobs.operator", "generate.variations"),
    *("generate.favourites", "layers.preview", "history.panel", "history.entries"),
    *("history.stored", "history.operators", "stylize.preview", "relight.turntable", "bridge.replaced"),
    *("bridge.mapping", "bridge.on_object", "assets.marking", "assets.library", "bridge.image_editors"),
    *("command_line", "menus", "interface.drawing", "translations.texts"),
)
"""Modules that register more than classes, in this order.

POINTER: a type of Blender's data, the name of its new property, and the property's class. PROPERTIES: the same for
properties of other kinds. HANDLERS: events of `bpy.app.handlers` and functions, which are persistent. Functions
`register` and `unregister` do the rest.
"""


def modules() -> Iterator[ModuleType]:
    """All modules of the extension, by name."""
    top = import_module(PACKAGE)
    for found in pkgutil.walk_packages(top.__path__, f"{PACKAGE}."):
        if found.name.removeprefix(f"{PACKAGE}.").partition(".")[0] not in NOT_OURS:
            yield import_module(found.name)


@cache
def classes() -> tuple[type, ...]:
    """The classes of all modules: kind by kind, and parents of panels before their children."""
    found = [cls for module in modules() for cls in _classes_in(module)]
    return tuple(sorted(found, key=lambda cls: (_kind_of(cls), hasattr(cls, "bl_parent_id"))))


def _classes_in(module: ModuleType) -> list[type]:
    own = (value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__)
    found: list[Any] = [value for value in own if isinstance(value, type) and issubclass(value, KINDS)]
    for cls in (value for value in found if issubclass(value, bpy.types.Operator)):
        cls.bl_idname = cls.__name__.replace("IMPASTO_OT_", "impasto.")
    return [*getattr(module, "CLASSES", found), *getattr(module, "PANELS", ())]


def _kind_of(cls: type) -> int:
    return next((index for index, kind in enumerate(KINDS) if issubclass(cls, kind)), -1)  # what others point to


def register() -> None:
    for cls in classes():
        bpy.utils.register_class(cls)
    catalogue.load()
    for part in map(_part, PARTS):
        for owner, name, cls in [part.POINTER] if hasattr(part, "POINTER") else []:
            bpy.utils.register_class(cls)
            setattr(owner, name, bpy.props.PointerProperty(type=cls))
        for owner, name, kind in getattr(part, "PROPERTIES", ()):
            setattr(owner, name, kind)
        getattr(part, "register", _nothing)()
        for event, handler in getattr(part, "HANDLERS", ()):
            getattr(bpy.app.handlers, event).append(bpy.app.handlers.persistent(handler))


def unregister() -> None:
    for part in map(_part, reversed(PARTS)):
        for event, handler in getattr(part, "HANDLERS", ()):
            getattr(bpy.app.handlers, event).remove(handler)
        getattr(part, "unregister", _nothing)()
        for owner, name, _ in getattr(part, "PROPERTIES", ()):
            delattr(owner, name)
        for owner, name, cls in [part.POINTER] if hasattr(part, "POINTER") else []:
            delattr(owner, name)
            bpy.utils.unregister_class(cls)
    for cls in reversed(classes()):
        bpy.utils.unregister_class(cls)


def _part(name: str) -> ModuleType:
    return import_module(f"{PACKAGE}.{name}")


def _nothing() -> None:
    """Default for parts without `register` or `unregister`."""
