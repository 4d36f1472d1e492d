"""Training of the encoder: two crops of a picture are told from those of others (InfoNCE, Oord et al. 2018).

They are told by the means and deviations of each block's features, and materials by their classes: so every layer
learns what stays the same within a texture and differs between textures, whatever their colours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, cross_entropy, normalize, pad
from torch.optim import AdamW

from impasto.texture import Maps
from impasto.training.base import Training

from .network import Heads, StyleEncoderNetwork, descriptors
from .pictures import Picture, resized

BATCH, CROP_PX = 40, 80
LEAST_PX, MOST_PX = 64, 220
"""Sides of the squares that are cropped, before they are resized."""
SCALE_CHANGE = 0.3
"""Most difference of the logarithm of scale between two crops of a picture: larger strokes are another style."""
NEAR = 1.5
"""Distance, in sides, within which the second crop of a picture without a label lies: it shows many things."""
TEMPERATURE = 0.1
CLASS_WEIGHT = 0.5
RATE = 2e-3
STATISTICS_BATCHES = 60
"""Batches by which the final statistics of batch normalisation are measured."""


class StyleEncoderTraining(Training):
    """The encoder (the model) and its heads."""

    averaged = "encoder"

    def __init__(self, pictures: Sequence[Picture], steps: int, seed: int, precision: str = "float32") -> None:
        super().__init__(steps, RATE, seed, precision=precision)
        self.pictures = pictures
        labels = sorted({picture.label for picture in pictures if picture.label})
        self.classes = torch.tensor([labels.index(p.label) if p.label else -1 for p in pictures])
        with self.seeded_weights():
            networks = {"encoder": StyleEncoderNetwork(), "heads": Heads(len(labels))}
        self.hold(networks, partial(AdamW, lr=RATE, weight_decay=1e-2))

    def step(self) -> dict[str, Tensor]:
        """One batch of pairs of crops."""
        chosen = torch.randperm(len(self.pictures), generator=self.random)[:BATCH]
        views = self._views(chosen)
        encoder, heads = self.networks["encoder"].train(), self.networks["heads"]
        with self.autocast():
            features = encoder(views)
        levels = [descriptors(layer) for layer in features]
        told = torch.stack(
            [told_apart(*head(level).chunk(2)) for head, level in zip(heads.codes, levels, strict=True)]
        ).mean()
        wanted = self.classes[chosen].repeat(2)
        classified = cross_entropy(heads.classes(torch.cat(levels[-2:], 1)), wanted, ignore_index=-1)
        loss = told + CLASS_WEIGHT * classified
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = self.rate()
            optimizer.zero_grad()
        loss.backward()
        for optimizer in self.optimizers.values():
            optimizer.step()
        self.average()
        return {"told": told.detach(), "classified": classified.detach()}

    def preview(self) -> Maps:
        """Two crops of a picture."""
        views = self._views(torch.zeros(1, dtype=torch.long))
        return Maps.from_arrays({"base_color": torch.cat(list(views), 2).permute(1, 2, 0).numpy()})

    def bundled(self) -> dict[str, Tensor]:
        """The averaged encoder's weights, as the package has them."""
        return self.ema.folded()

    @torch.no_grad()
    def complete(self) -> None:
        """Measure the statistics of batch normalisation anew for the averaged weights."""
        norms = [module for module in self.ema.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain average
        self.ema.train()
        for _ in range(STATISTICS_BATCHES):
            self.ema(self._views(torch.randperm(len(self.pictures), generator=self.random)[:BATCH]))
        self.ema.eval()

    def _views(self, chosen: Tensor) -> Tensor:
        """First crops of the chosen pictures, then second ones: (2 n, 3, CROP_PX, CROP_PX)."""
        pairs = [self._pair(self.pictures[index]) for index in chosen.tolist()]
        crops = torch.stack([crop for side in zip(*pairs, strict=True) for crop in side])
        return blurred_or_noisy(varied(crops, self.random), self.random)

    def _pair(self, picture: Picture) -> tuple[Tensor, Tensor]:
        """Two crops of a picture, of about the same scale, mirrored alike."""
        shorter = min(picture.pixels.shape[1:])
        side = self._between(math.log(min(LEAST_PX, shorter)), math.log(min(MOST_PX, shorter)))
        other = side + self._between(-SCALE_CHANGE, SCALE_CHANGE)
        sides = [min(shorter, round(math.exp(one))) for one in (side, other)]
        first = self._corner(picture, sides[0], None)
        second = self._corner(picture, sides[1], None if picture.label else first)
        crops = [
            resized(picture.pixels[:, y : y + side, x : x + side], CROP_PX)
            for (y, x), side in zip((first, second), sides, strict=True)
        ]
        if self._between(0, 1) < 0.5:
            crops = [crop.flip(2) for crop in crops]
        return crops[0], crops[1]

    def _corner(self, picture: Picture, side: int, near: tuple[int, int] | None) -> tuple[int, int]:
        """Corner of a random square of a picture, near another one if that is given."""
        corner = []
        for axis, length in enumerate(picture.pixels.shape[1:]):
            low, high = 0, length - side
            if near is not None:
                reach = round(NEAR * side)
                low, high = min(high, max(0, near[axis] - reach)), min(high, near[axis] + reach)
            corner.append(int(torch.randint(low, high + 1, (), generator=self.random)))
        return corner[0], corner[1]

    def _between(self, low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=self.random))


def told_apart(first: Tensor, second: Tensor) -> Tensor:
    """InfoNCE (Oord et al. 2018, eq. 4) of two codes (B, C) of the same pictures, in both directions."""
    similar = normalize(first, dim=1) @ normalize(second, dim=1).T / TEMPERATURE
    own = torch.arange(len(first))
    return (cross_entropy(similar, own) + cross_entropy(similar.T, own)) / 2


def varied(x: Tensor, random: torch.Generator) -> Tensor:
    """(B, 3, H, W) in [0, 1] with other contrast, brightness, colours and gamma."""
    mean = x.mean((2, 3), keepdim=True)
    x = (x - mean) * between(x, 0.6, 1.5, random) + mean * between(x, 0.6, 1.5, random) * between(
        x, 0.85, 1.15, random, 3
    )
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * between(x, 0, 1.6, random)
    return x.clamp(0, 1) ** between(x, 0.7, 1.4, random)


def blurred_or_noisy(x: Tensor, random: torch.Generator) -> Tensor:
    """(B, 3, H, W) in [0, 1], some of them blurred, with a little noise."""
    blurred = avg_pool2d(pad(x, (1, 1, 1, 1), mode="reflect"), 3, 1)
    x = torch.where(between(x, 0, 1, random) < 0.15, blurred, x)
    return (x + 0.03 * between(x, 0, 1, random) * torch.randn(x.shape, generator=random)).clamp(0, 1)


def between(x: Tensor, low: float, high: float, random: torch.Generator, channels: int = 1) -> Tensor:
    """Uniform random numbers (B, channels, 1, 1) for (B, C, H, W)."""
    return low + (high - low) * torch.rand((len(x), channels, 1, 1), generator=random)
