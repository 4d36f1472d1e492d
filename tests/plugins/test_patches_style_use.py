"""Style by patches: which parts of a style are used where, and that no large part of it is copied or repeated."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto.context import Context
from impasto.numerics.blur import gaussian_blur
from impasto.patterns.library import SIDE, STRIDE, PatchLibrary
from impasto.patterns.votes import PatchGrid
from impasto_style.patches.copies import connect, copy_areas
from impasto_style.patches.guides import detail_contrast
from impasto_style.patches.matching import Search
from impasto_style.patches.painting import paint
from impasto_style.patches.parameters import PatchesStyleParameters
from impasto_style.patches.use import SUITED, Places, suitability
from impasto_style.shared.task import Region, Task


def painted(picture: Tensor, style: Tensor) -> Tensor:
    """The picture, repainted quickly."""
    task = Task(picture, (picture, style), (Region(None, (0.0, 1.0)),), picture, 0, False)
    return paint(task, PatchesStyleParameters(quality="quick"), Context(rng=np.random.default_rng(0)))


def noise(seed: int, *shape: int) -> Tensor:
    return torch.rand((1, 3, *shape), generator=torch.Generator().manual_seed(seed))


def grain(seed: int, *shape: int) -> Tensor:
    """Soft grain with a standard deviation of 1."""
    soft = gaussian_blur(noise(seed, *shape).mean(1, keepdim=True) - 0.5, 1.0)
    return soft / soft.std()


@pytest.mark.slow
def test_a_calm_picture_is_painted_with_calm_parts_of_a_style():
    ramp = torch.linspace(0.4, 0.6, 64).expand(1, 3, 64, 64)
    noise = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    style = torch.cat([ramp, 0.5 + 0.6 * (noise - 0.5)], 3)  # half of it is noise
    made = painted(ramp + 0.01 * (noise - 0.5), style)
    busy = detail_contrast(style, 2.0)[..., 80:].mean()
    assert detail_contrast(made, 2.0).mean() < 0.4 * busy
    even = painted(torch.cat([ramp, 0.5 + 0.6 * (noise.flip(2) - 0.5)], 3), style)
    assert detail_contrast(even, 2.0)[..., 80:].mean() > 0.6 * busy


def test_contrasts_are_suited_by_how_often_they_are_wanted():
    own = np.linspace(0, 1, 1000)
    is_calm = np.ones(1000, bool)
    of_style = Places(own, is_calm)
    assert suitability(of_style, of_style, True) == pytest.approx(np.ones(1000), abs=0.05)
    weights = suitability(of_style, Places(0.25 * own, is_calm), True)
    assert weights[:200] == pytest.approx(np.full(200, SUITED[1]), rel=0.02)
    assert weights[300:] == pytest.approx(SUITED[0])


@pytest.mark.slow
def test_nothing_of_a_thing_that_a_style_shows_is_in_a_calm_sky():
    """A striped sash lies between two plain grounds, as its lightness does, and a sky goes from dark to light."""
    height, width = 64, 256
    style = torch.empty(1, 3, height, width)
    colors = ((0.3, 0.4, 0.7), (0.9, 0.88, 0.85), (0.75, 0.5, 0.65))
    blue, white, pink = (torch.tensor(color)[:, None, None] for color in colors)
    sash = slice(width // 2 - 10, width // 2 + 10)
    style[..., : sash.start], style[..., sash], style[..., sash.stop :] = blue, pink, white
    style += 0.02 * grain(0, height, width)
    style[..., sash][..., ::4] -= 0.4
    style[..., sash][..., 1::4] -= 0.4
    picture = torch.linspace(0.2, 0.9, width).expand(1, 3, height, width) + 0.01 * grain(1, height, width)
    picture[..., -32:] = noise(2, height, 32)  # busy
    made = painted(picture.clamp(0, 1), style.clamp(0, 1))
    is_sash = made[:, 0] - made[:, 1] > 0.12
    assert is_sash[..., -32:].any()
    assert not is_sash[..., :-44].any()


@pytest.fixture(scope="module")
def like_its_style() -> tuple[Search, Tensor]:
    """A search for a picture that is its style with a little more grain, and the picture's features."""
    style = 0.5 + 0.1 * grain(3, 64, 512)
    style, picture = (style.expand(1, 3, 64, 512), (style + 0.05 * grain(4, 64, 512)).expand(1, 3, 64, 512))
    library, grid = PatchLibrary([style], [style], turned=True), PatchGrid(64, 512, False)
    canvas, places = grid.on_canvas(picture), grid.shape[0] * grid.shape[1]
    queries = library.features_of(canvas, canvas)
    none = torch.zeros(places, dtype=torch.long)
    search = Search(
        library,
        grid,
        torch.zeros_like(library.cell),
        none,
        none == 0,
        torch.ones(1, 1),
        torch.zeros(1, 1),
        np.random.default_rng(0),
        lambda: None,
    )
    search.measure(queries, search.pool())
    return search, queries


def test_no_copy_of_the_style_stays_large(like_its_style):
    """Not even where the picture is the style: this is the worst case."""
    search, queries = like_its_style
    rows, columns = (torch.arange(count) for count in search.grid.shape)
    patches = search.library.patch_at(torch.tensor(0), rows[:, None] - 1, columns - 1).flatten()
    sides = []
    for _ in range(8):
        sides.append(STRIDE * float(copy_areas(patches, search.library, search.grid).max()) ** 0.5 + SIDE - STRIDE)
        patches = search.next_patches(queries, patches)
    assert sides[0] > 150
    assert sides[-1] < 75


def test_no_spot_of_the_style_is_repeated_nearby(like_its_style):
    """Whatever is laid first, all around comes from one spot."""
    search, queries = like_its_style
    first = search.library.patch_at(torch.tensor(0), torch.tensor(12), torch.tensor(100))
    patches = first.repeat(len(queries))
    for _ in range(8):
        patches = search.next_patches(queries, patches)
    laid = search.library.spot[patches].view(search.grid.shape)[:, :32]
    assert torch.bincount(laid.flatten()).max() < 6 * search.library.room.max()


def test_areas_are_connected_by_their_sides():
    values = torch.tensor([[[0, 0, 1, 0], [1, 0, 1, 0], [0, 1, 0, 0]]])
    assert connect(values).tolist() == [[0, 0, 2, 3], [4, 0, 2, 3], [8, 9, 3, 3]]
