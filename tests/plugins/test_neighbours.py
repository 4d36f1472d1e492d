"""`neighbours`: the nearest piece is found, tiles change nothing, and what goes wrong loses nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from random_weights import context_with_weights, random_encoder
from restyling import loss_and_gradient
from skimage import data
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize

from impasto.context import Context
from impasto_style.neighbours import matching, painting
from impasto_style.neighbours import targets as targets_module
from impasto_style.neighbours.cells import CellEncoder, align, unalign
from impasto_style.neighbours.matching import nearest
from impasto_style.neighbours.painting import paint
from impasto_style.neighbours.parameters import NeighboursParameters
from impasto_style.neighbours.targets import Targets
from impasto_style.shared.progress import WorkProgress
from impasto_style.shared.resampling import as_tensor
from impasto_style.shared.task import Region, Task

SMALL = "vgg19-small"
QUICK = NeighboursParameters(steps=6)

pytestmark = pytest.mark.usefixtures("small_weights")


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def picture(name: str, size: tuple[int, int] = (48, 64)) -> Tensor:
    pixels = getattr(data, name)()[: 4 * size[0] : 4, : 4 * size[1] : 4].astype(np.float32) / 255
    return as_tensor(pixels, "cpu")


def task_of(size: tuple[int, int] = (48, 64)) -> Task:
    content, style = picture("coffee", size), picture("chelsea", size)
    return Task(content, (content, style), (Region(None, (0.0, 1.0)),), content)


def progress_of(context: Context) -> WorkProgress:
    return WorkProgress(context, [1])


def _contrast(x: Tensor) -> float:
    """Deviation of pixels from their neighbours."""
    return float((x - avg_pool2d(x, 3, 1, 1, count_include_pad=False)).std())


class TestMatching:
    def test_the_planted_neighbour_is_found(self):
        keys = torch.randn(500, 20)
        planted = torch.randperm(500)[:64]
        queries = 3 * keys[planted] + 0.01 * torch.randn(64, 20)
        assert torch.equal(nearest(queries, keys), planted)

    def test_chunks_find_the_same(self, monkeypatch: pytest.MonkeyPatch):
        queries, keys = torch.randn(300, 16), torch.randn(200, 16)
        whole = nearest(queries, keys)
        monkeypatch.setattr(matching, "COMPARISONS", 7 * 200)
        assert torch.equal(nearest(queries, keys), whole)

    def test_a_piece_that_fits_everywhere_is_held_back(self):
        """One key in the middle of all the queries: by angles alone too many take it."""
        middle = torch.ones(1, 32)
        queries = middle + 0.7 * torch.randn(400, 32)
        keys = torch.cat([middle, middle + 1.5 * torch.randn(400, 32)])
        by_angles = (normalize(queries) @ normalize(keys).T).argmax(1)
        assert (nearest(queries, keys) == 0).sum() < 0.7 * (by_angles == 0).sum()


class TestCells:
    @pytest.mark.parametrize("seamless", [False, True])
    @pytest.mark.parametrize("size", [(16, 16), (48, 64), (50, 37)])
    def test_levels_join_to_the_picture(self, size: tuple[int, int], seamless: bool):
        x = torch.rand(1, 3, *size)
        assert torch.allclose(
            painting.picture_of_levels(painting.laplacian_levels(x, seamless), seamless), x, atol=1e-6
        )


class TestTargets:
    def test_cells_that_are_laid_elsewhere_still_cover_the_picture(self):
        task = task_of()
        task = replace(task, picture=align(task.picture, False))
        targets = Targets(task, CellEncoder(random_encoder(SMALL)), QUICK, progress_of(context_with_weights()))
        for shift in ((0, 0), (7, 7)):
            targets.match(task.picture, 1.0, shift, False)
            _, slope = loss_and_gradient(targets, task.picture)
            assert (unalign(slope, (48, 64), False).abs().sum(1) > 0).all()

    @pytest.mark.slow
    def test_split_layers_get_the_moments_of_the_style(self, monkeypatch: pytest.MonkeyPatch):
        """Without, what is painted between pieces that do not fit each other has too little contrast."""
        task = task_of()
        wanted, apart = _contrast(task.sources[1]), []
        for weight in (targets_module.MOMENTS, 1e-6):
            monkeypatch.setattr(targets_module, "MOMENTS", weight)
            apart.append(
                abs(
                    _contrast(
                        paint(task, NeighboursParameters(steps=20), context_with_weights(rng=np.random.default_rng(0)))
                    )
                    - wanted
                )
            )
        assert apart[0] < 0.7 * apart[1]

    def test_gradients_are_the_same_in_tiles(self):
        task, context = task_of((64, 96)), context_with_weights()
        found = []
        for tile_px in (512, 32):
            cells = CellEncoder(random_encoder(SMALL), tile_px)
            targets = Targets(task, cells, QUICK, progress_of(replace(context, rng=np.random.default_rng(0))))
            targets.match(task.picture, 1.0, (0, 0), False)
            found.append(loss_and_gradient(targets, task.picture))
        (loss, slope), (tiled_loss, tiled_slope) = found
        assert float(tiled_loss) == pytest.approx(float(loss), rel=1e-2)
        assert float((slope - tiled_slope).norm() / slope.norm()) < 0.02
