"""The training of `photo-maps`: the same numbers each time, and shares that suit what was seen."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))
from tasks.photo_maps import shares
from tasks.photo_maps.surfaces import Surfaces, random_material


@pytest.fixture(autouse=True, scope="module")
def quick():
    """A training of a few photographs."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"SCALES": (1.0,), "EACH": 6, "SWAPPED": 2, "MIXED": 2, "STEPS": 40, "BATCH": 16}.items():
            patch.setattr(shares, name, value)
        yield


@pytest.fixture(scope="module")
def surfaces() -> list[Surfaces]:
    """Three random materials of one colour, so that brightness is shading."""
    drawn = [random_material(320, seed, []) for seed in (2, 5, 11)]
    return [replace(one, color=torch.full_like(one.color, 0.4)) for one in drawn]


@pytest.fixture(scope="module")
def seen(quick, surfaces) -> shares.Examples:
    return shares.examples(surfaces, [])


def test_a_training_gives_the_same_network_again(seen, surfaces):
    one, other = (shares.trained(examples)[0] for examples in (seen, shares.examples(surfaces, [])))
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_shading_counts_for_relief_where_surfaces_have_it_and_not_where_they_are_flat(seen, surfaces):
    flat = [replace(one, slopes=one.slopes * 0, height_px=one.height_px * 0) for one in surfaces]
    given = []
    for examples in (seen, shares.examples(flat, [])):
        known = examples.at(torch.nonzero((examples.owner >= 0) & (examples.light == 2))[:, 0])
        given.append(shares.trained(examples)[0](known.statistics).shares[:, 0].mean())
    assert given[0] > 1.3 * given[1]


def test_held_out_figures_say_what_is_known_of_the_light(seen):
    found = shares.held_out(seen, ["a", "b", "c"], folds=3)
    assert list(found) == ["no light", "light hidden", "light known"]
    assert all(set(row) == {"error / flat", "degrees beyond flat"} for row in found.values())
