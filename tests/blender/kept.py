"""Contents of a .blend file once a new Blender has opened it, as JSON: `kept.py FILE [OBJECT…]`.

Replaced materials of these objects are put back, one after the other.
"""

import json
import sys

import bpy

MODULE = "bl_ext.user_default.impasto"


def described(material: bpy.types.Material) -> dict[str, object]:
    """Its nodes with what they use, and whether that is there."""
    nodes = material.node_tree.nodes if material.node_tree else ()
    images = {
        node.image.name: bool(node.image.has_data or node.image.pixels)
        for node in nodes
        if getattr(node, "image", None)
    }
    groups = [node.node_tree.name for node in nodes if node.type == "GROUP"]
    return {"nodes": sorted(node.name for node in nodes), "images": images, "groups": groups}


def main(file: str, *restored: str) -> None:
    import addon_utils  # is found once bpy is there

    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable(MODULE)
    bpy.ops.wm.open_mainfile(filepath=file)
    found = {
        "materials": {one.name: described(one) for one in bpy.data.materials},
        "images": sorted(one.name for one in bpy.data.images),
        "recent": [one.name for one in sys.modules[MODULE].bridge.replaced.latest_results()],
        "restored": {},
    }
    for name in restored:
        bpy.context.view_layer.objects.active = item = bpy.data.objects[name]
        bpy.ops.object.select_all(action="DESELECT")
        item.select_set(True)
        bpy.ops.impasto.restore()
        found["restored"].setdefault(name, []).append(
            [slot.material and slot.material.name for slot in item.material_slots]
        )
    addon_utils.disable(MODULE)
    print("kept", json.dumps(found))


main(*sys.argv[1:])
