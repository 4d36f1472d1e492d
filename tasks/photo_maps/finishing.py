"""The training of the part of `photo-maps` that recognises roughness, on features that stay as they are.

It learns from photographs of measured sets, and from labelled thumbnails, whose roughness is taken for that of their
kind. Kinds, classes and bare metal are learned as well, for the sake of the features, and forgotten.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits, cross_entropy

from impasto.surface.color_tensors import srgb_to_linear
from impasto.texture import Maps
from impasto.training.base import Training
from impasto_photo_maps.kinds import KINDS, USUAL
from impasto_photo_maps.network import FINE, FINISH_WIDTH, STRIDE, RecognitionNetwork, network_input

from .examples import CLEAN_SHARE, CROP_PX, Examples, Material, altered, recolored, unlit
from .kinds import UNKNOWN
from .photographs import Random, Suns, lit, taken
from .recognition import descend, dropped, slower
from .surfaces import Surfaces

BATCH, THUMBNAILS, RATE, ENCODER_RATE, WARM_UP = 8, 16, 1e-3, 0.15, 50
"""Photographs and thumbnails of a step, learning rate, the encoder's share of it, and steps until it is reached."""
SWAPPED_SHARE, SUNNY_SHARE, RECOLORED_SHARE = 0.15, 0.4, 0.5
"""Shares of photographs of one set's finish on another's relief, in the sun, and of those whose colours may change."""
METALS, METAL_SHARE = 3.0, 0.3
"""Factor by which metals are shown more often, and the mean of `metallic` from which on a set counts as one."""
ROUGHNESS, USUAL_ROUGHNESS, KIND, METAL, METAL_OF_THUMBNAILS = 2.0, 0.3, 0.2, 1.0, 0.5
"""Weights of the losses."""
UNTAUGHT = -1.0
"""Metal of thumbnails about which nothing is known."""


@dataclass(frozen=True)
class Thumbnails:
    """sRGB pictures (N, 3, h, w), numbers of their kinds or `UNKNOWN`, and of their classes, and whether they show bare
    metal: 0, 1, or `UNTAUGHT`, (N,)."""

    pictures: Tensor
    kinds: Tensor
    classes: Tensor
    metal: Tensor


