"""A small picture of each tool, before and after: `python -m tasks.render_tools PICTURES [TOOL…]`.

Parameters are the defaults but for what a tool must be told, such as the corners of a wall. Tools whose models are
trained take cells of pictures that PICTURES already has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from . import tool_drawings as draw
from .pictures import mark
from .tool_drawings import CELL_PX, Drawing, image

GAP_PX, QUALITY = 4, 80
CELLS: Mapping[str, tuple[str, Sequence[tuple[int, int, int, int]]]] = {
    "cover-object": ("objects_covered.jpg", ((30, 40, 310, 320), (1010, 40, 1290, 320))),
    "photometric-stereo": ("photometric_stereo.jpg", ((0, 0, 254, 254), (512, 0, 766, 254), (256, 278, 510, 532))),
    "stackgan": ("generators_stackgan.jpg", ((0, 0, 256, 256), (264, 0, 520, 256), (528, 0, 784, 256))),
    "vae": ("generators_vae.jpg", ((0, 0, 256, 256), (792, 0, 1048, 256))),
    "fast-style": ("fast_style.jpg", ((800, 8, 1056, 264), (8, 332, 184, 508), (800, 292, 1056, 548))),
}
"""Cells of pictures that show results of trained models, or of whole objects."""
TRAINERS = {f"train-{name}": name for name in ("stackgan", "vae", "fast-style")}
"""Trainers, by the tool whose picture shows what their models make."""


def main(pictures: Path, names: Sequence[str]) -> None:
    folder = pictures / "tools"
    folder.mkdir(exist_ok=True)
    for name in names or (*CASES, *CELLS, *TRAINERS):
        draw.recipes.clear()
        made = cells(pictures, TRAINERS.get(name, name)) if name not in CASES else CASES[name]()
        path = folder / f"{name}.webp"
        side_by_side(made).save(path, quality=QUALITY, method=6)
        mark(path, [step for step in draw.recipes if step["tool"] == name])
        print(name, flush=True)


def cells(pictures: Path, name: str) -> Drawing:
    file, boxes = CELLS[name]
    with Image.open(pictures / file) as picture:
        return tuple(picture.convert("RGB").crop(box) for box in boxes)


def side_by_side(pictures: Drawing) -> Image.Image:
    shown = [one if isinstance(one, Image.Image) else image(one) for one in pictures]
    made = Image.new("RGB", (len(shown) * (CELL_PX + GAP_PX) - GAP_PX, CELL_PX), (255, 255, 255))
    for index, one in enumerate(shown):
        side = min(one.size)
        left, top = (one.width - side) // 2, (one.height - side) // 2
        square = one.crop((left, top, left + side, top + side)).resize((CELL_PX, CELL_PX), Image.Resampling.LANCZOS)
        made.paste(square, (index * (CELL_PX + GAP_PX), 0))
    return made


CASES: Mapping[str, Callable[[], Drawing]] = {
    "lens": draw.lens,
    "straighten": draw.straighten,
    "even-light": draw.even_light,
    "remove-light": draw.remove_light,
    "balance": draw.balance,
    "patch-color": draw.patch_color,
    "real-scale": draw.real_scale,
    "crop-period": draw.crop_period,
    "best-photograph": draw.best_photograph,
    "transform": draw.on_photo("transform", "astronaut", rotate=20.0),
    "quilt": draw.larger("quilt", "gravel"),
    "patch-synthesis": draw.larger("patch-synthesis", "grass"),
    "histogram-blending": draw.larger("histogram-blending", "gravel"),
    "cnn-texture": draw.on_photo("cnn-texture", "gravel"),
    "torus": draw.torus,
    "train-torus": draw.torus,
    "inpaint": draw.inpaint,
    "find-landmarks": draw.landmarks,
    "mend-tiling": draw.mend_tiling,
    "extend": draw.extend,
    "erase-seams": draw.erase_seams,
    "photo-maps": draw.photo_maps,
    "normal-to-height": draw.relief("normal-to-height", "normal", "height"),
    "height-to-normal": draw.relief("height-to-normal", "height", "normal"),
    "height-to-occlusion": draw.relief("height-to-occlusion", "height", "ambient_occlusion"),
    "detail-normals": draw.detail_normals,
    "fix-normals": draw.fix_normals,
    "adjust": draw.on_photo("adjust", "coffee"),
    "tint": draw.on_photo("tint", "moon"),
    "tone-curve": draw.on_photo("tone-curve", "coffee", shadows=0.1, highlights=0.9),
    "color-transfer": draw.with_other("color-transfer", "coffee", "reference", "grass"),
    "match-material": draw.with_other("match-material", "bricks", "reference", "sand"),
    "local-contrast": draw.on_photo("local-contrast", "astronaut"),
    "sharpen": draw.near("sharpen", "chelsea"),
    "guided-detail": draw.near("guided-detail", "astronaut"),
    "denoise": draw.denoise,
    "histogram-match": draw.with_other("histogram-match", "coffee", "reference", "grass"),
    "super-resolution": draw.super_resolution,
    "blend-materials": draw.with_other("blend-materials", "cobbles", "over", "moss"),
    "cover": draw.on_material("cover", "bricks"),
    "marks": draw.on_material("marks", "leather"),
    "weathering": draw.on_material("weathering", "bricks"),
    "patches-style": draw.painted("patches-style"),
    "neighbours": draw.painted("neighbours"),
    "wct": draw.painted("wct"),
    "gatys": draw.painted("gatys", "coffee"),
    "cut-decal": draw.cut_decal,
    "pack-atlas": draw.pack_atlas,
    "trim-sheet": draw.trim_sheet,
    "close-panorama": draw.close_panorama,
    "cube-faces": draw.cube_faces,
    "panorama-from-cube": draw.panorama_from_cube,
}
"""Drawings of the tools that need no model of the user's own."""

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
