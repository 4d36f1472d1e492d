"""Synthesis of maps with a trained torus generator: seamless, of any size and scale, whole or region by region."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from impasto.context import Context, step_rngs
from impasto.errors import Message, ParameterError, did_you_mean
from impasto.patterns.lattice import Draw, Lattice, TorusRegion, full_region
from impasto.surface.relief import HALO_PX, normal_from_height, occlusion_from_height
from impasto.system.untrusted import excerpt
from impasto.texture import MAP_CHANNELS, Maps
from impasto.training.noise import NoiseField
from impasto.training.standardisation import Standardisation, blend_standardisations

from .card import TorusCard
from .conditioning import Conditioning
from .data import COARSE
from .model import TorusModel, load_torus
from .network import BROAD_STREAM, GLOBAL_CHANNELS, GRID_STREAM, LAYOUT_STAGES, STYLE_CHANNELS
from .parameters import TorusParameters
from .resampling import taps_of

STREAMS = {BROAD_STREAM: 100, GRID_STREAM: 101}
GLOBAL_STREAM, CELL_STREAM, ROW_STREAM, COMPONENT_STREAM = 102, 103, 104, 105
LAYOUT_STREAMS = (BROAD_STREAM, GRID_STREAM, *range(LAYOUT_STAGES), CELL_STREAM, ROW_STREAM, COMPONENT_STREAM)
"""Streams that `variation` scales: those of the layout, but not of the grain and the style."""
HEIGHT_MARGIN = 0.25
"""Margin on either side for heights beyond the training data's, relative to their range."""
RANGE_M, TEXEL_M = 0.04, 1 / 1024
"""Height range and texel size if unknown: those of a surface one metre wide and 4 cm deep."""
TILE_PX = (512, 2048)
"""Height and width of tiles. They are low, for very wide pictures, but not too low, since edges are computed twice."""
LEAST_CELLS = 2


@dataclass(frozen=True)
class Choice:
    """Settings of one picture of a model. classes: weight of each class; () for the first class only.

    moved (axes,): shift along each axis of the model by sliders; None for none. halvings: of the sides, for a preview
    of the same picture.
    """

    size: tuple[int, int]
    seed: int = 0
    variation: float = 1.0
    scale: float = 1.0
    blend: float = 0.0
    other_seed: int = 0
    classes: tuple[float, ...] = ()
    moved: Tensor | None = None
    halvings: int = 0

    @property
    def picture_px(self) -> tuple[int, int]:
        """(height, width) of the picture, halved for a preview."""
        height, width = (max(1, side >> self.halvings) for side in self.size)
        return height, width


