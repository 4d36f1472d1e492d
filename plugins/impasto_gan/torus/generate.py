"""Makes maps with a trained torus generator: any size and scale, seamless, whole or region by region."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from impasto.context import Context
from impasto.errors import ModelError, ParameterError
from impasto.library.models import load_model, read_model
from impasto.library.networks import fitted, floats
from impasto.surface.relief import HALO_PX, normal_from_height, occlusion_from_height
from impasto.texture import MAP_CHANNELS, Maps
from impasto.training.noise import NoiseField

from .card import torus_card
from .data import COARSE, Standard
from .modes import MODES
from .networks import BROAD_STREAM, GLOBAL_CHANNELS, GRID_STREAM, STYLE_CHANNELS, TorusGenerator
from .region import Region, whole
from .resampling import taps_of
from .unit import Unit
from .waves import Draw, Waves, from_card

if TYPE_CHECKING:
    from . import TorusParameters

STREAMS = {BROAD_STREAM: 100, GRID_STREAM: 101}
GLOBAL_STREAM, UNIT_STREAM, COURSE_STREAM, MODE_STREAM = 102, 103, 104, 105
HEIGHT_MARGIN = 0.25
"""Heights beyond those of the training data are kept: so much on either side, in parts of its range."""
TILE_PX = (512, 2048)
"""Height and width of tiles: low, so that a band of a very wide picture is small, yet not too low: edges are made
twice."""
LEAST_CELLS = 2
UNIT, SLIDERS = "unit.", "sliders"
"""What the names of the unit's tensors begin with, in a model's file, and the tensor of the sliders' directions."""


@dataclass(frozen=True)
class Model:
    """A trained generator, how its maps are standardised, its lattice, classes, and directions of sliders (N, axes).

    unit: what units of a material of courses have in common, to which the network makes what differs.
    """

    network: TorusGenerator
    standard: Standard
    waves: Waves
    classes: tuple[str, ...] = ()
    sliders: Tensor = field(default_factory=lambda: torch.zeros(0, STYLE_CHANNELS))
    unit: Unit | None = None
    texel_m: float | None = None
    height_range_m: float | None = None
    name: str = ""
    device: str = "cpu"

    @property
    def axes(self) -> int:
        """How many axes sliders may move along: those of the style, then those of the unit."""
        return STYLE_CHANNELS + (self.unit.axes if self.unit else 0)


@dataclass(frozen=True)
class Choice:
    """One picture of a model. classes: the weight of each class, (): the first. sliders: in deviations."""

    size: tuple[int, int]
    seed: int = 0
    variation: float = 1.0
    scale: float = 1.0
    blend: float = 0.0
    other_seed: int = 0
    classes: tuple[float, ...] = ()
    sliders: tuple[float, ...] = ()


