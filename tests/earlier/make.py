"""Files as an earlier version wrote them, which tests of core and Blender read: never made anew as a whole.

Made at commit ac5a78c4 (impasto 0.1.0) with Blender 4.2.23, first by the core's Python, then by one with bpy 4.2:

    python tests/earlier/make.py /home/artist/earlier
    HOME=/home/artist IMPASTO_EXTENSION=ZIP IMPASTO_ENGINE=PYTHON python tests/earlier/make.py /home/artist/earlier

and copied from there, since paths are in some of the files. Where a tool is meant to make something else from now on,
make that part alone again: `python tests/earlier/make.py FOLDER recipes`.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

MODULE = "bl_ext.user_default.impasto"
SIZE_PX = 32
SIZE = {"width_px": SIZE_PX, "height_px": SIZE_PX}
RESULT = {**SIZE, "estimator": "none"}
RECIPE = {
    "seed": 7,
    "steps": [
        {"tool": "bricks", "parameters": {**SIZE, "wear": 0.3, "moss": 0.25}, "name": "wall"},
        {
            "tool": "tint",
            "parameters": {"strength": 0.6, "dark": [0.2, 0.1, 0.05]},
            "mask": {"kind": "noise", "amount": 0.5, "size": 0.3, "contrast": 0.6, "invert": True, "opacity": 0.9},
        },
        {"tool": "color-transfer", "parameters": {}, "inputs": {"reference": "photo"}, "enabled": False},
        {"tool": "adjust", "parameters": {"saturation": 0.3}, "mask": {"kind": "image", "input": "where"}},
    ],
}
TINY = {
    "train-torus": {"steps": 2, "canvas_px": 96, "crop_px": 48, "batch": 1, "width": 0.125, "start_from": ""},
    "train-vae": {"steps": 2, "crop_px": 80, "batch": 1, "width": 8},
    "train-gan": {"steps": 2, "batch": 2, "width": 16},
    "train-fast-style": {"steps": 2, "crop_px": 64, "batch": 1, "width": 4, "longest_px": 128, "lessons": 1},
}
LONGER = {**TINY["train-gan"], "steps": 4, "name": "longer"}
"""A training that is interrupted after two steps."""
HEADER = "recipe,name,seed,parameter.width_px,parameter.height_px"
ROWS = (*(f"asphalt,a{n},{n},{size},{size}" for n, size in enumerate((32, 32, 256, 256))),)
LATE = "asphalt,late,5,32,32"


def main(folder: Path, *parts: str) -> None:
    is_blender = find_spec("bpy") is not None
    known = BLENDER if is_blender else CORE
    if is_blender:
        blender()
    for name in parts or known:
        (folder / name).mkdir(parents=True, exist_ok=True)
        known[name](folder / name)
    if is_blender:
        import addon_utils

        addon_utils.disable(MODULE)


def make_recipes(folder: Path) -> None:
    """A recipe by itself, its inputs, and what it made, with the recipe in each PNG and beside each EXR."""
    import numpy as np
    from PIL import Image

    y, x = np.mgrid[0:SIZE_PX, 0:SIZE_PX]
    Image.fromarray(np.uint8(np.stack([x * 8, y * 8, 255 - x * 4], 2))).save(folder / "photo.png")
    Image.fromarray(np.uint8(255 * (x < SIZE_PX // 2))).save(folder / "where.png")
    (folder / "wall.json").write_text(json.dumps(RECIPE, indent=1) + "\n")
    given = "--input", f"photo={folder / 'photo.png'}", "--input", f"where={folder / 'where.png'}"
    for kind in ("png", "exr"):
        impasto("run", folder / "wall.json", *given, "--name", f"wall-{kind}", "--format", kind, "--out", folder)


def make_models(folder: Path) -> None:
    """Small models and a picture by each, what they learned from, and the checkpoint of a cancelled training."""
    import numpy as np
    from PIL import Image

    from impasto import Host, Maps, Recipe, RunOptions, Step, read_maps, run, write_maps
    from impasto.data.dataset import read_dataset
    from impasto.errors import Cancelled

    y, x = np.mgrid[0:128, 0:128]
    stones = 128 + 60 * np.sin(x / 8) * np.cos(y / 6 + np.sin(x / 11))
    Image.fromarray(np.uint8(np.stack([stones, 0.8 * stones, 0.6 * stones], 2))).save(folder / "wall.png")
    data = read_dataset(folder / "wall.png")
    for trainer, parameters in TINY.items():
        given = {"dataset": data, **({"pictures": data} if trainer == "train-fast-style" else {})}
        step = Step(trainer, {**parameters, "name": trainer.removeprefix("train-")}, {name: name for name in given})
        run(Recipe((step,), 3), given, RunOptions(models_folder=folder, device="cpu"))
    for name in (trainer.removeprefix("train-") for trainer in TINY):
        is_stylizer = name == "fast-style"
        step = Step(name, {"model": name} | ({} if is_stylizer else {"width_px": 64, "height_px": 64}))
        source = {"source": read_maps(folder / "wall.png")} if is_stylizer else {}
        made = run(Recipe((step,), 5), source, RunOptions(models_folder=folder, device="cpu"))
        write_maps(Maps({"base_color": made.maps["base_color"]}), folder / "made", name)
    begun: list[str] = []
    with contextlib.suppress(Cancelled):
        run(
            Recipe((Step("train-gan", LONGER, {"dataset": "dataset"}),), 3),
            {"dataset": data},
            RunOptions(models_folder=folder, device="cpu"),
            Host(
                on_progress=lambda _, message: begun.append(message) if message.startswith("Step") else None,
                is_cancelled=lambda: len(begun) > 2,
            ),
        )


def make_batch(folder: Path) -> None:
    """A batch that was interrupted half way, and one with a job that failed."""
    (folder / "table.csv").write_text("\n".join((HEADER, *ROWS)) + "\n")
    command = [sys.executable, "-P", "-m", "impasto", "batch", "table.csv", "--out", "out", "--workers", "1"]
    running = subprocess.Popen([*command, "--no-contact-sheet"], cwd=folder, start_new_session=True)
    record = folder / "out" / "batch.jsonl"
    while not record.exists() or record.read_text().count('"name"') < 2:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait() == 130
    (folder / "failing.csv").write_text(f"{HEADER}\n{LATE}\n")
    late = "failing.csv", "--out", "failed", "--workers", "1", "--time-limit", "0.01s", "--no-contact-sheet"
    subprocess.run([*command[:5], *late], cwd=folder, check=False)


def impasto(*arguments: object) -> None:
    subprocess.run([sys.executable, "-P", "-m", "impasto", *map(str, arguments)], check=True)


def make_blend(folder: Path) -> None:
    """A .blend with layers, masks and animated sliders, and results of several tools in its history."""
    import bpy

    plane = new_file()
    scene = bpy.context.scene
    material = add_layers(plane)
    bpy.ops.impasto.run_layers()
    bpy.ops.impasto.add_sliders()
    animate(material, plane)
    bpy.ops.impasto.star_entry(entry=f"MATERIAL:{material.name}")
    beside("Model", 2)
    bpy.ops.impasto.run(tool="torus", parameters='{"model": "slate"}', name="Slate", seed=4, **RESULT)
    beside("Painted", 4)
    bpy.ops.impasto.run(tool="asphalt", name="Road", seed=5, **RESULT)
    painted = bpy.data.images["Road_base_color"]
    quick = json.dumps({"quality": "quick"})
    bpy.ops.impasto.stylize(tool="patches-style", image=painted.name, style="photo", parameters=quick, name="Repainted")
    bpy.ops.impasto.star_entry(entry="IMAGE:Repainted")
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.seed = "quilt", "IMAGE", 11
    scene.impasto.image, scene.impasto_parameters.quilt.width_px = bpy.data.images["photo"], 48
    scene.impasto_style.tool, scene.impasto_style.seed = "wct", 12
    scene.impasto_parameters.wct.input_style = bpy.data.images["photo"]
    scene.impasto_parameters.wct.strength = 0.625
    bpy.context.view_layer.objects.active = plane
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "studio.blend"), compress=True)


def add_layers(plane: object) -> object:
    """Bricks on the plane, tinted in patches, adjusted where an image is white; the recipe of the core's, in short."""
    import bpy

    for tool in ("bricks", "tint", "adjust"):
        bpy.ops.impasto.add_layer(tool=tool)
    material = plane.active_material
    material.name, stack = "Old wall", material.impasto_layers
    stack.seed = 7
    (bricks, tint, adjust), given = stack.layers, [layer.impasto_parameters for layer in stack.layers]
    bricks.name = "Wall"
    given[0].bricks.width_px = given[0].bricks.height_px = SIZE_PX
    given[0].bricks.wear, given[1].tint.strength, given[2].adjust.saturation = 0.25, 0.5, 0.3
    tint.mask.kind, tint.mask.amount, tint.mask.size, tint.mask.invert = "noise", 0.5, 0.3, True
    adjust.mask.kind, adjust.mask.image = "image", image("where", lambda x, _: (x < 0.5,) * 3)
    bpy.ops.impasto.duplicate_layer()
    stack.layers[3].enabled, stack.layers[3].name = False, "Spare"
    return material


