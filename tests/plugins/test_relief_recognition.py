"""The network that recognises relief, before it has learned: its borders, its inputs, and what its losses want."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))
from tasks.photo_maps import recognition
from tasks.photo_maps.recognition import RecognitionNetwork, RecognitionTraining, loss_terms, network_input, recognised
from tasks.photo_maps.surfaces import Surfaces, random_material

RELIEF_LOSSES = ("distance", "shape", "strength")


@pytest.fixture(scope="module")
def network() -> RecognitionNetwork:
    torch.manual_seed(0)
    return RecognitionNetwork().eval()


@pytest.fixture(scope="module")
def surface() -> Surfaces:
    return random_material(128, 2, [])


@pytest.fixture(scope="module")
def wanted(surface) -> torch.Tensor:
    """True slopes, roughness and metallic of the surface (1, 4, H, W)."""
    return torch.cat([surface.slopes, surface.roughness[None], surface.metallic[None]])[None]


def perfect(wanted: torch.Tensor, factor: float = 1.0) -> torch.Tensor:
    """Values (1, OUT, H, W) with the true slopes times a factor, and the true finish."""
    finish = torch.logit(wanted[:, 2:4].clamp(1e-4, 1 - 1e-4))
    return torch.cat([factor * wanted[:, :2], finish, torch.full_like(wanted[:, :1], 0.1)], 1)


def test_a_picture_that_is_moved_around_its_borders_gives_what_is_moved_alike(network, surface):
    """By a multiple of the coarsest level's texel, for levels below have their own grid."""
    moved, found = (recognised(network, x) for x in (surface.color.roll((32, 64), (1, 2)), surface.color))
    assert torch.allclose(moved, found.roll((32, 64), (1, 2)), atol=1e-4)


def test_any_size_is_recognised(network):
    assert recognised(network, torch.rand(3, 45, 70)).shape == (recognition.OUT, 45, 70)


def test_exposure_does_not_count(surface):
    one, half = (network_input(factor * surface.color, torch.zeros(2)) for factor in (1.0, 0.5))
    assert torch.allclose(one, half, atol=1e-5)


def test_the_truth_costs_nothing_and_a_blank_map_costs_most(wanted):
    blank, mirrored, half, whole = (loss_terms(perfect(wanted, factor), wanted) for factor in (0, -1, 0.5, 1))
    for name in RELIEF_LOSSES:
        assert whole[name] < 1e-2
    assert all(blank[name] > half[name] for name in RELIEF_LOSSES)
    assert mirrored["shape"] > 1.5 * blank["shape"]
    assert half["shape"] < 0.05 * blank["shape"]


def test_a_training_learns_slopes_from_shading(monkeypatch, surface):
    """On one grey surface; distances fall, and the error that it expects becomes that which it makes."""
    for name, value in {"CROP_PX": 64, "BATCH": 4, "RANDOM_MATERIALS": 1, "RANDOM_SHARE": 0.0}.items():
        monkeypatch.setattr(recognition, name, value)
    grey = replace(surface, color=torch.full_like(surface.color, 0.4))
    training = RecognitionTraining([grey], [], 40)
    losses = [float(training.step()["distance"]) for _ in range(40)]
    assert np.mean(losses[-8:]) < 0.8 * np.mean(losses[:8])