@dataclass(frozen=True)
class Painting:
    """A choice carried out on a model, region by region."""

    model: Model
    choice: Choice

    @cached_property
    def skipped(self) -> int:
        """Stages that are left out where things are made smaller: the coarser stages make them so."""
        return min(max(0, round(-math.log2(self.choice.scale))), int(math.log2(COARSE)))

    @cached_property
    def torus(self) -> tuple[int, int]:
        """(height, width) of what the network makes: whole cells and nearly whole periods, resampled to the size."""
        network, scale = self.model.network, self.choice.scale
        near = tuple(max(LEAST_CELLS * network.cell_px, round(side / scale)) for side in self.choice.size)
        sides = self.model.waves.canvas((near[0], near[1]), 2**30, network.cell_px)
        return sides[0] >> self.skipped, sides[1] >> self.skipped

    @cached_property
    def style(self) -> Tensor:
        """The picture's style (1, 32): of its seed, its classes and its sliders."""
        latent = self._noise(GLOBAL_STREAM, GLOBAL_CHANNELS, whole((1, 1)))[:, :, 0, 0]
        weights = self.choice.classes or [float(not index) for index in range(len(self.model.classes))]
        classes = torch.tensor([weights], device=self.model.device) if weights else None
        style = self.model.network.style(latent, classes)
        return style + self._moved[:STYLE_CHANNELS].to(style)

    @cached_property
    def _moved(self) -> Tensor:
        """How far sliders move the picture along each axis of the model."""
        directions = self.model.sliders
        moves = torch.tensor(self.choice.sliders[: len(directions)])
        return moves @ directions[: len(moves)].to(moves) if len(moves) else torch.zeros(self.model.axes)

    @cached_property
    def _waves(self) -> Waves:
        """The material's lattice, in whole periods."""
        return self.model.waves.fitted(self._full).laid(self._full, self._drawn(COURSE_STREAM))

    @property
    def _full(self) -> tuple[int, int]:
        return self.torus[0] << self.skipped, self.torus[1] << self.skipped

    @cached_property
    def _guide(self) -> Callable[[Region], Tensor]:
        """What the network is told of the lattice."""
        return self._waves.guide(self._full, torch.zeros(1, 2), self._drawn(UNIT_STREAM), self.model.device)

    def _drawn(self, stream: int) -> Draw:
        return lambda channels, counts: self.choice.variation * self._noise(stream, channels, whole(counts))

    def maps(self, want: Region) -> Tensor:
        """Values (C, h, w) of a region of the result, not standardised, not clipped."""
        if self.torus == self.choice.size:
            return self._made(replace(want, full=self.torus))
        taps = [
            taps_of(start, count, out, made)
            for start, count, out, made in zip(
                (want.top, want.left), (want.height, want.width), self.choice.size, self.torus, strict=True
            )
        ]
        source = Region(taps[0].first, taps[1].first, taps[0].count, taps[1].count, self.torus)
        values = self._made(source)
        for axis, one in enumerate(taps, start=1):
            values = one.resampled(values, axis)
        return values

    def _made(self, want: Region) -> Tensor:
        network, unit = self.model.network, self.model.unit
        region = want.clipped()
        needed = unit.room_for(region) if unit else region
        made = needed.clipped()
        stages = len(network.stages) - self.skipped
        values = network(made, self.style, self._noise, self._guide, self.choice.variation, stages)
        values = self.model.standard.back(values)
        if unit:
            values = made.take(values, needed)
            moved = self._moved[STYLE_CHANNELS:]
            values = unit.added(values, self._waves, needed, self.skipped, self._drawn(MODE_STREAM), moved)
        return region.take(needed.take(values, region), want)[0]

    def _noise(self, stream: int, channels: int, region: Region) -> Tensor:
        window = (region.top, region.left, region.height, region.width)

        def drawn(seed: int) -> np.ndarray:
            return NoiseField(seed).normal(STREAMS.get(stream, stream), channels, region.full, window)

        noise = drawn(self.choice.seed)
        if self.choice.blend:
            angle = self.choice.blend * math.pi / 2  # keeps the variance
            noise = math.cos(angle) * noise + math.sin(angle) * drawn(self.choice.other_seed)
        return torch.from_numpy(noise.astype(np.float32, copy=False))[None].to(self.model.device)

    def tiles(self) -> Iterator[tuple[int, int, Maps]]:
        """The result in tiles, (top, left, maps): in bands from the top, each as it is within the whole."""
        height, width = self.choice.size
        for top in range(0, height, TILE_PX[0]):
            for left in range(0, width, TILE_PX[1]):
                rows, columns = min(TILE_PX[0], height - top), min(TILE_PX[1], width - left)
                with torch.inference_mode():
                    arrays = self.arrays(Region(top, left, rows, columns, (height, width)))
                yield top, left, self.described(Maps.from_arrays(arrays))

    def arrays(self, want: Region) -> dict[str, np.ndarray]:
        """The maps of a region of the result (h, w, C), in [0, 1]."""
        names = self.model.standard.maps
        has_relief = "height" in names
        is_whole = (want.height, want.width) == want.full
        halo = HALO_PX if has_relief and not is_whole else 0
        values = self.maps(want.grown(halo))
        parts = dict(zip(names, values.split([MAP_CHANNELS[name] for name in names]), strict=True))
        made = {name: part.clamp(0, 1) for name, part in parts.items()}
        if has_relief:
            height = parts["height"][0]
            made["height"] = ((height + HEIGHT_MARGIN) / (1 + 2 * HEIGHT_MARGIN)).clamp(0, 1)[None]
            height_px = height * self.relief_px
            made["normal"] = normal_from_height(height_px)
            made["ambient_occlusion"] = occlusion_from_height(height_px)[None]
        inner = slice(halo, -halo or None)
        return {name: part[:, inner, inner].permute(1, 2, 0).cpu().numpy() for name, part in made.items()}

    @property
    def relief_px(self) -> float:
        """How many pixels of the result the data's range of height is."""
        texel_m, range_m = self.model.texel_m, self.model.height_range_m
        return (range_m or 0.04) / (texel_m or 1 / 1024) * self.choice.scale

    def described(self, maps: Maps) -> Maps:
        """The maps with the model's name and their size in metres."""
        texel_m, range_m = self.model.texel_m, self.model.height_range_m
        return replace(
            maps,
            name=self.model.name,
            width_m=texel_m * self.choice.size[1] / self.choice.scale if texel_m else None,
            height_range_m=(range_m or 0.04) * (1 + 2 * HEIGHT_MARGIN) if "height" in maps else None,
        )


def load(wanted: str, context: Context) -> Model:
    """The model of this name for `torus`. ModelError where it is none, or does not fit."""
    found = context.models.find(wanted, "torus")
    context.on_model(found)
    return _built(found.path, found.sha256(), context.device)


