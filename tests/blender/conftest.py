"""A real Blender (the bpy wheel) with the built extension, and a real engine that also has the misbehaving tools.

IMPASTO_EXTENSION is the zip that is tested, IMPASTO_ENGINE the Python that runs the worker, IMPASTO_PROFILE an empty
folder for Blender's own files.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import pack

import pytest

HERE = Path(__file__).resolve().parent
PROFILE = Path(os.environ.get("IMPASTO_PROFILE") or tempfile.mkdtemp(prefix="impasto-profile-"))
"""Blender's files of this session: a folder that `build.py test` removes, since Blender writes until its end."""
os.environ["BLENDER_USER_RESOURCES"] = str(PROFILE)
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path[:0] = [str(HERE.parent / "misbehaving"), str(HERE.parent)]

bpy = pytest.importorskip("bpy", reason="no Blender module here: run `python build.py test`")
import numpy as np  # noqa: E402

import install  # noqa: E402

MODULE = "bl_ext.user_default.impasto"
ENGINE = Path(os.environ.get("IMPASTO_ENGINE", ""))
"""Python of the session's environment: tests may have made an engine on it before."""


def cases(name: str) -> list[list]:
    """Rows of a table of what goes into a test and what comes of it."""
    return json.loads((HERE / "cases.json").read_text(encoding="utf-8"))[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a zip or an engine there is nothing to test."""
    missing = [name for name in ("IMPASTO_EXTENSION", "IMPASTO_ENGINE") if name not in os.environ]
    if missing:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"{' and '.join(missing)} not set: run `python build.py test`"))


@pytest.fixture(scope="session")
def engine_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An engine with the first-party tools and the misbehaving ones."""
    return install.make_engine(ENGINE, tmp_path_factory.mktemp("engine") / "venv")


@pytest.fixture(scope="session")
def extension(engine_python: Path) -> Iterator[object]:
    """The extension, installed from its zip and enabled; disabled at the end, or 4.2 and 4.5 would not exit."""
    import addon_utils

    os.environ["IMPASTO_ENGINE"] = str(engine_python)
    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    bpy.ops.impasto.refresh_tools()
    yield sys.modules[MODULE]
    addon_utils.disable(MODULE, default_set=True)


@pytest.fixture
def scene(extension: object, monkeypatch: pytest.MonkeyPatch, engine_python: Path) -> Iterator[bpy.types.Scene]:
    """An empty, never saved file with one selected plane that has UVs; no job or report is left over from before."""
    monkeypatch.setenv("IMPASTO_ENGINE", str(engine_python))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=1)
    yield bpy.context.scene
    if bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    jobs = extension.jobs.session.jobs
    for task in jobs.tasks:
        task.cancel()
        task.wait(10)
    jobs.tasks.clear()
    jobs.reports.clear()


@pytest.fixture
def run(extension: object, scene: bpy.types.Scene) -> Callable[..., int]:
    """Function that `blender -b --command impasto` calls."""
    return lambda *arguments: extension.command_line.run([str(argument) for argument in arguments])


@pytest.fixture
def plane(scene: bpy.types.Scene) -> bpy.types.Object:
    return bpy.context.active_object


@pytest.fixture
def image(scene: bpy.types.Scene) -> bpy.types.Image:
    """A packed 48×32 image with 8 bits a channel, every pixel another colour."""
    return packed_image("bricks.png", coordinates(32, 48))


def coordinates(height: int, width: int) -> np.ndarray:
    """uint8 (H, W, 3): red grows to the right, green downwards, so that a flip shows."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), np.full_like(x, 40)], 2).astype(np.uint8)


def half_plain() -> np.ndarray:
    """uint8 (80, 96, 3) to learn from: the half by which a report would judge has one colour, so it is written soon."""
    pixels = coordinates(80, 96)
    pixels[:, 48:] = pixels[:, 48:].mean((0, 1))
    return pixels


def refused(match: str, operator: str | Callable, *given: object, **named: object) -> None:
    """Call an operator, or what calls one: it must be refused in these words, and make no image and no material."""
    call = getattr(bpy.ops.impasto, operator) if isinstance(operator, str) else operator
    before = [list(kind.keys()) for kind in (bpy.data.images, bpy.data.materials)]
    with pytest.raises(RuntimeError, match=match):
        call(*given, **named)
    assert [list(kind.keys()) for kind in (bpy.data.images, bpy.data.materials)] == before


def packed_image(name: str, pixels: np.ndarray) -> bpy.types.Image:
    """An image datablock that holds a PNG of these pixels."""
    data = png(pixels)
    image = bpy.data.images.new(name, 8, 8)
    image.pack(data=data, data_len=len(data))
    image.source = "FILE"
    return image


def png(pixels: np.ndarray) -> bytes:
    """uint8 or uint16 (H, W, C) as the bytes of a PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))

    height, width, channels = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = pixels.astype(pixels.dtype.newbyteorder(">"))
    header = pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize, kind, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pixels_of(image: bpy.types.Image) -> np.ndarray:
    """Float (H, W, C) with row 0 at the top, as Blender holds them."""
    width, height = image.size
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(height, width, -1)[::-1]


@pytest.fixture(scope="module")
def models_library(tmp_path_factory, extension):
    """A library of models for a file's tests, so that the workers need not start anew for each."""
    folder = tmp_path_factory.mktemp("models")
    extension.engine.engine.preferences().models_folder = str(folder)
    yield folder
    extension.engine.engine.preferences().models_folder = ""
    extension.jobs.session.jobs.close()


@pytest.fixture
def training_jobs(extension, scene, models_library):
    """The jobs of the session, whose trainings write into `models_library`."""
    yield extension.jobs.session.jobs
    extension.jobs.session.jobs.reports.clear()


@pytest.fixture
def wall_file(tmp_path) -> Path:
    """A picture on disk to learn from, of which little is judged."""
    (tmp_path / "wall.png").write_bytes(png(half_plain()))
    return tmp_path / "wall.png"


@pytest.fixture
def style(scene) -> bpy.types.Image:
    """A picture whose mean colour is red."""
    return packed_image("red.png", np.full((8, 8, 3), (200, 40, 20), np.uint8))


@pytest.fixture
def settings(scene, extension, image, style):
    """The Style panel, set to paint the image flat."""
    scene.impasto_style.tool, scene.impasto_style.image = "flat", image
    scene.impasto_parameters.flat.input_style = style
    yield scene.impasto_style
    extension.stylize.preview.live.clear()


@pytest.fixture
def material(plane, image):
    """A material with a colour, a rather smooth surface and a node of the user's own, on the plane."""
    from blends import new_material, show_image  # which import this module

    material = new_material("bricks")
    tree = material.node_tree
    texture = show_image(material, image, "Base Color")
    texture.name, texture.extension = "my texture", "MIRROR"
    mapping = tree.nodes.new("ShaderNodeMapping")
    tree.links.new(mapping.outputs["Vector"], texture.inputs["Vector"])
    tree.nodes["Principled BSDF"].inputs["Roughness"].default_value = 0.25
    plane.active_material = material
    return material
