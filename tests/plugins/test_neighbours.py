"""`neighbours`: the nearest piece is found, tiles change nothing, and what goes wrong loses nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from random_weights import context_with_weights, random_encoder
from skimage import data
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize

from impasto.context import Context
from impasto_style.neighbours import matching, painting
from impasto_style.neighbours import targets as targets_module
from impasto_style.neighbours.cells import CELL_PX, CellEncoder, align, unalign
from impasto_style.neighbours.matching import nearest
from impasto_style.neighbours.painting import paint
from impasto_style.neighbours.parameters import NeighboursParameters
from impasto_style.neighbours.targets import Targets
from impasto_style.shared.color.regions import in_mixed_colors
from impasto_style.shared.progress import WorkProgress
from impasto_style.shared.resampling import as_tensor, resize_picture
from impasto_style.shared.task import Region, Task

SMALL = "vgg19-small"
QUICK = NeighboursParameters(steps=6)
REAL_WEIGHTS = Path(__file__).parents[3] / "shared/data/weights/wct_vgg19_small16x.safetensors"

pytestmark = pytest.mark.usefixtures("small_weights")


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pictures, too, are looked at in tiles."""
    monkeypatch.setattr(painting, "LARGE_PX", 0)


def picture(name: str, size: tuple[int, int] = (48, 64)) -> Tensor:
    pixels = getattr(data, name)()[: 4 * size[0] : 4, : 4 * size[1] : 4].astype(np.float32) / 255
    return as_tensor(pixels, "cpu")


def task_of(size: tuple[int, int] = (48, 64), strength: float = 1.0, **how: object) -> Task:
    content, style = picture("coffee", size), picture("chelsea", size)
    return Task(content, (content, style), (Region(None, (1 - strength, strength)),), content, **how)


def painted(task: Task, parameters: NeighboursParameters = QUICK, seed: int = 0, **how: object) -> Tensor:
    return paint(task, parameters, context_with_weights(rng=np.random.default_rng(seed)), **how)


def progress_of(context: Context) -> WorkProgress:
    return WorkProgress(context, [1])


def levels_apart(a: Tensor, b: Tensor) -> Tensor:
    return 255 * (a - b).abs()


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
    def test_tiles_see_what_the_whole_shows(self, seamless: bool):
        encoder = random_encoder(SMALL, seamless=seamless)
        x = torch.rand(1, 3, 96, 128)
        whole, cells = CellEncoder(encoder)(x), CellEncoder(encoder, tile_px=40)
        for tile in cells.tiling(x).tiles:
            for layer, part in zip(whole, cells.of_tile(tile.with_halo(x), tile), strict=True):
                assert torch.allclose(tile.on_grid(layer, CELL_PX), part, atol=1e-4)

    @pytest.mark.parametrize("seamless", [False, True])
    def test_aligned_pictures_come_back(self, seamless: bool):
        x = torch.full((1, 3, 19, 33), 0.4)
        assert unalign(align(x, seamless), (19, 33), seamless).shape == x.shape
        assert all(side % 8 == 0 for side in align(x, seamless).shape[2:])

    @pytest.mark.parametrize("seamless", [False, True])
    @pytest.mark.parametrize("size", [(16, 16), (48, 64), (50, 37)])
    def test_levels_join_to_the_picture(self, size: tuple[int, int], seamless: bool):
        x = torch.rand(1, 3, *size)
        assert torch.allclose(
            painting.picture_of_levels(painting.laplacian_levels(x, seamless), seamless), x, atol=1e-6
        )

    def test_levels_of_a_tiling_picture_move_with_it(self):
        x = torch.rand(1, 3, 64, 48)
        for number, (level, moved) in enumerate(
            zip(painting.laplacian_levels(x, True), painting.laplacian_levels(x.roll(32, 2), True), strict=True)
        ):
            assert torch.allclose(level.roll(32 >> number, 2), moved, atol=1e-6)


class TestColors:
    def test_where_the_picture_stays_its_colours_do(self):
        """Also where something was spilled on it, which would else be paid for by all of the region."""
        task = task_of()
        mask = torch.zeros(1, 1, 48, 64)
        mask[..., :32] = 1
        task = replace(task, regions=(Region(mask, (0.0, 1.0)), Region(1 - mask, (1.0, 0.0))))
        spilled = task.picture.clone()
        spilled[..., 32:40] = 1
        made = in_mixed_colors(spilled, task)
        assert torch.equal(made[..., 32:], spilled[..., 32:])
        assert not torch.allclose(made[..., :32], spilled[..., :32], atol=0.05)


