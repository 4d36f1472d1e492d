"""Preparation of a dataset for training: standardising its pictures, measuring their lattice and unit cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.data.dataset import Dataset
from impasto.errors import Message, ParameterError
from impasto.numerics.resampling import band_deviations
from impasto.patterns.detection import find_lattice
from impasto.patterns.lattice import Lattice
from impasto.surface.color import LUMINANCE
from impasto.texture import MAP_CHANNELS, Maps
from impasto.training.base import LEARNED_MAPS, LEAST_DEVIATION
from impasto.training.pictures import load_surfaces
from impasto.training.standardisation import standardisation_of

from .cells.division import find_cells
from .cells.unit_cell import UnitCell
from .data import COARSE, ClassStatistics, StandardisedPicture, TrainingData
from .views import slope_deviations

LATTICE_MAPS = ("base_color", "roughness")
"""Maps searched for a lattice; boards hardly show their joints in colour."""
LEAST_EXPLAINED = 0.1
"""The mean of rows must explain at least this fraction of the second finest band's variance."""


def prepare(
    dataset: Dataset,
    canvas_px: int,
    fine_px: int,
    cell_px: int,
    hold_out: bool,
    device: str,
    on_note: Callable[[str], None] = lambda note: None,
) -> TrainingData:
    """The dataset as training data. Raise ParameterError if its pictures are too small, or have one colour.

    on_note: called with a note for the user if its pattern cannot be learned as such.
    """
    surfaces, wraps, sources = load_surfaces(dataset, hold_out)
    names = tuple(name for name in LEARNED_MAPS if any(name in maps for maps in surfaces))
    pixels = [_tensor(maps, names) for maps in surfaces]
    if names[0] == "base_color" and max(float(tensor[:3].std((1, 2)).max()) for tensor, _ in pixels) < LEAST_DEVIATION:
        raise ParameterError("the data is of one colour: there is nothing to learn", "give pictures with texture")
    sides = [min(tensor.shape[1:]) for tensor, _ in pixels]
    layouts = _layouts(dataset, sides, canvas_px)
    side = min(side for side, is_layout in zip(sides, layouts, strict=True) if not is_layout)
    largest = min(canvas_px, side // cell_px * cell_px)
    if largest < fine_px:
        message = "the shorter side of the smallest picture is {} px, too small for crops of {} px"
        raise ParameterError(message, "give larger pictures, or choose smaller crops", side, fine_px)

    def canvas_of(lattice: Lattice) -> tuple[int, int]:
        return lattice.torus_size((largest, largest), side // cell_px * cell_px, cell_px, fine_px)

    lattice, unit_cell = Lattice(), None
    if len(surfaces) == 1:
        lattice = _fitting(_lattice(surfaces[0]), canvas_of, on_note)
        if lattice.has_rows:
            ((tensor, known),) = pixels
            lattice, unit_cell = _unit_cell(tensor, lattice)
            pixels = [(unit_cell.residual(tensor, lattice) if unit_cell is not None else tensor, known)]
    canvas = canvas_of(lattice)
    labels = dataset.labels
    if len(labels) > 1 and (loose := [sample.name for sample in dataset.samples if sample.label is None]):
        raise ParameterError("{} has no class, and others have one", "put it into the folder of its class", loose[0])
    indices = [labels.index(sample.label) if sample.label in labels else 0 for sample in dataset.samples]
    found = tuple(_surface(names, surfaces, pixels, indices, index) for index in range(max(1, len(labels))))
    pictures = tuple(
        _picture(
            found[index].standardisation(tensor) * known,
            known,
            index,
            (False, False) if hold_out else wrap,
            tuple(side // COARSE for side in canvas) if is_layout else canvas,
            is_layout,
        ).on(device)
        for (tensor, known), index, wrap, is_layout in zip(pixels, indices, wraps, layouts, strict=True)
    )
    return TrainingData(
        pictures,
        found,
        slope_deviations(found[0].standardisation.height_channel, pictures),
        lattice,
        unit_cell,
        canvas,
        labels,
        sources,
        replace(surfaces[0], textures={name: surfaces[0][name] for name in names}) if len(surfaces) == 1 else None,
    )


def _surface(
    names: tuple[str, ...],
    surfaces: Sequence[Maps],
    pixels: Sequence[tuple[Tensor, Tensor]],
    indices: Sequence[int],
    wanted: int,
) -> ClassStatistics:
    """Standardisation and scale of a class, with the scale of its first picture."""
    chosen = [place for place, index in enumerate(indices) if index == wanted]
    first = surfaces[chosen[0]]
    return ClassStatistics(
        standardisation_of(names, [pixels[place] for place in chosen]),
        first.width_m / first.size_px[1] if first.width_m else None,
        first.height_range_m,
    )


def _tensor(maps: Maps, names: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """Channels (C, H, W) of the named maps, 0 for absent maps, and (C, 1, 1) with 1 for present ones."""
    known = [float(name in maps) for name in names for _ in range(MAP_CHANNELS[name])]
    return torch.from_numpy(maps.channels(names)), torch.tensor(known)[:, None, None]


def _picture(
    values: Tensor, known: Tensor, label: int, wraps: tuple[bool, bool], crop: tuple[int, ...], is_layout: bool
) -> StandardisedPicture:
    for axis, does_wrap in ((1, wraps[0]), (2, wraps[1])):
        if does_wrap:  # crops may lie across the border
            values = torch.cat([values, values.narrow(axis, 0, min(crop[axis - 1], values.shape[axis]))], axis)
    if is_layout:
        return StandardisedPicture(None, values, label, known)
    return StandardisedPicture(values, avg_pool2d(values[None], COARSE)[0], label, known)


def _layouts(dataset: Dataset, sides: Sequence[int], canvas_px: int) -> list[bool]:
    """Whether each sample is a layout, which shows the whole canvas at a lower resolution, by their shorter sides.

    Layouts are about `COARSE` times smaller than the canvas, and their class also has pictures of its size.
    """
    largest: dict[str | None, int] = {}
    for sample, side in zip(dataset.samples, sides, strict=True):
        largest[sample.label] = max(side, largest.get(sample.label, 0))
    return [
        canvas_px <= COARSE * side < 2 * canvas_px and largest[sample.label] >= canvas_px
        for sample, side in zip(dataset.samples, sides, strict=True)
    ]


def _lattice(maps: Maps) -> Lattice:
    """The lattice of the first map that has one."""
    for name in LATTICE_MAPS:
        if name in maps:
            lattice = find_lattice(_grey(torch.from_numpy(maps[name].pixels)))
            if lattice.is_regular:
                return lattice
    return Lattice()


def _fitting(lattice: Lattice, canvas_of: Callable[[Lattice], tuple[int, int]], note: Callable[[str], None]) -> Lattice:
    """The lattice, or as much of it as fits into the canvas of a training step.

    If tiles are wider than the canvas along one axis, only rows along the other remain, or nothing.
    """
    single = (
        [replace(lattice, wave_vectors=vector[None]) for vector in lattice.wave_vectors] if lattice.has_cells else []
    )
    fitting = next(one for one in (lattice, *single, Lattice()) if one.fits(canvas_of(one)))
    if fitting is not lattice:
        height, width = canvas_of(lattice)
        note(Message("a canvas of {}x{} px is too small for its pattern, whose period is not learned", width, height))
    return fitting


def _unit_cell(picture: Tensor, lattice: Lattice) -> tuple[Lattice, UnitCell | None]:
    """A lattice of rows, divided into cells if any are found, and the cells' statistics.

    The statistics are None if rows waver so much that their mean explains little of their detail.
    """
    unit_cell = UnitCell.of(picture, lattice)
    if lattice.has_cells:
        return lattice, unit_cell
    residual = unit_cell.residual(picture, lattice)
    found = find_cells(residual, lattice)
    if found.has_cells:
        return found, UnitCell.of(picture, found)
    before, after = (band_deviations(values[None], 3)[1].square() for values in (picture, residual))
    explained = float((1 - after / before.clamp(min=1e-12)).mean())
    return lattice, unit_cell if explained >= LEAST_EXPLAINED else None


def _grey(pixels: Tensor) -> Tensor:
    """Luminance (H, W) of pixels (H, W, 1 or 3)."""
    return pixels @ torch.from_numpy(LUMINANCE) if pixels.shape[2] == 3 else pixels[..., 0]