@lru_cache(maxsize=4)
def _built(path: Path, _sha256: str, device: str) -> Model:
    """The model of a file, kept while its bytes are the same: sliders ask for it many times a second."""
    file = read_model(path)
    card, tensors, name = torus_card(file.card), load_model(file), file.name
    waves, maps, own = from_card(file.card), tuple(card.maps), _own(tensors)
    weights = {key: array for key, array in tensors.items() if key not in own}
    network = fitted(
        lambda: TorusGenerator(card.channels, card.widths, card.blocks, waves.guides, len(card.classes)),
        weights,
        name,
        "torus",
    )
    unit = _unit(own, waves, card.channels, name)
    axes = STYLE_CHANNELS + (unit.axes if unit else 0)
    no_sliders = SLIDERS not in own and not card.sliders
    sliders = torch.zeros(0, axes) if no_sliders else floats(own, SLIDERS, (len(card.sliders), axes), name)
    standard = Standard(maps, torch.tensor(card.mean)[:, None, None], torch.tensor(card.matrix))
    return Model(
        network.requires_grad_(False).to(device, memory_format=torch.channels_last),  # type: ignore[call-overload]
        standard.on(device),
        waves,
        tuple(card.classes),
        sliders,
        unit.on(device) if unit else None,
        card.texel_m,
        card.height_range_m,
        card.name,
        device,
    )


def _own(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors that are no weights of the network."""
    return {name: array for name, array in tensors.items() if name == SLIDERS or name.startswith(UNIT)}


def _unit(tensors: Mapping[str, np.ndarray], waves: Waves, channels: int, model: str) -> Unit | None:
    """What the file says of units, if anything. ModelError where its shapes do not fit."""
    names = [name for name in tensors if name.startswith(UNIT)]
    if not names:
        return None
    if not waves.has_courses:
        raise ModelError(f"{model} has units and no courses of them", "train it again, or choose another")
    found = {}
    for name in names:
        count = channels * (MODES if "modes" in name else 1)
        found[name.removeprefix(UNIT)] = floats(tensors, name, (count, None, None), model)
    try:
        return Unit.from_tensors(found)
    except (KeyError, ValueError) as error:
        raise ModelError(f"{model} has units of other sizes: {error}", "train it again, or choose another") from error


def paint(subject: Maps, parameters: TorusParameters, context: Context) -> Painting:
    """What the parameters ask for, of the chosen size or of the subject's, with this step's seed."""
    model = load(parameters.model, context)
    choice = Choice(
        size=parameters.size_px(subject),
        seed=int(context.rng.integers(2**31)),
        variation=parameters.variation,
        scale=parameters.scale,
        blend=parameters.blend if not parameters.blend_material else 0.0,
        other_seed=_seed_of(parameters.blend_seed),
        classes=_class_weights(model, parameters),
        sliders=_slider_moves(model, parameters),
    )
    return Painting(model, choice)


def _seed_of(seed: int) -> int:
    """What a step draws first where a recipe of this seed begins with it."""
    return int(np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0]).integers(2**31))


def _slider_moves(model: Model, parameters: TorusParameters) -> tuple[float, ...]:
    moves = tuple(getattr(parameters, f"slider_{number}") for number in range(1, 7))
    if any(moves[len(model.sliders) :]):
        message = f"{model.name} has {len(model.sliders)} sliders, and no further one can be moved"
        raise ParameterError(message, f"see `impasto models show {model.name}` for what they change")
    return moves


def _class_weights(model: Model, parameters: TorusParameters) -> tuple[float, ...]:
    if not model.classes:
        if parameters.material or parameters.blend_material:
            message = f"{model.name} makes one material, and there is nothing to choose"
            raise ParameterError(message, "leave material out, or choose another model: see `impasto models list`")
        return ()
    weights = [0.0] * len(model.classes)
    share = parameters.blend if parameters.blend_material else 0.0
    for name, weight in ((parameters.material, 1 - share), (parameters.blend_material, share)):
        if weight:
            weights[_class_index(model, name)] += weight
    return tuple(weights)


def _class_index(model: Model, name: str) -> int:
    wanted = name or model.classes[0]
    if wanted not in model.classes:
        raise ParameterError(f"{model.name} knows no material {wanted!r}", f"use one of {', '.join(model.classes)}")
    return model.classes.index(wanted)


def generate_torus(subject: Maps, parameters: TorusParameters, context: Context) -> Maps:
    """Maps of the chosen size, or of the subject's; made in tiles where they are large, which changes nothing."""
    return whole_picture(paint(subject, parameters, context), context)


def whole_picture(painting: Painting, context: Context) -> Maps:
    """All of a painting; a large one is put together from its tiles, so that memory does not run out."""
    height, width = painting.choice.size
    if height * width <= 2 * TILE_PX[0] * TILE_PX[1]:
        context.progress(0.1, "Generating")
        with torch.inference_mode():
            return painting.described(Maps.from_arrays(painting.arrays(whole((height, width)))))
    arrays: dict[str, np.ndarray] = {}
    for top, left, maps in painting.tiles():
        context.progress((top + TILE_PX[0] * left / width) / height, "Generating")
        for name in maps:
            part = maps[name].pixels
            if name not in arrays:
                arrays[name] = np.empty((height, width, part.shape[2]), np.float32)
            arrays[name][top : top + part.shape[0], left : left + part.shape[1]] = part
    return painting.described(Maps.from_arrays(arrays))


def make(model: Model, size: tuple[int, int], seed: int) -> Maps:
    """A picture of a model that is in memory."""
    return whole_picture(Painting(model, Choice(size, seed)), Context())
