"""`gatys`, `cnn-texture` and `neighbours`: statistics, pieces, tiles, and the descent that all of them take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from random_weights import context_with_weights, random_encoder
from restyling import loss_and_gradient
from skimage import data
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.context import Context
from impasto.surface.wrapping import seam_z
from impasto_style.gatys.painting import paint
from impasto_style.gatys.parameters import GatysParameters
from impasto_style.neighbours import matching, painting
from impasto_style.neighbours import targets as targets_module
from impasto_style.neighbours.cells import CellEncoder, align, unalign
from impasto_style.neighbours.matching import nearest
from impasto_style.neighbours.parameters import NeighboursParameters
from impasto_style.neighbours.targets import Targets
from impasto_style.shared.objective import StyleObjective, Terms
from impasto_style.shared.optimise import MOST_RESTARTS, Descent, Method, Objective, adam, lbfgs, picture_adam
from impasto_style.shared.progress import WorkProgress
from impasto_style.shared.resampling import as_tensor
from impasto_style.shared.statistics import GaussianMoments, Sliced, Statistic
from impasto_style.shared.task import Region, StyleTask

SMALL = "vgg19-small"
LAYERS = {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0}


def picture(name: str, size: tuple[int, int] = (48, 64)) -> torch.Tensor:
    pixels = getattr(data, name)()[: 4 * size[0] : 4, : 4 * size[1] : 4].astype(np.float32) / 255
    return as_tensor(pixels, "cpu")


def task_of(size: tuple[int, int] = (48, 64), mask: torch.Tensor | None = None, seamless: bool = False) -> StyleTask:
    content, style = picture("coffee", size), picture("chelsea", size)
    regions = (Region(None, (0.0, 1.0)),)
    if mask is not None:
        regions = (Region(mask, (0.0, 1.0)), Region(1 - mask, (0.5, 0.5)))
    return StyleTask(content, (content, style), regions, content, seamless=seamless)


def objective(task: StyleTask, statistic: Statistic, tile_px: int = 1024) -> StyleObjective:
    encoder = random_encoder(SMALL, seamless=task.seamless)
    terms = Terms(statistic, LAYERS, {encoder.content_layer: 0.01}, lambda x: 0.1 * x.diff(dim=3).square().mean())
    return StyleObjective(task, encoder, terms, lambda: None, tile_px)


def moments_like(mean: list[float], covariance: list[list[float]]) -> torch.Tensor:
    """Moments of weight 1 with this mean and covariance."""
    first = torch.tensor([1.0, *mean], dtype=torch.float64)
    moments = torch.outer(first, first)
    moments[1:, 1:] += torch.tensor(covariance)
    return moments


class TestStatistics:
    def test_distances_of_gaussians_match_the_closed_form(self):
        """Diagonal covariances: |m - m'|² + Σ (σ - σ')², here for each of two channels."""
        target, made = moments_like([0, 1], [[4, 0], [0, 1]]), moments_like([1, 1], [[1, 0], [0, 9]])
        distance = GaussianMoments().distance_to([target], [1.0])
        assert float(distance(made)) == pytest.approx((1 + 1 + 4) / 2, rel=1e-2)
        assert float(distance(target)) == pytest.approx(0, abs=1e-3)


class TestTiles:
    @pytest.mark.parametrize(
        ("seamless", "masked", "sliced"),
        [(False, False, False), (True, False, True), (False, True, True), (True, True, False)],
    )
    def test_tiled_loss_and_gradient_equal_those_of_the_whole(self, seamless, masked, sliced):
        mask = torch.zeros(1, 1, 96, 128)
        mask[..., :64] = 1
        task = task_of((96, 128), mask if masked else None, seamless)
        x = task.picture + 0.1 * torch.rand(task.picture.shape, generator=torch.Generator().manual_seed(0))
        whole, parts = (
            loss_and_gradient(objective(task, Sliced(Context()) if sliced else GaussianMoments(), side), x)
            for side in (1024, 48)
        )
        assert float(parts[0]) == pytest.approx(float(whole[0]), rel=1e-6)
        assert (parts[1] - whole[1]).abs().max() < 1e-4 * whole[1].abs().max()


@pytest.mark.usefixtures("small_weights")
class TestPainting:
    def settings(self, **how):
        return GatysParameters(**{"backbone": SMALL, "iterations": 6, **how})

    @pytest.mark.parametrize(
        "how",
        [{}, {"statistics": "gram"}, {"statistics": "sliced"}, {"optimizer": "adam"}, {"pooling": "average"}],
        ids=str,
    )
    def test_the_loss_falls(self, how):
        said = []
        paint(
            task_of(), self.settings(**how), context_with_weights(on_progress=lambda fraction, text: said.append(text))
        )
        losses = [float(text.rpartition(" ")[2]) for text in said if "loss" in text]
        assert losses[-1] < 0.9 * losses[0]

    def test_the_classic_recipe_takes_its_thousand_steps_at_one_size(self):
        said = []

        def stop_after_three(fraction, text):
            said.append(fraction)

        context = context_with_weights(on_progress=stop_after_three, is_stopped=lambda: len(said) >= 3)
        made = paint(task_of(), self.settings(preset="classic"), context)
        assert said == pytest.approx([0.0, 0.001, 0.002])
        assert made.shape == (1, 3, 48, 64)

    def test_a_texture_tiles_at_any_size(self):
        source = Maps.from_arrays({"base_color": data.gravel()[:96, :96, None].repeat(3, 2) / 255}, width_m=1.0)
        parameters = {"width_px": 80, "height_px": 56, "iterations": 8, "backbone": SMALL}
        made = run(Recipe((Step("cnn-texture", parameters),)), {"source": source}, RunOptions(device="cpu")).maps
        assert made.size_px == (56, 80)
        assert made.width_m == pytest.approx(80 / 96)
        assert max(np.abs(seam_z(made["base_color"].pixels))) < 4


QUICK = NeighboursParameters(steps=6)

pytestmark = pytest.mark.usefixtures("small_weights")


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def progress_of(context: Context) -> WorkProgress:
    return WorkProgress(context, [1])


def _contrast(x: Tensor) -> float:
    """Deviation of pixels from their neighbours."""
    return float((x - avg_pool2d(x, 3, 1, 1, count_include_pad=False)).std())


@pytest.mark.parametrize("seamless", [False, True])
@pytest.mark.parametrize("size", [(16, 16), (50, 37)])
def test_levels_join_to_the_picture(size, seamless):
    x = torch.rand(1, 3, *size)
    assert torch.allclose(painting.picture_of_levels(painting.laplacian_levels(x, seamless), seamless), x, atol=1e-6)


class TestMatching:
    def test_the_planted_neighbour_is_found_in_chunks_too(self, monkeypatch):
        keys = torch.randn(500, 20)
        planted = torch.randperm(500)[:64]
        queries = 3 * keys[planted] + 0.01 * torch.randn(64, 20)
        assert torch.equal(nearest(queries, keys), planted)
        queries, keys = torch.randn(300, 16), torch.randn(200, 16)
        whole = nearest(queries, keys)
        monkeypatch.setattr(matching, "COMPARISONS", 7 * 200)
        assert torch.equal(nearest(queries, keys), whole)

    def test_patches_that_fit_everywhere_are_penalised(self):
        """One key in the middle of all the queries: by angles alone too many take it."""
        middle = torch.ones(1, 32)
        queries = middle + 0.7 * torch.randn(400, 32)
        keys = torch.cat([middle, middle + 1.5 * torch.randn(400, 32)])
        by_angles = (normalize(queries) @ normalize(keys).T).argmax(1)
        assert (nearest(queries, keys) == 0).sum() < 0.7 * (by_angles == 0).sum()


class TestTargets:
    def test_shifted_cells_still_cover_the_picture(self):
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
            context = context_with_weights(rng=np.random.default_rng(0))
            made = painting.paint(task, NeighboursParameters(steps=20), context)
            apart.append(abs(_contrast(made) - wanted))
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


START = torch.zeros(1, 3, 4, 4)
METHODS = {
    "lbfgs": lbfgs(),
    "picture_adam": picture_adam(0.05),
    "adam": adam(0.05, (0.9, 0.99), 1e-8),
    "neighbours": painting.METHOD,
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


class Bowl(Objective):
    """Squared distance from a grey level; its loss is nan at these evaluations. seen: pictures that were evaluated."""

    def __init__(self, bottom: float = 0.5, fails_at: Collection[int] = ()) -> None:
        self.bottom, self.fails_at = bottom, fails_at
        self.seen: list[Tensor] = []

    def features(self, x: Tensor) -> list[Tensor]:
        self.seen.append(x.detach().clone())
        return [x - self.bottom]

    def loss(self, x: Tensor, features: Sequence[Tensor]) -> Tensor:
        return features[0].square().sum() * (torch.nan if len(self.seen) in self.fails_at else 1)


def height(x: Tensor) -> float:
    """The loss of a picture in the bowl."""
    return float((x - 0.5).square().sum())


@every_method
def test_the_optimiser_finds_the_minimum_and_returns_the_best_when_stopped(method):
    descent = Descent(START, method, 150)
    assert not descent.run(Bowl())
    assert (descent.best - 0.5).abs().max() < 0.02
    losses: list[float] = []
    descent = Descent(START, method, 50, lambda loss: losses.append(loss) or len(losses) < 2)
    assert not descent.run(Bowl())
    assert len(losses) == 2
    assert height(descent.best) == pytest.approx(min(losses))


@every_method
@pytest.mark.parametrize("number", [1, 3, 4])
def test_non_finite_losses_return_to_the_best(method: Method, number: int):
    objective = Bowl(fails_at={number})
    descent = Descent(START, method, 150)
    descent.run(objective)
    assert descent.restarts == 1
    assert any(torch.equal(objective.seen[number], before) for before in [START, *objective.seen[: number - 1]])
    assert height(descent.best) < 0.2 * height(START)


@every_method
def test_losses_that_stay_nan_end_with_the_start(method: Method):
    objective = Bowl(fails_at=range(100))
    descent = Descent(START + 0.25, method, 50)
    assert not descent.run(objective)
    assert len(objective.seen) == MOST_RESTARTS
    assert torch.equal(descent.best, START + 0.25)
    assert torch.equal(descent.picture, START + 0.25)


@pytest.mark.parametrize("name", ["lbfgs", "picture_adam", "adam"])
def test_pixels_are_pulled_back_into_their_range(name: str):
    objective = Bowl(3)
    descent = Descent(START, METHODS[name], 60)
    descent.run(objective)
    assert all(0 <= x.min() <= x.max() <= 1 for x in objective.seen)
    assert torch.allclose(descent.best, torch.ones_like(START), atol=1e-3)
