"""The part shared by the textbook trainings: data, previews, probe and card; and maps from a network's pixels."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import torch
from torch import Tensor, nn

from impasto.data.dataset import Dataset
from impasto.device import training_precision
from impasto.surface.relief import with_relief
from impasto.texture import Maps
from impasto.training.base import Training
from impasto.training.pictures import random_crop

from ..data import CropSource, read_crops
from ..parameters import TrainTextbookParameters
from .card import TextbookCard

PREVIEW_PX = 128
PROBES = 16
MARGIN_PX = 8
"""Pixels by which x̂ is larger than the crops of it that D sees."""


class TextbookTraining(Training):
    """A generator G(noise, batch, size_px, classes, variation) and a discriminator, trained on crops."""

    learns_classes = False
    betas: tuple[float, float]
    """Adam's betas, as in the method's paper."""

    def __init__(
        self, crops: CropSource, parameters: TrainTextbookParameters, seed: int, device: str, precision: str
    ) -> None:
        super().__init__(parameters.steps, parameters.learning_rate, seed, device, precision)
        self.crops, self.batch, self.crop_px = crops, parameters.batch, parameters.crop_px
        self.width = parameters.width
        with self.seeded_weights():
            networks = self.networks_of(len(crops.mean), parameters.width)
        self.hold(networks, lambda weights: torch.optim.Adam(weights, betas=self.betas, fused=True))
        self.ema.eval()
        self.real, self.real_classes = crops.draw(PROBES, self.crop_px, torch.Generator().manual_seed(0))

    @classmethod
    def of(cls, dataset: Dataset, parameters: Any, seed: int, device: str) -> Self:
        """A new training on the pictures of a dataset."""
        crops = read_crops(dataset, parameters.longest_px, parameters.crop_px, parameters.hold_out, device)
        return cls(crops, parameters, seed, device, training_precision(device))

    @abstractmethod
    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """The networks by name: "generator" and "discriminator"."""

    def step(self) -> dict[str, Tensor]:
        """Take one step of D, then one of G."""
        G, side = self.networks["generator"], self.crop_px + MARGIN_PX
        x, y = self.crops.draw(self.batch, self.crop_px, self.random)  # (B, C, crop_px, crop_px), (B,)
        with self.autocast():
            x_hat = random_crop(G(self.noise, self.batch, (side, side), y), self.crop_px, self.random)
            loss_D, real_logits = self.discriminator_loss(x, x_hat.detach(), y)
        self.descend("discriminator", loss_D)
        with self.autocast():
            loss_G = self.generator_loss(x_hat, y, real_logits.detach())
        self.descend("generator", loss_G)
        self.average()
        return {"loss_discriminator": loss_D, "loss_generator": loss_G}

    def discriminator_loss(self, x: Tensor, x_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of D for x of the data and x̂ (B, C, H, W), both of the classes y (B,); and the logits of x."""
        raise NotImplementedError

    def generator_loss(self, x_hat: Tensor, y: Tensor, real_logits: Tensor) -> Tensor:
        """Loss of G for x̂. real_logits: of x, before D's step."""
        raise NotImplementedError

    @torch.no_grad()
    def probe(self) -> tuple[Tensor, Tensor] | None:
        """Pictures from fixed noise, and fixed crops of the data of the same classes."""
        size_px = (self.crop_px, self.crop_px)
        return self.ema(self.fixed_noise(), PROBES, size_px, self.real_classes), self.real

    @torch.no_grad()
    def preview(self) -> Maps:
        """Pictures of at most four classes, side by side."""
        count = min(max(len(self.crops.labels), 1), 4)
        classes = torch.arange(count, device=self.device)
        pixels = self.ema(self.fixed_noise(), count, (PREVIEW_PX, PREVIEW_PX), classes)
        return maps_of(torch.cat(list(pixels), 2), TextbookCard.of({"name": "untitled", **self.card()}))

    def card(self) -> dict[str, Any]:
        """The card's fields for making maps, and about the data."""
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


def maps_of(pixels: Tensor, card: TextbookCard, device: str = "cpu") -> Maps:
    """Maps in [0, 1] from standardised pixels (C, H, W), with normals and occlusion if there is height."""
    mean, deviation = (
        torch.tensor(stats, device=pixels.device).view(-1, 1, 1) for stats in (card.mean, card.deviation)
    )
    values = (pixels.float() * deviation + mean).clamp(0, 1).cpu().numpy()
    width_m = card.texel_m * pixels.shape[2]
    range_m = card.span_px * card.texel_m if "height" in card.maps else None
    return with_relief(Maps.from_channels(values, card.maps, width_m=width_m, height_range_m=range_m), device)
