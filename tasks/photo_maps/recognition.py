"""The training of the network that recognises relief.

It learns from random photographs of measured sets, of their colours on others' relief, and of random materials.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, interpolate
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW, Optimizer

from impasto.numerics.borders import Plane
from impasto.texture import Maps
from impasto.training.base import Training
from impasto_photo_maps.prior import Brightness, towards
from impasto_photo_maps.recognition import OUTPUTS, RecognitionNetwork, network_input

from .kinds import UNKNOWN
from .photographs import Camera, lit, random_camera, random_sun, taken, without_margin
from .surfaces import MARGIN_PX, RELIEF, Surfaces, at_size, varied

BATCH, CROP_PX = 8, 192
RATE, PRETRAINED_RATE = 1e-3, 0.15
"""Learning rate, and the pretrained layers' share of it."""
WEIGHT_DECAY, LARGEST_GRADIENT, AVERAGED = 2e-2, 1.0, 0.999
SCALES = (0.5, 1.2)
"""Sizes of sets relative to their own, so that texel sizes vary."""
SUNNY, RANDOM_SHARE, PAINTED_SHARE, SWAPPED_SHARE, RECOLORED_SHARE = 0.45, 0.15, 0.12, 0.2, 0.3
"""Shares of photographs with sun, of random materials, of paint on a flat surface, of one set's colours on another's
relief among those with sun, and of changed colours."""
KNOWN_SHARE = 0.4
"""Share of photographs in sun whose azimuth is told."""
CLEAN_SHARE = 0.5
"""Share of photographs without the faults of a camera."""
BORDER_PX = 8
"""Border of a part of a surface, in which nothing is learned, as the picture does not wrap around there."""
BANDS = (2, 4, 4)
"""Factors by which the low-passed slopes are reduced, one after the other, for the bands that are compared."""
LEAST_POWER = 1e-5
"""Power of a band of true slopes below which its shape is not compared."""
AROUND = 16
"""Side in pixels of the squares over which tilts are averaged."""
DISTANCE, SHAPE, RELIT, TILT, SURENESS, FINISH, LIGHT, TOWARD, KIND = 3.0, 0.5, 1.5, 0.1, 0.05, 0.5, 0.1, 0.1, 0.2
"""Weights of the losses."""
THUMBNAILS, THUMBNAIL_PX = 4, 144
"""Labelled thumbnails of each step, and the size that parts of them are enlarged to."""
PLANE = Plane((CROP_PX, CROP_PX), ((MARGIN_PX, MARGIN_PX), (MARGIN_PX, MARGIN_PX)))
AHEAD = 3
"""Batches that are made ahead."""
TARGETS = {"slopes": 2, "roughness": 1, "metallic": 1, "light": 1, "toward": 2, "sunny": 1, "known": 2, "inside": 1}
"""Channels by name of what is wanted: as in `OUTPUTS`; whether there is sun, and whether roughness and metallic are
known; and where something is learned."""


@dataclass(frozen=True)
class Material:
    """A surface, the number of its kind or `UNKNOWN`, and whether its roughness and metallic are known."""

    surface: Surfaces
    kind: int = UNKNOWN
    known: tuple[bool, bool] = (True, True)


_surfaces: tuple[Sequence[Any], ...] = ((), (), ())
"""Sets, random materials and thumbnails, of a process that makes photographs."""


