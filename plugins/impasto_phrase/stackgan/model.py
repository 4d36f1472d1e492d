"""A trained model: the embedding of phrases, a layer that predicts surface properties, and both stages."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from impasto.training.layers import SLOPE, Noise

from .card import StackGanCard
from .encoder import BUCKETS
from .stage_one import CONDITION, EMBEDDING, LATENT, StageOne
from .stage_two import StageTwo

HASHED = 32
"""Size of a bucket's embedding; the paper's encoder (Reed et al. 2016) has 1024."""
CELL_PX = 64
"""Side of a cell of the coarsest grid, in pixels of the result."""
SCALES = 2
"""Predicted numbers in addition to the means of the maps: logarithms of relief and of texel size."""


class Embedding(nn.Module):
    """φ (B, EMBEDDING) of a phrase's features (B, features), of which the first `hashed` are shares of n-grams."""

    def __init__(self, hashed: int, features: int) -> None:
        super().__init__()
        self.hashed = hashed
        self.buckets = nn.Linear(hashed, HASHED, bias=False) if hashed else None
        self.joined = nn.Linear((HASHED if hashed else 0) + features - hashed, 2 * EMBEDDING)
        self.last = nn.Linear(2 * EMBEDDING, EMBEDDING)
        if self.buckets is not None:
            nn.init.normal_(self.buckets.weight, std=0.5)

    def forward(self, features: Tensor) -> Tensor:
        """φ, by mean-pooled embeddings of n-grams and the other features."""
        x = features[:, self.hashed :]
        if self.buckets is not None:
            x = torch.cat([self.buckets(features[:, : self.hashed]), x], 1)
        return self.last(leaky_relu(self.joined(x), SLOPE))  # type: ignore[no-any-return]


class StackGanModel(nn.Module):
    """Features of phrases -> standardised maps, by either stage. `surface` predicts means, relief and texel size."""

    def __init__(self, card: StackGanCard) -> None:
        super().__init__()
        self.channels = card.channels
        self.embedding = Embedding(0 if card.encoder else BUCKETS, card.features)
        self.surface = nn.Linear(EMBEDDING, card.channels + SCALES)
        self.one = StageOne(card.channels, card.width)
        self.two = StageTwo(card.channels, card.width)

    def first(self, phi: Tensor, noise: Noise, cells: tuple[int, int], variation: float = 1.0) -> tuple[Tensor, ...]:
        """A picture of Stage I (B, channels, 16 rows, 16 columns) for φ, and its μ and log σ²."""
        c_hat, mu, log_variance = self.one.augmentation(phi, variation * noise(len(phi), CONDITION))
        z = variation * noise(len(phi), LATENT, *cells)
        mean = self.surface(phi.detach())[:, : self.channels, None, None]
        return self.one(z, c_hat, noise) + mean.detach(), mu, log_variance

    def second(self, s_0: Tensor, phi: Tensor, noise: Noise) -> tuple[Tensor, ...]:
        """A picture of Stage II, four times as large as that of Stage I, and its μ and log σ²."""
        c_hat, mu, log_variance = self.two.augmentation(phi, noise(len(phi), CONDITION))
        return self.two(s_0, c_hat, noise), mu, log_variance
