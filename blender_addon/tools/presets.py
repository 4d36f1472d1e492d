# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of each tool's parameters, for the panel's tool, the stylizer and any layer.

Bundled presets are named settings in plugins. Presets of the user are recipes of one step, in Blender's folder for
presets. Earlier versions wrote presets in Python, which are read as a list of assignments, and never run.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..bridge import naming
from ..bridge.target import active_material
from ..core.errors import FileError, Message, ParameterError
from ..core.recipe import Recipe, Step
from ..core.system.transaction import replace_files
from ..core.system.untrusted import excerpt
from ..engine.catalogue import catalogue
from ..jobs.operator import InstantOperator
from ..jobs.task import TaskReport
from ..parameters import properties
from ..parameters.groups import group_of, identifier

MOST_BYTES = 100_000
PANEL, STYLE, LAYER = "PANEL", "STYLE", "LAYER"
CHANGED = {PANEL: properties.TEXTURE, STYLE: properties.STYLE, LAYER: properties.LAYERS}
OF = EnumProperty(
    name="Of",
    description="What the preset is for",
    items=(
        (PANEL, "Tool", "The tool of the Impasto panel"),
        (STYLE, "Stylizer", "The stylizer of the Style panel"),
        (LAYER, "Layer", "The active layer"),
    ),
)
Group = bpy.types.Scene | bpy.types.PropertyGroup
_chosen: dict[str, tuple[str, str]] = {}
"""Tool and name of the preset that was chosen or added last, for each value of `OF`."""


class PresetMenu:
    """Mixin for a menu: the presets of a tool. of: owner of the presets, a value of `OF`."""

    bl_label = "Presets"
    of = PANEL
    layout: bpy.types.UILayout

    def draw(self, context: bpy.types.Context) -> None:
        _, tool = owner_of(context, self.of)
        for name, source in presets_of(tool).items():
            is_bundled = not isinstance(source, Path)
            button = self.layout.operator("impasto.apply_preset", text=name, translate=is_bundled)
            button.preset, button.of = name, self.of


class IMPASTO_MT_presets(PresetMenu, bpy.types.Menu):
    """The presets of the chosen tool"""


class IMPASTO_MT_style_presets(PresetMenu, bpy.types.Menu):
    """The presets of the chosen stylizer"""

    of = STYLE


class IMPASTO_MT_layer_presets(PresetMenu, bpy.types.Menu):
    """The presets of the active layer's tool"""

    of = LAYER


MENUS = {PANEL: IMPASTO_MT_presets, STYLE: IMPASTO_MT_style_presets, LAYER: IMPASTO_MT_layer_presets}


class IMPASTO_OT_apply_preset(InstantOperator, bpy.types.Operator):
    """Give the tool the values of this preset, and its defaults to all others"""

    bl_label = "Apply Preset"

    preset: StringProperty(name="Preset", description="Name of the preset")
    of: OF

    def do(self, context: bpy.types.Context) -> TaskReport:
        owner, tool = owner_of(context, self.of)
        _put(owner, catalogue[tool], self.preset)
        _chosen[self.of] = tool, self.preset
        properties.preview_update(CHANGED[self.of])(None, None)
        return TaskReport("INFO", Message("{} is set as in the preset {}", catalogue[tool]["label"], self.preset))


class AddsPreset(InstantOperator):
    """Mixin for an operator: adds or removes a preset of the user's own."""

    bl_label = "Add Preset"
    bl_options = {"INTERNAL"}  # noqa: RUF012  as Blender wants it
    preset_of = PANEL
    bl_idname: str
    layout: bpy.types.UILayout

    name: StringProperty(name="Name", description="Name of the preset", options={"SKIP_SAVE"})
    remove_name: BoolProperty(
        name="Remove", description="Remove the preset of this name", options={"HIDDEN", "SKIP_SAVE"}
    )

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if chosen_tool(context, cls.preset_of) in catalogue else "Choose a tool"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return self.execute(context) if self.remove_name else context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.prop(self, "name")

    def do(self, context: bpy.types.Context) -> TaskReport:
        owner, tool = owner_of(context, self.preset_of)
        if self.remove_name:
            _remove(tool, self.name)
            _chosen.pop(self.preset_of, None)
            return TaskReport("INFO", Message("Removed the preset {}", self.name))
        if not self.name.strip():
            raise ParameterError("the preset has no name", "give it one")
        _write(owner, catalogue[tool], self.name.strip())
        _chosen[self.preset_of] = tool, self.name.strip()
        return TaskReport("INFO", Message("Added the preset {}", self.name.strip()))


class IMPASTO_OT_preset_add(AddsPreset, bpy.types.Operator):
    """Add or remove a preset of the chosen tool's parameters and size"""


class IMPASTO_OT_style_preset_add(AddsPreset, bpy.types.Operator):
    """Add or remove a preset of the chosen stylizer's parameters"""

    preset_of = STYLE


class IMPASTO_OT_layer_preset_add(AddsPreset, bpy.types.Operator):
    """Add or remove a preset of the active layer's parameters and size"""

    preset_of = LAYER


ADDS = {PANEL: IMPASTO_OT_preset_add, STYLE: IMPASTO_OT_style_preset_add, LAYER: IMPASTO_OT_layer_preset_add}


def presets_of(tool: str) -> dict[str, Mapping[str, Any] | Path]:
    """The parameters of a tool's bundled presets, and the files of the user's presets, by name."""
    files = sorted(path for path in _folder(tool).glob("*") if path.suffix in (".json", ".py"))
    own = {bpy.path.display_name(path.name, title_case=False): path for path in files}
    return {**{one["name"]: one["values"] for one in catalogue[tool]["settings"]}, **own}


