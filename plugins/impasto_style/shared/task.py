"""The task of a style transfer method, as tensors. `restyle` makes it from maps and parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from .resampling import resize_picture, resized_linear, scaled_size


@dataclass(frozen=True)
class Region:
    """A part of the picture, and the weights of the sources there.

    mask: (1, 1, H, W) in [0, 1]; None for everywhere. weights: weight of each source; their sum is 1.
    """

    mask: Tensor | None
    weights: tuple[float, ...]


@dataclass(frozen=True)
class StyleTask:
    """Repaint `picture` (1, 3, H, W), sRGB in [0, 1], in the style of the sources.

    sources: the picture itself (its weight is 1 - strength), then the styles (1, 3, h, w), scaled so that their
    strokes have their final size. regions: cover the picture; their masks add up to 1 everywhere. start: picture to
    start from, of the same size. start_px: longer side of the earlier result from which `start` was made; 0 without
    such a result: painting begins at the coarsest size. seamless: the picture is seamless, and the result must be.
    """

    picture: Tensor
    sources: tuple[Tensor, ...]
    regions: tuple[Region, ...]
    start: Tensor
    start_px: int = 0
    seamless: bool = False

    @property
    def longest_px(self) -> int:
        """The picture's longer side."""
        return max(self.picture.shape[2:])

    def at_longest_px(self, longest_px: int) -> StyleTask:
        """The same task with picture, sources, masks and start scaled by one factor."""
        factor = longest_px / self.longest_px
        scaled = self.at_size(scaled_size(self.picture, factor))
        styles = (
            scaled.picture if source is self.picture else resize_picture(source, scaled_size(source, factor))
            for source in self.sources
        )
        return replace(scaled, sources=tuple(styles))

    def at_size(self, size: Sequence[int]) -> StyleTask:
        """The same task with picture, masks and start resized to (height, width), but not the styles."""
        fitted = self.with_picture(
            resize_picture(self.picture, size, self.seamless), lambda mask: resized_linear(mask, size, self.seamless)
        )
        return replace(fitted, start=resize_picture(self.start, size, self.seamless))

    def with_picture(self, picture: Tensor, fit: Callable[[Tensor], Tensor]) -> StyleTask:
        """The same task with another version of its picture. fit: function that changes masks in the same way."""
        return replace(
            self,
            picture=picture,
            sources=tuple(picture if source is self.picture else source for source in self.sources),
            regions=tuple(
                region if region.mask is None else replace(region, mask=fit(region.mask)) for region in self.regions
            ),
        )


def scales(task: StyleTask, least_px: int, ratio: float = 2**0.5) -> list[int]:
    """Longer sides of the sizes to paint at, each about `ratio` times the side before, up to the picture's size.

    The first is at least `least_px`, and larger than the earlier result that the task starts from.
    """
    sizes = [task.longest_px]
    while (smaller := round(task.longest_px / ratio ** len(sizes))) >= max(least_px, task.start_px + 1):
        sizes.insert(0, smaller)
    return sizes
