"""Losses that several trainers share: a relativistic loss and its penalty, and differentiable sorting."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

SIGMA = 0.1
"""Step of the finite difference that approximates the gradient, at half the cost of double backpropagation."""


def relativistic_loss(relativistic_logits: Tensor) -> Tensor:
    """Mean of softplus(-z) over z = D(x) - D(x̂), the discriminator's loss, or D(x̂) - D(x), the generator's.

    Huang et al. 2024, eq. 2; here for each patch.
    """
    return softplus(-relativistic_logits).mean()


def zero_centred_penalty(logits: Tensor, near: Tensor) -> Tensor:
    """|∇D|² (Huang et al. 2024, section 2.2): the expected square of (D(x + σn) - D(x)) / σ over normal n."""
    return ((near - logits) / SIGMA).square().mean()


def ordered(values: Tensor) -> Tensor:
    """Each row of values (n, m) sorted, differentiable; on the CPU by NumPy, several times as fast as PyTorch."""
    if values.device.type != "cpu":
        return values.sort(1).values
    order = np.argsort(values.detach().numpy(), axis=1)
    return values.gather(1, torch.from_numpy(order))
