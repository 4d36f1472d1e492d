"""Writes the pages of operators, settings and shortcuts, inside Blender: `python -m tasks.blender_pages EXTENSION`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import bpy

from .markdown import MADE, REFERENCE, paragraph, put, table

MODULE = "bl_ext.user_default.impasto"
OWNERS = {
    "Scene": "bpy.context.scene",
    "Material": "bpy.context.object.active_material",
    "WindowManager": "bpy.context.window_manager",
    "Image": "bpy.context.space_data.image",
    "Object": "bpy.context.object",
}
"""Types of Blender's data that the extension gives properties, and what stands for one of them in a script."""
EDITORS = {
    "VIEW_3D": "3D view",
    "NODE_EDITOR": "shader editor",
    "IMAGE_EDITOR": "image editor",
    "PROPERTIES": "properties",
}
OF_TOOLS = "impasto_parameters"
"""Name of the group of all tools' parameters, which the page of tools has."""
UNBOUNDED = 1e9
INHERITED = ("rna_type", "bl_idname", OF_TOOLS)
"""Properties that Blender gives every class, and those of tools."""
UNITS = {"LENGTH": "the scene's unit of length", "ROTATION": "radians"}
UNNAMED = "Unique name used in the code and scripting"
"""Blender's description of the name that every group has."""


def operators() -> str:
    """The page of operators."""
    parts = [
        f"# Operators for scripts\n\n{MADE}\n",
        "Every button of Impasto is an operator, `bpy.ops.impasto.NAME(…)`, and all arguments are keywords. It returns "
        "`{'FINISHED'}` when it is done, `{'CANCELLED'}` when there was nothing to do, and raises RuntimeError with "
        "the reason and the remedy where it fails. Without a window, and in scripts, an operator that runs the engine "
        "waits until the result is there. The JSON in `bpy.context.window_manager.impasto_made` then has the lists "
        "`materials`, `images`, `models` (names) and `files` (paths) of what it made, which are empty after a failure, "
        "and `report`, a sentence. Arguments that are left out are those of the panel; "
        "[the guide](../guide.md#scripts) has examples.\n",
    ]
    for _, cls in _classes(bpy.types.Operator):
        own = _called(cls)
        said = paragraph(own.description or _said(cls))
        parts.append(f"## {cls.bl_idname.partition('.')[2]}\n\n**{own.name}**, `bpy.ops.{cls.bl_idname}()`: {said}\n")
        parts.append(f"Returns {_returns(cls)}.\n")
        parts.append(_properties(own))
    return "\n".join(parts)


def _called(cls: Any) -> Any:
    """An operator as scripts call it, with its name and its arguments."""
    return getattr(bpy.ops.impasto, cls.bl_idname.partition(".")[2]).get_rna_type()


def _returns(cls: type) -> str:
    """The result of a call, by the sets that the operator's own methods return and whether it reports what it made."""
    code = "\n".join(inspect.getsource(base) for base in cls.__mro__ if base.__module__.startswith(MODULE))
    modal = "RUNNING_MODAL" in code
    named = sorted(set(re.findall(r'"(FINISHED|CANCELLED)"', code)), reverse=True)
    if hasattr(cls, "carry_out") or "report_result(" in code:
        said = "`{'FINISHED'}` once all is done, and what it made in `impasto_made`"
    else:
        said = " or ".join(f"`{{'{one}'}}`" for one in named or ["FINISHED"]) + "; it makes nothing that is named"
    return said + (
        "; called by `INVOKE_DEFAULT` in a window it goes on until it is left, `{'RUNNING_MODAL'}`" if modal else ""
    )


