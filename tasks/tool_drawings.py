"""Drawings of what each tool makes of photographs and procedural materials, for the documentation's small pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from skimage import data

from impasto import Recipe, Step, run
from impasto.atlas.mesh import Mesh
from impasto.surface.shading import Light, ball, plane
from impasto.surface.thumbnail import lit_picture
from impasto.texture import Maps

from .demo.painting import night
from .demo.photo_to_material import CORNERS, TINTS, photograph, prepared

CELL_PX, SUBJECT_PX, NEAR_PX = 128, 256, 40
Pixels = np.ndarray
Drawing = tuple[Any, ...]
"""Pictures side by side: what there was, what the tool made."""
MATERIALS = ("bricks", "sand", "cobbles", "weave", "moss", "stone-wall", "rock")


def image(shown: Maps | Pixels) -> Image.Image:
    """Maps under a light, or pixels, with transparent parts on a chequered ground."""
    pixels = lit_picture(shown) if isinstance(shown, Maps) else np.asarray(shown)
    height, width = pixels.shape[:2]
    pixels = np.broadcast_to(pixels.reshape(height, width, -1)[..., :3], (height, width, 3))
    if isinstance(shown, Maps) and "opacity" in shown:
        y, x = np.indices((height, width)) * 16 // max(height, width)
        ground = np.where((x + y) % 2, 0.75, 0.95)[..., None]
        pixels = ground + shown["opacity"].pixels[..., :1] * (pixels - ground)
    return Image.fromarray((pixels.clip(0, 1) * 255).round().astype("u1"))


def made_by(tool: str, subject: Maps | None = None, inputs: Mapping[str, Any] | None = None, **parameters: Any) -> Maps:
    given = dict(inputs or {})
    many = {
        name: [f"{name}{index}" for index in range(len(value))]
        for name, value in given.items()
        if isinstance(value, tuple)
    }
    step = Step(tool, parameters, {name: many.get(name, name) for name in given})
    values = {name: value for name, value in given.items() if name not in many}
    values |= {name: one for key, names in many.items() for name, one in zip(names, given[key], strict=True)}
    result = run(Recipe((step,), seed=1), values | ({} if subject is None else {"source": subject}))
    recipes.append(step_of(step))
    return result.maps


recipes: list[dict[str, Any]] = []
"""Pictures that have been made, for the marks of pictures."""


def step_of(step: Step) -> dict[str, Any]:
    """A step's tool and parameters, as in a recipe; its inputs are in no file."""
    return {"tool": step.tool, "parameters": dict(step.parameters)}


def maps_of(pixels: Pixels) -> Maps:
    return Maps.from_arrays({"base_color": np.asarray(pixels, np.float32)})


@cache
def photo(name: str, side_px: int = SUBJECT_PX) -> Maps:
    """The middle of one of scikit-image's photographs; grey ones are tinted."""
    pixels = getattr(data, name)()
    side = min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    square = Image.fromarray(pixels[top : top + side, left : left + side]).convert("RGB")
    maps = maps_of(np.asarray(square.resize((side_px, side_px), Image.Resampling.LANCZOS), np.float32) / 255)
    return made_by("tint", maps, **TINTS[name]) if name in TINTS else maps


@cache
def material(name: str, side_px: int = SUBJECT_PX) -> Maps:
    return made_by(name, width_px=side_px, height_px=side_px)


@cache
def painting() -> Maps:
    return maps_of(np.asarray(night().resize((320, 240)), np.float32) / 255)


def color(maps: Maps) -> Pixels:
    return maps["base_color"].pixels


def raw(maps: Maps, name: str) -> Pixels:
    return maps[name].pixels


def on_photo(tool: str, subject: str, **parameters: Any) -> Callable[[], Drawing]:
    return lambda: (color(photo(subject)), color(made_by(tool, photo(subject), **parameters)))


