"""The training of the network that recognises relief: of all but its part for roughness.

It learns from random photographs of measured sets, of their colours on others' relief, and of random materials.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, dropout2d, interpolate
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW, Optimizer

from impasto.texture import Maps
from impasto.training.base import Training
from impasto_photo_maps.network import OUTPUTS, RecognitionNetwork

from .examples import CROP_PX, TARGETS, Examples, Material, altered
from .kinds import UNKNOWN
from .photographs import Random

BATCH = 8
RATE, PRETRAINED_RATE = 1e-3, 0.15
"""Learning rate, and the pretrained layers' share of it."""
WEIGHT_DECAY, LARGEST_GRADIENT, AVERAGED = 2e-2, 1.0, 0.999
DROPPED = 0.2
"""Share of the encoder's channels that a step does without (Tompson et al. 2015)."""
BANDS = (2, 4, 4)
"""Factors by which the low-passed slopes are reduced, one after the other, for the bands that are compared."""
LEAST_POWER = 1e-5
"""Power of a band of true slopes below which its shape is not compared."""
AROUND = 16
"""Side in pixels of the squares over which tilts are averaged, besides the whole picture."""
LEAST_TILT = 0.02
"""Tilt in radians that is added before tilts are compared by their logarithms."""
DISTANCE, SHAPE, RELIT, TILT, SURENESS, KIND = 3.0, 0.5, 1.5, 0.1, 0.05, 0.3
"""Weights of the losses."""
THUMBNAILS = 4
"""Labelled thumbnails of each step, for a batch of `BATCH`."""


