"""`neighbours`: the nearest piece is found, in chunks and tiles as in one, and pictures go towards what was found."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from random_weights import random_encoder
from skimage import data

from impasto.context import Context
from impasto_style.neighbours import NeighboursParameters, matching, pyramid
from impasto_style.neighbours.cells import Eye, aligned, unaligned
from impasto_style.neighbours.descent import Descent
from impasto_style.neighbours.matching import nearest
from impasto_style.neighbours.painting import paint
from impasto_style.neighbours.progress import Progress
from impasto_style.task import Region, Task, as_tensor

SMALL = "vgg19-small"
QUICK = NeighboursParameters(backbone=SMALL, steps=10)


def picture(name: str, size: tuple[int, int] = (64, 80)) -> torch.Tensor:
    return as_tensor(getattr(data, name)()[::4, ::4][: size[0], : size[1]].astype(np.float32) / 255, "cpu")


def task_of(weights: tuple[float, ...] = (0.0, 1.0), **how) -> Task:
    content = picture("coffee")
    styles = [picture("chelsea"), picture("astronaut")][: len(weights) - 1]
    return Task(content, (content, *styles), (Region(None, weights),), content, **how)


class TestMatching:
    def test_a_planted_neighbour_is_found(self):
        random = torch.Generator().manual_seed(0)
        keys = torch.randn(300, 32, generator=random)
        planted = torch.randperm(300, generator=random)[:50]
        queries = 3 * keys[planted] + 0.05 * torch.randn(50, 32, generator=random)
        assert torch.equal(nearest(queries, keys), planted)

    def test_chunks_change_nothing(self, monkeypatch):
        queries, keys = torch.randn(200, 16), torch.randn(300, 16)
        whole = nearest(queries, keys)
        monkeypatch.setattr(matching, "COMPARISONS", 300 * 7)
        assert torch.equal(nearest(queries, keys), whole)

    def test_what_is_everybodys_nearest_is_held_back(self):
        """Most queries lean to one key, a little more than to others that fit nearly as well."""
        random = torch.Generator().manual_seed(1)
        hub = torch.nn.functional.normalize(torch.randn(1, 64, generator=random), dim=1)
        others = torch.nn.functional.normalize(hub + 0.08 * torch.randn(200, 64, generator=random), dim=1)
        queries = torch.nn.functional.normalize(hub + 0.08 * torch.randn(400, 64, generator=random), dim=1)
        keys = torch.cat([hub, others])
        plain = (queries @ keys.T).argmax(1)
        assert (plain == 0).float().mean() > 2 * (nearest(queries, keys) == 0).float().mean()


class TestCells:
    @pytest.mark.parametrize("seamless", [False, True])
    def test_tiles_see_what_the_whole_sees(self, seamless):
        encoder = random_encoder(SMALL, padding="circular" if seamless else "reflect")
        whole, parts = Eye(encoder, seamless, 1024), Eye(encoder, seamless, 48)
        x = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(0))
        seen = [torch.zeros_like(layer) for layer in whole(x)]
        for tile in parts.tiles((96, 128)):
            for layer, part in zip(seen, parts.look(x, tile), strict=True):
                tile.of_cells(layer).copy_(part)
        for layer, expected in zip(seen, whole(x), strict=True):
            assert (layer - expected).abs().max() < 1e-4 * expected.abs().max()

    @pytest.mark.parametrize("size", [(64, 80), (65, 79), (17, 33)], ids=str)
    def test_pictures_of_any_size_are_made_of_whole_cells(self, size):
        x = torch.rand(1, 3, *size)
        wide = aligned(x, seamless=False)
        assert all(side % 8 == 0 for side in wide.shape[2:])
        assert torch.equal(unaligned(wide, size, seamless=False), x)


class TestDescent:
    def bowl(self, x):
        return float((x - 0.5).square().sum()), 2 * (x - 0.5)

    def test_levels_are_the_picture(self):
        x = torch.rand(1, 3, 50, 70)
        assert torch.allclose(pyramid.join(pyramid.split(x)), x, atol=1e-6)

    def test_it_goes_down(self):
        x = torch.zeros(1, 3, 32, 32)
        descent = Descent(x, 100, Progress([32], 100, Context()))
        assert not descent.run(100, self.bowl)
        assert self.bowl(descent.picture)[0] < 0.05 * self.bowl(x)[0]

    def test_a_lost_picture_comes_back(self):
        calls: list[int] = []

        def fragile(x):
            calls.append(1)
            loss, slope = self.bowl(x)
            return (float("nan"), slope) if len(calls) in (5, 6) else (loss, slope)

        descent = Descent(torch.zeros(1, 3, 32, 32), 40, Progress([32], 40, Context()))
        descent.run(40, fragile)
        assert torch.isfinite(descent.picture).all()
        assert descent.falls == 2


@pytest.mark.usefixtures("small_weights")
class TestPainting:
    def test_one_seed_is_one_picture(self):
        made = [paint(task_of(), QUICK, Context(rng=np.random.default_rng(seed))) for seed in (3, 3, 4)]
        assert torch.equal(made[0], made[1])
        assert not torch.equal(made[0], made[2])

    def test_it_is_painted_in_tiles_as_in_one(self):
        whole, tiled = (paint(task_of(), QUICK, Context(), tile_px=side) for side in (512, 48))
        assert (whole - tiled).abs().max() < 8 / 255
        assert (whole - tiled).abs().mean() < 1 / 255

    def test_a_mix_takes_from_both_styles(self):
        alone = [paint(task_of(weights), QUICK, Context()) for weights in ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))]
        both = paint(task_of((0.0, 0.5, 0.5)), QUICK, Context())
        between = (alone[0] - alone[1]).abs().mean()
        assert max((both - one).abs().mean() for one in alone) < between

    def test_stopped_it_gives_what_there_is(self):
        said: list[str] = []
        context = Context(on_progress=lambda fraction, text: said.append(text), is_stopped=lambda: len(said) > 5)
        assert paint(task_of(), QUICK, context).shape == (1, 3, 64, 80)