@dataclass(frozen=True)
class Synthesis:
    """A picture of a model, computed region by region."""

    model: TorusModel
    choice: Choice

    @cached_property
    def skipped_stages(self) -> int:
        """Number of finest stages to skip, for halvings and scales below 1; coarser stages give smaller patterns."""
        return min(max(0, round(-math.log2(self.choice.scale))) + self.choice.halvings, int(math.log2(COARSE)))

    @cached_property
    def torus(self) -> tuple[int, int]:
        """(height, width) of the network's output before resampling: whole cells and almost whole periods."""
        cell_px, scale = self.model.network.cell_px, self.choice.scale
        near = tuple(max(LEAST_CELLS * cell_px, round(side / scale)) for side in self.choice.size)
        sides = self.model.lattice.torus_size((near[0], near[1]), 2**30, cell_px)
        return sides[0] >> self.skipped_stages, sides[1] >> self.skipped_stages

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """Weight of each surface of the model, one for each class, or the only one."""
        return self.choice.classes or tuple(float(not index) for index in range(len(self.model.card.surfaces)))

    def scale_of(self, name: Literal["texel_m", "height_range_m"]) -> float | None:
        """The weighted mean of a field of the surfaces, in metres; None if one of them lacks it."""
        surfaces = self.model.card.surfaces
        used = [(getattr(one, name), weight) for one, weight in zip(surfaces, self.weights, strict=True) if weight]
        return None if any(value is None for value, _ in used) else sum(value * weight for value, weight in used)

    @cached_property
    def standardisation(self) -> Standardisation:
        """Standardisation of the picture's class, or the mix of two classes'."""
        return blend_standardisations(self.model.standardisations, self.weights)

    @cached_property
    def style(self) -> Tensor:
        """The picture's style (1, 32), from its seed, classes and sliders."""
        latent = self.noise(GLOBAL_STREAM, GLOBAL_CHANNELS, full_region((1, 1)))[:, :, 0, 0]
        classes = torch.tensor([self.weights], device=self.model.device) if self.model.card.classes else None
        style = self.model.network.style(latent, classes)
        return style + self._axis_shift[:STYLE_CHANNELS].to(style)

    @property
    def _axis_shift(self) -> Tensor:
        return torch.zeros(self.model.axes) if self.choice.moved is None else self.choice.moved

    @property
    def cell_shift(self) -> Tensor:
        """Shift of all unit cells along each of their axes, by sliders."""
        return self._axis_shift[STYLE_CHANNELS:]

    @cached_property
    def lattice(self) -> Lattice:
        """The material's lattice, with whole periods and an offset for each row."""
        return self.model.lattice.on_torus(self._full).with_row_offsets(self._full, self.cell_noise(ROW_STREAM))

    @property
    def _full(self) -> tuple[int, int]:
        """(height, width) of the torus at the last stage."""
        return self.torus[0] << self.skipped_stages, self.torus[1] << self.skipped_stages

    @cached_property
    def condition(self) -> Conditioning:
        """The network's conditioning on the lattice."""
        return Conditioning.random(self.lattice, self._full, self.cell_noise(CELL_STREAM), self.model.device)

    def cell_noise(self, stream: int) -> Draw:
        """Noise of a stream for unit cells."""
        return lambda channels, counts: self.noise(stream, channels, full_region(counts))

    def maps(self, want: TorusRegion) -> Tensor:
        """Values (C, h, w) of a region of the result, neither standardised nor clipped."""
        if self.torus == self.choice.picture_px:
            return self._torus_values(replace(want, full=self.torus))
        taps = [
            taps_of(start, count, out, side)
            for start, count, out, side in zip(
                (want.top, want.left), (want.height, want.width), self.choice.picture_px, self.torus, strict=True
            )
        ]
        source = TorusRegion(taps[0].first, taps[1].first, taps[0].count, taps[1].count, self.torus)
        values = self._torus_values(source)
        for axis, one in enumerate(taps, start=1):
            values = one.resample(values, axis)
        return values

    def _torus_values(self, want: TorusRegion) -> Tensor:
        """Values (C, h, w) of a region of the torus, not standardised."""
        network, unit_cell = self.model.network, self.model.unit_cell
        region = want.within_torus()
        needed = unit_cell.required_region(region) if unit_cell is not None else region
        within = needed.within_torus()
        stages = len(network.stages) - self.skipped_stages
        values = network(within, self.style, self.noise, self.condition, stages)
        values = self.standardisation.inverse(values)
        if unit_cell is not None:
            values, draw = within.take(values, needed), self.cell_noise(COMPONENT_STREAM)
            values = unit_cell(values, self.lattice, needed, self.skipped_stages, draw, self.cell_shift)
        return region.take(needed.take(values, region), want)[0]

    def noise(self, stream: int, channels: int, region: TorusRegion) -> Tensor:
        """Noise (1, channels, h, w) of a region of a stream's torus."""
        window = (region.top, region.left, region.height, region.width)

        def noise_of(seed: int) -> Tensor:
            field = NoiseField(seed, self.model.device)
            return field.normal(STREAMS.get(stream, stream), channels, region.full, window)[None]

        noise = noise_of(self.choice.seed)
        if self.choice.blend:
            angle = self.choice.blend * math.pi / 2  # keeps the variance
            noise = math.cos(angle) * noise + math.sin(angle) * noise_of(self.choice.other_seed)
        return self.choice.variation * noise if stream in LAYOUT_STREAMS else noise

    def tiles(self) -> Iterator[tuple[int, int, Maps]]:
        """The result in tiles (top, left, maps), in bands from the top, with the same pixels as the whole picture."""
        height, width = self.choice.picture_px
        for top in range(0, height, TILE_PX[0]):
            for left in range(0, width, TILE_PX[1]):
                rows, columns = min(TILE_PX[0], height - top), min(TILE_PX[1], width - left)
                with torch.inference_mode():
                    arrays = self.arrays(TorusRegion(top, left, rows, columns, (height, width)))
                yield top, left, self.with_name_and_size(Maps.from_arrays(arrays))

    def arrays(self, want: TorusRegion) -> dict[str, np.ndarray]:
        """The maps of a region of the result (h, w, C), in [0, 1]."""
        is_full = (want.height, want.width) == want.full
        halo = HALO_PX if "height" in self.model.card.maps and not is_full else 0
        values = self.with_relief(self.maps(want.with_margin(halo)))
        inner = slice(halo, -halo or None)
        return {name: part[:, inner, inner].permute(1, 2, 0).cpu().numpy() for name, part in values.items()}

    def with_relief(self, values: Tensor) -> dict[str, Tensor]:
        """The maps (c, h, w) from values (C, h, w), in [0, 1], with the maps that follow from height."""
        names = self.model.card.maps
        parts = dict(zip(names, values.split([MAP_CHANNELS[name] for name in names]), strict=True))
        maps = {name: part.clamp(0, 1) for name, part in parts.items()}
        if "height" in names:
            height = parts["height"][0]
            maps["height"] = ((height + HEIGHT_MARGIN) / (1 + 2 * HEIGHT_MARGIN)).clamp(0, 1)[None]
            height_px = height * self.relief_px
            maps["normal"] = normal_from_height(height_px)
            maps["ambient_occlusion"] = occlusion_from_height(height_px)[None]
        return maps

    @property
    def relief_px(self) -> float:
        """Range of heights of the training data, in pixels of the result."""
        range_m, texel_m = self.scale_of("height_range_m") or RANGE_M, self.scale_of("texel_m") or TEXEL_M
        return range_m / texel_m * self.choice.scale / 2**self.choice.halvings

    def with_name_and_size(self, maps: Maps) -> Maps:
        """The maps, with the model's name and their size in metres."""
        texel_m, range_m = self.scale_of("texel_m"), self.scale_of("height_range_m")
        return replace(
            maps,
            name=self.model.card.name,
            width_m=texel_m * self.choice.size[1] / self.choice.scale if texel_m else None,
            height_range_m=(range_m or RANGE_M) * (1 + 2 * HEIGHT_MARGIN) if "height" in maps else None,
        )