def settings() -> str:
    """The page of panels and settings."""
    parts = [f"# Panels and settings\n\n{MADE}\n", "## Panels\n\nAll are in the tab *Impasto* of the sidebar (N).\n"]
    intents = bpy.types.Scene.bl_rna.properties["impasto"].fixed_type.properties["intent"].enum_items_static
    names = {item.identifier: item.name for item in intents}
    panels: dict[str, list[Any]] = {}
    for _, cls in _classes(bpy.types.Panel):
        panels.setdefault(cls.bl_label, []).append(cls)
    rows = []
    for label, classes in panels.items():
        editors = dict.fromkeys(EDITORS[cls.bl_space_type] for cls in classes)
        shown = [names[intent] for intent in getattr(classes[0], "intents", ())]
        rows.append((label, ", ".join(editors), ", ".join(shown) or "all", ", ".join(_buttons(classes))))
    parts.append(table(("panel", "editors", "shown under", "operators"), rows))
    parts.append("## Preferences\n\n`bpy.context.preferences.addons[…].preferences`\n")
    parts.append(_properties(bpy.types.AddonPreferences.bl_rna_get_subclass_py("ImpastoPreferences").bl_rna))
    parts.append(
        f"## Builds of PyTorch\n\n*Set Up Engine* chooses one by the graphics card that it finds.\n\n{_builds()}"
    )
    for owner, path in OWNERS.items():
        found = {name: one for name, one in getattr(bpy.types, owner).bl_rna.properties.items() if _is_ours(name)}
        for name, one in found.items():
            if _is_group(one):
                parts.extend(_group(f"{path}.{name}", one.fixed_type, one.type == "COLLECTION"))
        if rows := _table(one for one in found.values() if one.type not in ("POINTER", "COLLECTION")):
            parts.append(f"## Other properties of {owner}\n\n`{path}`\n\n{rows}")
    return "\n".join(parts)


def _builds() -> str:
    """The table of what Set Up Engine can install."""
    known = sys.modules[f"{MODULE}.setup.graphics"]
    listed = [(known.cpu_build(system, "x86_64"), system, "none") for system in ("Linux", "Windows")]
    for one in known.CUDA:
        card = f"NVIDIA, driver {one.driver} or newer, compute capability {one.lowest:g} to {one.highest:g}"
        card = card.replace(" to 99", " or higher")
        listed += [(one.linux, "Linux", card), (one.windows, "Windows", card)]
    listed += [(known.ROCM, "Linux", "AMD that ROCm supports"), (known.METAL, "macOS", "Apple silicon")]
    rows = [(one.label, system, card, one.download, one.disk) for one, system, card in listed]
    return table(("build", "system", "graphics card", "download", "disk"), rows)


def _buttons(classes: Iterable[type]) -> Iterable[str]:
    """Operators that the modules of panels name, in their order."""
    modules = dict.fromkeys(base.__module__ for cls in classes for base in cls.__mro__)
    codes = [inspect.getsource(sys.modules[name]) for name in modules if _is_panel_module(name)]
    return dict.fromkeys(f"`{one}`" for code in codes for one in re.findall(r'"impasto\.(\w+)"', code))


def _is_panel_module(name: str) -> bool:
    return name.startswith(MODULE) and name != f"{MODULE}.tools.panel"


def _group(path: str, group: Any, is_many: bool) -> Iterator[str]:
    """A group of settings and its subgroups; empty if it is not for users."""
    if not (rows := _properties(group)):
        return
    yield f"## {path.removeprefix('bpy.context.')}\n"
    own = dict(_classes(bpy.types.PropertyGroup)).get(group.identifier)
    path = f"{path}[…]" if is_many else path
    yield " ".join(filter(None, (f"`{path}`", paragraph(_said(own)) if own else ""))) + "\n"
    yield rows
    for one in group.properties:
        if _is_group(one):
            yield from _group(f"{path}.{one.identifier}", one.fixed_type, one.type == "COLLECTION")


def _is_group(one: Any) -> bool:
    """Whether a property is a group of our settings, or a list of such groups."""
    own = one.fixed_type.identifier if one.type in ("POINTER", "COLLECTION") and one.identifier != OF_TOOLS else ""
    return own.startswith("IMPASTO_PG_") or own in dict(_classes(bpy.types.PropertyGroup))


def shortcuts() -> str:
    """The page of shortcuts and of entries in Blender's menus."""
    menus = sys.modules[f"{MODULE}.menus"]
    names = {cls.bl_idname: _called(cls).name for _, cls in _classes(bpy.types.Operator)}
    rows = [
        (f"Ctrl Shift Alt {key}", editor, names[one], f"`bpy.ops.{one}`") for editor, _, one, key in menus.SHORTCUTS
    ]
    parts = [
        f"# Shortcuts and menus\n\n{MADE}\n",
        "## Shortcuts\n\nThey do nothing until they are switched on in the preferences, under *Shortcuts*, where keys "
        f"can be changed too.\n\n{table(('key', 'editor', 'operator', 'for scripts'), rows)}",
        "## While you paint\n\nBlender's status bar shows the same.\n",
    ]
    keys = [
        (names[cls.bl_idname], cls.keys)
        for _, cls in _classes(bpy.types.Operator)
        if isinstance(getattr(cls, "keys", None), str)
    ]
    parts.append(table(("operator", "keys"), keys))
    parts.append("## Menus\n\nThe submenu *Impasto* of Blender's own menus.\n")
    entries = [
        (f"`{place}`", text, f"`bpy.ops.{one}`") for place, listed in menus.PLACES.values() for one, text, _ in listed
    ]
    parts.append(table(("menu", "entry", "operator"), entries))
    return "\n".join(parts)


