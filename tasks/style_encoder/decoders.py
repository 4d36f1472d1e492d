"""Training of decoders of the bundled encoder: each gives back the picture and its features (Li et al. 2017, eq. 1)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam

from impasto.texture import Maps
from impasto.training.base import Training
from impasto_style.shared.controls import BUNDLED
from impasto_style.shared.encoder import COLORS
from impasto_style.wct.coders import LINKS, POOL, Coder, coders_of, has_colors

from .pictures import Picture, resized
from .training import varied

BATCH, CROP_PX = 8, 128
LEAST_PX, MOST_PX = 96, 384
"""Sides of the squares that are cropped, before they are resized."""
PIXEL_WEIGHT = 16.0
"""Weight of the squared error of colours: the inverse of the variance by which the encoder's input is divided."""
RATE = 2e-3
SCALES_BATCHES = 8
"""Batches by which the features' scales are measured."""
LEAST_SCALE = 0.1
"""Least scale of a channel relative to the level's mean, so that one that hardly responds does not count for much."""


class StyleDecoders(nn.Module):
    """A decoder for each level of the encoder, whose weights (the folded ones, by name) are fixed."""

    def __init__(self, encoder: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.levels = nn.ModuleDict()
        for level in range(1, len(LINKS[BUNDLED]) + 1):
            convolutions = nn.ModuleDict()
            links = sum(LINKS[BUNDLED][:level], ())
            for link in links:
                if link != POOL:
                    outputs, inputs, *_ = encoder[f"{link}.weight"].shape
                    outputs += COLORS * (link == links[-1] and has_colors(BUNDLED, level))
                    convolutions[link] = nn.Conv2d(outputs, inputs, 3)
                    nn.init.kaiming_normal_(convolutions[link].weight)
                    nn.init.zeros_(convolutions[link].bias)
            last = convolutions["conv1_1"]
            nn.init.zeros_(last.weight)  # begin with plain colours, or grey: below 0, the last ReLU has no gradient
            nn.init.constant_(last.bias, 0.0 if has_colors(BUNDLED, level) else 0.5)
            self.levels[str(level)] = convolutions

    def tensors(self) -> dict[str, Tensor]:
        """The weights, `decoder{level}.conv{block}_{number}`, as the package has them."""
        return {
            f"decoder{level}.{link}.{kind}": weight
            for level, convolutions in self.levels.items()
            for link, convolution in convolutions.items()
            for kind, weight in convolution.named_parameters()
        }


class StyleDecodersTraining(Training):
    """The decoders (the model), all levels in each step."""

    averaged = "decoders"

    def __init__(
        self,
        pictures: Sequence[Picture],
        encoder: Mapping[str, Tensor],
        steps: int,
        seed: int,
        precision: str = "float32",
    ) -> None:
        super().__init__(steps, RATE, seed, precision=precision)
        self.pictures, self.encoder = pictures, encoder
        with self.seeded_weights():
            networks = {"decoders": StyleDecoders(encoder)}
        self.hold(networks, partial(Adam, lr=RATE))
        self.scales = self._scales()

    def coders(self, decoders: StyleDecoders) -> dict[int, Coder]:
        """The coder of each level with these decoders."""
        return coders_of(BUNDLED, {**self.encoder, **decoders.tensors()})

    def step(self) -> dict[str, Tensor]:
        """One batch of crops."""
        x = self._batch()
        losses = {}
        for level, coder in self.coders(self.networks["decoders"]).items():
            with self.autocast():
                F = coder.encode(x)
                y = coder.decode(F).float()
                error = (coder.encode(y) - F) / self.scales[level]
            losses[f"level {level}"] = error.square().mean() + PIXEL_WEIGHT * (y - x).square().mean()
        self.descend("decoders", sum(losses.values(), torch.zeros(())))
        self.average()
        return {name: loss.detach() for name, loss in losses.items()}

    def bundled(self) -> dict[str, Tensor]:
        """The averaged decoders' weights, as the package has them."""
        return self.ema.tensors()

    @torch.no_grad()
    def preview(self) -> Maps:
        """A picture, and as each level gives it back."""
        x = resized(_square(self.pictures[0].pixels), CROP_PX)[None]
        made = [coder.decode(coder.encode(x)) for coder in self.coders(self.ema).values()]
        row = torch.cat([x, *made], 3)[0].clamp(0, 1)
        return Maps.from_arrays({"base_color": row.permute(1, 2, 0).numpy()})

    @torch.no_grad()
    def _scales(self) -> dict[int, Tensor]:
        """Standard deviation of each channel of each level's features, (C, 1, 1), drawn with the seed."""
        with self.seeded_weights():
            x = torch.cat([self._batch() for _ in range(SCALES_BATCHES)])
        found = {}
        for level, coder in self.coders(self.ema).items():
            deviation = coder.encode(x).std((0, 2, 3))
            found[level] = deviation.clamp_min(LEAST_SCALE * float(deviation.mean()))[:, None, None]
        return found

    def _batch(self) -> Tensor:
        """Random crops (BATCH, 3, CROP_PX, CROP_PX) at random scales, mirrored or not, in other colours."""
        chosen = torch.randint(len(self.pictures), (BATCH,), generator=self.random)
        return varied(torch.stack([self._crop(self.pictures[index].pixels) for index in chosen.tolist()]), self.random)

    def _crop(self, pixels: Tensor) -> Tensor:
        """A random square of a picture, uint8 (3, H, W), as (3, CROP_PX, CROP_PX) in [0, 1]."""
        shorter = min(pixels.shape[1:])
        place, row, column, turn = torch.rand(4, generator=self.random).tolist()
        low, high = (math.log(min(side, shorter)) for side in (LEAST_PX, MOST_PX))
        side = min(shorter, round(math.exp(low + (high - low) * place)))
        top, left = (
            int(share * (length - side + 1)) for share, length in zip((row, column), pixels.shape[1:], strict=True)
        )
        crop = resized(pixels[:, top : top + side, left : left + side], CROP_PX)
        return crop.flip(2) if turn < 0.5 else crop


def _square(pixels: Tensor) -> Tensor:
    side = min(pixels.shape[1:])
    return pixels[:, :side, :side]
