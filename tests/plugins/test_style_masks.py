"""Several styles: mixed by weight, or painted where their masks are white."""

from __future__ import annotations

import numpy as np
import pytest
from restyling import CAT, COFFEE, SPACE, averaged, color, flat, left_half, painted, right_half, task_of

from impasto import Maps
from impasto_style.shared.task import Region


def test_styles_are_mixed_by_weight():
    task = task_of(style=[CAT, SPACE, COFFEE], weight=[1, 0.5, 2.5], strength=0.8)
    assert len(task.sources) == 4
    assert task.regions[0].weights == pytest.approx((0.2, 0.2, 0.1, 0.5))
    without_first = painted(averaged, style=[CAT, flat_colors()], weight=[1, 10])
    both, alone = painted(averaged, style=[CAT, flat_colors()]), painted(averaged)
    nearness = [np.abs(color(made) - color(flat_colors()).mean()).mean() for made in (alone, both, without_first)]
    assert nearness[0] > nearness[1] > nearness[2]


def flat_colors() -> Maps:
    """Almost white stripes."""
    stripes = np.where(np.arange(64) % 8 < 4, 0.9, 1.0)[:, None, None]
    return Maps.from_arrays({"base_color": np.broadcast_to(stripes, (64, 64, 3))})


def test_a_style_without_a_mask_is_painted_where_masks_leave_room():
    task = task_of(style=[CAT, SPACE], mask=[None, left_half(value=0.5)])
    assert [region.weights for region in task.regions] == [(0, 0, 1), (0, 1, 0)]
    assert task.regions[1].mask[0, 0, 0, [0, -1]].tolist() == [0.5, 1.0]
    everywhere = painted(averaged, style=[CAT, SPACE], mask=[None, left_half()])
    assert np.allclose(color(everywhere)[:, 40:], color(painted(averaged))[:, 40:], atol=1e-5)


def test_where_masks_overlap_their_styles_share():
    task = task_of(style=[CAT, SPACE], mask=[left_half(), white()])
    first, second = (region.mask[0, 0, 0] for region in task.regions)
    assert first[[0, -1]].tolist() == [0.5, 0.0]
    assert second[[0, -1]].tolist() == [0.5, 1.0]


def white() -> Maps:
    return flat(1.0, 50, 75)


def test_masks_that_cover_all_need_no_rest():
    halves = task_of(style=[CAT, SPACE], mask=[left_half(), right_half()])
    assert [region.weights for region in halves.regions] == [(0, 1, 0), (0, 0, 1)]
    assert task_of(mask=white()).regions == (Region(None, (0.0, 1.0)),)


def test_a_mask_may_have_another_size_and_alpha():
    half = left_half(100, 150)
    mask = task_of(mask=half).regions[0].mask
    assert mask.shape == (1, 1, 50, 75)
    assert mask[0, 0, 0, [0, -1]].tolist() == pytest.approx([1, 0], abs=1e-5)
    faded = task_of(mask=white().with_arrays({"opacity": color(left_half())[..., :1]})).regions[0].mask
    assert faded[0, 0, 0, [0, -1]].tolist() == [1, 0]


# Colours