def _classes(base: type) -> list[tuple[str, Any]]:
    """The extension's registered classes, by name."""
    found: dict[str, Any] = {}
    queue = [base]
    while queue:
        for cls in queue.pop().__subclasses__():
            queue.append(cls)
            if cls.__module__.startswith(MODULE) and getattr(cls, "is_registered", False):
                found[cls.__name__] = cls
    return sorted(found.items())


def _is_ours(name: str) -> bool:
    return name.startswith("impasto")


def _said(cls: type) -> str:
    """Docstring of a panel, or of the mixin that draws it."""
    return next(
        (inspect.cleandoc(base.__doc__) for base in cls.__mro__ if base.__module__.startswith(MODULE) and base.__doc__),
        "",
    )


def _properties(own: Any) -> str:
    """The table of a class's own properties."""
    return _table(one for one in own.properties if one.identifier not in INHERITED)


def _table(properties: Iterable[Any]) -> str:
    """A row for each property with a description; properties without one are internal."""
    rows = [
        (f"`{one.identifier}`", *_value(one), _meaning(one))
        for one in properties
        if one.description not in ("", UNNAMED)
    ]
    return table(("property", "type", "default", "range", "meaning"), rows)


def _value(one: Any) -> tuple[str, str, str]:
    """Type, default and range of a property."""
    kind = one.type.lower()
    if one.type in ("POINTER", "COLLECTION"):
        return (one.fixed_type.identifier if one.type == "POINTER" else f"list of {one.fixed_type.identifier}"), "", ""
    many = getattr(one, "array_length", 0)
    if one.type == "ENUM" and not one.enum_items_static:  # Blender would complain that there is no default
        default: Any = ""
    elif many:
        default = tuple(one.default_array)
    else:
        default = one.default_flag if getattr(one, "is_enum_flag", False) else one.default
    return kind + (f"[{many}]" if many else ""), _written(default), _range(one)


def _written(default: Any) -> str:
    if isinstance(default, tuple):
        return ", ".join(_written(one) for one in default)
    if isinstance(default, set):
        return "{" + ", ".join(repr(one) for one in sorted(default)) + "}"
    return f"{default:.6g}" if isinstance(default, float) else repr(default) if default != "" else ""


def _range(one: Any) -> str:
    """Choices of an enumeration, with the limits of a number or the longest text."""
    if one.type == "ENUM":
        return ", ".join(item.identifier for item in one.enum_items_static) or "as the engine offers"
    if one.type in ("INT", "FLOAT"):
        low, high = one.hard_min, one.hard_max
        words = [
            f"from {_written(low)}" if low > -UNBOUNDED else "",
            f"to {_written(high)}" if high < UNBOUNDED else "",
        ]
        return " ".join(filter(None, words))
    return ""


def _meaning(one: Any) -> str:
    """Label and description, and the unit; of choices also theirs."""
    label = one.name if one.name.lower().replace(" ", "_") != one.identifier else ""
    unit = "" if getattr(one, "unit", "NONE") == "NONE" else f"Unit: {UNITS[one.unit]}."
    items = getattr(one, "enum_items_static", ()) if one.type == "ENUM" else ()
    choices = "; ".join(f"{item.identifier}: {item.description or item.name}" for item in items)
    return " ".join(
        filter(None, (f"*{label}*." if label else "", paragraph(one.description), unit, paragraph(choices)))
    )


PAGES: Mapping[str, Callable[[], str]] = {"operators": operators, "settings": settings, "shortcuts": shortcuts}


def main(extension: str) -> None:
    import addon_utils

    bpy.ops.extensions.package_install_files(filepath=extension, repo="user_default", enable_on_install=True)
    pages = {REFERENCE / f"{name}.md": page() for name, page in PAGES.items()}
    addon_utils.disable(MODULE, default_set=True)
    put(pages)


if __name__ == "__main__":
    main(sys.argv[-1])
