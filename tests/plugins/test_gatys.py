"""`gatys` and `cnn-texture`: statistics come closer, tiles change nothing, and what goes wrong loses nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from random_weights import context_with_weights, random_encoder
from skimage import data

from impasto import Maps, Recipe, Step, run
from impasto.context import Context
from impasto.surface.seams import seam_z
from impasto_style.gatys import presets
from impasto_style.gatys.painting import paint
from impasto_style.gatys.parameters import GatysParameters
from impasto_style.shared import layers as layers_module
from impasto_style.shared import objective as objective_module
from impasto_style.shared.layers import TiledLayers
from impasto_style.shared.objective import Objective, Terms
from impasto_style.shared.resampling import as_tensor
from impasto_style.shared.statistics import ClassicGram, GaussianMoments, GramMoments, RawMoments, Sliced, Statistic
from impasto_style.shared.task import Region, Task
from impasto_style.shared.tiles import Span, Tile

SMALL = "vgg19-small"
LAYERS = {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0}


def picture(name: str, size: tuple[int, int] = (48, 64)) -> torch.Tensor:
    pixels = getattr(data, name)()[: 4 * size[0] : 4, : 4 * size[1] : 4].astype(np.float32) / 255
    return as_tensor(pixels, "cpu")


def task_of(size: tuple[int, int] = (48, 64), mask: torch.Tensor | None = None, seamless: bool = False) -> Task:
    content, style = picture("coffee", size), picture("chelsea", size)
    regions = (Region(None, (0.0, 1.0)),)
    if mask is not None:
        regions = (Region(mask, (0.0, 1.0)), Region(1 - mask, (0.5, 0.5)))
    return Task(content, (content, style), regions, content, seamless=seamless)


def objective(task: Task, statistic: Statistic, tile_px: int = 1024) -> Objective:
    encoder = random_encoder(SMALL, seamless=task.seamless)
    terms = Terms(statistic, LAYERS, {encoder.content_layer: 0.01}, lambda x: 0.1 * x.diff(dim=3).square().mean())
    return Objective(task, encoder, terms, lambda: None, tile_px)


def moments_of(features: torch.Tensor, shares: torch.Tensor | None = None) -> torch.Tensor:
    return GaussianMoments().tile_statistic(features, shares, None, block=4).sum(0)


def moments_like(mean: list[float], covariance: list[list[float]]) -> torch.Tensor:
    """Moments of weight 1 with this mean and covariance."""
    first = torch.tensor([1.0, *mean], dtype=torch.float64)
    moments = torch.outer(first, first)
    moments[1:, 1:] += torch.tensor(covariance)
    return moments


class TestStatistics:
    def test_moments_add_up_over_parts(self):
        features, statistic = torch.randn(5, 6, 8), GaussianMoments()
        parts = statistic.picture_statistic(
            [moments_of(part)[None] for part in features.split(3, dim=2)], [None, None, None]
        )
        assert torch.allclose(parts, moments_of(features), rtol=1e-4, atol=1e-4)

    def test_a_share_counts_what_it_shows(self):
        features, shares = torch.randn(5, 6, 8), torch.zeros(6, 8)
        shares[:, :3] = 1
        assert torch.allclose(moments_of(features, shares), moments_of(features[..., :3]), rtol=1e-4, atol=1e-4)

    def test_a_mix_has_the_moments_of_a_picture_of_parts(self):
        one, other = torch.randn(4, 5, 8), 1 + torch.randn(4, 5, 8)
        joined = RawMoments.mixture([moments_of(torch.cat([one, other], 2))], [1.0])
        assert torch.allclose(RawMoments.mixture([moments_of(one), moments_of(other)], [0.5, 0.5]), joined, atol=1e-4)

    def test_gaussians_are_as_far_apart_as_the_closed_form_says(self):
        """Diagonal covariances: |m - m'|² + Σ (σ - σ')², here for each of two channels."""
        target, made = moments_like([0, 1], [[4, 0], [0, 1]]), moments_like([1, 1], [[1, 0], [0, 9]])
        distance = GaussianMoments().distance_to([target], [1.0])
        assert float(distance(made)) == pytest.approx((1 + 1 + 4) / 2, rel=1e-2)
        assert float(distance(target)) == pytest.approx(0, abs=1e-3)

    @pytest.mark.parametrize("statistic", [GaussianMoments(), GramMoments(), ClassicGram(58.0), Sliced(Context())])
    def test_the_distance_grows_from_what_is_the_same(self, statistic):
        features = torch.randn(8, 16, 16)
        places = statistic.positions((16, 16), None)
        target, scaled = (
            statistic.picture_statistic([statistic.tile_statistic(factor * features, None, places, block=16)], [places])
            for factor in (1.0, 1.5)
        )
        distance = statistic.distance_to([target], [1.0])
        assert float(distance(target)) < 1e-2 * float(distance(scaled))


class TestTiles:
    @pytest.mark.parametrize("seamless", [False, True])
    def test_they_cover_a_picture_once(self, seamless):
        tiled = TiledLayers((100, 150), random_encoder(SMALL, seamless=seamless), tuple(LAYERS), 48)
        covered = torch.zeros(100, 150)
        for tile in tiled.tiles:
            covered[tile.rows.start : tile.rows.end, tile.columns.start : tile.columns.end] += 1
        assert (covered == 1).all()

    @pytest.mark.parametrize("seamless", [False, True])
    def test_their_features_are_those_of_the_whole(self, seamless):
        encoder, x = random_encoder(SMALL, seamless=seamless), torch.rand(1, 3, 96, 128)
        whole, tiled = encoder(x, list(LAYERS)), TiledLayers((96, 128), encoder, tuple(LAYERS), 48)
        for tile in tiled.tiles:
            for layer, found in tiled.features(tile.with_halo(x), tile).items():
                rows, columns = tiled.window(tile, layer)
                assert torch.allclose(found, whole[layer][0][:, rows, columns], atol=1e-4)

    @pytest.mark.parametrize("seamless", [False, True])
    @pytest.mark.parametrize("masked", [False, True])
    @pytest.mark.parametrize("sliced", [False, True])
    def test_loss_and_gradient_are_those_of_the_whole(self, seamless, masked, sliced):
        mask = torch.zeros(1, 1, 96, 128)
        mask[..., :64] = 1
        task = task_of((96, 128), mask if masked else None, seamless)
        x = task.picture + 0.1 * torch.rand(task.picture.shape, generator=torch.Generator().manual_seed(0))
        whole, parts = (
            objective(task, Sliced(Context()) if sliced else GaussianMoments(), side)(x) for side in (1024, 48)
        )
        assert float(parts[0]) == pytest.approx(float(whole[0]), rel=1e-6)
        assert (parts[1] - whole[1]).abs().max() < 1e-4 * whole[1].abs().max()

    def test_a_place_is_found_wherever_a_tile_shows_it(self):
        tiled = TiledLayers((48, 64), random_encoder(SMALL, seamless=True), ("relu1_1",), 16)
        span = Span(start=-16, end=80, low=-16, high=80)
        positions, which = tiled.find(
            Tile(Span(0, 8, 0, 8), span, seamless=True), "relu1_1", torch.tensor([3 * 64 + 60, 20 * 64, 5])
        )
        assert sorted(zip(which.tolist(), positions.tolist(), strict=True)) == [
            (0, 3 * 96 + 12),
            (0, 3 * 96 + 76),
            (2, 21),
            (2, 85),
        ]


@pytest.mark.usefixtures("small_weights")
class TestPainting:
    def settings(self, **how):
        return GatysParameters(**{"backbone": SMALL, "iterations": 6, **how})

    @pytest.mark.parametrize(
        "how", [{}, {"statistics": "gram"}, {"optimizer": "adam"}, {"pooling": "average"}], ids=str
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

    @pytest.mark.slow
    def test_tiles_make_the_same_picture(self, monkeypatch):
        monkeypatch.setattr(presets, "LARGE_PX", 64)
        task = task_of((96, 128))
        monkeypatch.setattr(objective_module, "BLOCK_PX", 32)
        monkeypatch.setattr(layers_module, "BLOCK_PX", 32)
        tiled, whole = (
            paint(task, self.settings(iterations=12), context_with_weights(), tile_px) for tile_px in (32, 256)
        )
        assert (tiled - whole).abs().max() <= 8 / 255
        assert (tiled - whole).abs().mean() <= 1 / 255
        assert (whole - task.picture).abs().mean() > 8 / 255

    @pytest.mark.slow
    def test_preservation_keeps_the_picture(self):
        task = task_of()
        made = [
            paint(task, self.settings(preservation=value, iterations=30), context_with_weights())
            for value in (0.0, 10.0)
        ]
        free, kept = ((one - task.picture).abs().mean() for one in made)
        assert kept < free

    def test_a_texture_tiles_at_any_size(self):
        source = Maps.from_arrays({"base_color": data.gravel()[:96, :96, None].repeat(3, 2) / 255}, width_m=1.0)
        parameters = {"width_px": 80, "height_px": 56, "iterations": 8, "backbone": SMALL}
        made = run(Recipe((Step("cnn-texture", parameters),)), {"source": source}, device="cpu").maps
        assert made.size_px == (56, 80)
        assert made.width_m == pytest.approx(80 / 96)
        assert max(np.abs(seam_z(made["base_color"].pixels))) < 4