class TestTargets:
    def test_cells_that_are_laid_elsewhere_still_cover_the_picture(self):
        task = task_of()
        task = replace(task, picture=align(task.picture, False))
        targets = Targets(task, CellEncoder(random_encoder(SMALL)), QUICK, progress_of(context_with_weights()))
        for shift in ((0, 0), (7, 7)):
            targets.match(task.picture, 1.0, shift, False)
            _, slope = targets(task.picture)
            assert (unalign(slope, (48, 64), False).abs().sum(1) > 0).all()

    def test_layers_of_one_stride_find_one_piece(self):
        task, cells = task_of(), CellEncoder(random_encoder(SMALL))
        targets = Targets(task, cells, QUICK, progress_of(context_with_weights()))
        targets.match(task.picture, 0.0, (0, 0), True)
        found = targets.matches[1]
        for stride, other, first, second in zip(cells.strides, cells.strides[1:], found, found[1:], strict=False):
            assert torch.equal(first, second) == (stride == other)

    @pytest.mark.slow
    def test_split_layers_get_the_moments_of_the_style(self, monkeypatch: pytest.MonkeyPatch):
        """Without, what is painted between pieces that do not fit each other has too little contrast."""
        task = task_of()
        wanted, apart = _contrast(task.sources[1]), []
        for weight in (targets_module.MOMENTS, 1e-6):
            monkeypatch.setattr(targets_module, "MOMENTS", weight)
            apart.append(abs(_contrast(painted(task, NeighboursParameters(steps=20))) - wanted))
        assert apart[0] < 0.7 * apart[1]

    def test_gradients_are_the_same_in_tiles(self):
        task, context = task_of((64, 96)), context_with_weights()
        found = []
        for tile_px in (512, 32):
            cells = CellEncoder(random_encoder(SMALL), tile_px)
            targets = Targets(task, cells, QUICK, progress_of(replace(context, rng=np.random.default_rng(0))))
            targets.match(task.picture, 1.0, (0, 0), False)
            found.append(targets(task.picture))
        (loss, slope), (tiled_loss, tiled_slope) = found
        assert float(tiled_loss) == pytest.approx(float(loss), rel=1e-2)
        assert float((slope - tiled_slope).norm() / slope.norm()) < 0.02

    def test_a_picture_that_is_wanted_as_it_is_has_no_loss(self):
        task = task_of(strength=0)
        targets = Targets(task, CellEncoder(random_encoder(SMALL)), QUICK, progress_of(context_with_weights()))
        targets.match(task.picture, 0.0, (0, 0), False)
        loss, slope = targets(task.picture)
        assert float(loss) == pytest.approx(0, abs=1e-6)
        assert slope.abs().max() < 1e-4


class TestPainting:
    @pytest.mark.slow
    def test_tiles_change_nothing(self, all_are_large: None):
        task = task_of((64, 64))
        apart = levels_apart(painted(task, tile_px=512), painted(task, tile_px=32))
        assert apart.mean() <= 1
        assert apart.max() <= 8

    def test_going_on_begins_above_the_start(self):
        sizes: list[int] = []
        context = context_with_weights(on_preview=lambda maps: sizes.append(max(maps.size_px)))
        wide = resize_picture(picture("coffee"), (48, 256))
        task = replace(task_of(), picture=wide, start=wide, start_px=128)
        paint(task, NeighboursParameters(steps=2), context)
        assert sizes == [256]


@pytest.mark.skipif(not REAL_WEIGHTS.exists(), reason="no published weights of the distilled VGG19 here")
class TestRealWeights:
    @pytest.fixture(autouse=True)
    def library(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "vgg19-small.safetensors").symlink_to(REAL_WEIGHTS)
        monkeypatch.setenv("IMPASTO_WEIGHTS", str(tmp_path))

    @pytest.mark.slow
    def test_preservation_keeps_the_picture_nearer(self):
        task = task_of((48, 64))
        far, near = (
            painted(task, NeighboursParameters(steps=20, preservation=preservation)) for preservation in (0.0, 10.0)
        )
        recolored = in_mixed_colors(task.picture, task)
        assert levels_apart(near, recolored).mean() < levels_apart(far, recolored).mean()
