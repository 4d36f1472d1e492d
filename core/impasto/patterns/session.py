"""Entry point of patch synthesis: pieces of an example on a torus, over the charts of an atlas, or in holes.

An example consists of maps of a material, all of which are cut in the same way. Every method places pieces, and returns
the origin in the example of each pixel.

    >>> import numpy as np
    >>> import torch
    >>> bricks = {"base_color": torch.rand(3, 48, 64, generator=torch.Generator().manual_seed(0))}
    >>> session = Session(Example(bricks), np.random.default_rng(0))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from ..errors import ParameterError
from .canvas import ResultShape
from .correction import PASSES
from .exemplar import Guidance, exemplar_levels
from .features import features_of
from .field import Field
from .holes import Constraints, HoleCorrection, HoleLevel, hole_levels, thickness_px
from .layout import PieceLayout, Pieces, plan
from .offsets import Offsets
from .phases import Pattern, Patterns
from .quilting import Quilter
from .seams import join, join_map
from .synthesis import AppearanceCorrection, align, first_layout

LARGEST_PIECE, SMALLEST_PIECE = 0.35, 0.15
"""Side of pieces, relative to that of the source, with no variation and with full variation."""
GUIDED_PIECE = 0.1
"""Side of pieces under guidance."""
VARIETY, FINE_VARIETY = 12.0, 2.0
"""Costs of a part that is used twice as often as the mean, in mean distances, with full variation.

The first is for the coarsest level, and is halved from level to level down to the second. Coarse levels decide where
parts come from; fine levels fit cuts.
"""
SQUARES = 0.25
"""Side of squares, relative to the width of holes: small ones join better, large ones preserve more."""
SMALLEST_PX, LARGEST_PX = 4, 12
MOST_SQUARES = 1500
PREVIEW_PX = 512
"""Longest side of indices for previews of holes."""

Report = Callable[[float, Callable[[], Tensor]], None]
"""Callback with the fraction done, and a function that returns indices (h, w) of the result so far."""


def ignore(done: float, find_origin: Callable[[], Tensor]) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Example:
    """The source of pieces: maps (c, h, w) of one size, or several sets of them below each other.

    patterns: of the sets. left_out: (h, w), whether pixels must not be shown; None if all may be. side_px: shortest
    side of a set; 0: that of the maps.
    """

    maps: Mapping[str, Tensor]
    patterns: Patterns = field(default_factory=Patterns)
    left_out: Tensor | None = None
    side_px: int = 0

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) of the maps."""
        _, height, width = next(iter(self.maps.values())).shape
        return height, width

    @cached_property
    def features(self) -> Tensor:
        """Principal components (C, h, w) of all maps, for comparing pieces."""
        return features_of(self.maps)

    def at_least(self, size_px: tuple[int, int]) -> Example:
        """The example, in which last rows and columns repeat until it has this size."""
        more = (0, max(0, size_px[1] - self.size_px[1]), 0, max(0, size_px[0] - self.size_px[0]))
        if not any(more):
            return self
        return Example({name: pad(one[None], more, "replicate")[0] for name, one in self.maps.items()}, self.patterns)


@dataclass(frozen=True)
class Laid:
    """Result that shows texels of maps (c, h, w) with flat indices `origin` (H, W).

    layout: of pieces of a quilt. repeated: number of landmarks that it shows again too close.
    """

    maps: Mapping[str, Tensor]
    origin: Tensor
    layout: PieceLayout | None = None
    repeated: int = 0

    def copies(self) -> Iterator[Tensor]:
        """Pixels (c, H, W) of each map, unchanged."""
        return (image.flatten(1)[:, self.origin] for image in self.maps.values())

    def joined(self, light_px: float, shapes_px: float) -> Iterator[Tensor]:
        """Pixels (c, H, W) of each map, without steps at cuts, see `join`."""
        axis = self.layout.open_axis if self.layout else None
        return (join(image, self.origin, light_px, shapes_px, axis) for image in self.maps.values())