class RecognitionTraining(Training):
    """The network, and the surfaces whose photographs it sees.

    sets: measured ones. drawn: random ones. thumbnails: sRGB pictures and their kinds.
    pretrained: weights of SqueezeNet's features by name.
    """

    averaged = "network"

    def __init__(
        self,
        sets: Sequence[Material],
        drawn: Sequence[Material],
        thumbnails: Sequence[tuple[Tensor, int]],
        steps: int,
        seed: int = 0,
        precision: str = "float32",
        pretrained: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__(steps, RATE, seed, precision=precision)
        self.sets, self.drawn, self.thumbnails = sets, drawn, thumbnails
        with self.seeded_weights():
            network = RecognitionNetwork()
        network.load_state_dict(dict(pretrained or {}), strict=False)
        self.hold({"network": network}, partial(_optimizer, network if pretrained else None))
        self._pool: ProcessPoolExecutor | None = None
        self._ahead: dict[int, Future[tuple[Tensor, ...]]] = {}

    def step(self) -> dict[str, Tensor]:
        """One batch of photographs."""
        given, suggested, wanted, kinds, shown, labels = self._next_batch()
        network = self.networks["network"]
        with self.autocast():
            found, logits = network(given, suggested.float())
            others = network.kinds(network.encoded(shown)[-1]) if len(shown) else logits[:0]
        losses = loss_terms(by_name(found.float(), OUTPUTS), by_name(wanted, TARGETS), self.random)
        logits = torch.cat([x.float().mean((2, 3)) for x in (logits, others)])
        losses["kind"] = KIND * cross_entropy(logits, torch.cat([kinds, labels]), ignore_index=UNKNOWN)
        optimizer = self.optimizers["network"]
        for group in optimizer.param_groups:
            group["lr"] = group["share"] * self.rate()
        optimizer.zero_grad()
        sum(losses.values(), torch.zeros(())).backward()
        clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        self.average(AVERAGED)
        return {name: loss.detach() for name, loss in losses.items()}

    def preview(self) -> Maps:
        """A random photograph."""
        given, *_ = example(np.random.default_rng(0), self.sets, self.drawn)
        return Maps.from_arrays({"base_color": (given[:3] + 0.5).permute(1, 2, 0).numpy()})

    def complete(self) -> None:
        """End the process that makes photographs."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None
        self._ahead.clear()

    def _next_batch(self) -> tuple[Tensor, ...]:
        """The batch of this step; the next ones are made meanwhile by another process."""
        if self._pool is None:
            fork = multiprocessing.get_context("fork")  # which shares the surfaces
            self._pool = ProcessPoolExecutor(1, fork, _begin, (self.sets, self.drawn, self.thumbnails))
        for number in range(self.done, self.done + AHEAD):
            if number not in self._ahead:
                self._ahead[number] = self._pool.submit(_batch, (self.seed, number))
        return self._ahead.pop(self.done).result()


def _optimizer(pretrained: RecognitionNetwork | None, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """With a lower rate for the first layers of a pretrained network."""
    slow = [*pretrained.first.parameters(), *pretrained.fires.parameters()] if pretrained else []
    others = [weight for weight in parameters if all(weight is not one for one in slow)]
    groups = [{"params": others, "share": 1.0}, {"params": slow, "share": PRETRAINED_RATE}]
    return AdamW(groups[: 2 if slow else 1], RATE, weight_decay=WEIGHT_DECAY)


def by_name(x: Tensor, channels: Mapping[str, int]) -> dict[str, Tensor]:
    """Parts (B, C, …) of x by name."""
    return dict(zip(channels, x.split(list(channels.values()), 1), strict=True))


def _begin(*surfaces: Sequence[Any]) -> None:
    global _surfaces
    torch.set_num_threads(1)
    _surfaces = surfaces


def _batch(seed: tuple[int, int]) -> tuple[Tensor, ...]:
    """Inputs (B, IN, h, w); slopes (B, FIELDS, 2, h, w); what is wanted (B, …, h, w); kinds (B,); thumbnails
    (B', 3, h', w'); and their kinds."""
    rng = np.random.default_rng(seed)
    sets, drawn, thumbnails = _surfaces
    given, suggested, wanted, kinds = zip(*(example(rng, sets, drawn) for _ in range(BATCH)), strict=True)
    which = [thumbnails[i] for i in rng.integers(len(thumbnails), size=THUMBNAILS)] if len(thumbnails) else []
    shown = [_altered(picture, rng) for picture, _ in which]
    return (
        torch.stack(given),
        torch.stack(suggested).half(),
        torch.stack(wanted),
        torch.tensor(kinds),
        torch.stack(shown) if shown else torch.empty(0),
        torch.tensor([kind for _, kind in which], dtype=torch.long),
    )


def _altered(picture: Tensor, rng: np.random.Generator) -> Tensor:
    """An sRGB picture (3, h, w), less 0.5, rolled, turned, mirrored, enlarged and in another light."""
    side = picture.shape[1]
    picture = picture.roll(tuple(rng.integers(side, size=2)), (1, 2)).rot90(int(rng.integers(4)), (1, 2))
    picture = picture.flip(2) if rng.integers(2) else picture
    cut = round(side * rng.uniform(0.6, 1))
    large = interpolate(picture[None, :, :cut, :cut], (THUMBNAIL_PX,) * 2, mode="bilinear", align_corners=False)[0]
    gains = torch.from_numpy(np.exp(rng.normal(0, (0.25,) + (0.05,) * 3)).astype(np.float32))
    return (large * gains[0] * gains[1:, None, None]).clamp(0, 1) - 0.5


def example(
    rng: np.random.Generator, sets: Sequence[Material], drawn: Sequence[Material]
) -> tuple[Tensor, Tensor, Tensor, int]:
    """A photograph as the network sees it (IN, h, w); the slopes that it suggests (FIELDS, 2, h, w); what it shows
    (…, h, w), in the order of `TARGETS`; and its kind."""
    is_sunny = rng.random() < SUNNY
    material, wraps = _part(rng, sets, drawn, is_sunny)
    part = material.surface
    toward, known = torch.zeros(2), torch.zeros(2)
    if is_sunny:
        sun = random_sun(rng)
        toward = towards(sun.azimuth)
        radiance = lit(part, sun)
        if rng.random() < KNOWN_SHARE:
            known = toward
    else:
        radiance = part.color * part.occlusion ** (rng.uniform(0, 1.2) * (rng.random() < 0.5))
    camera = Camera(math.exp(rng.normal(0, 0.2))) if rng.random() < CLEAN_SHARE else random_camera(rng)
    light = (radiance.mean(0) + 1e-3).log() - (part.color.mean(0) + 1e-3).log()
    inside = torch.ones_like(light)
    border = 0 if wraps else BORDER_PX
    plain = torch.ones_like(light)[None]
    true = [part.slopes, part.roughness[None], part.metallic[None], light[None], toward[:, None, None] * plain]
    known_finish = torch.tensor(material.known)[:, None, None] * plain
    true = torch.cat([*true, plain * is_sunny, known_finish, inside[None]])
    picture, true = taken(radiance, camera, rng), without_margin(true)
    if border:
        true[-1, :border] = true[-1, -border:] = true[-1, :, :border] = true[-1, :, -border:] = 0
    true[4] -= true[4].mean()
    suggested = Brightness.of(picture, PLANE).suggestions(known)
    return network_input(without_margin(picture), known), suggested, true, material.kind


def _part(
    rng: np.random.Generator, sets: Sequence[Material], drawn: Sequence[Material], is_sunny: bool
) -> tuple[Material, bool]:
    """A random part of a random material, with margins for shadows; and whether it wraps around."""
    chance = rng.random()
    if chance < PAINTED_SHARE:
        return Material(_painted(rng), known=(False, True)), True
    group = drawn if chance < PAINTED_SHARE + RANDOM_SHARE and drawn else sets
    material = group[rng.integers(len(group))]
    surface = material.surface
    if group is sets and is_sunny and rng.random() < SWAPPED_SHARE:
        other = sets[rng.integers(len(sets))].surface
        if other.size_px == surface.size_px:
            channels = surface.stacked().clone()
            channels[RELIEF] = other.stacked()[RELIEF]
            surface, material = Surfaces.of(channels), replace(material, kind=UNKNOWN)
    low, high = (math.log(scale) for scale in SCALES)
    side = round(CROP_PX / math.exp(rng.uniform(low, high)))
    smallest = min(surface.size_px)
    wraps = side > 0.8 * smallest and surface.size_px == (smallest, smallest)
    top, left = (int(rng.integers(length)) for length in surface.size_px)
    if wraps:
        part = at_size(surface, (CROP_PX, CROP_PX)).cut(top, left, CROP_PX)
    else:
        side = min(side, smallest)
        margin = round(MARGIN_PX * side / CROP_PX)
        size = CROP_PX + 2 * MARGIN_PX
        part = at_size(surface.cut(top, left, side, margin), (size, size))
    part = part.turned(int(rng.integers(4)), bool(rng.integers(2)))
    part = varied(part, rng, (0.5, 1.4)) if rng.random() < RECOLORED_SHARE else part
    return replace(material, surface=part), wraps


def _painted(rng: np.random.Generator) -> Surfaces:
    """Strokes and shapes in one or two colours and grain on a flat surface, which wraps around."""
    side = CROP_PX + 2 * MARGIN_PX
    picture = Image.new("L", (CROP_PX, CROP_PX), 0)
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(0, 16))):
        x, y, right, down = (int(value) for value in rng.integers(0, CROP_PX, 4))
        box, fill, width = (min(x, right), min(y, down), max(x, right), max(y, down)), 255, int(rng.integers(2, 22))
        kind = rng.integers(5)
        if kind < 2:
            draw.line((x, y, right, down), fill, width)
        elif kind == 2:
            draw.arc(box, int(rng.integers(360)), int(rng.integers(360)), fill, width)
        elif kind == 3:
            draw.rectangle(box, fill if rng.integers(2) else None, fill, width)
        else:
            draw.ellipse(box, fill if rng.integers(3) == 0 else None, fill, width)
    paint = torch.from_numpy(np.asarray(picture, np.float32) / 255).roll(tuple(rng.integers(CROP_PX, size=2)), (0, 1))
    paint = paint.repeat(2, 2)[:side, :side]
    one, other = torch.from_numpy(rng.uniform(0.02, 0.9, (2, 3, 1, 1)).astype(np.float32))
    other = other if rng.integers(3) else one * float(rng.uniform(0.05, 0.8))
    grain = torch.from_numpy(rng.standard_normal((1, side, side), np.float32)) * rng.uniform(0, 0.1)
    flat = torch.zeros(side, side)
    color = ((one + (other - one) * paint) * grain.exp()).clamp(0.003, 1)
    return Surfaces(color, torch.zeros(2, side, side), flat, flat + rng.uniform(0.2, 0.9), flat, flat + 1)


