"""Training data: standardised pictures, and random crops of them at three scales.

The generator works from coarse to fine, so it is judged by crops at 1/`COARSE` of the resolution, which show the
layout of a material (and once more at 1/`BROAD`), and by smaller crops at full resolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor

from impasto.numerics.resampling import band_deviations
from impasto.patterns.lattice import Lattice
from impasto.texture import Maps
from impasto.training.standardisation import Standardisation

from .card import TorusCard
from .cells.phase_statistics import PhaseStatistics
from .cells.unit_cell import UnitCell

T = TypeVar("T")

COARSE, BROAD = 4, 8
"""Size of a pixel of coarse crops, in pixels of the pictures, and of the same crops at half their resolution."""
SCALES = {"fine": 1, "coarse": COARSE, "broad": BROAD}
"""Size of a pixel at each scale."""
FINE_BIN_PX = 2
"""Size of a phase bin at full resolution. Half or twice as much is not better."""
LEAST_BAND_DEVIATION = 1e-3
"""Least standard deviation by which a frequency band is divided."""


@dataclass(frozen=True)
class StandardisedPicture:
    """Standardised pixels (C, H, W), and the same at 1/`COARSE` of the resolution. label: index of its class.

    A layout is only coarse: a thumbnail that shows the layout of a material without its grain.
    known (C, 1, 1): 1 for channels that the picture has, 0 for those that losses must ignore.
    """

    pixels: Tensor | None
    coarse: Tensor
    label: int
    known: Tensor

    def on(self, device: str) -> StandardisedPicture:
        """The same picture on a device."""
        pixels = None if self.pixels is None else self.pixels.to(device)
        return replace(self, pixels=pixels, coarse=self.coarse.to(device), known=self.known.to(device))


@dataclass(frozen=True)
class ClassStatistics:
    """Standardisation of the pictures of a class, and their scale in metres, if known."""

    standardisation: Standardisation
    texel_m: float | None
    height_range_m: float | None

    def card(self) -> dict[str, Any]:
        """The fields of a `SurfaceCard`."""
        mean, matrix = self.standardisation.mean.flatten().tolist(), self.standardisation.matrix.tolist()
        return {"mean": mean, "matrix": matrix, "texel_m": self.texel_m, "height_range_m": self.height_range_m}


@dataclass(frozen=True)
class Crops:
    """A batch of coarse (B, C, h, w) and fine (B, C, n, n) crops, in pairs of one class, but from different places.

    coarse_known and fine_known (B, C, 1, 1): 0 for channels that losses must ignore.
    """

    coarse: Tensor
    fine: Tensor
    labels: Tensor
    coarse_known: Tensor
    fine_known: Tensor


@dataclass(frozen=True)
class TrainingData:
    """All pictures, the surface of each class, the deviations of their slopes by scale, and their lattice.

    unit_cell: statistics of the cells of a material with rows; the pictures then hold the residual. sources: entries of
    the pictures for a model's card. exemplar: the maps that were learned, of a single picture or map set.
    """

    pictures: tuple[StandardisedPicture, ...]
    surfaces: tuple[ClassStatistics, ...]
    slope_deviations: Mapping[str, float]
    lattice: Lattice
    unit_cell: UnitCell | None
    canvas: tuple[int, int]
    labels: tuple[str, ...]
    sources: list[dict[str, Any]]
    exemplar: Maps | None = None

    @property
    def maps(self) -> tuple[str, ...]:
        """Names of the maps whose channels the pictures have."""
        return self.surfaces[0].standardisation.maps

    @property
    def height_channel(self) -> int | None:
        """Index of the height channel; None if there is none."""
        return self.surfaces[0].standardisation.height_channel

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; () for a single one."""
        return self.labels if len(self.labels) > 1 else ()

    def card(self, name: str, widths: Sequence[int], blocks: Sequence[int]) -> TorusCard:
        """Everything about a model of this data that its tensors do not hold; its sliders are found at the end."""
        lattice = self.lattice
        return TorusCard.of(
            {
                "name": name,
                "maps": list(self.maps),
                "surfaces": [surface.card() for surface in self.surfaces],
                "lattice": {
                    "wave_vectors": lattice.wave_vectors.tolist(),
                    "bond": asdict(lattice.bond) if lattice.bond else None,
                },
                "widths": list(widths),
                "blocks": list(blocks),
                "classes": list(self.classes),
            }
        )

    def crops(self, count: int, fine_px: int, random: torch.Generator) -> Crops:
        """Random crops, each class equally likely: coarse ones of the canvas' extent, fine ones of `fine_px`.

        In a class with layouts, half of the coarse crops come from these.
        """
        draws = [self._draw(fine_px, random) for _ in range(count)]
        coarse, fine, labels, coarse_known, fine_known = zip(*draws, strict=True)
        stacks = (torch.stack(coarse), torch.stack(fine), torch.tensor(labels, device=coarse[0].device))
        return Crops(*stacks, torch.stack(coarse_known), torch.stack(fine_known))

    def phase_statistics(self) -> tuple[PhaseStatistics, PhaseStatistics] | tuple[()]:
        """Phase statistics of a regular material, coarse and at full resolution; () for other materials."""
        if not self.lattice.is_regular:
            return ()
        (picture,) = self.pictures
        assert picture.pixels is not None
        return (
            PhaseStatistics.of(picture.coarse, self.lattice, COARSE, COARSE),
            PhaseStatistics.of(picture.pixels, self.lattice, 1, FINE_BIN_PX),
        )

    def band_deviations(self, count: int) -> Tensor:
        """Standard deviations (count, C) of the pictures in each band, finest first; the last is the residual."""
        detailed = [picture.pixels for picture in self.pictures if picture.pixels is not None]
        squares = torch.stack([band_deviations(pixels[None], count).square() for pixels in detailed])
        return squares.mean(0).sqrt().clamp(min=LEAST_BAND_DEVIATION)

    @cached_property
    def _classes(self) -> list[tuple[list[StandardisedPicture], list[StandardisedPicture]]]:
        """The pictures at full resolution and the layouts of each class."""
        found: dict[int, tuple[list[StandardisedPicture], list[StandardisedPicture]]] = {}
        for picture in self.pictures:
            found.setdefault(picture.label, ([], []))[picture.pixels is None].append(picture)
        return list(found.values())

    def _draw(self, fine_px: int, random: torch.Generator) -> tuple[Tensor, Tensor, int, Tensor, Tensor]:
        detailed, layouts = _one(self._classes, random)
        picture = _one(detailed, random)
        layout = _one(layouts, random) if layouts and _draw(2, random) else picture
        coarse = _crop(layout.coarse, [side // COARSE for side in self.canvas], random)
        assert picture.pixels is not None
        fine = _crop(picture.pixels, [fine_px, fine_px], random)
        return coarse, fine, picture.label, layout.known, picture.known


def _draw(count: int, random: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=random))


def _one(choices: Sequence[T], random: torch.Generator) -> T:
    return choices[_draw(len(choices), random)]


def _crop(pixels: Tensor, size: Sequence[int], random: torch.Generator) -> Tensor:
    """A random part (C, *size) of pixels (C, H, W)."""
    top, left = (_draw(side - length + 1, random) for side, length in zip(pixels.shape[1:], size, strict=True))
    return pixels[:, top : top + size[0], left : left + size[1]]