def animate(material: object, plane: object) -> None:
    """Keyframes on the tint's strength and a live slider; a driver, by the plane's own property, on the wear."""
    tint, bricks = (f"impasto_layers.layers[{n}].impasto_parameters.{path}" for n, path in ((1, "tint"), (0, "bricks")))
    for frame, strength in ((1, 0.0), (11, 1.0)):
        material.impasto_layers.layers[1].impasto_parameters.tint.strength = strength
        material.keyframe_insert(f"{tint}.strength", frame=frame)
        slider = material.node_tree.nodes["Impasto Sliders"].inputs["Wear"]
        slider.default_value = strength / 2
        slider.keyframe_insert("default_value", frame=frame)
    plane["worn"] = 0.25
    driver = material.driver_add(f"{bricks}.wear").driver
    driver.type, variable = "AVERAGE", driver.variables.new()
    variable.targets[0].id, variable.targets[0].data_path = plane, '["worn"]'


def make_presets(folder: Path) -> None:
    """A preset of the user's own."""
    import bpy

    new_file()
    bpy.context.scene.impasto.tool, bricks = "bricks", bpy.context.scene.impasto_parameters.bricks
    bricks.wear, bricks.width_px = 0.625, 96
    bpy.ops.impasto.preset_add(name="Old wall")
    (made,) = Path(bpy.utils.user_resource("SCRIPTS"), "presets").rglob("Old wall.json")
    shutil.move(made, folder / made.name)


