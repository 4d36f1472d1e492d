"""Real results as small pictures above the choices at the top of Blender's panel.

`python render_intents.py FOLDER`, in the core's Python.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

from impasto import Recipe, Step, match, run
from impasto.surface.shading import ball
from impasto.texture import Maps

SIDE_PX, DRAWN_PX, MAPS_PX = 96, 384, 512
COLOURS = 120
"""Of a picture's palette: few enough for small files, and none is seen to be missing at this size."""
MODELS = ("brass", "leather", "castle-wall", "grass")
BALL_PX = 284
EDGE = 0.03
"""Background on each side of a ball, relative to the picture."""
DARK, BRIGHT = (0.10, 0.10, 0.12), (0.88, 0.84, 0.76)
"""Colours of scikit-image's grey photograph of gravel."""


def main(folder: Path) -> None:
    bricks = match("phrase", "mossy red bricks", size_px=(MAPS_PX, MAPS_PX)).recipe
    wall = run(bricks).maps
    pictures = {
        "photo": of_photo(),
        "words": of_words(wall),
        "model": of_models(),
        "restyle": of_style(wall),
        "bake": of_bake(wall),
        "more": of_more(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        small = picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
        small.quantize(COLOURS, Image.Quantize.FASTOCTREE).save(folder / f"{name}.png", optimize=True)
        print(folder / f"{name}.png")


def of_photo() -> Image.Image:
    """A photograph, and its material on a ball before it."""
    grey = data.gravel()[..., None].astype(np.float32) / 255
    photo = Maps.from_arrays({"base_color": (DARK + grey * np.subtract(BRIGHT, DARK)).astype(np.float32)})
    steps = Step("quilt", {"width_px": MAPS_PX, "height_px": MAPS_PX}), Step("photo-maps")
    made = run(Recipe(steps, seed=1), {"source": photo}).maps
    picture = empty()
    picture.paste(image(photo["base_color"].pixels).resize((250, 250)), (6, 6))
    put_ball(picture, made, (DRAWN_PX - BALL_PX, DRAWN_PX - BALL_PX))
    return picture


def of_words(wall: Maps) -> Image.Image:
    """The material of a phrase, and lines of words in a speech bubble."""
    picture = empty()
    put_ball(picture, wall, (DRAWN_PX - BALL_PX, DRAWN_PX - BALL_PX))
    drawing = ImageDraw.Draw(picture)
    drawing.polygon([(60, 120), (60, 190), (130, 140)], fill="white")
    drawing.rounded_rectangle((6, 6, 250, 150), 36, fill="white")
    for row, end in enumerate((210, 170)):
        drawing.line([(44, 52 + row * 50), (end, 52 + row * 50)], fill=(70, 70, 70), width=18)
    return picture


def of_models() -> Image.Image:
    """What four models make."""
    picture, side = empty(), DRAWN_PX // 2
    for index, name in enumerate(MODELS):
        size = {"width_px": MAPS_PX, "height_px": MAPS_PX}
        made = run(Recipe((Step("torus", {**size, "model": name}), Step("photo-maps")), seed=1)).maps
        put_ball(picture, made, (index % 2 * side + 4, index // 2 * side + 4), side - 8)
    return picture


def of_style(wall: Maps) -> Image.Image:
    """A wall, and the same repainted like a picture, on two halves of a ball."""
    style = Maps.from_arrays({"base_color": data.immunohistochemistry().astype(np.float32) / 255})
    step = Step("patches-style", {"longest_px": MAPS_PX}, {"style": "style"})
    painted = run(Recipe((step,), seed=1), {"source": wall, "style": style}).maps
    picture, whole = empty(), DRAWN_PX - 12
    put_ball(picture, wall, (6, 6), whole)
    half = empty()
    put_ball(half, wall.with_arrays({"base_color": painted["base_color"].pixels}), (6, 6), whole)
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon([(250, 0), (DRAWN_PX, 0), (DRAWN_PX, DRAWN_PX), (134, DRAWN_PX)], fill=255)
    picture.paste(half, (0, 0), mask)
    return picture


def of_bake(wall: Maps) -> Image.Image:
    """The maps of a material, as they lie in files."""
    picture, side = empty(), DRAWN_PX // 2
    for index, name in enumerate(("base_color", "normal", "roughness", "height")):
        tile = image(np.broadcast_to(wall[name].pixels, (MAPS_PX, MAPS_PX, 3)))
        picture.paste(tile.resize((side - 12, side - 12)), (index % 2 * side + 6, index // 2 * side + 6))
    return picture


def of_more() -> Image.Image:
    """Three dots."""
    picture = empty()
    for x in (96, 192, 288):
        ImageDraw.Draw(picture).ellipse((x - 34, 158, x + 34, 226), fill=(200, 200, 200))
    return picture


def empty() -> Image.Image:
    return Image.new("RGBA", (DRAWN_PX, DRAWN_PX), (128, 128, 128, 0))


def put_ball(picture: Image.Image, maps: Maps, place: tuple[int, int], side_px: int = BALL_PX) -> None:
    """Draw maps on a ball without its background."""
    mask, edge = Image.new("L", (side_px, side_px)), round(EDGE * side_px)
    ImageDraw.Draw(mask).ellipse((edge, edge, side_px - 1 - edge, side_px - 1 - edge), fill=255)
    picture.paste(image(ball(maps, side_px)), place, mask)


def image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8))


main(Path(sys.argv[1]))