def near(tool: str, subject: str) -> Callable[[], Drawing]:
    """The middle of a photograph, pixel for pixel."""
    middle = slice((SUBJECT_PX - CELL_PX) // 2, (SUBJECT_PX + CELL_PX) // 2)
    return lambda: tuple(one[middle, middle] for one in on_photo(tool, subject)())


def on_material(tool: str, subject: str, **parameters: Any) -> Callable[[], Drawing]:
    return lambda: (material(subject), made_by(tool, material(subject), **parameters))


def with_other(tool: str, subject: Maps | str, name: str, other: Maps | str) -> Callable[[], Drawing]:
    def draw() -> Drawing:
        one, two = (material(of) if of in MATERIALS else photo(of) for of in (subject, other))
        return one, two, made_by(tool, one, {name: two})

    return draw


def larger(tool: str, subject: str) -> Callable[[], Drawing]:
    """A photograph, and a result of twice its width, in the photograph's scale."""

    def draw() -> Drawing:
        piece = maps_of(color(photo(subject, 512))[128:384, 128:384])
        return color(piece), color(made_by(tool, piece, width_px=512, height_px=512))

    return draw


def painted(tool: str, subject: str = "chelsea") -> Callable[[], Drawing]:
    def draw() -> Drawing:
        one = photo(subject)
        return color(one), color(painting()), color(made_by(tool, one, {"style": painting()}))

    return draw


def lens() -> Drawing:
    wall = material("bricks", 512)
    bent = made_by("lens", wall, find="given", k1=0.25)
    return color(bent), color(made_by("lens", bent))


def straighten() -> Drawing:
    return color(photograph()), color(made_by("straighten", photograph(), **CORNERS))


def even_light() -> Drawing:
    pixels = color(photo("gravel"))
    shade = 0.35 + 0.75 * np.linspace(0, 1, pixels.shape[1])[None, :, None]
    return pixels * shade, color(made_by("even-light", maps_of(pixels * shade)))


def remove_light() -> Drawing:
    pixels = color(photo("gravel"))
    across = np.linspace(-1, 1, pixels.shape[1])[None, :] + np.linspace(-0.4, 0.4, pixels.shape[0])[:, None]
    shadow = 1 / (1 + np.exp(30 * (np.abs(across) - 0.25)))
    shadowed = (pixels * (1 - 0.55 * shadow[..., None])).astype(np.float32)
    return shadowed, color(made_by("remove-light", maps_of(shadowed)))


def balance() -> Drawing:
    cast = color(photo("coffee")) ** 1.5 * np.float32((0.55, 0.62, 0.9))
    return cast, color(made_by("balance", maps_of(cast)))


def patch_color() -> Drawing:
    pixels = color(photo("chelsea")).copy()
    pixels[16:76, 16:76] = np.float32((0.459, 0.459, 0.459))
    cast = pixels * np.float32((1.0, 0.78, 0.5))
    return cast, color(made_by("patch-color", maps_of(cast), patch=(0.18, 0.18)))


def real_scale() -> Drawing:
    wall = color(prepared(photograph())[0])
    shown = image(wall).resize((256, 256))
    draw = ImageDraw.Draw(shown)
    draw.line((64, 128, 192, 128), fill=(255, 255, 255), width=5)
    for x in (64, 192):
        draw.line((x, 112, x, 144), fill=(255, 255, 255), width=5)
    draw.text((86, 84), "0.5 m", fill=(255, 255, 255), font_size=32)
    return (shown,)


def crop_period() -> Drawing:
    wall = maps_of(color(material("bricks", 512))[40:430, 30:460])
    cropped = color(made_by("crop-period", wall))
    return np.tile(color(wall), (2, 2, 1)), np.tile(cropped, (2, 2, 1))


def best_photograph() -> Drawing:
    sharp = color(photo("gravel"))
    blurred = np.asarray(image(sharp).filter(ImageFilter.GaussianBlur(3)), np.float32) / 255
    shots = tuple(maps_of(one) for one in (blurred, (2.5 * sharp).clip(0, 1), sharp))
    return *(color(one) for one in shots), color(made_by("best-photograph", None, {"photo": shots}))


def inpaint() -> Drawing:
    even, mask, mended = prepared(photograph())
    return color(even), raw(mask, next(iter(mask))), color(mended)


def landmarks() -> Drawing:
    even, mask, _ = prepared(photograph())
    return color(even), raw(mask, next(iter(mask)))


def mend_tiling() -> Drawing:
    piece = maps_of(color(material("stone-wall", 512))[30:290, 40:300])
    return tuple(np.tile(color(one), (2, 2, 1)) for one in (piece, made_by("mend-tiling", piece)))


def extend() -> Drawing:
    piece = maps_of(color(photo("grass", 384))[64:320, 64:320])
    around = np.pad(color(piece), ((64, 64), (64, 64), (0, 0)), constant_values=0.95)
    return around, color(made_by("extend", piece, left=0.25, right=0.25, top=0.25, bottom=0.25))


def erase_seams() -> Drawing:
    """Two halves of a wall, islands apart in the atlas, that meet along one edge: this edge, from near."""
    corners = [np.array(one, float) for one in ((0, 0), (1, 0), (1, 1), (0, 1))]
    positions, uvs = [], []
    for left, shift in ((0.04, 0.0), (0.54, 1.0)):
        for picked in ((0, 1, 2), (0, 2, 3)):
            positions.append([(corners[i][0] + shift, 0.0, 2.2 * corners[i][1]) for i in picked])
            uvs.append([(left + 0.42 * corners[i][0], 0.04 + 0.92 * corners[i][1]) for i in picked])
    mesh = Mesh(np.array(positions, np.float32), np.array(uvs, np.float32))
    pixels = color(material("rock")).copy()
    pixels[:, : pixels.shape[1] // 2] = (pixels[:, : pixels.shape[1] // 2] * np.float32((1.2, 1.0, 0.8))).clip(0, 1)
    made = color(made_by("erase-seams", maps_of(pixels), {"mesh": mesh}))
    left, right = round(0.46 * SUBJECT_PX), round(0.54 * SUBJECT_PX)
    return tuple(
        np.hstack((one[:NEAR_PX, left - NEAR_PX // 2 : left], one[:NEAR_PX, right : right + NEAR_PX // 2]))
        for one in (pixels, made)
    )


def photo_maps() -> Drawing:
    made = made_by("photo-maps", photo("gravel"))
    return color(photo("gravel")), raw(made, "normal"), raw(made, "height"), ball(made, CELL_PX)


def fix_normals() -> Drawing:
    normal = raw(material("cobbles"), "normal")
    wrong = material("cobbles").with_arrays({"normal": normal * np.float32((1, -1, 1)) + np.float32((0, 1, 0))})
    return raw(wrong, "normal"), raw(made_by("fix-normals", wrong), "normal")


def relief(tool: str, given: str, made: str) -> Callable[[], Drawing]:
    def draw() -> Drawing:
        subject = Maps.from_arrays({given: raw(material("cobbles"), given)})
        return raw(subject, given), raw(made_by(tool, subject), made)

    return draw


def detail_normals() -> Drawing:
    stones, cloth = material("cobbles"), material("weave", 64)
    return tuple(raw(one, "normal") for one in (stones, cloth, made_by("detail-normals", stones, {"detail": cloth})))


def denoise() -> Drawing:
    rng = np.random.default_rng(1)
    noisy = (color(photo("coffee")) + rng.normal(0, 0.09, (SUBJECT_PX, SUBJECT_PX, 3)).astype(np.float32)).clip(0, 1)
    middle = slice(48, 48 + CELL_PX)
    return tuple(one[middle, middle] for one in (noisy, color(made_by("denoise", maps_of(noisy)))))


def super_resolution() -> Drawing:
    small = maps_of(color(photo("chelsea", 128))[32:96, 32:96])
    blocks = np.repeat(np.repeat(color(small), 4, 0), 4, 1)
    return blocks, color(made_by("super-resolution", small))


def object_on_paper() -> Maps:
    return maps_of(ball(material("bricks"), SUBJECT_PX))


def cut_decal() -> Drawing:
    return color(object_on_paper()), made_by("cut-decal", object_on_paper())


def pack_atlas() -> Drawing:
    names = ("bricks", "moss", "cobbles", "weave")
    balls = [ball(material(name), 128 + 24 * index) for index, name in enumerate(names)]
    paper = np.full((420, 420, 3), balls[0][0, 0], np.float32)
    for one, (top, left) in zip(balls, ((20, 20), (10, 210), (200, 10), (205, 215)), strict=True):
        paper[top : top + one.shape[0], left : left + one.shape[1]] = one
    return paper, made_by("pack-atlas", maps_of(paper))


def trim_sheet() -> Drawing:
    heights = {"bricks": 80, "stone-wall": 96, "weave": 60}
    strips = np.vstack([color(material(name))[:height] for name, height in heights.items()])
    return strips, color(made_by("trim-sheet", maps_of(strips)))


def wide() -> Maps:
    """A landscape twice as wide as high, whose sides do not meet."""
    return maps_of(np.asarray(night().resize((512, 256)), np.float32) / 255)


def close_panorama() -> Drawing:
    return tuple(np.roll(color(one), 256, 1) for one in (wide(), made_by("close-panorama", wide())))


def cube_faces() -> Drawing:
    row = color(made_by("cube-faces", wide()))
    side = row.shape[0]
    return color(wide()), *(row[:, index * side : (index + 1) * side] for index in (4, 0))


def panorama_from_cube() -> Drawing:
    return (*cube_faces()[1:], color(made_by("panorama-from-cube", made_by("cube-faces", wide()))))


def torus() -> Drawing:
    made = made_by("torus", model="bricks", width_px=512, height_px=512)
    return plane(made), ball(made, CELL_PX, Light())
