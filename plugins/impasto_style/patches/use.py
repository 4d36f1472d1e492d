"""Use of a style's parts: how much of each is used where the picture is calm, and where it is busy.

Calm places use only calm parts. In a sky, other parts would be recognised, for example as a hand or as windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from impasto.patterns.library import CELLS, PatchLibrary

from ..shared.task import Region
from .guides import broad_blur, detail_contrast, mixture_of, values_inside

CALMEST, CALMEST_OF_COLOR, CALMER = 0.4, 0.3, 0.8
"""Shares of a style that count as calm: of the whole; of places with nearly one colour; and the limit of the latter.
With a low limit, the middle of a light area is painted dark if the style is mostly dark."""
PARTS = 2 * CELLS**2
"""Number of parts of a style: the calm and the busy patches of each of its cells."""
LEVELS = 4
"""Number of steps of red, green and blue that distinguish colours."""
BINS = 16
"""Number of steps of contrast."""
SUITED = (0.25, 3.0)
"""Smallest and largest weight of patches, by how often their contrast is wanted."""


@dataclass(frozen=True)
class Impression:
    """Blurred colours (1, 3, H, W) of a picture, and the contrast (1, 1, H, W) of its detail."""

    color: Tensor
    contrast: Tensor

    @classmethod
    def of(cls, x: Tensor, sigma_px: float, seamless: bool = False) -> Impression:
        """The impression of (1, 3, H, W)."""
        return cls(broad_blur(x, sigma_px, seamless), detail_contrast(x, sigma_px, seamless))

    def contrasts(self) -> np.ndarray:
        """Contrast of each pixel (H·W,)."""
        return self.contrast.flatten().cpu().numpy()

    def colors(self) -> np.ndarray:
        """Number of the colour of each pixel (H·W,)."""
        levels = (LEVELS * self.color[0].flatten(1)).long().clamp(0, LEVELS - 1).cpu().numpy()
        return np.ravel_multi_index(levels, (LEVELS,) * 3)


@dataclass(frozen=True)
class Places:
    """Contrasts of places (n,) of a picture or style, and whether they are calm."""

    contrast: np.ndarray
    is_calm: np.ndarray

    def at(self, index: np.ndarray) -> Places:
        """The places of an index or mask."""
        return Places(self.contrast[index], self.is_calm[index])


def calm_parts(style: Impression) -> np.ndarray:
    """Mask (h·w,) of where a style is calm, compared with all of it or with places of the same colour."""
    contrast, color = style.contrasts(), style.colors()
    least, most = np.quantile(contrast, (CALMEST, CALMER))
    limits = np.full(LEVELS**3, least)
    for number in np.unique(color):
        limits[number] = np.quantile(contrast[color == number], CALMEST_OF_COLOR).clip(least, most)
    return contrast <= limits[color]


def calm_places(contrast: Tensor, styles: Sequence[Impression], regions: Sequence[Region]) -> Tensor:
    """Mask of where a picture's contrast (1, 1, H, W) is as low as in calm parts of the region's styles."""
    contrasts = [style.contrasts() for style in styles]
    result = torch.zeros_like(contrast, dtype=torch.bool)
    for region in regions:
        is_calm = contrast <= float(np.quantile(mixture_of(contrasts, region.weights), CALMEST))
        result |= is_calm if region.mask is None else is_calm & (region.mask > 0)
    return result


def parts_and_use(
    library: PatchLibrary, styles: Sequence[Impression], wanted: Impression, is_calm: Tensor, regions: Sequence[Region]
) -> tuple[Tensor, Tensor]:
    """The part of each patch (rows,), and the share of each part in the patches of each region (2·regions, parts).

    wanted: the impression that patches should have. A region has two rows: its calm (1, 1, H, W) and its busy places.
    """
    looks = [Places(style.contrasts(), calm_parts(style)) for style in styles]
    known = [np.concatenate(values) for values in zip(*(vars(look).values() for look in looks), strict=True)]
    own = Places(*known).at(library.centre.cpu().numpy())
    part = 2 * library.cell.cpu().numpy() + ~own.is_calm
    counts = np.bincount(part, minlength=len(styles) * PARTS)
    areas = counts.reshape(len(styles), PARTS)
    areas = areas / areas.sum(1, keepdims=True)
    picture = Places(wanted.contrasts(), is_calm.flatten().cpu().numpy())
    use: list[np.ndarray] = []
    for region in regions:
        places = Places(*(values_inside(values, region.mask) for values in vars(picture).values()))
        weights = np.array(region.weights) / sum(region.weights)
        area = (weights[:, None] * areas).ravel()
        weighted = [np.bincount(part, suitability(own, places, calm), len(counts)) for calm in (True, False)]
        use += _use(area, [total / counts.clip(1) for total in weighted], float(places.is_calm.mean()))
    device = library.centre.device
    return torch.from_numpy(part).to(device), torch.from_numpy(np.stack(use).astype(np.float32)).to(device)


def _use(area: np.ndarray, suited: Sequence[np.ndarray], calm_share: float) -> list[np.ndarray]:
    """Shares of all parts (parts,) in calm places and in busy ones, which get the rest of each part's area."""
    has_calm = np.arange(len(area)) % 2 == 0
    calm = area * has_calm * suited[0]
    calm = calm / calm.sum() if calm.any() else area
    busy = np.maximum(area - calm_share * calm, SUITED[0] * area) * suited[1]
    return [calm, busy / busy.sum()]


def suitability(own: Places, wanted: Places, is_calm: bool) -> np.ndarray:
    """Weights of a style's patches (n,) for calm or busy places of a picture (m,).

    The weight is the frequency of a patch's contrast there, relative to the style's own calm or busy parts.
    """
    own_ones, wanted_ones = (places.at(places.is_calm == is_calm) for places in (own, wanted))
    if not len(own_ones.contrast) or not len(wanted_ones.contrast):
        return np.ones(len(own.contrast))
    edges = np.quantile(own_ones.contrast, np.linspace(0, 1, BINS + 1)[1:-1])
    shares = []
    for places in (own_ones, wanted_ones):
        bins = np.searchsorted(edges, places.contrast)
        shares.append(np.bincount(bins, minlength=BINS) / len(bins))
    ratio = (shares[1] / shares[0].clip(0.1 / BINS)).clip(*SUITED)
    return ratio[np.searchsorted(edges, own.contrast)]