def synthesis_of(subject: Maps, parameters: TorusParameters, context: Context) -> Synthesis:
    """The picture for these parameters, with the chosen size or the subject's, and this step's seed."""
    model = load_torus(parameters.model, context)
    size = parameters.size_px(subject)
    choice = Choice(
        size=size,
        seed=int(context.rng.integers(2**31)),
        variation=parameters.variation,
        scale=parameters.scale,
        blend=parameters.blend if not parameters.blend_material else 0.0,
        other_seed=_seed_of(parameters.blend_seed),
        classes=_class_weights(model.card, parameters),
        moved=_shift(model, parameters),
        halvings=int(math.log2(max(1, max(size) // context.enough_px))) if context.enough_px else 0,
    )
    return Synthesis(model, choice)


def _seed_of(seed: int) -> int:
    """The first random number of the first step of a recipe with this seed."""
    return int(step_rngs(seed)[0].integers(2**31))


def _shift(model: TorusModel, parameters: TorusParameters) -> Tensor:
    """Shift (axes,) of a picture along each axis of the model by the sliders of the parameters."""
    known = {slider["name"]: slider for slider in model.card.sliders}
    for name, value in parameters.sliders.items():
        if name not in known:
            remedy = Message("{}its sliders are: {}", did_you_mean(name, known), ", ".join(known) or "none")
            raise ParameterError("{} has no slider {}", remedy, model.card.name, excerpt(name))
        low, high = known[name].get("low", -3.0), known[name].get("high", 3.0)
        if not low <= value <= high:
            raise ParameterError("the slider {} got {:g}", "give {:g} to {:g}", name, value, low, high)
    values = [parameters.sliders.get(name, slider.get("default", 0.0)) for name, slider in known.items()]
    return torch.tensor(values, dtype=torch.float32) @ model.sliders.cpu()


def _class_weights(card: TorusCard, parameters: TorusParameters) -> tuple[float, ...]:
    if not card.classes:
        if parameters.material or parameters.blend_material:
            remedy = "leave material out, or choose another model: see `impasto models list`"
            raise ParameterError("{} makes one material, and there is nothing to choose", remedy, card.name)
        return ()
    weights = [0.0] * len(card.classes)
    blend = parameters.blend if parameters.blend_material else 0.0
    for name, weight in ((parameters.material, 1 - blend), (parameters.blend_material, blend)):
        if weight:
            weights[_class_index(card, name)] += weight
    return tuple(weights)


def _class_index(card: TorusCard, name: str) -> int:
    wanted = card.former_classes.get(name, name) or card.classes[0]
    if wanted not in card.classes:
        message = "{} knows no material {}"
        raise ParameterError(
            message, "use one of {}", card.name, excerpt(wanted), ", ".join(card.offered or card.classes)
        )
    return card.classes.index(wanted)


def whole_picture(synthesis: Synthesis, context: Context) -> Maps:
    """The whole picture; a large one is assembled from tiles to save memory, with the same result."""
    height, width = synthesis.choice.picture_px
    if height * width <= 2 * TILE_PX[0] * TILE_PX[1]:
        context.progress(0.1, "Generating")
        with torch.inference_mode():
            return synthesis.with_name_and_size(Maps.from_arrays(synthesis.arrays(full_region((height, width)))))
    arrays: dict[str, np.ndarray] = {}
    for top, left, maps in synthesis.tiles():
        context.progress((top + TILE_PX[0] * left / width) / height, "Generating")
        for name in maps:
            part = maps[name].pixels
            if name not in arrays:
                arrays[name] = np.empty((height, width, part.shape[2]), np.float32)
            arrays[name][top : top + part.shape[0], left : left + part.shape[1]] = part
    return synthesis.with_name_and_size(Maps.from_arrays(arrays))


def picture_of(model: TorusModel, size: tuple[int, int], seed: int) -> Maps:
    """A picture (height, width) of a model in memory."""
    return whole_picture(Synthesis(model, Choice(size, seed)), Context())
