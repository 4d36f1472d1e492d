"""Training of a fast style: a network learns from lessons, which are pictures repainted by a slow stylizer.

Johnson et al. 2016 compare every crop with the statistics of the whole painting, so that a sky and a face get all of
its strokes, which looks muddy. Here a discriminator compares each crop with the teacher's painting of it, so that calm
places stay calm. The network chooses the exact places of strokes, but colours must fit in areas of a few pixels.
The loss is relativistic, of pairs at the same place, with penalties on the gradient (Huang et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.context import Context
from impasto.data.dataset import Dataset
from impasto.device import training_precision
from impasto.errors import Cancelled
from impasto.texture import Maps
from impasto.tools import Result
from impasto.training.base import Training
from impasto.training.layers import Noise
from impasto.training.losses import SIGMA, relativistic_loss, zero_centred_penalty
from impasto.training.model import train_model
from impasto.training.pictures import load_surfaces

from ..shared.inputs import colors_of
from ..shared.resampling import as_image, as_tensor
from .coherence import DrawnMotion, incoherence, next_frame
from .data import Lessons, own_pictures, teacher_of
from .discriminator import PaintingDiscriminator, standardise
from .network import TransformNetwork
from .painting import STYLE_TENSOR, TOOL
from .parameters import TrainFastStyleParameters
from .preparing import noise_input

BETAS = (0.0, 0.99)
COLORS_WEIGHT, RANGE_WEIGHT = 1.0, 10.0
"""Weights of the loss for places of colours and for values outside [0, 1], relative to the adversarial loss."""
GAMMA = 0.5
DISCRIMINATOR_RATE = 0.5
"""Learning rate of the discriminator, relative to the painter's."""
STYLE_PX = 64
"""Side of the picture of each painting that a model stores."""
LESSON = 3.0
"""Side of the lessons' pictures, in sides of a crop."""
PROBES, PREVIEWS = 4, 3
PLACED_PX = 8
"""Side of the areas whose mean colours must match the lesson; inside them, strokes may lie anywhere."""


