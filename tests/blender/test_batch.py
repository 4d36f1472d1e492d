"""Batches from Blender: which materials, from which file, what becomes of them, and what is said of failures."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import packed_image, pixels_of

PROGRAM = Path(__file__).resolve().parents[1] / "blender_program.py"
CATALOG, WITHIN, OTHER = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
CATALOGS = f"""# This is an Asset Catalog Definition file for Blender.

VERSION 1

{CATALOG}:Stone:Stone
{WITHIN}:Stone/Brick:Stone-Brick
{OTHER}:Wood:Wood
"""


@pytest.fixture(scope="session")
def blender(tmp_path_factory) -> Path:
    """A program that is this Blender with the extension, as the engine starts it."""
    program = tmp_path_factory.mktemp("program") / "blender"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{PROGRAM}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture
def batch(extension, plane, blender, tmp_path, monkeypatch):
    """A function that runs a batch in `tmp_path/out` by the quickest tool, and gives its report."""
    monkeypatch.setenv("IMPASTO_BLENDER", str(blender))

    def run(**given):
        given = {"tool": "flat", "out_dir": str(tmp_path / "out"), "workers": 1, **given}
        if given["tool"] == "flat":
            given.setdefault("inputs", json.dumps({"style": "red.png"}))
        bpy.ops.impasto.batch(**given)
        return extension.jobs.session.jobs.made

    return run


def textured(name: str, color=(40, 80, 120), size_px: int = 16) -> bpy.types.Material:
    """A material of one colour in an image, on a new object that is selected beside the others."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = packed_image(f"{name}.png", np.full((size_px, size_px, 3), color, np.uint8))
    material.node_tree.links.new(
        node.outputs["Color"], material.node_tree.nodes["Principled BSDF"].inputs["Base Color"]
    )
    mesh = bpy.data.meshes.new(name)
    mesh.materials.append(material)
    item = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(item)
    item.select_set(True)
    return material


def rows(tmp_path: Path) -> list[dict]:
    text = (tmp_path / "out" / "from_blender" / "table.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def names_in(extension, what, library="", catalog="", folder=Path("/nowhere")):
    return [one.name for one in extension.batch.chosen.choose(bpy.context, what, library, catalog, folder)]


def test_selected_materials_become_files_and_a_second_run_makes_nothing(batch, style, tmp_path):
    textured("Bricks")
    textured("Metal/Steel")
    assert batch().text.startswith("2 made, 0 done before, 0 failed")
    out = tmp_path / "out"
    assert {"Bricks_base_color.png", "Metal_Steel_base_color.png", "contact_sheet.png"} <= {
        path.name for path in out.iterdir()
    }
    made = pixels_of(bpy.data.images.load(str(out / "Bricks_base_color.png")))
    assert np.allclose(made.mean((0, 1))[:3], np.array((200, 40, 20)) / 255, atol=0.02)
    assert [row["source"].rpartition("/Material/")[2] for row in rows(tmp_path)] == ["Bricks", "Metal/Steel"]
    assert batch().text.startswith("0 made, 2 done before, 0 failed")


def test_a_changed_material_is_made_again(batch, style):
    material = textured("Bricks")
    batch()
    material.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value = 0.125
    assert batch().text.startswith("1 made")
