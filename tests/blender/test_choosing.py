"""Choosing a tool and random values of its parameters, in the Impasto panel."""

import math
import random

import bpy
import pytest

TOOL = "bricks"


@pytest.fixture
def group(extension, scene):
    scene.impasto.tool = TOOL
    return scene.impasto_parameters.bricks


def values(group) -> dict[str, object]:
    found = {}
    for item in group.bl_rna.properties:
        if item.identifier not in ("rna_type", "name"):
            value = getattr(group, item.identifier)
            found[item.identifier] = tuple(value) if getattr(item, "is_array", False) else value
    return found


def test_tools_are_listed_under_headings(extension, scene):
    items = [(identifier, name) for identifier, name, *_ in extension.tools.lists.items_of("tool")(None, None)]
    names = [identifier for identifier, _ in items]
    heading = items.index(("", "Masonry"))
    assert names.index("quilt") < heading < names.index(TOOL)


def test_random_values_are_other_ones_within_their_ranges(extension, scene, group):
    before = values(group)
    assert bpy.ops.impasto.randomize(seed=5) == {"FINISHED"}
    first = values(group)
    assert sum(first[name] != before[name] for name in before) > 8
    assert first["width_px"] == before["width_px"]
    bpy.ops.impasto.randomize(seed=5)
    assert values(group) == first
    bpy.ops.impasto.randomize(seed=6)
    assert values(group) != first


def test_random_values_are_valid_for_every_tool(extension, scene):
    choosing, catalogue = extension.generate.choosing, extension.engine.catalogue
    for tool in catalogue.catalogue:
        for name, schema in catalogue.properties_of(tool).items():
            if choosing._is_drawn(schema) and schema.get("type") in ("number", "integer"):
                for seed in range(20):
                    value = choosing.random_value(name, schema, random.Random(seed))
                    in_degrees = math.degrees(value) if schema.get("format") == "angle" else value
                    assert schema.get("minimum", -1e9) <= in_degrees <= schema.get("maximum", 1e9), (tool["name"], name)


def test_a_material_needs_no_source_whatever_the_panel_says(extension, scene, group):
    settings = scene.impasto
    settings.source_kind, settings.estimator, settings.material = "FILE", "none", "NEW"
    settings.filepath = ""
    group.width_px = group.height_px = 64
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    material = next(material for material in bpy.data.materials if "bricks" in material.name.lower())
    images = {node.image.name for node in material.node_tree.nodes if node.type == "TEX_IMAGE"}
    assert len(images) >= 4
