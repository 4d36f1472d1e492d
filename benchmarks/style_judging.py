"""Metrics of a repainted picture: how much style it has beyond colours, and its distance from the original.

Measured by the features of an encoder that was not used for optimising, since a score that was also the loss proves
nothing. None of the figures replaces a look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.errors import ParameterError
from impasto.surface.palette import palette_of, transport
from impasto_style.shared.encoder import Encoder
from impasto_style.shared.resampling import as_tensor

DIRECTIONS = 64
QUANTILES = 256
CHEQUERS = 4
"""Number of fields per side of the chequerboard that divides a style."""
LEAST_STYLE_PX = 64
"""Least side of a style, for enough features at the coarsest layer."""
HEADS_LAYERS = ("relu1", "fire3", "fire5", "fire6", "fire7", "fire8", "fire9")
"""Layers of SqueezeNet, in the order of its published LPIPS heads."""


@dataclass(frozen=True)
class Judgement:
    """Figures of one result.

    gram, sliced: from 0, as far from the style as the picture, to 1, as near as another piece of the style.
    recolored_gram, recolored_sliced: the score of the picture with only the style's palette. content: distance from the
    picture.
    """

    gram: float
    sliced: float
    recolored_gram: float
    recolored_sliced: float
    content: float

    @property
    def above_recoloring(self) -> float:
        """The score: the gain over the palette alone, averaged over both distances."""
        return (self.gram - self.recolored_gram + self.sliced - self.recolored_sliced) / 2


@dataclass(frozen=True)
class Statistics:
    """Statistics of a layer: the Gram matrix (C, C), and quantiles (DIRECTIONS, QUANTILES) of projections."""

    gram: Tensor
    quantiles: Tensor


class Judge:
    """Judge of results for one picture (H, W, 3) and one style (h, w, 3), in which strokes have their final size.

    heads: of LPIPS, from `read_heads`. ParameterError if the style is too small, or the picture as near to it as its
    own pieces are.
    """

    def __init__(
        self, encoder: Encoder, picture: np.ndarray, style: np.ndarray, heads: Sequence[Tensor] | None = None
    ) -> None:
        if min(style.shape[:2]) < LEAST_STYLE_PX:
            message = f"a style of {style.shape[1]}x{style.shape[0]} is too small to be judged by"
            raise ParameterError(message, f"give one of at least {LEAST_STYLE_PX} px a side")
        self.encoder, self.picture, self.heads = encoder, picture, heads
        self.parts = _halves(_features(encoder, style))
        self.nearest = _mean([_distances(*self.parts), _distances(*self.parts[::-1])])
        self.farthest = self._distances(picture)
        if any(self.farthest[name] <= nearest for name, nearest in self.nearest.items()):
            raise ParameterError("the picture is as near to the style as the style itself", "give another style")
        self.recolored = self._scores(recolored(picture, style))

    def judge(self, result: np.ndarray) -> Judgement:
        """The figures of a result, of the picture's size."""
        found = self._scores(result)
        return Judgement(
            found["gram"],
            found["sliced"],
            self.recolored["gram"],
            self.recolored["sliced"],
            content_distance(self.encoder, result, self.picture, self.heads),
        )

    def _scores(self, result: np.ndarray) -> dict[str, float]:
        """Scores from 0, for the picture's distance, to 1, for the distance between two halves of the style."""
        return {
            name: (self.farthest[name] - distance) / (self.farthest[name] - self.nearest[name])
            for name, distance in self._distances(result).items()
        }

    def _distances(self, result: np.ndarray) -> dict[str, float]:
        """Mean distances to the halves of the style."""
        found = [_statistics(layer) for layer in _features(self.encoder, result)]
        return _mean([_distances(found, part) for part in self.parts])


def recolored(picture: np.ndarray, style: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3) with the mean and covariance of the style's colours in Oklab."""
    return transport(palette_of(picture), palette_of(style)).of(picture)


def gram_distance(found: Sequence[Statistics], wanted: Sequence[Statistics]) -> float:
    """‖G - G_wanted‖ / ‖G_wanted‖ of Gram matrices, averaged over the layers (after Gatys et al. 2016)."""
    pairs = zip(found, wanted, strict=True)
    return float(np.mean([float((f.gram - w.gram).norm() / w.gram.norm()) for f, w in pairs]))


