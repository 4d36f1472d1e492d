"""Details of forms, which the filter `marks` draws: what is in joints, or hangs in folds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import max_pool1d, pad

from .canvas import Canvas
from .drawing import Drawing
from .figures import FIGURES, rainbow
from .motifs import MOTIFS
from .pieces import PIECES, lay_pieces
from .shaping import mix, step

WINDOWS = 7
"""Windows around each texel, of which the most even one gives its colour."""
DEEP = 0.97
"""Quantile of depth that counts as the bottom of a joint."""


def joint_depth(canvas: Canvas, height_m: Tensor, width_m: float, deep: float = DEEP) -> tuple[Tensor, Tensor]:
    """Depth of the bottom of joints narrower than `width_m`, in metres, and their mask (H, W).

    deep: quantile of depth that counts as the bottom; few cracks need a higher one than the joints of a wall.
    This is the black top-hat of mathematical morphology: the closing of the relief minus the relief.
    """
    reach = max(1, min(round(0.5 * width_m / canvas.texel_m), min(canvas.size_px) // 4))
    depth_m = -_dilation(-_dilation(height_m, reach), reach) - height_m
    deep_m = depth_m.flatten()[:: max(1, depth_m.numel() // 65536)].quantile(deep)
    return deep_m, step(depth_m / deep_m.clamp_min(1e-7), 0.25, 0.7)


def _dilation(field: Tensor, reach: int) -> Tensor:
    """The highest value (H, W) within a square of ± `reach` texels, around the torus."""
    for _ in range(2):
        field = max_pool1d(pad(field[None], (reach, reach), mode="circular"), 2 * reach + 1, stride=1)[0].mT
    return field


def grime(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Dirt that stays in joints and cracks, and a little of it beside them."""
    _, joint = joint_depth(canvas, drawing.height_m, size_m)
    patches = canvas.noise("grime", 4 * size_m, octaves=5, gain=0.65)
    beside = canvas.blur(joint, 0.2 * size_m)
    beside = beside / beside.max().clamp_min(1e-6)
    fine = canvas.noise("fine", 0.3 * size_m, octaves=4, gain=0.7)
    mask = (0.9 * joint).maximum((2.0 * beside * step(patches + 0.5 * fine, -1.2, 1.2)).clamp_max(0.9))
    dirt = color * (1 + 0.18 * canvas.noise("grime color", 0.5 * size_m, octaves=3))
    covered = replace(drawing, color=dirt.clamp_min(0.01), roughness=0.93, metallic=0.0, transmission=0.0)
    return drawing.under(covered, mask * min(1.0, 0.55 + 0.6 * amount))