def loss_terms(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], random: torch.Generator) -> dict[str, Tensor]:
    """Losses of values as in `OUTPUTS` against those as in `TARGETS`, (B, C, H, W) each.

    distance: of normals. shape: 1 - correlation of slopes in each band, whatever their strength. relit: difference of
    the shading under random lights. tilt: of the logarithm of mean tilts. sureness: of errors as exponentially
    distributed. finish: of roughness and metallic. light: of the light's logarithm. toward: of its direction.
    """
    inside = wanted["inside"]
    mean = lambda x: (x * inside).mean() / inside.mean()  # noqa: E731
    made, true = (_flattened(x["slopes"]) for x in (found, wanted))
    error = (made - true).square().sum(1, keepdim=True).add(1e-8).sqrt()
    tilts = found["tilt"], wanted["slopes"].square().sum(1, keepdim=True).sqrt().atan()
    tilt, true_tilt = (avg_pool2d(x, AROUND) + 0.01 for x in tilts)
    expected = found["error"]
    light = found["light"] - wanted["light"]
    toward = (found["toward"].mean((2, 3)) - wanted["toward"].mean((2, 3)) * wanted["sunny"].mean((2, 3))).square()
    finish = torch.cat([found[name].sigmoid() - wanted[name] for name in ("roughness", "metallic")], 1)
    return {
        "distance": DISTANCE * mean(error),
        "shape": SHAPE * _shape_loss(made, true, inside),
        "relit": RELIT * _relit_loss(found["slopes"], wanted["slopes"], inside, random),
        "tilt": TILT * (tilt / true_tilt).log().abs().mean(),
        "sureness": SURENESS * mean(error.detach() / expected + expected.log()),
        "finish": 2 * FINISH * mean(finish.abs() * wanted["known"]),
        "light": LIGHT * (light - light.mean((2, 3), keepdim=True)).abs().mean(),
        "toward": TOWARD * toward.sum(1).mean(),
    }