@dataclass(frozen=True)
class Holes:
    """Pixels `mask` (H, W) to fill from the rest. wraps: whether the picture is periodic (vertically, horizontally).

    pattern: of the picture; sources at whole periods from a hole are preferred.
    """

    mask: Tensor
    wraps: tuple[bool, bool] = (False, False)
    constraints: Constraints | None = None
    pattern: Pattern = field(default_factory=Pattern)


@dataclass(frozen=True)
class Session:
    """Synthesis from pieces of an example. The same state of `rng` gives the same result on every device."""

    example: Example
    rng: np.random.Generator
    report: Report = ignore

    def quilt(self, size_px: tuple[int, int], pieces: Pieces, guide: tuple[Tensor, Tensor] | None = None) -> Laid:
        """A torus of large pieces with cuts where they agree (Efros & Freeman 2001), in about a second.

        guide: channels of the example (G, h, w) and of the torus (G, H, W) that should agree.

            >>> laid = session.quilt((96, 96), Pieces(variety=1.0))
            >>> next(laid.joined(light_px=12, shapes_px=12)).shape
            torch.Size([3, 96, 96])
        """
        layout = plan(self.example.size_px, size_px, pieces.side_px, pieces.overlap, pieces.open_axis)
        example = self.example.at_least(layout.block)
        quilter = Quilter(example.features, layout, example.patterns, pieces, self.rng, guide)
        for done in quilter.cover():
            self.report(done, lambda: quilter.torus.origin)
        return Laid(example.maps, quilter.torus.origin[: size_px[0], : size_px[1]], layout, quilter.repeated)

    def synthesise(
        self, shape: ResultShape, guidance: Guidance | None = None, variation: float = 0.5, quality: str = "usual"
    ) -> Laid:
        """Small pieces on a torus or over the charts of an atlas, corrected from coarse to fine.

        Follows parallel controllable texture synthesis (Lefebvre & Hoppe 2005), in appearance space. variation: from 0
        for large pieces to 1 for small ones from the whole example. quality: quick, usual or best.

            >>> from impasto.patterns.canvas import TorusShape
            >>> session.synthesise(TorusShape((40, 72)), quality="quick").origin.shape
            torch.Size([40, 72])
        """
        generator = torch.Generator().manual_seed(int(self.rng.integers(1 << 62)))
        piece = GUIDED_PIECE if guidance else LARGEST_PIECE + (SMALLEST_PIECE - LARGEST_PIECE) * variation
        example, passes, width = self.example, PASSES[quality], self.example.size_px[1]
        piece_px = piece * (example.side_px or min(example.size_px))
        laid: Field | None = None
        done = 0.0
        for number, level in enumerate(exemplar_levels(example.features, shape.size_px, example.left_out)):
            grid = shape.grid(level.scale, example.features.device)
            patterns = example.patterns.at_scale(level.scale)
            guide = guidance.on_level(level, grid) if guidance else None
            if laid is None:
                laid = first_layout(level, grid, piece_px, variation, patterns, self.rng, guide)
            else:
                laid = laid.on_finer_level(grid, level, grid.inside)
            patterns.keep(laid)
            align(laid, patterns, generator)
            variety = max(VARIETY / 2**number, FINE_VARIETY) * variation
            correction = AppearanceCorrection(laid, level, patterns, variety, generator, guide)
            share = 0.75 / level.scale**2
            for fraction in correction.passes(passes[min(number, len(passes) - 1)]):
                self.report(done + fraction * share, partial(source_indices, laid, width))
            done += share
            wrong = laid.pixels[level.left_out[laid.place[laid.pixels]]]
            laid.show(wrong, level.anywhere(wrong, generator))
        assert laid is not None
        return Laid(example.maps, source_indices(laid, width))

    def fill(self, holes: Holes, quality: str = "usual") -> Filling:
        """The example with holes, filled from the rest of it, from coarse to fine.

        Squares are shifted into the holes of the coarsest level (He & Sun 2012), and corrected from level to level.
        Raise ParameterError if the mask leaves too little of the picture.

            >>> mask = torch.zeros(48, 64, dtype=torch.bool)
            >>> mask[10:20, 30:44] = True
            >>> filled = session.fill(Holes(mask), quality="quick").pixels_of("base_color")
            >>> bool((filled[~mask] == bricks["base_color"].permute(1, 2, 0)[~mask]).all())
            True
        """
        images = {name: image.permute(1, 2, 0) for name, image in self.example.maps.items()}
        levels = hole_levels(images, holes.mask, holes.constraints, holes.wraps)
        if not levels:
            message = "the mask leaves too little of the picture to learn from"
            raise ParameterError(message, "paint a smaller mask, or give more of the picture")
        generator = torch.Generator().manual_seed(int(self.rng.integers(1 << 62)))
        thickness, passes = thickness_px(holes.mask), PASSES[quality]
        shares = np.cumsum([0.0] + [1.0 + len(level.holes) / 2e4 for level in reversed(levels)])
        shares /= shares[-1]
        filled: Field | None = None
        for number, level in enumerate(reversed(levels)):
            start, end = shares[number : number + 2]
            if filled is None:
                side_px = _side_px(level, thickness / level.scale)
                offsets = Offsets(level, side_px, generator, holes.pattern.at_scale(level.scale))
                filled = offsets.field
                for fraction in offsets.fill():
                    self.report(end * 0.7 * fraction, partial(small_indices, filled, self.example.size_px))
                start = 0.7 * end
            else:
                filled = _enlarge(filled, level, generator)
                level.align(filled, generator)
            correction = HoleCorrection(filled, level, generator)
            for fraction in correction.passes(passes[min(number, len(passes) - 1)]):
                self.report(start + (end - start) * fraction, partial(small_indices, filled, self.example.size_px))
        assert filled is not None
        return Filling(images, filled)