def sliced_distance(found: Sequence[Statistics], wanted: Sequence[Statistics]) -> float:
    """Sliced Wasserstein-1 distance relative to the wanted deviation, averaged over layers (Heitz et al. 2021)."""
    distances = []
    for f, w in zip(found, wanted, strict=True):
        deviation = w.quantiles.std(1).clamp(min=1e-6)
        distances.append(float(((f.quantiles - w.quantiles).abs().mean(1) / deviation).mean()))
    return float(np.mean(distances))


def content_distance(encoder: Encoder, a: np.ndarray, b: np.ndarray, heads: Sequence[Tensor] | None = None) -> float:
    """Perceptual distance of two pictures (H, W, 3) of one size, pixel by pixel: LPIPS (Zhang et al. 2018, eq. 1).

    heads: weights of SqueezeNet's channels; the sum over its layers is LPIPS as published, except for the padding.
    Without heads: 1 - cosine of the features, averaged over the style layers; from 0 to 1.
    """
    if a.shape != b.shape:
        raise ParameterError(f"pictures of {a.shape} and {b.shape} cannot be compared", "give them one size")
    layers = HEADS_LAYERS if heads else encoder.style_layers
    pairs = zip(*(_features(encoder, picture, layers) for picture in (a, b)), strict=True)
    squared = [(_unit(x) - _unit(y)) ** 2 for x, y in pairs]  # (C, H, W) of each layer
    if heads is None:
        return float(np.mean([float(layer.sum(0).mean()) / 2 for layer in squared]))
    weighted = [(layer * head).sum(0).mean() for layer, head in zip(squared, heads, strict=True)]
    return float(sum(weighted))


def read_heads(path: Path) -> list[Tensor]:
    """The published heads of LPIPS for SqueezeNet, each (C, 1, 1), from a safetensors file of `lin0` to `lin6`."""
    from safetensors.torch import load_file

    tensors = load_file(path)
    return [tensors[f"lin{index}.model.1.weight"][0].float() for index in range(len(HEADS_LAYERS))]


def _features(encoder: Encoder, picture: np.ndarray, layers: Sequence[str] = ()) -> list[Tensor]:
    """Features (C, h, w) of a picture (H, W, 3) at the layers, by default the style layers."""
    with torch.no_grad():
        found = encoder(as_tensor(picture, "cpu"), layers)
    return [found[name][0] for name in layers or encoder.style_layers]


def _halves(features: Sequence[Tensor]) -> tuple[list[Statistics], list[Statistics]]:
    """Statistics of two disjoint parts of a style: the white and the black fields of a chequerboard.

    Not of its left and right halves, since these show different things, such as a sky and a village.
    """
    sides: tuple[list[Statistics], list[Statistics]] = [], []
    for layer in features:
        rows, columns = (torch.arange(side) * CHEQUERS // side for side in layer.shape[1:])
        is_white = (rows[:, None] + columns) % 2 == 0  # (h, w)
        for side, fields in zip(sides, (is_white, ~is_white), strict=True):
            side.append(_statistics(layer[:, fields]))
    return sides


def _statistics(features: Tensor) -> Statistics:
    """Statistics of features (C, …) at any number of positions."""
    F = features.flatten(1)  # (C, N)
    channels, places = F.shape
    directions = torch.randn(DIRECTIONS, channels, generator=torch.Generator().manual_seed(0))
    directions = directions / directions.norm(dim=1, keepdim=True)
    chosen = ((torch.arange(QUANTILES) + 0.5) / QUANTILES * places).long()
    ordered = torch.from_numpy(np.sort((directions @ F).numpy(), axis=1))  # NumPy sorts 10 x faster here
    return Statistics(F @ F.T / places, ordered[:, chosen])


def _distances(found: Sequence[Statistics], wanted: Sequence[Statistics]) -> dict[str, float]:
    return {"gram": gram_distance(found, wanted), "sliced": sliced_distance(found, wanted)}


def _mean(sides: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([side[name] for side in sides])) for name in sides[0]}


def _unit(features: Tensor) -> Tensor:
    """Features (C, H, W) normalised to length 1 at each position."""
    return features / (features.norm(dim=0, keepdim=True) + 1e-10)