def make_history(folder: Path) -> None:
    """The history of all files: two recipes, one of them with a star."""
    import bpy

    preferences = bpy.context.preferences.addons[MODULE].preferences
    preferences.keeps_history, preferences.history_folder = True, str(folder)
    new_file()
    for name in ("Road", "Street"):
        bpy.ops.impasto.run(tool="asphalt", name=name, **RESULT)
    latest = max(folder.iterdir())
    new_file()
    bpy.context.window_manager.impasto_history.all_files = True
    bpy.ops.impasto.star_entry(entry=f"STORED:{latest.name}")


def make_preferences(folder: Path) -> None:
    """Blender's preferences with Impasto's, compressed as Blender compresses other files."""
    import bpy

    preferences = bpy.context.preferences.addons[MODULE].preferences
    preferences.property_unset("keeps_history")
    preferences.device, preferences.history_folder = "cpu", "/home/artist/history"
    preferences.models_folder, preferences.keep_training = "/home/artist/models", True
    bpy.ops.wm.save_userpref()
    saved = Path(bpy.utils.user_resource("CONFIG"), "userpref.blend")
    (folder / saved.name).write_bytes(gzip.compress(saved.read_bytes(), mtime=0))


def new_file() -> object:
    """An empty file with a plane and a picture; the plane."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True)
    image("photo", lambda x, y: (x, y, 1 - x / 2))
    return beside("Wall", 0)


def beside(name: str, x: float) -> object:
    """A plane that alone is selected."""
    import bpy

    bpy.ops.object.select_all(action="DESELECT")
    bpy.ops.mesh.primitive_plane_add(size=1, location=(x, 0, 0))
    bpy.context.object.name = name
    return bpy.context.object


def image(name: str, color: Callable[[float, float], Sequence[float]]) -> object:
    """A packed image whose colour is a function of the place."""
    import bpy

    made = bpy.data.images.new(name, SIZE_PX, SIZE_PX)
    places = ((x / SIZE_PX, y / SIZE_PX) for y in range(SIZE_PX) for x in range(SIZE_PX))
    made.pixels.foreach_set([float(value) for place in places for value in (*color(*place), 1)])
    made.pack()
    made.use_fake_user = True
    return made


def blender() -> None:
    """Start Blender with the extension, in a profile of its own."""
    os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp()
    import bpy

    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    bpy.ops.impasto.refresh_tools()


CORE = {"recipes": make_recipes, "models": make_models, "batch": make_batch}
BLENDER = {"blend": make_blend, "presets": make_presets, "history": make_history, "preferences": make_preferences}

if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), *sys.argv[2:])
