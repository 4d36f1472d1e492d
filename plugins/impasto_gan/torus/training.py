"""Trains the torus generator on a material, or on classes of them.

The loss of R3GAN (Huang et al. 2024), for each patch and at two scales, and a sliced Wasserstein term (Elnekave & Weiss
2022), since a material has few enough kinds of patches for their distribution to be compared outright.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from impasto.context import Context
from impasto.data.dataset import Dataset
from impasto.device import training_precision
from impasto.texture import Maps
from impasto.tools import Result
from impasto.training.base import Training, start_from
from impasto.training.loop import new_model_path, train_model
from impasto.training.losses import SIGMA, relativistic, zero_centred_penalty

from .augmentation import Augmentation
from .data import COARSE, Crops, Data, prepare, slopes
from .generate import Model, make
from .losses import sliced_wasserstein
from .networks import GLOBAL_CHANNELS, PatchDiscriminator, TorusGenerator, patch_px
from .octaves import finest
from .region import Region, whole
from .sliders import find_sliders
from .waves import Waves

if TYPE_CHECKING:
    from . import TrainTorusParameters

GENERATOR_WIDTHS = (72, 72, 64, 48, 24, 16)
GENERATOR_BLOCKS = (2, 2, 2, 1, 1, 2)
COARSE_STAGES = 4
"""Stages that make the coarse picture; each of the others doubles it."""
DISCRIMINATOR_WIDTHS = (24, 40, 64, 96)
GAMMA = 0.5
PENALTY_EVERY = 4
"""Penalties are taken every so many steps, and weigh as much more (Karras et al. 2020, section 3.1)."""
BETAS = (0.0, 0.95)
DISCRIMINATOR_RATE = 0.5
"""Its learning rate, in parts of the generator's."""
SWD_WEIGHT = 1.0
SWD_LEVELS = {"coarse": 3, "fine": 2}
PROFILE_WEIGHT = 10.0
"""With 2, joints come up some pixels beside their phase, where the discriminators let them stay."""
DETAIL_OCTAVES = 2
"""Octaves that discriminators see by themselves, beside the whole: coarse ones and fine ones differ in `COARSE`."""
PREVIEW_PX = 256
PROBE_SEED, PROBE_CROPS = 7, 8


@dataclass(frozen=True)
class Fake:
    """What the generator made: coarse (B, C, h, w), fine (B, C, n, n), and where (B, 2) in which waves they lie."""

    coarse: Tensor
    fine: Tensor
    waves: Waves
    coarse_places_px: Tensor
    fine_places_px: Tensor