def owner_of(context: bpy.types.Context, of: str) -> tuple[Group, str]:
    """Owner of the tools' groups (the scene or the active layer), and the name of the tool chosen there."""
    if of != LAYER:
        return context.scene, (context.scene.impasto_style if of == STYLE else context.scene.impasto).tool
    material = active_material(context)
    if material is None or not material.impasto_layers.layers:
        raise ParameterError("the active object's material has no layers", "add one")
    stack = material.impasto_layers
    layer = stack.layers[min(stack.active, len(stack.layers) - 1)]
    return layer, layer.tool


def chosen_tool(context: bpy.types.Context, of: str) -> str:
    """Name of the chosen tool; empty without a layer."""
    try:
        return owner_of(context, of)[1]
    except ParameterError:
        return ""


def choice(of: str = PANEL) -> str:
    """Name of the preset chosen or added last, if it belongs to the chosen tool; else empty."""
    tool, name = _chosen.get(of, ("", ""))
    return name if tool and tool == chosen_tool(bpy.context, of) and of != LAYER else ""


def draw(layout: bpy.types.UILayout, of: str = PANEL) -> None:
    """Draw the menu, and the buttons that add a preset and remove the chosen one."""
    name, adds = choice(of), ADDS[of].bl_idname
    row = layout.row(align=True)
    row.menu(MENUS[of].__name__, text=name or "Presets")
    row.operator(adds, text="", icon="ADD")
    if name and isinstance(presets_of(chosen_tool(bpy.context, of)).get(name), Path):
        button = row.operator(adds, text="", icon="REMOVE")
        button.name, button.remove_name = name, True


def _folder(tool: str, *, create: bool = False) -> Path:
    """Folder of the user's presets of a tool."""
    return Path(bpy.utils.user_resource("SCRIPTS", path=f"presets/impasto/{tool}", create=create))


def _write(owner: Group, tool: Mapping[str, Any], name: str) -> None:
    """Write a tool's values and size as a preset. An existing preset of this name is replaced."""
    values = properties.parameters_of(owner, tool) | properties.size_of(group_of(owner, tool), tool)
    recipe = Recipe((Step(tool["name"], values, name=name),))
    path = _folder(tool["name"], create=True) / f"{naming.of_files(name).replace(' ', '_')}.json"
    replace_files({path: recipe.to_json().encode()}, replace=True)
    path.with_suffix(".py").unlink(missing_ok=True)


def _remove(tool: str, name: str) -> None:
    path = presets_of(tool).get(name)
    if not isinstance(path, Path):
        raise ParameterError("there is no preset of yours called {}", "choose one that you added", excerpt(name))
    path.unlink(missing_ok=True)


def _put(owner: Group, tool: Mapping[str, Any], name: str) -> None:
    """Give a tool the values of a preset. Raise ImpastoError, before anything changes, if it cannot be read."""
    source = presets_of(tool["name"]).get(name)
    if source is None:
        raise ParameterError("there is no preset called {} of {}", "choose another", excerpt(name), tool["label"])
    if isinstance(source, Path) and source.suffix == ".py":
        _put_assigned(group_of(owner, tool), tool, _assignments(source))
        return
    if isinstance(source, Path):
        step = Recipe.from_json(_text(source)).steps[0]
        source = step.parameters if step.tool == tool["name"] else {}
    properties.check_step(Step(tool["name"], source))
    properties.put_parameters(owner, tool, source)
    group = group_of(owner, tool)
    properties.put_size(group, tool, {**properties.size_of(group, tool), **source})


def _text(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise FileError("{} is too large for a preset", "remove it", path.name)
    return path.read_text(encoding="utf-8")


def _assignments(path: Path) -> list[tuple[list[str], Any]]:
    """Property names, relative to a tool's group, and values that a preset of an earlier version assigns.

    Raise ParameterError for a preset that does anything else.
    """
    refusal = ParameterError("the preset {} does more than set values, and is not run", "add it anew", path.stem)
    try:
        lines = ast.parse(_text(path)).body
        assigned = [
            (ast.unparse(line.targets[0]).split("."), line.value) for line in lines if isinstance(line, ast.Assign)
        ]
        values = [(names, ast.literal_eval(value)) for names, value in assigned if len(names) > 1]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise refusal from error
    others = [line for line in lines if not isinstance(line, ast.Assign | ast.Import)]
    if any(not isinstance(line, ast.Expr) or not isinstance(line.value, ast.Constant) for line in others):
        raise refusal
    start = 5  # bpy.context.scene.impasto_parameters.bricks.
    return [(names[start:] if names[0] == "bpy" else names[1:], value) for names, value in values]


def _put_assigned(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], values: list[tuple[list[str], Any]]) -> None:
    """Set properties below a tool's group. Properties that no longer exist are left out."""
    for name in properties.drawn_parameters(tool):
        group.property_unset(identifier(name))
    for names, value in values:
        owner = group
        for name in names[:-1]:
            owner = getattr(owner, name, None)
        if isinstance(owner, bpy.types.PropertyGroup) and names[-1:] and names[-1] in owner.bl_rna.properties:
            try:
                setattr(owner, names[-1], value)
            except (TypeError, ValueError) as error:
                raise ParameterError("the preset sets {} to {}", "add it anew", names[-1], excerpt(value)) from error
