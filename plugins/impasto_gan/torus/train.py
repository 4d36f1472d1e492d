"""Training of the torus generator on a material, or on classes of them.

The loss is that of R3GAN (Huang et al. 2024), per patch and at three scales. A sliced Wasserstein distance (Elnekave &
Weiss 2022) is added, since a material has few enough kinds of patches to compare their distributions directly, and a
term against checkerboard artefacts.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from impasto.context import Context
from impasto.data.dataset import Dataset
from impasto.device import training_precision
from impasto.patterns.lattice import Lattice, TorusRegion, full_region
from impasto.texture import MAP_CHANNELS, Maps, channels_of
from impasto.tools import Result
from impasto.training.base import Training
from impasto.training.layers import fitting_widths
from impasto.training.losses import SIGMA, relativistic_loss, sliced_wasserstein, zero_centred_penalty
from impasto.training.model import train_model

from .augmentation import Augmentation
from .checkerboards import checkerboard
from .conditioning import Conditioning
from .data import BROAD, COARSE, SCALES, Crops, TrainingData
from .discriminator import Discriminators
from .generate import picture_of
from .model import TorusModel
from .network import GLOBAL_CHANNELS
from .parameters import START, TrainTorusParameters
from .prepare import prepare
from .sliders import find_sliders
from .views import DETAIL_BANDS, Views, at_scales

GENERATOR_WIDTHS = (96, 96, 80, 64, 32, 16)
GENERATOR_BLOCKS = (2, 2, 2, 2, 2, 2)
COARSE_STAGES = 4
"""Number of stages for the coarse picture; each further one doubles its size."""
DISCRIMINATOR_WIDTHS = (32, 64, 96)
"""Widths of the discriminators, which see 26 px. With 54 px, they soon memorise the patches of a single picture."""
GAMMA = 1.0
"""Weight of the zero-centred penalty per patch, far below the 150 to 15 for whole images of Huang et al. 2024."""
PENALTY_EVERY = 4
"""Steps between penalties; it multiplies their weight (lazy regularisation, Karras et al. 2020, section 3.1)."""
BETAS = (0.0, 0.95)
DISCRIMINATOR_RATE = 0.5
"""Learning rate of the discriminators, relative to the generator's."""
SWD_EVERY = 4
"""Steps between sliced Wasserstein distances, each of which takes about as long as the rest of a step."""
SWD_WEIGHT = 2.0
SWD_LEVELS = {"coarse": 3, "fine": 2}
"""Number of compared pyramid levels; patches cannot judge more than three levels of a coarse crop."""
PHASE_WEIGHT = 10.0
"""Weight of the phase statistics; with less, joints appear a few pixels off their phase."""
CHECKERBOARD_WEIGHT = 10.0
FARTHEST_PX = 4096
"""Largest random offset of a picture in the lattice, so that any phase may be at its corner."""
CLASSES, MAPPING = "network.classes.weight", "network.mapping.0."
"""Names of tensors that a model without classes lacks, or has in another shape."""
BY_CHANNEL = re.compile(r"\.(head\.weight|head\.bias|gains)$")
"""Tensors with a row for each channel of the maps."""
PREVIEW_PX = 256
PROBE_SEED, PROBE_CROPS = 7, 8


@dataclass(frozen=True)
class Fake:
    """Output of the generator: coarse (B, C, h, w), fine (B, C, n, n), and the lattice in the coordinates of each."""

    coarse: Tensor
    fine: Tensor
    coarse_lattice: Lattice
    fine_lattice: Lattice