class TorusTraining(Training):
    """Networks, optimisers and random state of a training of `TorusGenerator`."""

    saturated_below = 0.05

    def __init__(self, data: Data, parameters: TrainTorusParameters, seed: int, device: str, precision: str) -> None:
        super().__init__(parameters.steps, parameters.learning_rate, seed, device, precision)
        self.data, self.batch, self.fine_px = data, parameters.batch, parameters.crop_px
        channels, classes = len(data.standard.mean), len(data.labels)
        self.conditional = classes if classes > 1 else 0
        self.surface_channels = channels + (2 if data.standard.height_channel is not None else 0)
        seen = self.surface_channels + DETAIL_OCTAVES * channels
        widths = [max(8, round(width * parameters.width)) for width in DISCRIMINATOR_WIDTHS]
        coarse_widths = _fitting(widths, min(data.canvas) // COARSE - 2)
        with self.seeded():
            generator = TorusGenerator(
                channels, generator_widths(parameters.width), GENERATOR_BLOCKS, data.waves.guides, self.conditional
            )
            discriminators = nn.ModuleDict(
                {
                    "coarse": PatchDiscriminator(seen, coarse_widths, self.conditional),
                    "fine": PatchDiscriminator(seen, _fitting(widths, self.fine_px - 2), self.conditional),
                    "augmentation": Augmentation(
                        parameters.augment, (channels, channels + 1) if self.surface_channels > channels else None
                    ),
                }
            )
        self.hold(
            {"generator": generator, "discriminators": discriminators},
            lambda weights: torch.optim.Adam(weights, betas=BETAS, fused=True),
        )
        self.fitted = data.waves.fitted(data.canvas)
        self.profiles = data.profiles()
        self.octaves = data.octaves(len(GENERATOR_WIDTHS))
        self.set_gains()

    def set_gains(self) -> None:
        """Tell the generator and its average how much of the data lies in which octave: a good state to go back to."""
        for network in (self.networks["generator"], self.ema):
            assert isinstance(network, TorusGenerator)
            network.set_gains(list(self.octaves.flip(0)))
        self.keep_good()

    def start_from(self, model: str, context: Context) -> None:
        """Go on from a model's weights, but with the gains of this data."""
        if model:
            start_from(self, model, "torus", context)
            self.set_gains()

    def step(self) -> dict[str, Tensor]:
        """One step of all networks; the losses."""
        real = self.data.crops(self.batch, self.fine_px, self.random)
        with self.autocast():
            fake = self._fake(self.networks["generator"], real, self.noise)
        seen_real = self._views(real.coarse * real.coarse_known, real.fine * real.fine_known)
        seen_fake = self._views(fake.coarse * real.coarse_known, fake.fine * real.fine_known)
        loss_D, logits = self._discriminator_loss(seen_real, seen_fake, real.labels)
        self.descend("discriminators", loss_D, DISCRIMINATOR_RATE)
        loss_G = self._generator_loss(seen_fake, logits, real.labels)
        swd = self._swd(seen_real, seen_fake)
        profile = self._profile(fake)
        self.descend("generator", loss_G + SWD_WEIGHT * swd + PROFILE_WEIGHT * profile)
        self.average()
        losses = {"loss_discriminator": loss_D, "loss_generator": loss_G, "loss_swd": swd}
        return {**losses, "loss_profile": profile} if self.profiles else losses

    def _fake(self, generator: nn.Module, real: Crops, noise: Any) -> Fake:
        """A torus of the size of the canvas, whole at the coarse scale, and a part of it at full detail."""
        assert isinstance(generator, TorusGenerator)
        batch, (height, width) = len(real.coarse), self.data.canvas
        places_px = torch.rand(batch, 2, generator=self.random) * 4096

        def draw(_: int, channels: int, region: Region) -> Tensor:
            all_around = region.height >= region.full[0] and region.width >= region.full[1]
            size = region.full if all_around else (region.height, region.width)
            drawn: Tensor = noise(batch, channels, *size)
            return whole(region.full).take(drawn, region) if all_around else drawn

        def draw_units(channels: int, grid: tuple[int, int]) -> Tensor:
            units: Tensor = noise(batch, channels, *grid)
            return units

        waves = self.fitted.laid((height, width), draw_units)
        guide = waves.guide((height, width), places_px, draw_units, self.device)
        classes = nn.functional.one_hot(real.labels, self.conditional).float() if self.conditional else None
        style = generator.style(noise(batch, GLOBAL_CHANNELS), classes)
        cells = height // generator.cell_px, width // generator.cell_px
        wants = [whole((cells[0] << stage, cells[1] << stage)) for stage in range(COARSE_STAGES)]
        coarse = generator.go_on(generator.start(draw, cells), 0, wants, style, draw, guide)
        part = self._part()
        fine = generator.go_on(coarse, COARSE_STAGES, generator.plan(part, COARSE_STAGES), style, draw, guide)
        assert coarse.maps is not None
        assert fine.maps is not None
        return Fake(coarse.maps, fine.maps, waves, places_px, places_px + torch.tensor([part.top, part.left]))

    def _part(self) -> Region:
        """A random part of the canvas, of the size of the fine crops."""
        height, width = self.data.canvas
        top, left = (int(torch.randint(side - self.fine_px + 1, (), generator=self.random)) for side in (height, width))
        return Region(top, left, self.fine_px, self.fine_px, (height, width))

    def _views(self, coarse: Tensor, fine: Tensor) -> dict[str, Tensor]:
        """What the losses see: maps, slopes where the data has them, octaves."""
        deviations = self.data.slope_deviations
        seen = {
            "coarse": self._seen(coarse, deviations[0], len(GENERATOR_WIDTHS) - COARSE_STAGES),
            "fine": self._seen(fine, deviations[1], 0),
        }
        return {name: view.contiguous(memory_format=torch.channels_last) for name, view in seen.items()}

    def _seen(self, maps: Tensor, slope_deviation: float, first: int) -> Tensor:
        """Maps (B, C, H, W) with their slopes and finest octaves, of which the data's octave `first` is the finest."""
        sloped = slopes(maps, self.data.standard.height_channel, slope_deviation)
        detail = finest(maps, list(self.octaves[first : first + DETAIL_OCTAVES].to(maps.device)))
        edge = (maps.shape[2] - sloped.shape[2]) // 2
        return torch.cat([sloped, detail[:, :, edge : edge + sloped.shape[2], edge : edge + sloped.shape[3]]], 1)

    def _logits(self, name: str, x: Tensor, labels: Tensor) -> Tensor:
        discriminators = self.networks["discriminators"]
        assert isinstance(discriminators, nn.ModuleDict)
        with self.autocast():
            logits: Tensor = discriminators[name](x, labels if self.conditional else None)
        return logits.float()

    @property
    def _augmentation(self) -> Augmentation:
        augmentation = self.networks["discriminators"].get_submodule("augmentation")
        assert isinstance(augmentation, Augmentation)
        return augmentation

    def _augmented(self, seen: Tensor) -> Tensor:
        return self._augmentation(seen, self.random)

    def _discriminator_loss(
        self, real: Mapping[str, Tensor], fake: Mapping[str, Tensor], labels: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, and the real pictures' logits for the generator's."""
        loss, kept = torch.zeros((), device=self.device), {}
        for name in real:
            pair = self._augmented(torch.cat([real[name], fake[name].detach()]))
            twice = torch.cat([labels, labels])
            if self.done % PENALTY_EVERY == 0:
                near = pair + SIGMA * self.noise(*pair.shape)
                logits, beside = self._logits(name, torch.cat([pair, near]), torch.cat([twice, twice])).chunk(2)
                loss = loss + PENALTY_EVERY * GAMMA * zero_centred_penalty(logits, beside)
            else:
                logits = self._logits(name, pair, twice)
            kept[name] = logits.detach().chunk(2)[0]
            self._augmentation.adapt(*logits.detach().chunk(2))
            loss = loss + relativistic(*logits.chunk(2)) / len(real)
        return loss, kept

    def _generator_loss(self, fake: Mapping[str, Tensor], real_logits: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        discriminators = self.networks["discriminators"].requires_grad_(False)
        losses = [
            relativistic(self._logits(name, self._augmented(seen), labels), real_logits[name])
            for name, seen in fake.items()
        ]
        discriminators.requires_grad_(True)
        return torch.stack(losses).sum()

    def _swd(self, real: Mapping[str, Tensor], fake: Mapping[str, Tensor]) -> Tensor:
        total = torch.zeros((), device=self.device)
        for name, levels in SWD_LEVELS.items():
            x, x_hat = (seen[name][:, : self.surface_channels] for seen in (real, fake))
            with self.autocast():
                total = total + sliced_wasserstein(x, x_hat, levels, self.random)
        return total

    def _profile(self, fake: Fake) -> Tensor:
        """How far joints are from their places; fine crops show too few units for deviations."""
        if not self.profiles:
            return torch.zeros((), device=self.device)
        coarse, fine = self.profiles
        return coarse.distance(fake.coarse, fake.waves, fake.coarse_places_px, with_deviation=True) + fine.distance(
            fake.fine, fake.waves, fake.fine_places_px, with_deviation=False
        )

    def probe(self) -> tuple[Tensor, Tensor]:
        """The average's picture of fixed noise, and fixed crops, at full detail."""
        random, state = torch.Generator().manual_seed(PROBE_SEED), self.random.get_state()
        real = self.data.crops(PROBE_CROPS, self.fine_px, random)
        with torch.no_grad():
            self.random.set_state(random.get_state())
            fake = self._fake(self.ema, real, self.fixed_noise(PROBE_SEED))
        self.random.set_state(state)
        return fake.fine, real.fine

    def preview(self) -> Maps:
        """What the averaged generator makes now, from noise that stays the same."""
        return make(self.model(), (PREVIEW_PX, PREVIEW_PX), seed=0)

    def model(self) -> Model:
        """The averaged generator, as `torus` uses it."""
        return Model(
            self.ema,
            self.data.standard.on(self.device),
            self.data.waves,
            self.data.labels,
            unit=self.data.unit.on(self.device) if self.data.unit else None,
            device=self.device,
        )


def _fitting(widths: list[int], side_px: int) -> list[int]:
    """Fewer layers where the discriminator's patches would be larger than what it sees."""
    while len(widths) > 1 and patch_px(widths) > side_px:
        widths = widths[:-1]
    return widths


def generator_widths(factor: float) -> tuple[int, ...]:
    """Widths of the generator's stages, coarsest first: fewer channels where there are more pixels."""
    return tuple(max(8, round(width * factor)) for width in GENERATOR_WIDTHS)


def train_torus(parameters: TrainTorusParameters, inputs: Mapping[str, Any], context: Context) -> Result:
    """Train a model for `torus` on the dataset and save it; resumes where a checkpoint of the same name is."""
    path = new_model_path(parameters.name, context)
    dataset: Dataset = inputs["dataset"]
    context.progress(0, "Preparing the data")
    cell_px = 2 ** (len(GENERATOR_WIDTHS) - 1)
    data, surface = prepare(
        dataset, parameters.canvas_px, parameters.crop_px, cell_px, parameters.hold_out, context.device
    )
    seed = int(context.rng.integers(2**62))
    training = TorusTraining(data, parameters, seed, context.device, training_precision(context.device))
    training.start_from(parameters.start_from, context)

    def describe() -> dict[str, Any]:
        sliders = find_sliders(training.model())
        training.ema.sliders = nn.Parameter(sliders.directions, requires_grad=False)
        if data.unit is not None:
            training.ema.unit = nn.ParameterDict(data.unit.tensors()).requires_grad_(False)
        return {
            "label": parameters.label or parameters.name.replace("-", " ").capitalize(),
            "material": parameters.material,
            "classes": list(data.labels) if training.conditional else [],
            "widths": list(generator_widths(parameters.width)),
            "blocks": list(GENERATOR_BLOCKS),
            **surface,
            "sliders": sliders.card,
        }

    return train_model(training, path, "torus", parameters, dataset, context, describe)
