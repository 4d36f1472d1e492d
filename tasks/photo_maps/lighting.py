"""The training of the network that finds the light in a picture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits
from torch.optim import AdamW

from impasto.texture import Maps
from impasto.training.base import Training
from impasto_photo_maps.light_network import LightNetwork, shadow_log
from impasto_photo_maps.network import STRIDE, upsampling

from .photographs import Random
from .recognition import WEIGHT_DECAY, descend
from .shadowed import Lighting, LitExamples

BATCH, RATE, WARM_UP = 8, 1.5e-3, 200
BORDER_PX = 4
SCALES = (1, 2, 4)
"""Reductions at which the gradients of the shadows are compared."""
DEPTH, EDGES, TINT, MATTE, OVERLAP, SHADING, PRESENCE = 2.0, 1.5, 2.0, 0.4, 0.2, 0.25, 0.1
"""Weights of the losses."""
DARK = 2.0
"""Further weight of places that are dark and no shadow."""
LEAST_DEPTH, LEAST_SHARE = 0.1, 0.005
"""Depth of a shadow, and the share of a picture that it covers, from which on a picture counts as shadowed."""


class LightTraining(Training):
    """The network, the weights that it begins with, and the surfaces and pictures that it sees."""

    averaged = "network"

    def __init__(
        self,
        surfaces: Sequence[Tensor],
        pictures: Sequence[Tensor],
        steps: int,
        seed: int,
        weights: dict[str, Tensor],
        rate: float = RATE,
    ) -> None:
        super().__init__(steps, rate, seed, "cpu", "bfloat16")
        self.examples = LitExamples(list(surfaces), list(pictures), seed=seed)
        with self.seeded_weights():
            network = LightNetwork()
        network.load_state_dict(weights, strict=False)
        for layer in network.modules():  # pictures do not wrap around; coarse features may
            if isinstance(layer, nn.Conv2d) and not layer.padding[0] > 1:
                layer.padding_mode = "zeros"
        self.hold(
            {"network": network},
            lambda weights: AdamW([x for x in weights if x.requires_grad], RATE, weight_decay=WEIGHT_DECAY),
        )

    def step(self) -> dict[str, Tensor]:
        """One batch of pictures."""
        random = Random.seeded((self.seed << 32) + self.done, self.device)
        with torch.no_grad():
            batch = self.batch(random)
        network = self.networks["network"]
        with self.autocast():
            found = network(batch.given.to(memory_format=torch.channels_last))
        return descend(self, loss_terms(found, batch), self.rate() * min(1.0, (self.done + 1) / WARM_UP))

    def batch(self, random: Random) -> Lighting:
        return self.examples.batch(BATCH, random)

    def preview(self) -> Maps:
        """A random picture."""
        picture = self.examples.batch(1, Random.seeded(0, self.device)).given[0] + 0.5
        return Maps.from_arrays({"base_color": picture.permute(1, 2, 0).cpu().numpy()})


def loss_terms(found: Sequence[Tensor], wanted: Lighting) -> dict[str, Tensor]:
    """Losses of the network's output: of the shadows' depth and its gradients, of the matte, shading and summary."""
    matte, deep, shading, summary = found
    inside = lambda x: x[:, :, BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX]  # noqa: E731
    error = inside(shadow_log(matte.sigmoid(), upsampling(deep, STRIDE)) - wanted.depth)
    edges = matte.new_zeros(())
    for scale in SCALES:
        x = avg_pool2d(error, scale)
        edges = edges + x.diff(dim=2).abs().mean() + x.diff(dim=3).abs().mean()
    tint = error - error.mean(1, keepdim=True)
    shade = inside(shading - wanted.shading)
    shade = shade - shade.mean((2, 3), keepdim=True)
    shadowed = ((wanted.depth.mean(1) > LEAST_DEPTH).float().mean((1, 2)) > LEAST_SHARE).float()
    is_sunny = wanted.is_sunny.float()
    known = 1 - (1 - is_sunny) * shadowed
    sun = binary_cross_entropy_with_logits(summary[:, 1], is_sunny, known)
    share, true = inside(matte.sigmoid()), inside(wanted.matte)
    common, both = (share * true).sum((1, 2, 3)), (share + true).sum((1, 2, 3))
    overlap = ((1 - 2 * common / both.clamp_min(1)) * shadowed).mean()
    weight = 1 + DARK * inside(wanted.dark)
    return {
        "depth": DEPTH * (weight * error.abs()).mean(),
        "edges": EDGES * edges,
        "tint": TINT * tint.abs().mean(),
        "matte": MATTE * binary_cross_entropy_with_logits(inside(matte), true, weight),
        "overlap": OVERLAP * overlap,
        "shading": SHADING * shade.abs().mean(),
        "presence": PRESENCE * (binary_cross_entropy_with_logits(summary[:, 0], shadowed) + sun),
    }
