"""Choice of the result's colours: those of the style, of the picture, a mix, or only the lightness of the style."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from impasto.surface.palette import NOISE, Move, from_oklab, in_bands, mix, palette_of, to_oklab, transport

from ..controls import StyleParameters
from ..resampling import as_image, as_tensor
from ..task import Region


class Colors(ABC):
    """Colour changes of a method's inputs (1, 3, H, W), sRGB in [0, 1], and of its result."""

    def of_picture(self, picture: Tensor) -> Tensor:
        """The picture, or an earlier result to start from, as input of the method."""
        return picture

    def of_style(self, style: Tensor, index: int) -> Tensor:
        """The style with this index as input of the method."""
        return style

    @abstractmethod
    def of_result(self, painted: np.ndarray, picture: np.ndarray, coverage: np.ndarray | None) -> np.ndarray:
        """The result, from a painting (H, W, 3), a picture of the same size, and the painting's opacity (H, W, 1)."""


def choose_colors(
    parameters: StyleParameters, picture: Tensor, styles: Sequence[Tensor], regions: Sequence[Region]
) -> Colors:
    """The colours that the parameters ask for. Regions without a style are ignored."""
    regions = [region for region in regions if _styles_of(region)]
    if not regions or parameters.color == "style":
        return StyleColors()
    if parameters.color == "lightness":
        return Lightness(picture, styles, regions)
    return PictureColors(picture, styles, regions, 1.0 if parameters.color == "picture" else parameters.color_mix)


class StyleColors(Colors):
    """The style's colours: nothing is changed."""

    def of_result(self, painted: np.ndarray, picture: np.ndarray, coverage: np.ndarray | None) -> np.ndarray:
        """The painting, unchanged."""
        return painted


class PictureColors(Colors):
    """Colours of the picture, or a mix: each style is recoloured towards the palette of the region that it paints.

    No method reproduces a palette exactly, so the result is recoloured once more, to the palette of the sources.
    """

    def __init__(self, picture: Tensor, styles: Sequence[Tensor], regions: Sequence[Region], share: float) -> None:
        self.share = share
        self.moves: dict[int, Move] = {}
        goals = []
        for region in regions:
            here = palette_of(as_image(picture), _weights(region))
            palettes = [here] * len(region.weights)
            for index in _styles_of(region):
                own = palette_of(as_image(styles[index]))
                self.moves[index] = transport(own, here, share)
                palettes[1 + index] = own.after(self.moves[index])
            goals.append(mix(palettes, region.weights))
        areas = [_area(region) for region in regions]
        self.goal = mix(goals, [area / sum(areas) for area in areas])

    def of_style(self, style: Tensor, index: int) -> Tensor:
        """The style, recoloured."""
        return _move(style, self.moves[index]) if index in self.moves else style

    def of_result(self, painted: np.ndarray, picture: np.ndarray, coverage: np.ndarray | None) -> np.ndarray:
        """The painting, in the palette of the recoloured sources."""
        return transport(palette_of(painted, coverage), self.goal, self.share).of(painted)


class Lightness(Colors):
    """Only lightness is painted, with the picture's mean and contrast (Gatys et al. 2016). Hue and chroma are kept."""

    def __init__(self, picture: Tensor, styles: Sequence[Tensor], regions: Sequence[Region]) -> None:
        self.moves: dict[int, Move] = {}
        for region in regions:
            here = palette_of(as_image(picture), _weights(region))
            for index in _styles_of(region):
                own = palette_of(as_image(styles[index]))
                contrast = ((here.covariance[0, 0] + NOISE) / (own.covariance[0, 0] + NOISE)) ** 0.5
                self.moves[index] = _grey(contrast, here.mean[0] - contrast * own.mean[0])

    def of_picture(self, picture: Tensor) -> Tensor:
        """The picture in grey."""
        return _move(picture, _grey())

    def of_style(self, style: Tensor, index: int) -> Tensor:
        """The style in grey, with the mean and contrast of the region that it paints."""
        return _move(style, self.moves.get(index, _grey()))

    def of_result(self, painted: np.ndarray, picture: np.ndarray, coverage: np.ndarray | None) -> np.ndarray:
        """The painting's lightness with the picture's hue and chroma."""
        return in_bands(
            lambda new, old: from_oklab(np.concatenate([to_oklab(new)[..., :1], to_oklab(old)[..., 1:]], axis=-1)),
            painted,
            picture,
        )


def _move(picture: Tensor, move: Move) -> Tensor:
    return as_tensor(move.of(as_image(picture)), picture.device)


def _grey(contrast: float = 1.0, lightness: float = 0.0) -> Move:
    """The transport to grey with the lightness contrast · L + lightness."""
    return Move(np.diag([contrast, 0.0, 0.0]), np.array([lightness, 0.0, 0.0]))


def _styles_of(region: Region) -> list[int]:
    """Indices of the styles with a positive weight in the region."""
    return [index for index, share in enumerate(region.weights[1:]) if share > 0]


def _weights(region: Region) -> np.ndarray | None:
    """Weight of each pixel (H, W, 1) in the region; None for 1 everywhere."""
    return None if region.mask is None else as_image(region.mask)


def _area(region: Region) -> float:
    """Area of the region relative to the picture."""
    return 1.0 if region.mask is None else float(region.mask.mean())
