"""Training of StackGAN: first Stage I, which is then frozen, and then Stage II, which refines its pictures.

As in the paper, the stages are trained one after the other. The embedding of phrases is learned with Stage I, by
predicting the means of the maps from the caption; the paper's was trained before, by matching pictures and captions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from impasto.context import Context
from impasto.data.dataset import Dataset
from impasto.device import training_precision
from impasto.errors import ParameterError
from impasto.texture import Maps
from impasto.tools import Result
from impasto.training.base import FINAL_RATE, Training
from impasto.training.layers import fitting_widths
from impasto.training.losses import ONE_BY_ONE, kl_divergence, sliced_wasserstein
from impasto.training.model import train_model
from impasto.training.pictures import random_crop

from . import stage_one, stage_two
from .card import StackGanCard
from .data import CaptionedData, Pairs, check_captions, read_captioned
from .encoding import encoder_of
from .generate import maps_of
from .losses import PENALTY_EVERY, losses_of
from .model import CELL_PX, StackGanModel
from .parameters import TrainStackGanParameters
from .stage_one import Discriminator
from .stage_two import ENLARGED

SURFACE_WEIGHT = 1.0
"""Weight of the loss for the means of the maps, relief and texel size predicted from a phrase."""
PATCH_LEVELS = 2
"""Frequency bands of the distance of patches; the largest patches are 28 px."""
PROBES = 8
PREVIEW_PX, PREVIEWS = 128, 4


class StackGanTraining(Training):
    """Both stages and their discriminators; `done` decides which stage learns."""

    def __init__(
        self,
        data: CaptionedData,
        parameters: TrainStackGanParameters,
        slots: Sequence[str],
        seed: int,
        device: str,
        precision: str,
    ) -> None:
        super().__init__(parameters.steps, parameters.learning_rate, seed, device, precision)
        self.data, self.parameters, self.slots = data, parameters, slots
        self.is_frozen = False
        self.losses = losses_of(parameters.loss, parameters.gamma)
        self.saturated_below = self.losses.saturated_below
        self.coarse_px = parameters.crop_px // ENLARGED
        self.detail_px = min(parameters.detail_px, parameters.crop_px)
        self.model_card = StackGanCard.of({"name": parameters.name, **self.card()})
        channels = self.model_card.channels
        with self.seeded_weights():
            generator = StackGanModel(self.model_card)
            with torch.no_grad():  # start at the data's mean, so that phrases only predict differences
                generator.surface.bias.copy_(torch.stack([one.about for one in data.pictures]).mean(0))
            networks = {
                "generator": generator,
                "first": self._discriminator(channels, stage_one.DISCRIMINATOR_WIDTHS, self.coarse_px),
                "second": self._discriminator(channels, stage_two.DISCRIMINATOR_WIDTHS, self.detail_px),
            }
        self.hold(networks, lambda weights: torch.optim.Adam(weights, betas=self.losses.betas, fused=True))
        self.probed = data.pairs(PROBES, self.detail_px, False, torch.Generator().manual_seed(0))

    def _discriminator(self, channels: int, widths: Sequence[int], side_px: int) -> nn.Module:
        scaled = [max(8, round(self.parameters.width * one)) for one in widths]
        return Discriminator(channels, fitting_widths(scaled, side_px))

    @property
    def is_second(self) -> bool:
        """Whether Stage II learns."""
        return self.done >= self.parameters.stage_one_steps

    def rate(self) -> float:
        """Learning rate: in each stage constant in the first half, then half a cosine down to a tenth."""
        first = self.parameters.stage_one_steps
        done, steps = (self.done - first, self.steps - first) if self.is_second else (self.done, first)
        cosine = 0.5 * (1 + math.cos(math.pi * max(0.0, 2 * min(done / steps, 1.0) - 1)))
        return self.learning_rate * self.rate_factor * (FINAL_RATE + (1 - FINAL_RATE) * cosine)

    def step(self) -> dict[str, Tensor]:
        """Take one step of the learning stage's discriminator, then one of its generator."""
        name, side_px = ("second", self.detail_px) if self.is_second else ("first", self.coarse_px)
        D: Any = self.networks[name]
        real = self.data.pairs(self.parameters.batch, side_px, not self.is_second, self.random)
        with self.autocast():
            x_hat, phi, kl, loss_surface = self._fakes(real, side_px)
            phi_wrong = self._model().embedding(real.wrong)
            x, x_hat = real.x * real.known, x_hat * real.known
            takes_penalty = self.done % PENALTY_EVERY == 0
            noise = self.noise(2 * len(x), *x.shape[1:]) if takes_penalty else None
            known_phi = phi.detach(), phi_wrong.detach()
            loss_D, real_logits = self.losses.discriminator(D, x, x_hat.detach(), *known_phi, noise)
        self.descend(name, loss_D)
        with self.autocast():
            D.requires_grad_(False)
            adversarial = self.losses.generator(D, x_hat, known_phi[0], real_logits)
            D.requires_grad_(True)
        loss_G = adversarial + self.parameters.kl_weight * kl + SURFACE_WEIGHT * loss_surface
        losses = {"loss_discriminator": loss_D, "loss_generator": adversarial, "loss_kl": kl}
        if self.losses.patches:
            with self.autocast():
                losses["loss_swd"] = sliced_wasserstein(x, x_hat, PATCH_LEVELS, self.random, ONE_BY_ONE)
            loss_G = loss_G + self.losses.patches * losses["loss_swd"]
        self.descend("generator", loss_G)
        self.average()
        return {**losses, "loss_surface": loss_surface}

    def _fakes(self, real: Pairs, side_px: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """x̂ with the captions of real maps, φ, the KL term, and the distance of φ's predictions from the maps."""
        model = self._model()
        cells = (
            side_px * (1 if self.is_second else ENLARGED) // CELL_PX + 1
        )  # one cell more, so that D does not see that the picture tiles
        phi = model.embedding(real.right)
        predicted = model.surface(phi).float()
        known = torch.cat([real.known[..., 0, 0], torch.ones_like(predicted[:, real.known.shape[1] :])], 1)
        loss_surface = smooth_l1_loss(predicted * known, real.about * known)
        x_hat, mu, log_variance = model.first(phi, self.noise, (cells, cells))
        if self.is_second:
            x_hat, mu, log_variance = model.second(x_hat, phi, self.noise)
        kl = kl_divergence(mu.float(), log_variance.float()).mean()  # over components too: no size dependence
        return random_crop(x_hat, side_px, self.random), phi, kl, loss_surface

    def _model(self) -> Any:
        """The generator; when Stage II learns, with the averaged weights of Stage I and of the embedding, frozen."""
        model: Any = self.networks["generator"]
        if self.is_second and not self.is_frozen:
            self.is_frozen = True
            for name in ("embedding", "surface", "one"):
                part = getattr(model, name)
                part.load_state_dict(getattr(self.ema, name).state_dict())
                part.requires_grad_(False)
        return model

    @torch.no_grad()
    def _pictures(self, features: Tensor, cells: int) -> Tensor:
        """Pictures of the averaged generator from fixed noise, at the resolution of Stage II."""
        noise = self.fixed_noise()
        phi = self.ema.embedding(features)
        s_0 = self.ema.first(phi, noise, (cells, cells))[0]
        return self.ema.second(s_0, phi, noise)[0]

    def probe(self) -> tuple[Tensor, Tensor]:
        """Generated pictures for fixed captions, and real ones, always at the resolution of Stage II."""
        pictures = self._pictures(self.probed.right, self.detail_px // CELL_PX)
        return pictures * self.probed.known, self.probed.x * self.probed.known

    def preview(self) -> Maps:
        """Pictures for some captions, side by side."""
        pictures = self._pictures(self.probed.right[:PREVIEWS], PREVIEW_PX // CELL_PX)
        about = self.ema.surface(self.ema.embedding(self.probed.right[:1])).detach()[0]
        return maps_of(torch.cat(list(pictures), 2), about, self.model_card)

    def card(self) -> dict[str, Any]:
        """The fields of a `StackGanCard`, the label, and the data."""
        parameters, data = self.parameters, self.data
        standardisation = data.standardisation
        return {
            "label": parameters.label or parameters.name.replace("-", " ").capitalize(),
            "maps": list(data.maps),
            "surface": {"mean": standardisation.mean.flatten().tolist(), "matrix": standardisation.matrix.tolist()},
            "width": parameters.width,
            "encoder": parameters.encoder,
            "features": data.features.shape[1],
            "slots": list(self.slots),
            "words": list(data.words),
            "examples": list(data.examples),
            "data": data.sources,
        }


def train_stackgan(parameters: TrainStackGanParameters, dataset: Dataset, context: Context) -> Result:
    """Train a model for `stackgan` on a dataset with captions and save it; resumes from a checkpoint of its name."""
    if parameters.stage_one_steps >= parameters.steps:
        message = "stage_one_steps is {} of {} steps, so none are left"
        remedy = "choose more steps: Stage II needs about as many as Stage I"
        raise ParameterError(message, remedy, parameters.stage_one_steps, parameters.steps)
    check_captions(dataset)
    encode, slots = encoder_of(parameters.encoder, None, context)

    def build(seed: int) -> StackGanTraining:
        context.progress(0, "Preparing the data")
        data = read_captioned(dataset, parameters.longest_px, parameters.crop_px, encode, context.device)
        precision = training_precision(context.device)
        return StackGanTraining(data, parameters, slots, seed, context.device, precision)

    return train_model(build, "stackgan", parameters, dataset, context, parameters.watched)
