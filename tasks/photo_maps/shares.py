"""The training of the shares of slopes that are relief, and its judgement on sets that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from impasto.numerics.borders import Plane
from impasto_photo_maps.prior import BANDS, Brightness, towards
from impasto_photo_maps.shares import HIDDEN, SharesNetwork, statistics

from .photographs import lit, random_camera, random_sun, taken, without_margin
from .surfaces import MARGIN_PX, Surfaces, at_size, normals, random_material

CROP_PX, SAMPLES = 256, 300
"""Side of photographs, and pixels of each that are learned from."""
SCALES, EACH, SWAPPED, MIXED = (1.0, 0.6), 24, 300, 500
"""Sizes of measured sets, photographs of each set and size, of those with another one's relief, and of random ones."""
OVERCAST_SHARE = 0.7
"""Share of photographs without sun that are darker in cavities, as measured colours are."""
RELIEF = [3, 4, 5, 8]
"""Channels of `Surfaces.stacked` that are relief: slopes, height and occlusion."""
STEPS, BATCH, RATE, DECAY, DROPPED = 600, 128, 4e-3, 0.1, 0.1
OTHER_WEIGHT = 0.3
"""Weight of a photograph of what is no measured set."""
BEYOND_FLAT = 2.0
"""Weight of an error beyond a flat surface's, besides its own."""
NETWORKS = 4
"""Networks that are trained and averaged."""
CONFIDENCE = 0.05
"""Weight of the likelihood of errors, which are taken to be distributed exponentially."""
LEAST_DEGREES = 3.0
"""Added to a flat surface's error, relative to which errors count."""
RELIEF_DEGREES = 5.0
"""Mean angle from which a set counts as one with relief."""
PLANE = Plane((CROP_PX, CROP_PX), ((MARGIN_PX, MARGIN_PX), (MARGIN_PX, MARGIN_PX)))


@dataclass(frozen=True)
class Examples:
    """Photographs (N): suggested slopes at some pixels (N, 2, BANDS, 2, P), true ones (N, 2, P), statistics, whether
    the light is absent, hidden, or known (0, 1, 2), and the set that each is of; −1 for none."""

    suggested: Tensor
    true: Tensor
    statistics: Tensor
    light: Tensor
    owner: Tensor

    def at(self, which: Tensor) -> Examples:
        """Some of them."""
        return Examples(*(getattr(self, name)[which] for name in ("suggested", "true", "statistics", "light", "owner")))

    def angles(self, shares: Tensor) -> tuple[Tensor, Tensor]:
        """Of slopes with shares (N, 2, BANDS): angles in radians (N, P) of their normals to true ones, and to a flat
        surface's."""
        slopes = torch.einsum("nkb,nkbcp->ncp", shares, self.suggested)
        made, true = (normals(x.transpose(0, 1)) for x in (slopes, self.true))
        error = torch.acos((made * true).sum(0).clamp(-1 + 1e-6, 1 - 1e-6))
        return error, torch.acos(made[2].clamp(max=1 - 1e-6))

    def degrees(self, shares: Tensor) -> Tensor:
        """Mean angle (N,) between true normals and those of slopes with shares (N, 2, BANDS)."""
        return self.angles(shares)[0].rad2deg().mean(1)


