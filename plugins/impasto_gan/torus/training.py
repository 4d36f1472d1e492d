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
from impasto.dataset import Dataset
from impasto.device import training_precision
from impasto.losses import SIGMA, relativistic, zero_centred_penalty
from impasto.texture import Maps
from impasto.tools import Result
from impasto.training import Training, start_from
from impasto.training_loop import new_model_path, train_model

from .augmentation import Augmentation
from .data import COARSE, Crops, Data, prepare, slopes
from .generate import Model, make
from .losses import sliced_wasserstein
from .networks import GLOBAL_CHANNELS, PatchDiscriminator, State, TorusGenerator, patch_px
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
DETAIL_OCTAVES = 2
"""Octaves that discriminators see by themselves, beside the whole: coarse ones and fine ones differ in `COARSE`."""
PREVIEW_PX = 256
PROBE_SEED, PROBE_CROPS = 7, 8


@dataclass(frozen=True)
class Fake:
    """What the generator made: coarse (B, C, h, w), fine (B, C, n, n), and how far each one's lattice is shifted."""

    coarse: Tensor
    fine: Tensor
    places_px: Tensor


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
                channels, generator_widths(parameters.width), GENERATOR_BLOCKS, data.waves.channels, self.conditional
            )
            discriminators = nn.ModuleDict(
                {
                    "coarse": PatchDiscriminator(seen + data.waves.channels, coarse_widths, self.conditional),
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
        coarse_known, fine_known = real.coarse_known, real.fine_known
        seen_real = self._views(real.coarse * coarse_known, real.fine * fine_known, real.places_px, self.data.waves)
        seen_fake = self._views(fake.coarse * coarse_known, fake.fine * fine_known, fake.places_px, self.fitted)
        loss_D, logits = self._discriminator_loss(seen_real, seen_fake, real.labels)
        self.descend("discriminators", loss_D, DISCRIMINATOR_RATE)
        loss_G = self._generator_loss(seen_fake, logits, real.labels)
        swd = self._swd(seen_real, seen_fake)
        self.descend("generator", loss_G + SWD_WEIGHT * swd)
        self.average()
        return {"loss_discriminator": loss_D, "loss_generator": loss_G, "loss_swd": swd}

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

        def waves(region: Region) -> Tensor:
            return self.fitted.phases(region, height / region.full[0], places_px).to(self.device)

        classes = nn.functional.one_hot(real.labels, self.conditional).float() if self.conditional else None
        style = generator.style(noise(batch, GLOBAL_CHANNELS), classes)
        cells = height // generator.cell_px, width // generator.cell_px
        wants = [whole((cells[0] << stage, cells[1] << stage)) for stage in range(COARSE_STAGES)]
        coarse = generator.go_on(generator.start(draw, cells), 0, wants, style, draw, waves)
        fine = self._part(generator, coarse, style, draw, waves)
        assert coarse.maps is not None
        return Fake(coarse.maps, fine, places_px)

    def _part(self, generator: TorusGenerator, coarse: State, style: Tensor, draw: Any, waves: Any) -> Tensor:
        height, width = self.data.canvas
        top, left = (int(torch.randint(side - self.fine_px + 1, (), generator=self.random)) for side in (height, width))
        want = Region(top, left, self.fine_px, self.fine_px, (height, width))
        wants = generator.plan(want, COARSE_STAGES)
        maps = generator.go_on(coarse, COARSE_STAGES, wants, style, draw, waves).maps
        assert maps is not None
        return maps

    def _views(self, coarse: Tensor, fine: Tensor, places_px: Tensor, waves: Waves) -> dict[str, Tensor]:
        """What the losses see: maps, slopes where the data has them, octaves, and coarsely the lattice's phases."""
        channel, deviations = self.data.standard.height_channel, self.data.slope_deviations
        seen = {
            "coarse": self._seen(coarse, deviations[0], len(GENERATOR_WIDTHS) - COARSE_STAGES),
            "fine": self._seen(fine, deviations[1], 0),
        }
        if waves.channels:
            height, width = self.data.canvas
            region = whole((height // COARSE, width // COARSE)).grown(-1 if channel is not None else 0)
            phases = waves.phases(region, COARSE, places_px).to(coarse.device)
            seen["coarse"] = torch.cat([seen["coarse"], phases], 1)
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
            logits: Tensor = discriminators[name](x, labels.to(x.device) if self.conditional else None)
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
                near = pair + SIGMA * self._seen_noise(pair, name)
                logits, beside = self._logits(name, torch.cat([pair, near]), torch.cat([twice, twice])).chunk(2)
                loss = loss + PENALTY_EVERY * GAMMA * zero_centred_penalty(logits, beside)
            else:
                logits = self._logits(name, pair, twice)
            kept[name] = logits.detach().chunk(2)[0]
            self._augmentation.adapt(*logits.detach().chunk(2))
            loss = loss + relativistic(*logits.chunk(2)) / len(real)
        return loss, kept

    def _seen_noise(self, seen: Tensor, name: str) -> Tensor:
        """Noise on what was made, not on the lattice's phases."""
        noise = self.noise(*seen.shape)
        phases = self.data.waves.channels
        if name == "coarse" and phases:
            noise[:, -phases:] = 0
        return noise

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
            self.ema, self.data.standard.on(self.device), self.data.waves, self.data.labels, device=self.device
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
