# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering all classes, properties and handlers. The engine is not started."""

from __future__ import annotations

import bpy

from . import command_line, keymaps, menus, preferences
from .assets import library as asset_library
from .assets import marking, shelf
from .bake import operators as bake_operators
from .bake import overlay as bake_overlay
from .bake import panel as bake_panel
from .bake import settings as bake_settings
from .bake.objects import remedies as bake_remedies
from .batch import operators as batch_operators
from .batch import panel as batch_panel
from .batch import settings as batch_settings
from .bridge import former, image_editors, mapping, on_object, set_files
from .endless import operators as endless_operators
from .endless import panel as endless_panel
from .endless import settings as endless_settings
from .engine.catalogue import catalogue
from .export import panel as export_panel
from .generate import choosing, drop, favourites, light_dial, source_maps, variation_operators, variations
from .generate import operators as generate_operators
from .generate import panel as generate_panel
from .generate import settings as generate_settings
from .history import comparison as history_comparison
from .history import entries as history_entries
from .history import operators as history_operators
from .history import panel as history_panel
from .history import settings as history_settings
from .history import stored as history_stored
from .image import operators as image_operators
from .image import panel as image_panel
from .interface import browsing, deferred, previews, status_bar
from .jobs import made, session
from .jobs import operator as job_operators
from .layers import masks as layer_masks
from .layers import operators as layer_operators
from .layers import painting as layer_painting
from .layers import panel as layer_panel
from .layers import preview as layer_preview
from .layers import settings as layer_settings
from .match import operators as match_operators
from .match import panel as match_panel
from .match import settings as match_settings
from .material import drawing as material_drawing
from .material import painting as material_painting
from .material import sliders as material_sliders
from .material import using
from .models import operators as model_operators
from .parameters import open_numbers, properties
from .parameters import operators as parameter_operators
from .points import gizmos as point_gizmos
from .points import operators as point_operators
from .region import operators as region_operators
from .region import overlay as region_overlay
from .region import painting as region_painting
from .region import panel as region_panel
from .region import settings as region_settings
from .relight import operators as relight_operators
from .relight import panel as relight_panel
from .relight import settings as relight_settings
from .relight import turntable
from .setup import operators as setup_operators
from .stylize import gallery
from .stylize import kinds as stylize_kinds
from .stylize import operators as stylize_operators
from .stylize import panel as stylize_panel
from .stylize import preview as stylize_preview
from .stylize import settings as stylize_settings
from .stylize.sequence import operators as sequence_operators
from .stylize.sequence import settings as sequence_settings
from .tools import intent_panel, menu, presets
from .train import operators as train_operators
from .train import panel as train_panel
from .train import settings as train_settings
from .translations import texts
from .weights import operators as weight_operators

CLASSES = (
    preferences.ImpastoPreferences,
    *generate_operators.CLASSES,
    *drop.CLASSES,
    *source_maps.CLASSES,
    *match_operators.CLASSES,
    *image_operators.CLASSES,
    *setup_operators.CLASSES,
    *job_operators.CLASSES,
    *bake_operators.CLASSES,
    *bake_remedies.CLASSES,
    *bake_overlay.CLASSES,
    *train_operators.CLASSES,
    *batch_operators.CLASSES,
    *model_operators.CLASSES,
    *choosing.CLASSES,
    *variation_operators.CLASSES,
    *open_numbers.CLASSES,
    *parameter_operators.CLASSES,
    *stylize_operators.CLASSES,
    *stylize_kinds.CLASSES,
    *sequence_operators.CLASSES,
    *weight_operators.CLASSES,
    *browsing.CLASSES,
    *marking.CLASSES,
    *asset_library.CLASSES,
    *shelf.CLASSES,
    *using.CLASSES,
    *material_painting.CLASSES,
    *relight_operators.CLASSES,
    *endless_operators.CLASSES,
    *point_operators.CLASSES,
    *layer_masks.CLASSES,
    *layer_painting.CLASSES,
    *layer_operators.CLASSES,
    *history_operators.CLASSES,
    *presets.CLASSES,
    *menu.CLASSES,
    *menus.CLASSES,
    *material_drawing.CLASSES,
    *material_sliders.CLASSES,
    *intent_panel.CLASSES,
    *layer_panel.CLASSES,
    *image_panel.CLASSES,
    *region_painting.CLASSES,
    *region_operators.CLASSES,
    *region_panel.CLASSES,
    *match_panel.CLASSES,
    *generate_panel.CLASSES,
    *stylize_panel.CLASSES,
    *bake_panel.CLASSES,
    *train_panel.CLASSES,
    *batch_panel.CLASSES,
    *relight_panel.CLASSES,
    *endless_panel.CLASSES,
    *export_panel.CLASSES,
    *history_panel.CLASSES,
    *light_dial.CLASSES,
    *point_gizmos.CLASSES,
)
PARTS = (
    gallery,
    set_files,
    layer_settings,
    properties,
    generate_settings,
    match_settings,
    train_settings,
    stylize_settings,
    sequence_settings,
    bake_settings,
    bake_overlay,
    deferred,
    batch_settings,
    relight_settings,
    endless_settings,
    export_panel,
    region_settings,
    region_overlay,
    presets,
    session,
    made,
    variations,
    favourites,
    layer_preview,
    layer_painting,
    history_settings,
    history_entries,
    history_stored,
    history_comparison,
    stylize_preview,
    turntable,
    former,
    mapping,
    on_object,
    marking,
    asset_library,
    image_editors,
    command_line,
    menus,
    keymaps,
    status_bar,
    texts,
)
"""Modules that register more than classes, in this order."""


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    catalogue.load()
    for part in PARTS:
        part.register()


def unregister() -> None:
    for part in reversed(PARTS):
        part.unregister()
    previews.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