def examples(sets: Sequence[Surfaces], pictures: Sequence[Tensor], seed: int = 0) -> Examples:
    """Photographs of measured sets, of their colours on others' relief, and of random materials."""
    rng = np.random.default_rng(seed)
    found = []
    for number, whole in enumerate(sets):
        for scale in SCALES:
            size = tuple(round(side * scale) for side in whole.size_px)
            surface = at_size(whole, (size[0], size[1])) if scale < 1 else whole
            found += [_photographed(surface, number, i % 3 > 0, rng) for i in range(EACH)]
    for i in range(SWAPPED):
        one, other = (sets[k].stacked() for k in rng.integers(len(sets), size=2))
        height, width = (min(pair) for pair in zip(one.shape[1:], other.shape[1:], strict=True))
        swapped = one[:, :height, :width].clone()
        swapped[RELIEF] = other[RELIEF, :height, :width]
        found.append(_photographed(Surfaces.of(swapped), -1, i % 3 > 0, rng))
    for i in range(MIXED):
        drawn = random_material(CROP_PX + 2 * MARGIN_PX, int(rng.integers(2**31)), pictures)
        drawn = drawn if i % 2 else varied(drawn, rng, (0.1, 0.6))
        found.append(_photographed(drawn, -1, i % 3 > 0, rng))
    return Examples(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def _photographed(surface: Surfaces, owner: int, has_sun: bool, rng: np.random.Generator) -> tuple[Tensor, ...]:
    """A random part, photographed: without sun, or both with its azimuth hidden and with its azimuth known."""
    top, left = (int(rng.integers(side)) for side in surface.size_px)
    part = surface.cut(top, left, CROP_PX).turned(int(rng.integers(4)), bool(rng.integers(2)))
    if has_sun:
        sun = random_sun(rng)
        picture, known = taken(lit(part, sun), random_camera(rng), rng), [torch.zeros(2), towards(sun.azimuth)]
    else:
        shaded = part.color * part.occlusion ** (rng.uniform(0, 1.5) * (rng.random() < OVERCAST_SHARE))
        picture, known = taken(shaded, random_camera(rng), rng), [torch.zeros(2)]
    brightness = Brightness.of(picture, PLANE)
    where = torch.from_numpy(rng.choice(CROP_PX**2, SAMPLES, replace=False))
    suggested = torch.stack([_suggested(brightness, toward)[..., where] for toward in known])
    true = without_margin(part.slopes).flatten(1)[:, where].expand(len(known), -1, -1)
    numbers = torch.stack([statistics(brightness, toward) for toward in known])
    light = torch.tensor([1, 2] if has_sun else [0])
    return suggested, true, numbers, light, torch.full((len(known),), owner)


def varied(surface: Surfaces, rng: np.random.Generator, factors: tuple[float, float]) -> Surfaces:
    """A surface in other colours, whose variation is multiplied by a random factor."""
    logs = surface.color.clamp_min(0.003).log()
    means = logs.mean((1, 2), keepdim=True)
    level = torch.from_numpy(rng.normal(0, 0.3, (3, 1, 1)).astype(np.float32))
    return replace(surface, color=(means + level + rng.uniform(*factors) * (logs - means)).exp().clamp(0.003, 1))


def _suggested(brightness: Brightness, toward: Tensor) -> Tensor:
    """Slopes (2, BANDS, 2, H·W) of each kind and band."""
    return torch.stack(
        [
            torch.stack([brightness.slopes(toward, _only(kind, band)).flatten(1) for band in range(BANDS)])
            for kind in range(2)
        ]
    )


def _only(kind: int, band: int) -> Tensor:
    shares = torch.zeros(2, BANDS)
    shares[kind, band] = 1
    return shares


def held_out(seen: Examples, names: Sequence[str], folds: int = 6) -> dict[str, dict[str, float]]:
    """Figures of networks on sets that they were not trained on, by what is known of the light: the mean error over
    sets with relief, relative to a flat surface's, and the largest error beyond a flat surface's, in degrees."""
    fold = np.empty(len(names), int)
    fold[np.random.default_rng(0).permutation(len(names))] = np.arange(len(names)) % folds
    degrees = torch.zeros(len(seen.owner))
    owner = seen.owner.numpy()
    for number in range(folds):
        out = (owner >= 0) & (fold[owner] == number)
        network, _ = trained(seen.at(torch.from_numpy(np.flatnonzero(~out))))
        left = torch.from_numpy(np.flatnonzero(out))
        degrees[left] = seen.at(left).degrees(network(seen.statistics[left]).shares).detach()
    flat = seen.degrees(torch.zeros(len(seen.owner), 2, BANDS))
    rows = {}
    for light, text in enumerate(("no light", "light hidden", "light known")):
        of_sets = [(seen.owner == k) & (seen.light == light) for k in range(len(names))]
        pairs = np.array([(float(degrees[m].mean()), float(flat[m].mean())) for m in of_sets])
        share = (pairs[:, 0] / pairs[:, 1])[pairs[:, 1] > RELIEF_DEGREES].mean()
        beyond = pairs[:, 0] - pairs[:, 1]
        rows[text] = {"error / flat": round(float(share), 3), "degrees beyond flat": round(float(beyond.max()), 2)}
    return rows


def trained(seen: Examples) -> tuple[SharesNetwork, list[float]]:
    """The mean of several networks, as one that is as many times as wide; and the mean of their losses by step."""
    single, losses = zip(*(_trained(seen, seed) for seed in range(NETWORKS)), strict=True)
    merged = SharesNetwork()
    with torch.no_grad():
        merged.mean.copy_(single[0].mean)
        merged.deviation.copy_(single[0].deviation)
        merged.enter.weight.copy_(torch.cat([one.enter.weight for one in single]))
        merged.enter.bias.copy_(torch.cat([one.enter.bias for one in single]))
        merged.leave.weight.copy_(torch.cat([one.leave.weight for one in single], 1) / NETWORKS)
        merged.leave.bias.copy_(torch.stack([one.leave.bias for one in single]).mean(0))
    return merged.eval(), np.mean(losses, 0).tolist()


def _trained(seen: Examples, seed: int) -> tuple[SharesNetwork, list[float]]:
    """A network of a few units, whose error relative to a flat surface's is least, and hardly anywhere above it."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = SharesNetwork(HIDDEN // NETWORKS)
    network.mean.copy_(seen.statistics.mean(0))
    network.deviation.copy_(seen.statistics.std(0).clamp_min(1e-3))
    with torch.no_grad():
        network.leave.weight.zero_()
        network.leave.bias.copy_(torch.tensor([0.5] * BANDS + [-0.3] * BANDS + [0.1, 0.3]))
    flat = seen.degrees(torch.zeros(len(seen.owner), 2, BANDS))
    weight = torch.where(seen.owner >= 0, 1.0, OTHER_WEIGHT) / (flat + LEAST_DEGREES)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, STEPS)
    losses = []
    for _ in range(STEPS):
        which = torch.from_numpy(rng.choice(len(seen.owner), BATCH))
        kept = (torch.rand(BATCH, seen.statistics.shape[1]) >= DROPPED) / (1 - DROPPED)
        judgement = network((seen.statistics[which] - network.mean) * kept + network.mean)
        error, angle = seen.at(which).angles(judgement.shares)
        degrees = error.rad2deg().mean(1)
        expected = judgement.expected_error(angle.detach())
        likelihood = (error.detach() / expected + expected.log()).mean(1)
        loss = (degrees + BEYOND_FLAT * (degrees - flat[which]).clamp_min(0)) * weight[which] + CONFIDENCE * likelihood
        losses.append(float(loss.mean().detach()))
        optimizer.zero_grad()
        loss.mean().backward()
        optimizer.step()
        schedule.step()
    return network, losses