def crumbling(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Mortar that has fallen out of joints in places, is smeared over edges in others, and lies about as crumbs."""
    deep_m, joint = joint_depth(canvas, drawing.height_m, size_m)
    share = joint / joint.sum().clamp_min(1e-6)
    mortar = (drawing.color * share).sum((1, 2), keepdim=True)
    ragged = canvas.noise("ragged", 0.7 * size_m, octaves=5, gain=0.7)
    places = canvas.noise("places", 5 * size_m, octaves=3)
    near = step(canvas.blur(joint, 0.3 * size_m) + 0.09 * ragged, 0.22, 0.42)
    grain = canvas.noise("grain", 0.08 * size_m, octaves=3, gain=0.8)
    smeared = near * step(ragged + 0.6 * places, 0.1, 0.6) * (1 - joint)
    crumbs = step(grain + ragged, 2.6, 3.0) * step(canvas.blur(joint, 0.8 * size_m), 0.1, 0.3)
    lost = near * step(-ragged - 0.7 * places, 1.2 - 1.9 * amount, 1.6 - 1.9 * amount)
    loose = (0.9 * smeared).maximum(0.8 * crumbs).maximum(0.6 * joint)
    below_m = drawing.height_m + (0.35 * smeared * (1 - joint) + 0.25 * grain * loose - 1.6 * lost) * deep_m
    shade = mix(drawing.color, mortar * (0.95 + 0.22 * grain), loose).clamp_min(0.01)
    return replace(
        drawing, color=shade * (1 - 0.72 * lost), height_m=below_m, roughness=mix(drawing.roughness, 0.95, near)
    )


def edging(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Gilt or paint along the edges beside joints, a little worn."""
    _, joint = joint_depth(canvas, drawing.height_m, size_m)
    near = step(canvas.blur(joint, max(0.08 * size_m, canvas.texel_m)), 0.2, 0.45) * (1 - 0.8 * joint)
    worn = step(canvas.noise("worn", 0.6 * size_m, octaves=4, gain=0.7), -1.9, -1.1)
    gilt = replace(drawing, color=color + 0 * drawing.color, roughness=0.32, metallic=1.0)
    return drawing.under(gilt, near * worn * min(1.0, 0.6 + 0.5 * amount))


def drapes(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Deep folds of hanging cloth, rounded outside and narrow inside, each of another width."""
    count = canvas.count(size_m)
    sway = 0.28 * canvas.noise("sway", size_m, octaves=2, stretch=(6, 1.5))
    deep = 0.75 + 0.25 * canvas.noise("deep", 1.2 * size_m, octaves=2, stretch=(5, 1)).clamp(-2, 1.5)
    phase = math.tau * (canvas.x_m / canvas.width_m * count + sway)
    high = (0.5 + 0.5 * (phase + 0.45 * phase.sin()).cos()) * deep
    fold_m = (0.1 + 0.2 * amount) * size_m
    darker = 1 - 0.72 * (1 - high.clamp(0, 1)).square()
    return replace(drawing, color=drawing.color * darker, height_m=drawing.height_m + fold_m * high)


def streaks(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Dirt that rain has carried down, in streaks that begin in many places and thin out."""
    fine = canvas.noise("fine", 0.08 * size_m, octaves=4, gain=0.7, stretch=(40, 1))
    runs = canvas.noise("runs", 0.35 * size_m, octaves=3, gain=0.6, stretch=(8, 1))
    starts = step(canvas.noise("starts", 0.5 * size_m, octaves=4, gain=0.6), 0.9 - amount, 2.2 - amount)
    below = canvas.trails(starts, 1.4 * size_m)
    mask = (below / below.max().clamp_min(1e-6)).clamp_min(0).sqrt() * step(
        0.7 * fine + runs, 0.4 - amount, 2.2 - amount
    )
    dirt = drawing.color * (0.2 + 0.5 * color)
    return replace(
        drawing, color=mix(drawing.color, dirt, 0.9 * mask), roughness=mix(drawing.roughness, 0.85, 0.7 * mask)
    )


def oil(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Pools of oil that have soaked in, dark and glossy, with a film in faint colours of the rainbow around them."""
    warp = canvas.sway("ragged", 0.16 * size_m, 0.7 * size_m, 5)
    pools = canvas.cells("pools", 1.5 * size_m, jitter=0.9, warp=warp)
    here = (canvas.of_each("is", pools.number) < 0.3 + 0.6 * amount) * step(pools.to_border_m, 0.0, 0.2 * size_m)
    place = pools.from_center_m / (size_m * (0.3 + 0.45 * canvas.of_each("radius", pools.number)))
    drops = canvas.cells("drops", 0.22 * size_m, jitter=0.95, warp=canvas.sway("drops", 0.03 * size_m, 0.12 * size_m))
    drop = step(drops.from_center_m / (0.1 * size_m), 1.0, 0.7) * (canvas.of_each("drop", drops.number) < 0.3)
    soaked = (here * step(place, 1.0, 0.55)).maximum(0.8 * drop * here * step(place, 1.9, 1.4))
    phase = 7.0 * place + 0.5 * canvas.noise("film", 0.3 * size_m, octaves=3)
    film = here * step((place - 0.8).abs(), 0.45, 0.1) * (1 - drawing.metallic)
    dark = drawing.color * (0.10 + 0.5 * color)
    hues = rainbow(canvas, phase)
    shade = mix(mix(drawing.color, dark, 0.92 * soaked), 0.6 * drawing.color + 0.12 * hues, 0.16 * film)
    return replace(drawing, color=shade, roughness=mix(drawing.roughness, 0.2, soaked.maximum(film)))


def brushwork(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """The look of a texture painted by hand: broad flat strokes, dark hollows, light edges and strong colours.

    Strokes come from the filter of Kuwahara et al. (1976), with windows all around, weighted by their evenness.
    """
    reach = max(1, round((0.12 + 0.16 * amount) * size_m / canvas.texel_m))
    _, joint = joint_depth(canvas, drawing.height_m, 0.35 * size_m)
    grey = drawing.color.mean(0)
    fields = torch.cat([drawing.color, canvas.stack((drawing.height_m, joint, grey, grey.square()))])
    means = canvas.blur(fields, 0.5 * reach * canvas.texel_m)
    turns = [math.tau * (turn + 0.2) / WINDOWS for turn in range(WINDOWS)]
    moves = [(round(reach * math.sin(turn)), round(reach * math.cos(turn))) for turn in turns]
    windows = torch.stack([means.roll(move, (1, 2)) for move in moves])
    variance = (windows[:, 6] - windows[:, 5].square()).clamp_min(0)
    weight = (-12 * variance / variance.mean().clamp_min(1e-9)).softmax(0)[:, None]
    strokes = (windows[:, :5] * weight).sum(0)
    height_m = strokes[3]
    level = height_m - canvas.blur(height_m, 2.5 * reach * canvas.texel_m)
    level = (level / level.std().clamp_min(1e-9)).clamp(-2, 2)
    flat = strokes[:3]
    flat = flat.mean(0) + 1.35 * (flat - flat.mean(0))
    painted = flat * (1 + 0.26 * level) * (1 - 0.55 * strokes[4]) + 0.05 * step(level, 0.8, 1.4)
    return replace(drawing, color=painted.clamp(0.005, 0.95), height_m=height_m, roughness=0.8)


def carving(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """An ornament of leaves that stands out of the surface with rounded edges, above a ground that is darker."""
    leaves = MOTIFS["damask"](canvas, size_m)[0].clamp(0, 1)
    full = 0.6 + 0.4 * canvas.blur(leaves, 0.04 * size_m)
    round_ = (1.6 * canvas.blur(leaves, 0.012 * size_m) - 0.3).clamp(0, 1) * full
    near = canvas.blur(leaves, 0.025 * size_m) * (1 - leaves)
    shade = (0.82 + 0.18 * leaves) * (1 - 0.8 * amount * near)
    height_m = drawing.height_m + 0.07 * size_m * (0.5 + amount) * round_
    return replace(drawing, color=drawing.color * shade, height_m=height_m)


def dust(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """A thin dull veil, thicker in patches, where nobody has wiped."""
    patches = canvas.noise("dust", 2 * size_m, octaves=6, gain=0.65)
    grain = canvas.noise("dust grain", 0.02 * size_m, octaves=2)
    mask = (amount * (0.95 + 0.45 * patches + 0.1 * grain)).clamp(0, 0.92)
    rough = mix(drawing.roughness, 0.95, mask)
    return replace(drawing, color=mix(drawing.color, color * (1 + 0.05 * grain), mask), roughness=rough)


def dimples(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Small soft pits close together, as in the peel of an orange."""
    pits = canvas.cells("dimples", size_m, jitter=0.75, warp=canvas.sway("ragged", 0.08 * size_m, 0.6 * size_m))
    wide = 0.22 + 0.24 * canvas.of_each("wide", pits.number)
    pit = step(pits.from_center_m / size_m, wide, 0.25 * wide) * (0.5 + 0.5 * canvas.of_each("deep", pits.number))
    swell = canvas.noise("swell", 5 * size_m, octaves=3)
    shade = 1 + 0.07 * swell - 0.4 * pit * amount
    return replace(drawing, color=drawing.color * shade, height_m=drawing.height_m - 0.4 * amount * size_m * pit)


def glow(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Light from within, in the surface's own colours, stronger in some places."""
    places = step(canvas.noise("glow", 1.5 * size_m, octaves=4, gain=0.55), 1.0 - 1.6 * amount, 2.4 - 1.6 * amount)
    light = 0.9 * places * drawing.color
    return replace(drawing, color=drawing.color + 0.4 * light, emission=drawing.emission + light)


def paw(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
    """1 inside the outline of an animal's pad and its four toes, −inf outside; the toes are at y < 0."""
    inside = ((y - 0.38) / 0.42).square() + (x / (0.5 - 0.12 * (y - 0.38))).square() < 1
    for side, place_y, place_x in ((-1, -0.12, 0.58), (-1, -0.58, 0.24), (1, -0.58, 0.24), (1, -0.12, 0.58)):
        inside = inside | (((y - place_y) / 0.29).square() + ((x - side * place_x) / 0.19).square() < 1)
    return torch.where(inside, 1.0, -math.inf)


DETAILS: Mapping[str, Callable[[Canvas, Drawing, float, float, Tensor], Drawing]] = {
    "grime": grime, "crumbling": crumbling, "edging": edging, "drapes": drapes, "streaks": streaks, "oil": oil,
    "brushwork": brushwork, "carving": carving, "dimples": dimples, "dust": dust, "glow": glow,
    **FIGURES, **{kind: partial(lay_pieces, piece=piece) for kind, piece in PIECES.items()},
}  # fmt: skip
"""Details by kind, with the arguments of traces: canvas, drawing, amount, size in metres, linear colour (3, 1, 1)."""
