"""Classifier two-sample test (Lopez-Paz & Oquab 2017): a network learns to distinguish patches of two pictures.

It learns anew for each pair, so that no method can be tuned to it, and is scored on patches that it has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .patches import Pictures, as_list

Sides = list[list[Tensor]]
"""Pictures (C, H, W) of the two sides to distinguish."""

PATCH_PX = 80
"""Side of the patches. Smaller ones, of 48 px, show no difference."""
STEPS, BATCH, LEARNING_RATE = 400, 32, 1e-3
"""300 steps distinguish a quilt of stones (0.69) from another crop (0.51); 1000 take three times as long."""
TESTED_PATCHES = 256
WIDTHS = (16, 32, 64, 64)


def two_sample_auc(a: np.ndarray, b: np.ndarray, seed: int = 0, steps: int | None = None) -> float:
    """Area under the ROC curve of a classifier that distinguishes patches of a and b, both (H, W, C).

    The left halves are for learning, and the right halves for the test. 0.5: it never succeeds; 1: it always does. The
    height must be at least 80 px, the width twice as much.
    """
    known, unknown = ([[_half(one, part)] for one in (a, b)] for part in (0, 1))
    return _test_score(known, unknown, seed, steps or STEPS)


def disjoint_two_sample_auc(
    learned: tuple[Pictures, Pictures], tested: tuple[Pictures, Pictures], seed: int = 0
) -> float:
    """`two_sample_auc`, but with one pair of (lists of) pictures (H, W, C) for learning, and another for the test."""
    known, unknown = ([list(map(_tensor, as_list(side))) for side in pair] for pair in (learned, tested))
    return _test_score(known, unknown, seed, STEPS)


def _test_score(known: Sides, unknown: Sides, seed: int, steps: int) -> float:
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):  # initial weights and dropout
        torch.manual_seed(seed)
        network = _learn(known, steps, rng)
    with torch.inference_mode():
        logits = [network(_patches(one, TESTED_PATCHES, rng)).flatten().numpy() for one in unknown]
    return _area(*logits)


def _learn(known: Sides, steps: int, rng: np.random.Generator) -> nn.Module:
    """A network that has learned to distinguish patches of two sides; the first side gets low values."""
    network = _network(known[0][0].shape[0])
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    labels = torch.arange(2.0).repeat_interleave(BATCH // 2)
    for _ in range(steps):
        patches = torch.cat([_patches(one, BATCH // 2, rng) for one in known])
        loss = nn.functional.binary_cross_entropy_with_logits(network(patches).flatten(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def _half(picture: np.ndarray, part: int) -> Tensor:
    """Left (0) or right (1) half of a picture, (C, H, W)."""
    width = picture.shape[1] // 2
    return _tensor(picture[:, :width] if part == 0 else picture[:, -width:])


def _tensor(picture: np.ndarray) -> Tensor:
    """A picture (H, W, C) as (C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32))


def _patches(pictures: Sequence[Tensor], count: int, rng: np.random.Generator) -> Tensor:
    """Random patches (N, C, 80, 80) from each picture in turn, less their means; half of them are mirrored."""
    taken = []
    for index, (down, right, flips) in enumerate(rng.random((count, 3))):
        picture = pictures[index % len(pictures)]
        y, x = (
            int(share * (side - PATCH_PX + 1)) for share, side in zip((down, right), picture.shape[1:], strict=True)
        )
        patch = picture[:, y : y + PATCH_PX, x : x + PATCH_PX]
        taken.append(patch.flip(2) if flips < 0.5 else patch)
    patches = torch.stack(taken)
    return patches - patches.mean((2, 3), keepdim=True)


def _network(channels: int) -> nn.Module:
    """Four convolutions with stride 2, then a linear layer on the mean of their features."""
    layers: list[nn.Module] = []
    for width in WIDTHS:
        layers += [nn.Conv2d(channels, width, 5 if not layers else 3, 2, 1), nn.BatchNorm2d(width), nn.LeakyReLU(0.2)]
        channels = width
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(channels, 1)]
    return nn.Sequential(*layers)


def _area(a: np.ndarray, b: np.ndarray) -> float:
    """Probability that a value of b exceeds one of a; ties count half."""
    a = np.sort(a)
    below = np.searchsorted(a, b, "left") + np.searchsorted(a, b, "right")
    return float(below.mean() / (2 * len(a)))