class FinishTraining(Training):
    """The network with its weights, measured sets, whether the metal of each is known, and thumbnails."""

    averaged = "network"

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        sets: Sequence[Material],
        knows_metal: Sequence[bool],
        thumbnails: Thumbnails,
        steps: int,
        seed: int = 0,
        crop_px: int = CROP_PX,
    ) -> None:
        super().__init__(steps, RATE, seed, "cpu", "bfloat16")
        self.examples, self.thumbnails = Examples(sets, [], crop_px, "cpu"), thumbnails
        self.knows_metal = torch.tensor(knows_metal)
        is_metal = torch.tensor([bool(one.surface.metallic.mean() > METAL_SHARE) for one in sets]) & self.knows_metal
        self.shares = 1 + (METALS - 1) * is_metal.float()
        self.thumbnail_shares = 1 + (METALS - 1) * (thumbnails.metal == 1).float()
        classes = int(thumbnails.classes.max()) + 1
        with self.seeded_weights():
            network = RecognitionNetwork()
            classifier = nn.Conv2d(FINISH_WIDTH, 1 + len(KINDS) + classes, 1)
        network.load_state_dict(dict(weights), strict=False)
        if "finish.leave.weight" not in weights:
            network.finish.fires.load_state_dict(network.fires[1:].state_dict())
        network.requires_grad_(False).finish.requires_grad_(True)
        network.classifier = classifier  # of the training only
        network.finish.join.register_forward_pre_hook(dropped)
        self.hold({"network": network}, partial(slower, list(network.finish.fires.parameters()), ENCODER_RATE))

    def step(self) -> dict[str, Tensor]:
        """One batch of photographs, and one of thumbnails."""
        random = Random.seeded((self.seed << 32) + self.done, self.device)
        with torch.no_grad():
            pictures, wanted, number, shown_kinds = self.photographs(BATCH, random)
            which = torch.multinomial(self.thumbnail_shares, THUMBNAILS, True, generator=random.generator)
            shown = altered(self.thumbnails.pictures[which], random) + 0.5
            shown = _exposed(srgb_to_linear(shown.clamp(0, 1)).transpose(0, 1))
        network = self.networks["network"]
        with self.autocast():
            found, features = network.roughness(pictures)
            of_shown, shown_features = network.roughness(shown)
            logits, shown_logits = network.classifier(features), network.classifier(shown_features)
        kinds, metal = self.thumbnails.kinds[which], self.thumbnails.metal[which]
        losses = {
            "roughness": ROUGHNESS * distance(found.float(), wanted[:, :1], self.examples.known[number]),
            "usual": USUAL_ROUGHNESS * distance_from_usual(of_shown.float().mean((1, 2, 3)), kinds),
        }
        losses["metal"] = METAL * entropy(
            logits[:, :1].float(), avg_pool2d(wanted[:, 1:], STRIDE // FINE), self.knows_metal[number]
        )
        logits, shown_logits = (x.float().mean((2, 3)) for x in (logits, shown_logits))
        losses["metal of thumbnails"] = METAL_OF_THUMBNAILS * entropy(
            shown_logits[:, :1], metal[:, None], metal != UNTAUGHT
        )
        of_kinds = torch.cat([logits, shown_logits])[:, 1 : 1 + len(KINDS)], torch.cat([shown_kinds, kinds])
        losses["kind"] = KIND * cross_entropy(*of_kinds, ignore_index=UNKNOWN)
        losses["class"] = KIND * cross_entropy(shown_logits[:, 1 + len(KINDS) :], self.thumbnails.classes[which])
        cosine = 0.5 * (1 + math.cos(math.pi * self.done / self.steps))
        return descend(self, losses, self.learning_rate * cosine * min(1.0, (self.done + 1) / WARM_UP))

    def photographs(self, count: int, random: Random) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Pictures (count, 3, H, W), their roughness and metal (count, 2, h, w) at `FINE`, and the numbers and kinds of
        their sets."""
        examples, plane = self.examples, self.examples.plane
        number = torch.multinomial(self.shares, count, True, generator=random.generator)
        other = random.below(examples.set_count, count)
        parts = examples.cut(number, torch.where(random.chance(SWAPPED_SHARE, count), other, number), random)
        changed = random.chance(RECOLORED_SHARE, count).view(-1, 1, 1)
        parts[:3] = torch.where(changed, recolored(parts[:3], random), parts[:3])
        surfaces = Surfaces.of(parts)
        radiance = unlit(surfaces, random)
        sunny = torch.nonzero(random.chance(SUNNY_SHARE, count))[:, 0]
        if len(sunny):
            radiance[:, sunny] = lit(Surfaces.of(parts[:, sunny]), Suns.random(random, len(sunny)))
        pictures = _exposed(plane.crop(taken(radiance, random, CLEAN_SHARE)))
        wanted = torch.stack([plane.crop(x) for x in (surfaces.roughness, surfaces.metallic)], 1)
        return pictures, avg_pool2d(wanted, FINE), number, examples.kinds[number]

    def preview(self) -> Maps:
        """A random photograph."""
        picture = self.photographs(1, Random.seeded(0, self.device))[0][0] + 0.5
        return Maps.from_arrays({"base_color": picture.permute(1, 2, 0).numpy()})


def _exposed(pictures: Tensor) -> Tensor:
    """Input of the encoder (B, 3, H, W) of linear pictures (3, B, H, W)."""
    return network_input(pictures, pictures.new_zeros(2, pictures.shape[1]))[:3].transpose(0, 1)


def distance(logits: Tensor, wanted: Tensor, known: Tensor) -> Tensor:
    """Mean distance of roughness (B, 1, h, w), where it is known (B,): of each pixel, and of each picture's mean."""
    difference = (logits.sigmoid() - wanted).flatten(1)
    return (known / known.sum().clamp_min(1) * (difference.abs().mean(1) + difference.mean(1).abs())).sum()


def distance_from_usual(logits: Tensor, kinds: Tensor) -> Tensor:
    """Mean distance of roughness (B,) from that of its kind."""
    usual = torch.tensor([rough for _, rough in USUAL.values()])[kinds.clamp_min(0)]
    return ((logits.sigmoid() - usual).abs() * (kinds != UNKNOWN)).mean()


def entropy(logits: Tensor, wanted: Tensor, known: Tensor) -> Tensor:
    """Mean cross-entropy of logits (B, …), where what is wanted is known (B,)."""
    of_each = binary_cross_entropy_with_logits(logits, wanted.clamp_min(0), reduction="none").flatten(1).mean(1)
    return (of_each * known).sum() / known.sum().clamp_min(1)
