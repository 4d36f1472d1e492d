"""Inputs of patch synthesis besides its subject, and the guidance that follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from impasto.context import Context
from impasto.data.prepare import resize
from impasto.errors import ParameterError
from impasto.texture import Maps

from ..material import LEFT_OUT
from .atlas import Atlas
from .guidance import Guidance, join_guidance
from .guides import color_guidance, label_guidance, mix_guidance, shares
from .parameters import PatchSynthesisParameters

LABELS = "labels"


@dataclass(frozen=True)
class GivenMaps:
    """Inputs besides the subject; masks: at most one for each of the others, or None."""

    leave_out: Maps | None
    labels: Maps | None
    guide: Maps | None
    others: Sequence[Maps]
    masks: Sequence[Maps | None]

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> GivenMaps:
        """Inputs by their names. ParameterError if some are of no use without others."""
        others, masks = tuple(inputs.get("others") or ()), tuple(inputs.get("mask") or ())
        labels, guide = inputs.get(LABELS), inputs.get("guide")
        if labels and not guide:
            raise ParameterError("labels were given without a guide", "give a guide in the same colours as well")
        if labels and others:
            raise ParameterError("labels and others were both given", "mix photographs by their masks instead")
        return cls(inputs.get("leave_out"), labels, guide, others, (*masks, *[None] * (len(others) - len(masks))))

    def carried(self, size_px: tuple[int, int]) -> dict[str, np.ndarray]:
        """Pictures (H, W, C) that belong to the subject, which has `size_px`."""
        carried = {}
        if self.leave_out:
            carried[LEFT_OUT] = _mask(self.leave_out, size_px)
        if self.labels:
            carried[LABELS] = _picture(self.labels, size_px)
        return carried

    def guidance(
        self, atlas: Atlas, parameters: PatchSynthesisParameters, size_px: tuple[int, int], context: Context
    ) -> Guidance | None:
        """Everything that says what is wanted where, as one; None if nothing does."""
        parts = [*self._of_guide(atlas, parameters.strictness, size_px, context)]
        if self.others:
            weights = [1.0, *parameters.weight, *[1.0] * (len(self.others) - len(parameters.weight))]
            masks = [
                None if mask is None else torch.from_numpy(_brightness(mask, size_px)[..., 0])
                for mask in (None, *self.masks)
            ]
            found = shares(weights, masks, size_px, atlas.side_px, _seed(context)).to(context.device)
            parts.append(mix_guidance(atlas.part_of_rows(), atlas.image.shape[2], found))
        return join_guidance(parts)

    def _of_guide(
        self, atlas: Atlas, strictness: float, size_px: tuple[int, int], context: Context
    ) -> Iterator[Guidance]:
        """Guidance by the guide, if there is one: by its labels, or else by its colours."""
        if not self.guide:
            return
        wanted = torch.from_numpy(_picture(self.guide, size_px)).permute(2, 0, 1).to(context.device)
        if self.labels:
            yield label_guidance(atlas.fitted.carried[LABELS], wanted, strictness)
        else:
            yield color_guidance(atlas.image.expand(3, -1, -1), wanted, strictness, _seed(context))


def _seed(context: Context) -> int:
    return int(context.rng.integers(1 << 62))


def _picture(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Pixels (H, W, 3) of a picture, at `size_px`."""
    pixels = resize(next(iter(maps.values())).pixels, size_px)
    return np.repeat(pixels[..., :1], 3, 2) if pixels.shape[2] < 3 else pixels


def _brightness(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Mean (H, W, 1) of the channels of a picture, at `size_px`."""
    return resize(next(iter(maps.values())).pixels.mean(2, keepdims=True), size_px)


def _mask(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Mask (H, W, 1) of `size_px` from the brightness of a picture of any size."""
    mask = (_brightness(maps, size_px) > 0.5).astype(np.float32)
    if mask.all():
        raise ParameterError("leave_out is white everywhere, so nothing is left", "paint black what may be used")
    return mask
