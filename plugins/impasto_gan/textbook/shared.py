"""Shared by the textbook trainings: data, previews, the probe and the card; and maps from a network's pixels."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from impasto.surface.relief import with_relief
from impasto.texture import Maps
from impasto.training.base import Training

from .card import TextbookCard
from .crops import Crops
from .parameters import TrainTextbookParameters

PREVIEW_PX = 128
PROBES = 16


class TextbookTraining(Training):
    """A generator G(noise, batch, size_px, classes, variation) and a discriminator, trained on crops."""

    learns_classes = False

    def __init__(
        self, crops: Crops, parameters: TrainTextbookParameters, seed: int, device: str, precision: str
    ) -> None:
        super().__init__(parameters.steps, parameters.learning_rate, seed, device, precision)
        self.crops, self.batch, self.crop_px = crops, parameters.batch, parameters.crop_px
        self.width = parameters.width
        with self.seeded():
            networks = self.networks_of(len(crops.mean), parameters.width)
        self.hold(networks, self.optimizer)
        self.ema.eval()
        self.real, self.real_classes = crops.draw(PROBES, self.crop_px, torch.Generator().manual_seed(0))

    @abstractmethod
    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """The networks by name: "generator" and "discriminator"."""

    @abstractmethod
    def optimizer(self, weights: Any) -> torch.optim.Optimizer:
        """An optimiser for the weights of one network."""

    @torch.no_grad()
    def probe(self) -> tuple[Tensor, Tensor]:
        """Pictures from fixed noise, and fixed crops of the data, of the same classes."""
        size_px = (self.crop_px, self.crop_px)
        return self.ema(self.fixed_noise(), PROBES, size_px, self.real_classes), self.real

    @torch.no_grad()
    def preview(self) -> Maps:
        """At most four classes, side by side."""
        count = min(max(len(self.crops.labels), 1), 4)
        classes = torch.arange(count, device=self.device)
        pixels = self.ema(self.fixed_noise(), count, (PREVIEW_PX, PREVIEW_PX), classes)
        return maps_of(torch.cat(list(pixels), 2), TextbookCard.of({"name": "untitled", **self.card()}))

    def card(self) -> dict[str, Any]:
        """The card's fields that are needed to make maps, and the data."""
        crops = self.crops
        classes = {"classes": list(crops.labels)} if self.learns_classes else {}
        return {
            "width": self.width,
            "maps": list(crops.maps),
            "mean": crops.mean.flatten().tolist(),
            "deviation": crops.deviation.flatten().tolist(),
            "texel_m": crops.texel_m,
            "span_px": crops.span_px,
            "data": crops.about,
            **classes,
        }


def cut(x: Tensor, size_px: int, random: torch.Generator) -> Tensor:
    """A random crop (B, C, size_px, size_px) of x, so that D cannot see that x tiles."""
    top, left = (int(torch.randint(side - size_px + 1, (), generator=random)) for side in x.shape[2:])
    return x[:, :, top : top + size_px, left : left + size_px]


def maps_of(pixels: Tensor, card: TextbookCard, device: str = "cpu") -> Maps:
    """Maps in [0, 1] from standardised pixels (C, H, W), with normals and occlusion if there is height."""
    mean, deviation = (
        torch.tensor(given, device=pixels.device).view(-1, 1, 1) for given in (card.mean, card.deviation)
    )
    values = (pixels.float() * deviation + mean).clamp(0, 1).cpu().numpy()
    width_m = card.texel_m * pixels.shape[2]
    range_m = card.span_px * card.texel_m if "height" in card.maps else None
    return with_relief(Maps.from_channels(values, card.maps, width_m=width_m, height_range_m=range_m), device)