class TorusTraining(Training):
    """Networks, optimisers and random state of a training of `TorusModel`.

    swd: the last sliced Wasserstein distance, for the curve.
    """

    saturated_below = 0.05

    def __init__(
        self, data: TrainingData, parameters: TrainTorusParameters, seed: int, device: str, precision: str
    ) -> None:
        super().__init__(parameters.steps, parameters.learning_rate, seed, device, precision)
        self.data, self.parameters = data, parameters
        self.batch, self.fine_px = parameters.batch, parameters.crop_px
        self.ranks.check(self.batch)
        self.swd = torch.zeros((), device=device)
        channels, self.classes = channels_of(data.maps), len(data.classes)
        has_slopes = data.height_channel is not None
        self.surface_channels = channels + 2 * has_slopes
        seen = self.surface_channels + DETAIL_BANDS * channels
        widths = [max(8, round(width * parameters.width)) for width in DISCRIMINATOR_WIDTHS]
        seen_px = {"fine": self.fine_px, "coarse": min(data.canvas) // COARSE, "broad": min(data.canvas) // BROAD}
        generator_widths = [max(8, round(width * parameters.width)) for width in GENERATOR_WIDTHS]
        with self.seeded_weights():
            unit_cell = copy.deepcopy(data.unit_cell)  # another model's weights may overwrite these at first
            generator = TorusModel(data.card(parameters.name, generator_widths, GENERATOR_BLOCKS), unit_cell)
            self.discriminators = Discriminators(
                seen,
                {scale: fitting_widths(widths, side_px - 2) for scale, side_px in seen_px.items()},
                self.classes,
                Augmentation(parameters.augment, (channels, channels + 1) if has_slopes else None),
            )
        self.hold(
            {"generator": generator, "discriminators": self.discriminators},
            lambda weights: torch.optim.Adam(weights, betas=BETAS, fused=True),
        )
        self.fitted_lattice = data.lattice.on_torus(data.canvas)
        self.phase_statistics = data.phase_statistics()
        self.band_deviations = data.band_deviations(len(GENERATOR_WIDTHS))
        self.views = {
            scale: Views(
                data.height_channel,
                data.slope_deviations[scale],
                self.band_deviations[int(math.log2(pixel_px)) :][:DETAIL_BANDS],
            )
            for scale, pixel_px in SCALES.items()
        }
        self.keep_data_statistics()

    @property
    def model(self) -> TorusModel:
        """The averaged generator."""
        assert isinstance(self.ema, TorusModel)
        return self.ema

    def keep_data_statistics(self) -> None:
        """Copy the data's statistics into the generator and its average, and keep them as good weights."""
        for model in (self.networks["generator"], self.ema):
            assert isinstance(model, TorusModel)
            model.network.set_gains(list(self.band_deviations.flip(0)))
            if model.unit_cell is not None and self.data.unit_cell is not None:
                model.unit_cell.load_state_dict(self.data.unit_cell.state_dict())
        self.keep_good()

    def start_from(self, model: str, tool: str, context: Context) -> None:
        """Start from a model's weights, but with the statistics of this data; `START` only fits the usual width."""
        if model != START or self.parameters.width == 1:
            super().start_from(model, tool, context)
        self.keep_data_statistics()

    def initial_tensors(self, card: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """The channels of the maps that this data has too; without classes, the mean of the model's classes."""
        if set(self.data.maps) <= set(card["maps"]):
            channels = [name for name in card["maps"] for _ in range(MAP_CHANNELS[name])]
            numbers = [index for index, name in enumerate(channels) if name in self.data.maps]
            tensors = {name: value[numbers] if BY_CHANNEL.search(name) else value for name, value in tensors.items()}
        if not self.classes and CLASSES in tensors:
            by_latent, by_class = np.split(tensors[MAPPING + "weight"], [GLOBAL_CHANNELS], axis=1)
            bias = tensors[MAPPING + "bias"] + by_class @ tensors[CLASSES].mean(0)
            tensors = {**tensors, MAPPING + "weight": by_latent, MAPPING + "bias": bias}
        return tensors

    def step(self) -> dict[str, Tensor]:
        """Take one step of all networks; return the losses."""
        real = self.data.crops(self.batch, self.fine_px, self.random)
        with self.autocast():
            fake = self._fake(self.networks["generator"], real, self.noise)
        real_views = self._views(real.coarse * real.coarse_known, real.fine * real.fine_known)
        fake_views = self._views(fake.coarse * real.coarse_known, fake.fine * real.fine_known)

        discriminator_loss, real_logits = self._discriminator_loss(real_views, fake_views, real.labels)
        self.descend("discriminators", discriminator_loss, DISCRIMINATOR_RATE)

        adversarial_loss = self._adversarial_loss(fake_views, real_logits, real.labels)
        phase_distance = self._phase_distance(fake)
        grid = checkerboard(fake_views["fine"][:, : self.surface_channels].float())
        loss = adversarial_loss + PHASE_WEIGHT * phase_distance + CHECKERBOARD_WEIGHT * grid
        if self.done % SWD_EVERY == 0:
            swd = self._sliced_wasserstein(real_views, fake_views)
            self.swd.copy_(swd.detach())
            loss = loss + SWD_WEIGHT * swd
        self.descend("generator", loss)
        self.average()
        losses = {"loss_discriminator": discriminator_loss, "loss_generator": adversarial_loss, "loss_swd": self.swd}
        return {**losses, "loss_phase": phase_distance} if self.phase_statistics else losses

    def _discriminator_loss(
        self, real: Mapping[str, Tensor], fake: Mapping[str, Tensor], labels: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """L_D (Huang et al. 2024, eq. 2) with penalties on real and fake, over all scales; and the real logits.

        The adversarial term is divided by the number of scales, the penalty is not. Since each scale has its own
        discriminator and Adam is invariant to the scale of a loss, this only raises the relative weight of the penalty,
        and GAMMA was set with it.
        """
        loss, detached = torch.zeros((), device=self.device), {}
        twice = torch.cat([labels, labels])
        for scale in real:
            pair = self.discriminators.augment(torch.cat([real[scale], fake[scale].detach()]), self.random)
            if self.done % PENALTY_EVERY == 0:
                near = pair + SIGMA * self.noise(*pair.shape)
                logits, near_logits = self._logits(scale, torch.cat([pair, near]), torch.cat([twice, twice])).chunk(2)
                loss = loss + PENALTY_EVERY * GAMMA * zero_centred_penalty(logits, near_logits)
            else:
                logits = self._logits(scale, pair, twice)
            real_logits, fake_logits = logits.chunk(2)
            relativistic_logits = real_logits - fake_logits
            loss = loss + relativistic_loss(relativistic_logits) / len(real)
            self.discriminators.augmentation.adapt(real_logits.detach(), fake_logits.detach())
            detached[scale] = real_logits.detach()
        return loss, detached

    def _adversarial_loss(
        self, fake: Mapping[str, Tensor], real_logits: Mapping[str, Tensor], labels: Tensor
    ) -> Tensor:
        """L_G (Huang et al. 2024, eq. 2), summed over the scales, since a picture must pass at each of them."""
        self.discriminators.requires_grad_(False)
        losses = []
        for scale, view in fake.items():
            fake_logits = self._logits(scale, self.discriminators.augment(view, self.random), labels)
            relativistic_logits = fake_logits - real_logits[scale]
            losses.append(relativistic_loss(relativistic_logits))
        self.discriminators.requires_grad_(True)
        return torch.stack(losses).sum()

    def _sliced_wasserstein(self, real: Mapping[str, Tensor], fake: Mapping[str, Tensor]) -> Tensor:
        """Distance between the patch distributions of maps and slopes, summed over the scales."""
        total = torch.zeros((), device=self.device)
        for scale, levels in SWD_LEVELS.items():
            x, x_hat = (views[scale][:, : self.surface_channels] for views in (real, fake))
            with self.autocast():
                total = total + sliced_wasserstein(x, x_hat, levels, self.random)
        return total

    def _phase_distance(self, fake: Fake) -> Tensor:
        """Distance from the data's phase statistics; fine crops show too few cells for standard deviations."""
        if not self.phase_statistics:
            return torch.zeros((), device=self.device)
        coarse, fine = self.phase_statistics
        return coarse.distance(fake.coarse, fake.coarse_lattice, with_deviation=True) + fine.distance(
            fake.fine, fake.fine_lattice, with_deviation=False
        )

    def _fake(self, model: nn.Module, real: Crops, noise: Callable[..., Tensor]) -> Fake:
        """A torus of the canvas' size, complete at the coarse scale, and a part of it at full resolution.

        Each process makes its own rows of the batch, from noise that is drawn for all of them.
        """
        assert isinstance(model, TorusModel)
        network, batch, canvas = model.network, len(real.coarse), self.data.canvas
        rows, offsets_px = self.ranks.rows(batch), torch.rand(batch, 2, generator=self.random) * FARTHEST_PX

        def draw(_: int, channels: int, region: TorusRegion) -> Tensor:
            is_full = region.height >= region.full[0] and region.width >= region.full[1]
            drawn = noise(batch, channels, *(region.full if is_full else (region.height, region.width)))[rows]
            return full_region(region.full).take(drawn, region) if is_full else drawn

        def draw_cells(channels: int, counts: tuple[int, int]) -> Tensor:
            return noise(batch, channels, *counts)

        lattice = self.fitted_lattice.with_row_offsets(canvas, draw_cells).relative_to(offsets_px)
        condition = Conditioning.random(lattice, canvas, draw_cells, self.device).of_pictures(rows)
        classes = nn.functional.one_hot(real.labels[rows], self.classes).float() if self.classes else None
        style = network.style(noise(batch, GLOBAL_CHANNELS)[rows], classes)
        cells = canvas[0] // network.cell_px, canvas[1] // network.cell_px
        wants = [full_region((cells[0] << stage, cells[1] << stage)) for stage in range(COARSE_STAGES)]
        coarse = network.run_stages(network.start(draw, cells), 0, wants, style, draw, condition)
        region = self._fine_region()
        fine = network.run_stages(coarse, COARSE_STAGES, network.plan(region, COARSE_STAGES), style, draw, condition)
        assert coarse.maps is not None
        assert fine.maps is not None
        corner = torch.tensor([region.top, region.left])
        whole = self.ranks.whole(coarse.maps, batch), self.ranks.whole(fine.maps, batch)
        return Fake(*whole, lattice, lattice.relative_to(corner))

    def _fine_region(self) -> TorusRegion:
        """A random region of the canvas, of the size of the fine crops."""
        height, width = self.data.canvas
        top, left = (int(torch.randint(side - self.fine_px + 1, (), generator=self.random)) for side in (height, width))
        return TorusRegion(top, left, self.fine_px, self.fine_px, (height, width))

    def _views(self, coarse: Tensor, fine: Tensor) -> dict[str, Tensor]:
        """Input of the losses at each scale."""
        return {scale: self.views[scale].of(maps) for scale, maps in at_scales(fine, coarse).items()}

    def _logits(self, scale: str, x: Tensor, labels: Tensor) -> Tensor:
        with self.autocast():
            return self.ranks.spread(partial(self.discriminators, scale), x, labels)

    def _weights(self) -> dict[str, Tensor]:
        return {**super()._weights(), "swd": self.swd}

    def probe(self) -> tuple[Tensor, Tensor]:
        """Pictures of the averaged generator from fixed noise, and fixed crops, at full resolution."""
        random, state = torch.Generator().manual_seed(PROBE_SEED), self.random.get_state()
        real = self.data.crops(PROBE_CROPS, self.fine_px, random)
        with torch.no_grad():
            self.random.set_state(random.get_state())
            fake = self._fake(self.ema, real, self.fixed_noise(PROBE_SEED))
        self.random.set_state(state)
        return fake.fine, real.fine

    def preview(self) -> Maps:
        """A picture of the averaged generator, from fixed noise."""
        return picture_of(self.model, (PREVIEW_PX, PREVIEW_PX), seed=0)

    def complete(self) -> None:
        """Find the sliders of the averaged generator."""
        self.model.set_sliders(*find_sliders(self.model))

    def exemplar(self) -> Maps | None:
        """The learned picture if there is only one, unless the user wants none stored, or it is a grid.

        In a grid, pieces would not follow the straight joints along both axes.
        """
        is_kept = self.parameters.keep_exemplar and not self.model.lattice.is_grid
        return self.data.exemplar if is_kept else None

    def card(self) -> dict[str, Any]:
        """The model's fields, its label and its data."""
        parameters = self.parameters
        return {
            "label": parameters.label or parameters.name.replace("-", " ").capitalize(),
            "material": parameters.material,
            "data": self.data.sources,
            **self.model.card.model_dump(),
        }


def train_torus(parameters: TrainTorusParameters, dataset: Dataset, context: Context) -> Result:
    """Train a model for `torus` on the dataset and save it; resumes from a checkpoint of the same name."""

    def build(seed: int) -> TorusTraining:
        context.progress(0, "Preparing the data")
        cell_px = 2 ** (len(GENERATOR_WIDTHS) - 1)
        sides_px = parameters.canvas_px, parameters.crop_px, cell_px
        data = prepare(dataset, *sides_px, parameters.hold_out, context.device, context.note)
        return TorusTraining(data, parameters, seed, context.device, training_precision(context.device))

    return train_model(build, "torus", parameters, dataset, context)