class RecognitionTraining(Training):
    """The network, and the surfaces whose photographs it sees.

    sets: measured ones. drawn: random ones. thumbnails: sRGB pictures of one size and their kinds.
    pretrained: weights of SqueezeNet's features by name. batch, crop_px: number and side of photographs of a step.
    """

    averaged = "network"

    def __init__(
        self,
        sets: Sequence[Material],
        drawn: Sequence[Material],
        thumbnails: Sequence[tuple[Tensor, int]],
        steps: int,
        seed: int = 0,
        precision: str = "float32",
        pretrained: Mapping[str, Tensor] | None = None,
        device: str = "cpu",
        batch: int = BATCH,
        crop_px: int = CROP_PX,
        rate: float = RATE,
    ) -> None:
        super().__init__(steps, rate, seed, device, precision)
        self.examples, self.batch = Examples(sets, drawn, crop_px, device), batch
        self.thumbnails = torch.stack([picture for picture, _ in thumbnails]).to(device)
        self.labels = torch.tensor([kind for _, kind in thumbnails], device=device)
        with self.seeded_weights():
            network = RecognitionNetwork()
        network.load_state_dict(dict(pretrained or {}), strict=False)
        encoder = [*network.first.parameters(), *network.fires.parameters()] if pretrained else []
        self.hold({"network": network}, partial(slower, encoder, PRETRAINED_RATE))
        for layer in network.lateral:
            layer.register_forward_pre_hook(dropped)

    def step(self) -> dict[str, Tensor]:
        """One batch of photographs."""
        random = Random.seeded((self.seed << 32) + self.done, self.device)
        with torch.no_grad():
            batch = self.examples.batch(self.batch, random)
            which = random.below(len(self.labels), THUMBNAILS * self.batch // BATCH)
            shown = altered(self.thumbnails[which], random)
        network = self.networks["network"]
        with self.autocast():
            found, logits = network(batch.given, batch.suggested)
            others = network.kinds(network.features(shown)[-1])
        losses = loss_terms(by_name(found.float(), OUTPUTS), by_name(batch.wanted, TARGETS), random)
        logits = torch.cat([x.float().mean((2, 3)) for x in (logits, others)])
        labels = torch.cat([batch.kinds, self.labels[which]])
        losses["kind"] = KIND * cross_entropy(logits, labels, ignore_index=UNKNOWN)
        return descend(self, losses, self.rate())

    def preview(self) -> Maps:
        """A random photograph."""
        picture = self.examples.batch(1, Random.seeded(0, self.device)).given[0, :3] + 0.5
        return Maps.from_arrays({"base_color": picture.permute(1, 2, 0).cpu().numpy()})


def descend(training: Training, losses: Mapping[str, Tensor], rate: float) -> dict[str, Tensor]:
    """Take a step of the averaged network against the sum of the losses, each group of weights with its share of a
    rate. Return the losses."""
    network, optimizer = training.networks[training.averaged], training.optimizers[training.averaged]
    for group in optimizer.param_groups:
        group["lr"] = group.get("share", 1.0) * rate
    optimizer.zero_grad()
    torch.stack(list(losses.values())).sum().backward()
    clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
    optimizer.step()
    training.average(AVERAGED)
    return {name: loss.detach() for name, loss in losses.items()}


def slower(slow: Sequence[nn.Parameter], share: float, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Optimizer of the parameters that are learned, with a share of the rate for slow ones."""
    others = [one for one in parameters if one.requires_grad and all(one is not other for other in slow)]
    groups = [{"params": others, "share": 1.0}, {"params": slow, "share": share}]
    return AdamW(groups[: 2 if slow else 1], RATE, weight_decay=WEIGHT_DECAY)


def dropped(layer: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    """Inputs of a layer in training, less some of their channels."""
    return (dropout2d(inputs[0], DROPPED, layer.training),)


def by_name(x: Tensor, channels: Mapping[str, int]) -> dict[str, Tensor]:
    """Parts (B, C, …) of x by name."""
    return dict(zip(channels, x.split(list(channels.values()), 1), strict=True))


def loss_terms(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], random: Random) -> dict[str, Tensor]:
    """Losses of values as in `OUTPUTS` against those as in `TARGETS`, (B, C, H, W) each.

    distance: of normals. shape: 1 - correlation of slopes in each band, whatever their strength. relit: difference of
    the shading under random lights. tilt: of the logarithm of mean tilts. sureness: of errors as exponentially
    distributed.
    """
    inside = wanted["inside"]
    mean = lambda x: (x * inside).mean() / inside.mean()  # noqa: E731
    made, true = (_flattened(x["slopes"]) for x in (found, wanted))
    error = (made - true).square().sum(1, keepdim=True).add(1e-8).sqrt()
    tilts = found["tilt"], wanted["slopes"].square().sum(1, keepdim=True).sqrt().atan()
    sizes = (AROUND, made.shape[2:])
    ratios = [torch.sub(*((avg_pool2d(x, size) + LEAST_TILT).log() for x in tilts)).abs().mean() for size in sizes]
    expected = found["error"]
    return {
        "distance": DISTANCE * mean(error),
        "shape": SHAPE * _shape_loss(made, true, inside),
        "relit": RELIT * _relit_loss(found["slopes"], wanted["slopes"], inside, random),
        "tilt": TILT * torch.stack(ratios).sum(),
        "sureness": SURENESS * mean(error.detach() / expected + expected.log()),
    }


def _shape_loss(made: Tensor, true: Tensor, inside: Tensor) -> Tensor:
    """Sum over bands of 1 - correlation, means over the pictures that have something there."""
    total = made.new_zeros(())
    for one, other, within in zip(_bands(made), _bands(true), _reduced(inside), strict=True):
        one, other = one * within, other * within
        own, power = (x.square().mean((1, 2, 3)) for x in (one, other))
        counts = (power > LEAST_POWER).float()
        correlation = (one * other).mean((1, 2, 3)) / (own * power + 1e-12).sqrt()
        total = total + (counts * (1 - correlation)).mean()
    return total


def _relit_loss(made: Tensor, true: Tensor, inside: Tensor, random: Random) -> Tensor:
    """Mean difference of the Lambertian shading of slopes (B, 2, H, W) under a light of each picture."""
    size = (len(made), 1, 1)
    angle, rise = random.uniform(0, 2 * math.pi, *size), random.uniform(math.radians(20), math.radians(60), *size)
    shaded = []
    for slopes in (made, true):
        across = slopes[:, 1] * angle.sin() - slopes[:, 0] * angle.cos()
        facing = (across * rise.cos() + rise.sin()) / (1 + slopes.square().sum(1)).sqrt()
        shaded.append(facing.clamp_min(0)[:, None] * inside)
    difference = shaded[0] - shaded[1]
    return difference.abs().mean() + avg_pool2d(difference, 4).abs().mean()


def _reduced(inside: Tensor) -> list[Tensor]:
    """Masks of the places that count, of each band at its own resolution."""
    found = []
    for factor in BANDS:
        found.append(inside)
        inside = (avg_pool2d(inside, factor) > 0.99).float()
    return [*found, inside]


def _flattened(slopes: Tensor) -> Tensor:
    """Horizontal part (B, 2, H, W) of the unit normals of slopes, up to signs."""
    return slopes / (1 + slopes.square().sum(1, keepdim=True)).sqrt()


def _bands(x: Tensor) -> list[Tensor]:
    """Frequency bands of x (B, C, H, W), from fine to coarse, each at its own resolution."""
    found = []
    for factor in BANDS:
        low = avg_pool2d(x, factor)
        found.append(x - interpolate(low, scale_factor=float(factor), mode="bilinear", align_corners=False))
        x = low
    return [*found, x]
