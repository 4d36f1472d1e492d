"""Files that others wrote or damaged never stop the extension: what is wrong is left out, or said in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

DAMAGED = ["", "[]", "7", '{"python": 7}', '{"python": ["x"]}', "[" * 5000, '{"python": NaN}']
DESCRIPTIONS = [
    [],
    {"tools": "x"},
    {"tools": [7], "plugins": []},
    {"tools": [], "plugins": [], "models": [{"name": 7}]},
]


@pytest.mark.any_blender
@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_record_of_the_engine_is_none(extension, text):
    record = extension.engine.engine.user_folder(create=True) / extension.engine.engine.RECORD
    before = record.read_bytes() if record.exists() else None
    try:
        record.write_text(text)
        assert extension.engine.engine._Record().engine is None
    finally:
        record.unlink()
        if before is not None:
            record.write_bytes(before)


@pytest.mark.any_blender
@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_a_damaged_description_is_not_used(extension, description):
    catalogue = extension.engine.catalogue
    kept = extension.engine.engine.user_folder(create=True) / catalogue.KEPT
    before = kept.read_bytes()
    try:
        key = catalogue._key(catalogue.catalogue.version)
        kept.write_text(json.dumps({"key": key, "description": description}))
        assert catalogue._read_kept(catalogue.catalogue.version) is None
        kept.write_bytes(before)
        assert catalogue._read_kept(catalogue.catalogue.version) is not None
    finally:
        kept.write_bytes(before)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "..", "a\0b", "x" * 3000])
def test_a_recipe_never_reads_outside_of_its_folder(extension, scene, tmp_path, name):
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "below").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "below" / "a.blend"))
    image = bpy.data.images.new("made", 4, 4)
    about = {"steps": [{"tool": "quilt"}], "inputs": {"source": {"name": name, "sha256": "0"}}}
    image[extension.bridge.images.RECIPE] = json.dumps(about)
    recipe = extension.bridge.images.recipe_of(image)
    with pytest.raises(extension.bridge.recipe_inputs.FileError, match="neither an image"):
        extension.bridge.recipe_inputs.inputs_of(recipe, image)


@pytest.mark.any_blender
@pytest.mark.parametrize("text", ["[]", "{", '{"steps": [7]}', '{"steps": [{"tool": 7}]}', "9" * 5000])
def test_a_damaged_recipe_is_refused_in_a_sentence(extension, scene, text):
    image = bpy.data.images.new("made", 4, 4)
    image[extension.bridge.images.RECIPE] = text
    with pytest.raises(extension.bridge.recipe_inputs.FileError.__base__) as caught:
        extension.bridge.images.recipe_of(image)
    assert len(str(caught.value)) < 300


def test_a_picture_whose_text_is_damaged_holds_no_recipe(extension, scene, tmp_path: Path):
    path = tmp_path / "odd.png"
    pixels = np.zeros(4 * 4 * 4, np.float32)
    image = bpy.data.images.new("odd", 4, 4)
    image.pixels.foreach_set(pixels)
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    data = path.read_bytes()
    for text in (b"[1]", b"{", b"\xff"):
        body = b"iTXtimpasto\0\0\0\0\0" + text
        path.write_bytes(data[:33] + len(body[4:]).to_bytes(4, "big") + body + bytes(4) + data[33:])
        loaded = bpy.data.images.load(str(path))
        with pytest.raises(extension.bridge.recipe_inputs.FileError):
            extension.bridge.images.recipe_of(loaded)
        bpy.data.images.remove(loaded)
