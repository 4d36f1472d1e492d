"""Pyramid of a picture with holes: features of each level, usable sources for its holes, and their correction.

Only the pixels of holes are visited, windows are compared directly, and surroundings of a hole never change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from .correction import BestChoice, Correction
from .features import COARSE, RADIUS_PX, Projection, whole_numbers, window_weights
from .field import Field, PixelGrid, SourceGrid, moves_of_pieces

COARSEST_PX = 400
"""Length of the shorter side below which the pyramid ends; it also ends where holes get thin."""
THINNEST_PX = 12
LARGEST_SEARCH_PX = 512 * 512
"""Most pixels of the coarsest level, which is searched as a whole."""
LEAST_USABLE = 48
"""Fewest usable windows of a level, or, on the finest level, fewest usable pixels."""
SAMPLES = 1 << 15
CHUNK = 1 << 12
"""Most pixels that are corrected at once."""
NEVER = 1e9
"""Cost of a place that must not be shown."""


@dataclass(frozen=True)
class Constraints:
    """Kind (h, w) of each pixel, which is filled only from pixels of its kind, and its island (h, w)."""

    kind: Tensor
    island: Tensor

    def half_size(self) -> Constraints:
        """Constraints of every second pixel."""
        return Constraints(self.kind[::2, ::2].contiguous(), self.island[::2, ::2].contiguous())


@dataclass(frozen=True)
class HoleLevel(SourceGrid):
    """A level of a picture with holes, whose vectors change as holes are filled. holes: (N,), indices of their pixels.

    kind, island: (P,), see `Constraints`.
    """

    holes: Tensor
    kind: Tensor | None
    island: Tensor | None

    def of_kind(self, places: Tensor, pixels: Tensor) -> Tensor:
        """Places (n,) if they have the same kind as pixels (n,); else -1."""
        return places if self.kind is None else torch.where(self.kind[places] == self.kind[pixels], places, -1)

    def anywhere(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """Random places (n,) that pixels (n,) may show; -1 if none has their kind."""
        if self.kind is None:
            return super().anywhere(pixels, generator)
        drawn = torch.rand(len(pixels), generator=generator, dtype=torch.double).to(pixels.device)
        places, kinds = torch.full_like(pixels, -1), self.kind[pixels]
        for kind in kinds.unique():
            own = self.usable[self.kind[self.usable] == kind]
            if len(own):
                places[kinds == kind] = own[(drawn[kinds == kind] * len(own)).long()]
        return places

    def align(self, field: Field, generator: torch.Generator) -> None:
        """Move the pieces in holes to where they fit best to each other and to the surroundings, which stay."""
        holes, places = self.holes, field.place[self.holes]
        _, piece = (places - holes).unique(return_inverse=True)
        down, right = moves_of_pieces(field, piece, self.source >= 0, generator)
        moved = places + (down * self.grid.stride + right)[piece]
        found = self.allowed_places(moved.clamp(0, len(self.source) - 1), holes)
        field.show(holes, torch.where(found < 0, places, found))


def hole_levels(
    images: Mapping[str, Tensor], hole: Tensor, constraints: Constraints | None, wraps: tuple[bool, bool]
) -> list[HoleLevel]:
    """Levels of images (H, W, C) with holes (H, W), finest first; none if nothing is left to learn from."""
    features = _features(images, hole)
    thickness = 2 * thickness_px(hole)
    levels: list[HoleLevel] = []
    while True:
        level = _level(features, hole, constraints, wraps, 2 ** len(levels))
        if level is None:
            return levels
        levels.append(level)
        size = hole.shape
        is_thin = thickness / level.scale < THINNEST_PX and size[0] * size[1] <= LARGEST_SEARCH_PX
        if min(size) < COARSEST_PX or is_thin:
            return levels
        features, hole = _halve(features), _any_of_four(hole)
        constraints = constraints and constraints.half_size()


def thickness_px(hole: Tensor) -> float:
    """About half the width of holes (H, W): twice their area over their perimeter."""
    perimeter = sum(int((hole.narrow(a, 1, n - 1) ^ hole.narrow(a, 0, n - 1)).sum()) for a, n in enumerate(hole.shape))
    return 2 * int(hole.sum()) / max(perimeter, 1)


def _features(images: Mapping[str, Tensor], hole: Tensor) -> Tensor:
    """Features (H, W, C) of all images: principal components of their known pixels."""
    known = (~hole).flatten().nonzero()[:, 0]
    some = known[:: max(1, len(known) // SAMPLES)]
    projection = Projection.of({name: image.flatten(0, 1)[some].T for name, image in images.items()})
    return projection({name: image.permute(2, 0, 1) for name, image in images.items()}).permute(1, 2, 0)


def _level(
    features: Tensor, hole: Tensor, constraints: Constraints | None, wraps: tuple[bool, bool], scale: int
) -> HoleLevel | None:
    """A level; None if it has too few usable windows, or, on the finest level, pixels."""
    grid = PixelGrid((hole.shape[0], hole.shape[1]), wraps, hole.device)
    padded_hole = grid.pixels_of(hole)
    shape = hole.shape[0] + 2 * RADIUS_PX, hole.shape[1] + 2 * RADIUS_PX
    is_usable = ~dilation(padded_hole.view(shape) | ~grid.is_inside().view(shape)).flatten()
    pixels = grid.shown_pixels
    is_usable = grid.with_margin(is_usable) & grid.is_inside()
    if int(is_usable.sum()) < LEAST_USABLE:
        if scale > 1:
            return None
        is_usable = ~padded_hole & (pixels == torch.arange(len(pixels), device=pixels.device))
        if int(is_usable.sum()) < LEAST_USABLE:
            return None
    source = torch.where(is_usable, pixels, -1)
    holes = grid.index(*hole.nonzero(as_tuple=True))
    kind = None if constraints is None else grid.pixels_of(constraints.kind)
    island = None if constraints is None else grid.pixels_of(constraints.island)
    return HoleLevel(scale, grid, source, grid.pixels_of(_whole(features, hole)), holes, kind, island)


def _whole(features: Tensor, hole: Tensor) -> Tensor:
    """Features (H, W, C) as whole numbers, so that sums are exact; scaled by the deviation of known pixels."""
    known = (~hole).flatten().nonzero()[:, 0]
    some = features.flatten(0, 1)[known[:: max(1, len(known) // SAMPLES)]]
    return whole_numbers(features, COARSE, some)


def _halve(features: Tensor) -> Tensor:
    """Features (H, W, C) at half the size, rounded up."""
    return avg_pool2d(features.permute(2, 0, 1)[None], 2, ceil_mode=True)[0].permute(1, 2, 0).contiguous()


def _any_of_four(hole: Tensor) -> Tensor:
    """Hole (H, W) at half the size: pixels that contain any part of it."""
    return max_pool2d(hole[None, None].to(torch.float32), 2, ceil_mode=True)[0, 0] > 0


def dilation(mask: Tensor, reach_px: int = RADIUS_PX) -> Tensor:
    """Mask (H, W) of all pixels within a square of `reach_px` around a mask."""
    return max_pool2d(mask[None].float(), 2 * reach_px + 1, stride=1, padding=reach_px)[0] > 0


class HoleCorrection(Correction):
    """Corrects the places in a picture that the pixels of its holes show."""

    reaches_px = (1, 1, 3, 8)

    def __init__(self, field: Field, level: HoleLevel, generator: torch.Generator) -> None:
        super().__init__(field, generator)
        self.level = level
        self.weights = (4 * window_weights()).round().float().flatten().to(field.place.device)
        self.outside = ~level.grid.is_inside()
        self.has_outside = bool(self.outside[level.holes[:, None] + level.grid.offsets].any())
        self.show(level.holes, field.place[level.holes])

    def chunks(self, pixels: Tensor) -> Iterator[tuple[float, Tensor]]:
        """Pixels at a cut, and those that show a place that they must not."""
        own = self.field.place[pixels]
        at_cuts = pixels[self.is_at_cut(pixels) | (self.level.allowed_places(own, pixels) < 0)]
        for number, chunk in enumerate(at_cuts.split(CHUNK)):
            yield min(1.0, (number + 1) * CHUNK / max(1, len(at_cuts))), chunk

    def choice(self, pixels: Tensor) -> BestChoice:
        """The choice for all of the pixels."""
        vectors, offsets = self.level.vectors, self.level.grid.offsets
        target, weights = vectors[pixels[:, None] + offsets], self._weights(pixels)  # (n, 25, C), (n, 25)

        def costs(places: Tensor, among: Tensor | slice, factor: float) -> Tensor:
            windows = vectors[places[:, None] + offsets]
            return factor * (windows.sub_(target[among]).square_().sum(2) * weights[among]).sum(1)

        choice = BestChoice(self.field, pixels, costs)
        choice.cost[self.level.allowed_places(choice.place, pixels) < 0] = NEVER
        return choice

    def show(self, pixels: Tensor, places: Tensor) -> None:
        """Show places (n,) at pixels (n,), and their features."""
        super().show(pixels, places)
        self.level.vectors[pixels] = self.level.vectors[places]
        self.level.grid.with_margin(self.level.vectors)

    def _weights(self, pixels: Tensor) -> Tensor:
        """Weights (n, 25) of the pixels of windows; 0 outside the picture, and on other islands."""
        around = pixels[:, None] + self.level.grid.offsets
        weights = self.weights.expand(len(pixels), -1)
        if self.has_outside:
            weights = weights * ~self.outside[around]
        if self.level.island is not None:
            weights = weights * (self.level.island[around] == self.level.island[pixels][:, None])
        return weights