class FastStyleTraining(Training):
    """The painter and the discriminator in training. paintings: (3, h, w) each. sources: the data, for the card."""

    averaged = "painter"
    saturated_below = 0.05

    def __init__(
        self,
        paintings: Sequence[Tensor],
        lessons: Lessons,
        sources: list[dict[str, Any]],
        parameters: TrainFastStyleParameters,
        seed: int,
        device: str,
        precision: str,
    ) -> None:
        super().__init__(parameters.steps, parameters.learning_rate, seed, device, precision)
        self.paintings, self.lessons, self.sources, self.parameters = paintings, lessons, sources, parameters
        with self.seeded_weights():
            networks = {
                "painter": TransformNetwork(*widths_of(parameters.width)),
                "discriminator": PaintingDiscriminator(),
            }
        self.hold(networks, lambda weights: torch.optim.Adam(weights, betas=BETAS, fused=True))

    def step(self) -> dict[str, Tensor]:
        """Take one step of both networks, and return their losses."""
        x, y = self._next_crops()
        with self.autocast():
            x_hat = self.networks["painter"](x, _noise(x, self.noise))
        x_hat = x_hat.float()
        losses = {"discriminator": self._discriminator_step(x, y, x_hat.detach())}
        losses |= self._painter_step(x, y, x_hat)
        self.average()
        return {f"loss_{name}": value.detach() for name, value in losses.items()}

    def _discriminator_step(self, x: Tensor, y: Tensor, x_hat: Tensor) -> Tensor:
        """Take a step of D on softplus(D(x̂) - D(y)) + γ (|∇D(y)|² + |∇D(x̂)|²) / 2, and return that loss."""
        pair = standardise(torch.cat([y, x_hat]))
        noisy = pair + SIGMA * self.noise(*pair.shape)
        logits, near = self._logits(torch.cat([pair, noisy]), x).chunk(2)
        of_teacher, of_painter = logits.chunk(2)
        loss = relativistic_loss(of_teacher - of_painter) + GAMMA * zero_centred_penalty(logits, near)
        self.descend("discriminator", loss, DISCRIMINATOR_RATE)
        return loss

    def _painter_step(self, x: Tensor, y: Tensor, x_hat: Tensor) -> dict[str, Tensor]:
        """Take a step of the painter on softplus(D(y) - D(x̂)) and the other losses, and return these."""
        self.networks["discriminator"].requires_grad_(False)
        of_painter, of_teacher = self._logits(standardise(torch.cat([x_hat, y])), x).chunk(2)
        self.networks["discriminator"].requires_grad_(True)
        losses = {
            "painter": relativistic_loss(of_painter - of_teacher),
            "colors": COLORS_WEIGHT * placed_colors(x_hat, y),
        }
        if self.parameters.coherence:
            losses["coherence"] = self.parameters.coherence * self._incoherence(x, x_hat)
        self.descend("painter", torch.stack(list(losses.values())).sum() + RANGE_WEIGHT * beyond_range(x_hat))
        return losses

    def _incoherence(self, x: Tensor, x_hat: Tensor) -> Tensor:
        """Difference between the painting of the next frame, with other noise, and x̂ moved to that frame."""
        motion = DrawnMotion.at_random(x, self.random)
        later = next_frame(x, motion, self.random)
        with self.autocast():
            after = self.networks["painter"](later, _noise(later, self.noise))
        return incoherence(x_hat, after.float(), motion)

    def _logits(self, paintings: Tensor, x: Tensor) -> Tensor:
        """D of standardised paintings (n B, 3, H, W) of the pictures x (B, 3, H, W)."""
        with self.autocast():
            logits = self.networks["discriminator"](paintings, standardise(x).repeat(len(paintings) // len(x), 1, 1, 1))
        return logits.float()

    def _next_crops(self) -> tuple[Tensor, Tensor]:
        """Crops of this step. If painting a lesson for them is cancelled, the random state is restored."""
        state = self.random.get_state()
        try:
            return self.crops(self.parameters.batch, self.random)
        except Cancelled:
            self.random.set_state(state)
            raise

    def crops(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures (count, 3, crop_px, crop_px) in the style's colours, and their paintings by the teacher."""
        pairs = [self.lessons.crop(self.parameters.crop_px, random) for _ in range(count)]
        layout = torch.channels_last
        x, y = (torch.stack(side).to(self.device, memory_format=layout) for side in zip(*pairs, strict=True))
        return x, y

    @torch.no_grad()
    def repaint(self, x: Tensor) -> Tensor:
        """x (B, 3, H, W), repainted by the averaged network with fixed noise."""
        return self.ema(x, _noise(x, self.fixed_noise())).clamp(0, 1)

    def probe(self) -> tuple[Tensor, Tensor]:
        """Paintings by the network and by the teacher of the same pictures, the same in every call."""
        x, y = self.crops(PROBES, torch.Generator().manual_seed(0))
        return self.repaint(x), y

    def preview(self) -> Maps:
        """Pictures in the painting's colours, above their paintings by the network and by the teacher."""
        x, y = self.crops(PREVIEWS, torch.Generator().manual_seed(0))
        columns = torch.cat([x, self.repaint(x), y], 2)  # (B, 3, 3 H, W)
        return Maps.from_arrays({"base_color": as_image(torch.cat(list(columns), 2)[None])})

    def complete(self) -> None:
        """Store pixels of the paintings in the model, for their colours."""
        self.ema.register_buffer(STYLE_TENSOR, some_pixels(self.paintings))

    def card(self) -> dict[str, Any]:
        """The fields of a `FastStyleCard`, the label, and the data."""
        parameters = self.parameters
        return {
            "label": parameters.label or parameters.name.replace("-", " ").capitalize(),
            "maps": ["base_color"],
            "widths": list(widths_of(parameters.width)),
            "strokes_px": max(self.paintings[0].shape[1:]),
            "data": self.sources,
        }


def train_fast_style(
    parameters: TrainFastStyleParameters, dataset: Dataset, pictures: Dataset | None, context: Context
) -> Result:
    """Train a model for `fast-style` on paintings and save it; resumes from a checkpoint of its name.

    pictures: similar to those that will be repainted; None for drawn ones only.
    """
    surfaces, _, sources = load_surfaces(dataset, False, parameters.longest_px)
    paintings = [as_tensor(colors_of(maps), context.device)[0] for maps in surfaces]
    own = own_pictures(pictures, parameters.longest_px, parameters.crop_px)
    sources += pictures.sources() if pictures else []
    size_px = round(LESSON * parameters.crop_px)
    teacher = teacher_of(parameters, surfaces, context)

    def build(seed: int) -> FastStyleTraining:
        lessons = Lessons(parameters.lessons, size_px, seed, some_pixels(paintings)[None], teacher, own)
        precision = training_precision(context.device)
        return FastStyleTraining(paintings, lessons, sources, parameters, seed, context.device, precision)

    every = dataset if pictures is None else replace(dataset, samples=(*dataset.samples, *pictures.samples))
    return train_model(build, TOOL, parameters, every, context)


def widths_of(width: int) -> tuple[int, int, int]:
    """Channels at the full, half and quarter resolution."""
    return width, 2 * width, 4 * width


def some_pixels(paintings: Sequence[Tensor]) -> Tensor:
    """Evenly spaced pixels of paintings (3, H, W), side by side: (3, STYLE_PX, STYLE_PX for each)."""
    return torch.cat(
        [painting[:, _positions(painting.shape[1])][..., _positions(painting.shape[2])] for painting in paintings], 2
    )


def _positions(length: int) -> Tensor:
    return torch.linspace(0, length - 1, STYLE_PX).round().long()


def _noise(x: Tensor, noise: Noise) -> Tensor:
    """Noise (B, 4, h, w) for pictures (B, 3, H, W)."""
    size_px = (x.shape[2], x.shape[3])
    return torch.cat([noise_input(size_px, lambda _, *cells: noise(1, 1, *cells)) for _ in x])


def placed_colors(pictures: Tensor, wanted: Tensor) -> Tensor:
    """Mean difference between the mean colours of areas of two pictures (B, 3, H, W)."""
    return (avg_pool2d(pictures, PLACED_PX) - avg_pool2d(wanted, PLACED_PX)).abs().mean()


def beyond_range(pictures: Tensor) -> Tensor:
    """Mean squared distance of values from [0, 1]."""
    return (pictures - pictures.clamp(0, 1)).square().mean()