@dataclass(frozen=True)
class Filling:
    """Maps (H, W, C), and the field of the finest level with the places in them that their holes show."""

    maps: Mapping[str, Tensor]
    field: Field

    def pixels_of(self, name: str, blend: float = 1.0) -> Tensor:
        """A map (H, W, C) with filled holes. blend: how far light and colour follow the surroundings, 0 to 1."""
        return join_map(name, self.maps[name], self.field, blend)


def source_indices(field: Field, width: int) -> Tensor:
    """Flat indices (H', W') into a source of this width, at the centres of the pixels of a level.

    Charts of a mesh continue in their gutters.
    """
    grid, source, scale = field.grid, field.source.grid, field.source.scale
    pixels = grid.image(grid.nearest_pixels)
    here, there = grid.position(grid.image(torch.arange(len(field.place), device=grid.device))), grid.position(pixels)
    positions = source.position(field.place[pixels])
    y, x = source.brought_inside(*(place + own - near for place, own, near in zip(positions, here, there, strict=True)))
    return (y * scale + scale // 2) * width + x * scale + scale // 2


def small_indices(field: Field, size_px: tuple[int, int]) -> Tensor:
    """Flat indices (h, w), for a preview, of the pixels that a picture of this size shows with the field of a level."""
    (height, width), scale, device = size_px, field.source.scale, field.place.device
    stride = -(-max(height, width) // PREVIEW_PX)
    y = torch.arange(0, height, stride, device=device)[:, None]
    x = torch.arange(0, width, stride, device=device)
    from_y, from_x = field.grid.position(field.place[field.grid.index(y // scale, x // scale)])
    rows = (from_y * scale + y % scale).clamp(0, height - 1)
    return rows * width + (from_x * scale + x % scale).clamp(0, width - 1)


def _side_px(level: HoleLevel, thickness: float) -> int:
    """Side of the squares for the holes of the coarsest level. thickness: about half the width of the holes."""
    return round(max(SMALLEST_PX, min(thickness * SQUARES, LARGEST_PX), (len(level.holes) / MOST_SQUARES) ** 0.5))


def _enlarge(coarse: Field, level: HoleLevel, generator: torch.Generator) -> Field:
    """Field of a level, from that of the level half as large."""
    holes, field = level.holes, coarse.on_finer_level(level.grid, level, level.holes)
    places = field.place[holes]
    places[level.allowed_places(places.clamp(min=0), holes) < 0] = -1
    lost = places < 0
    places[lost] = level.anywhere(holes[lost], generator)
    field.show(holes, torch.where(places < 0, holes, places))
    return field
