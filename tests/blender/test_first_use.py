"""Every user's first step: a photograph of 1024² pixels becomes a material, with the settings of a new file."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import pixels_of
from drawing import drawn
from test_layers import shown_in

SIDE_PX = 1024
SEAMLESS = (-4, 3)
"""Of `seam_z`: below, the border is smeared; above, it is seen."""
TAKE = f"""
import sys
from PIL import Image
from skimage import data
grey = Image.fromarray(data.brick()).resize(({SIDE_PX}, {SIDE_PX}))
Image.merge("RGB", [grey.point(lambda value, share=share: value * share) for share in (1, 0.7, 0.6)]).save(sys.argv[1])
"""


@pytest.fixture
def photograph(tmp_path) -> Path:
    """scikit-image's wall of bricks in colour, which the engine has."""
    subprocess.run([os.environ["IMPASTO_ENGINE"], "-P", "-c", TAKE, str(tmp_path / "wall.png")], check=True)
    return tmp_path / "wall.png"


def seam_z(pixels: np.ndarray) -> tuple[float, float]:
    """The core's measure, in the engine's Python."""
    code = "from impasto.surface.wrapping import seam_z; import io, sys, numpy as np; "
    code += "print(*seam_z(np.load(io.BytesIO(sys.stdin.buffer.read()))))"
    given = io.BytesIO()
    np.save(given, pixels)
    command = [os.environ["IMPASTO_ENGINE"], "-P", "-c", code]
    low, high = subprocess.run(command, input=given.getvalue(), capture_output=True, check=True).stdout.split()
    return float(low), float(high)


def tilt(normal: np.ndarray) -> float:
    """Mean angle in degrees between encoded normals and the surface's own."""
    x, y, z = np.moveaxis(2 * normal[..., :3].astype(np.float64) - 1, 2, 0)
    return float(np.degrees(np.arctan2(np.hypot(x, y), z)).mean())


@pytest.mark.essential
def test_a_photograph_becomes_a_seamless_material_with_default_settings(extension, scene, plane, photograph):
    """The photograph's borders show at 25 and 51 deviations, those of the maps at most at 1.7; normals tilt by 3.5°."""
    settings, source = scene.impasto, pixels_of(bpy.data.images.load(str(photograph)))[..., :3]
    settings.source_kind, settings.filepath = "FILE", str(photograph)
    assert drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.generate"), "the panel's button"
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    maps = {name: pixels_of(image)[..., :3] for name, image in shown_in(plane.active_material).items()}
    assert {"base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion"} <= set(maps)
    assert min(seam_z(source)) > SEAMLESS[1], "else this says nothing"
    for name, pixels in maps.items():
        assert pixels.shape == (SIDE_PX, SIDE_PX, 3), name
        assert all(SEAMLESS[0] < z < SEAMLESS[1] for z in seam_z(pixels)), name
    np.testing.assert_allclose(maps["base_color"].mean((0, 1)), source.mean((0, 1)), atol=0.08)
    assert maps["base_color"].std() > 0.6 * source.std()
    assert min(maps[name].std() for name in ("height", "roughness")) > 0.02
    assert 1.5 < tilt(maps["normal"]) < 45
    recipe = extension.bridge.images.metadata_of(shown_in(plane.active_material)["base_color"])["recipe"]
    usual = extension.engine.catalogue.catalogue.usual
    assert [step["tool"] for step in recipe["steps"]] == [usual("seamless"), usual("maps")]
    assert recipe["inputs"]["source"]["name"] == photograph.name