def _shape_loss(made: Tensor, true: Tensor, inside: Tensor) -> Tensor:
    """Sum over bands of 1 - correlation, means over the pictures that have something there."""
    total = torch.zeros(())
    for one, other, within in zip(_bands(made), _bands(true), _reduced(inside), strict=True):
        one, other = one * within, other * within
        own, power = (x.square().mean((1, 2, 3)) for x in (one, other))
        counts = (power > LEAST_POWER).float()
        correlation = (one * other).mean((1, 2, 3)) / (own * power + 1e-12).sqrt()
        total = total + (counts * (1 - correlation)).mean()
    return total


def _relit_loss(made: Tensor, true: Tensor, inside: Tensor, random: torch.Generator) -> Tensor:
    """Mean difference of the Lambertian shading of slopes (B, 2, H, W) under a light of each picture."""
    azimuth, elevation = torch.rand(2, len(made), 1, 1, generator=random)
    angle, rise = 2 * math.pi * azimuth, torch.deg2rad(20 + 40 * elevation)
    shaded = []
    for slopes in (made, true):
        across = slopes[:, 1] * angle.sin() - slopes[:, 0] * angle.cos()
        facing = (across * rise.cos() + rise.sin()) / (1 + slopes.square().sum(1)).sqrt()
        shaded.append(facing.clamp_min(0)[:, None] * inside)
    difference = shaded[0] - shaded[1]
    return difference.abs().mean() + avg_pool2d(difference, 4).abs().mean()


def _reduced(inside: Tensor) -> list[Tensor]:
    """Masks of the places that count, of each band at its own resolution."""
    found = []
    for factor in BANDS:
        found.append(inside)
        inside = (avg_pool2d(inside, factor) > 0.99).float()
    return [*found, inside]


def _flattened(slopes: Tensor) -> Tensor:
    """Horizontal part (B, 2, H, W) of the unit normals of slopes, up to signs."""
    return slopes / (1 + slopes.square().sum(1, keepdim=True)).sqrt()


def _bands(x: Tensor) -> list[Tensor]:
    """Frequency bands of x (B, C, H, W), from fine to coarse, each at its own resolution."""
    found = []
    for factor in BANDS:
        low = avg_pool2d(x, factor)
        found.append(x - interpolate(low, scale_factor=float(factor), mode="bilinear", align_corners=False))
        x = low
    return [*found, x]
