"""Random mixtures of materials, for training: their maps are true, finite and periodic, and paint has no relief."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from impasto_procedural import mixtures
from impasto_procedural.mixtures import mixture

SEEDS = range(24)


def stacked(seed: int, side_px: int = 96, **how) -> torch.Tensor:
    """Colour, height, roughness and metallic (6, H, W)."""
    surface, canvas = mixture(side_px, seed, **how)
    flat = torch.zeros(canvas.size_px)
    single = (surface.height_m, surface.roughness, surface.metallic)
    return torch.cat([surface.color.expand(3, *canvas.size_px), torch.stack([flat + x for x in single])])


def test_values_are_possible_and_surfaces_wrap_around():
    """Steps across the border are no larger than within: the mean over many surfaces, since single ones have edges."""
    across, within = [], []
    for seed in SEEDS:
        maps = stacked(seed)
        assert maps.shape == (6, 96, 96)
        assert maps.isfinite().all()
        assert 0 < maps[4].min() <= maps[4].max() <= 1
        assert -1e-5 <= maps[5].min() <= maps[5].max() <= 1 + 1e-5
        color = maps[:3]
        steps = (torch.roll(color, -1, 2) - color).abs().mean((0, 1))
        across.append(float(steps[-1]))
        within.append(float(steps[:-1].mean()))
    assert np.mean(across) < 1.5 * np.mean(within)


@pytest.mark.slow
def test_paint_of_photographs_changes_colours_alone(monkeypatch):
    monkeypatch.setattr(mixtures, "PAINTED", 1.0)
    gradient = torch.linspace(0.1, 0.9, 80).expand(3, 80, 80).contiguous()
    pairs = [(stacked(seed), stacked(seed, pictures=[gradient])) for seed in SEEDS]
    assert any(not torch.equal(plain[:3], painted[:3]) for plain, painted in pairs)
    same = sum(bool(torch.allclose(plain[3], painted[3])) for plain, painted in pairs)
    assert same >= len(pairs) // 2  # others draw other random numbers after the paint
