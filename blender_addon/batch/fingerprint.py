# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprint of materials as they are open: equal for equal materials, where the bytes of a .blend never are.

So what was written before is kept as long as it is still true, and what was made of it is not made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import bpy

PARTS = {"node_tree", "nodes", "inputs", "outputs", "image", "image_user", "texture_mapping", "color_mapping"}
PARTS |= {"color_ramp", "elements", "mapping", "curves", "points", "colorspace_settings"}
"""Properties that belong to what they are in; of others that refer to data only the name counts."""
LAYOUT = {"location", "location_absolute", "width", "height", "select", "hide", "label", "color", "use_custom_color"}
LAYOUT |= {"show_options", "show_preview", "show_texture"}
"""Properties of nodes that a result does not depend on."""
ELSE = {"use_fake_user", "tag", "preview_render_type", *(["use_nodes"] if bpy.app.version >= (5, 0) else [])}
"""Those of other data."""


def fingerprint(materials: Iterable[bpy.types.Material]) -> str:
    """SHA-256 of all that the materials' nodes are set to, with their groups and packed images.

    Of other data that they refer to, such as an object, only the name counts; of files outside, the path.
    """
    described = [_describe(material, ()) for material in sorted(materials, key=lambda item: item.name)]
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _describe(item: bpy.types.bpy_struct, within: tuple[str, ...]) -> dict[str, Any]:
    """All values of an item; within: the groups that it is in, so that none is described in itself."""
    left_out = LAYOUT if isinstance(item, bpy.types.Node) else ELSE
    properties = [prop for prop in item.bl_rna.properties if prop.identifier not in left_out]
    known = {prop.identifier: _value(item, prop, within) for prop in properties}
    known["kind"] = item.bl_rna.identifier
    if isinstance(item, bpy.types.Image) and item.packed_file:
        known["packed"] = hashlib.sha256(item.packed_file.data).hexdigest()
    if isinstance(item, bpy.types.NodeTree):
        known["joined"] = sorted(
            (link.from_node.name, link.from_socket.identifier, link.to_node.name, link.to_socket.identifier)
            for link in item.links
        )
    return known


def _value(item: bpy.types.bpy_struct, prop: bpy.types.Property, within: tuple[str, ...]) -> Any:
    is_part = prop.identifier in PARTS
    if prop.type in ("POINTER", "COLLECTION"):
        value = getattr(item, prop.identifier) if is_part or not prop.is_readonly else None
        if value is None or prop.type == "COLLECTION":
            return [_describe(one, within) for one in value] if value is not None and is_part else None
        name = getattr(value, "name_full", "")
        return _describe(value, (*within, name)) if is_part and (not name or name not in within) else name
    if prop.is_readonly:
        return None
    value = getattr(item, prop.identifier)
    if isinstance(value, set):
        return sorted(value)
    return list(value) if getattr(prop, "is_array", False) else value
