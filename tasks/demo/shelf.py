"""Every bundled model on a ball, in one picture: `python shelf.py -- FOLDER MODEL…` in Blender's module."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
from in_blender import EXTENSION, add_sky, from_model, install, point_at, render, select
from messages import task

COLUMNS = 5
TEXTURE_PX = 1024
CELL_PX = 300


def main() -> None:
    folder, *models = sys.argv[sys.argv.index("--") + 1 :]
    install()
    rows = -(-len(models) // COLUMNS)
    light(rows)
    for index, model in enumerate(models):
        with task(f"Making {model}"):
            add_ball(index % COLUMNS, rows - 1 - index // COLUMNS)
            from_model(model, TEXTURE_PX)
    with task("Rendering the shelf"):
        render(Path(folder) / "shelf.png", (COLUMNS * CELL_PX, rows * CELL_PX))
    bpy.ops.preferences.addon_disable(module=EXTENSION)


def add_ball(column: int, row: int) -> None:
    """A selected ball in the grid, its texture going twice around it."""
    bpy.ops.mesh.primitive_uv_sphere_add(segments=96, ring_count=48, radius=0.92, location=(2 * column, 0, 2 * row))
    ball = bpy.context.object
    ball.rotation_euler = (0, 0, -1.5708)
    bpy.ops.object.shade_smooth()
    for corner in ball.data.uv_layers.active.data:
        corner.uv = (corner.uv[0] * 2, corner.uv[1])
    select(ball)


def light(rows: int) -> None:
    """A camera without perspective before the whole grid, a lamp from the left and a weak one from the right."""
    middle = (COLUMNS - 1.0, 0, rows - 1.0)
    bpy.ops.object.camera_add(location=(middle[0], -20, middle[2]), rotation=(1.5708, 0, 0))
    camera = bpy.context.object
    camera.data.type, camera.data.ortho_scale = "ORTHO", 2 * max(COLUMNS, rows)
    bpy.context.scene.camera = camera
    for side, power, size in ((-14, 4200, 4), (16, 900, 10)):
        bpy.ops.object.light_add(type="AREA", location=(middle[0] + side, -14, middle[2] + 9))
        lamp = bpy.context.object
        lamp.data.energy, lamp.data.size = power, size
        point_at(lamp, middle)
    add_sky((0.5, 0.55, 0.62, 1), 0.4)


if __name__ == "__main__":
    main()
