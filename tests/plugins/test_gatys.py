"""`gatys` and `cnn-texture`: statistics come closer, tiles change nothing, and what goes wrong loses nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from random_weights import random_encoder
from skimage import data

from impasto.context import Context
from impasto.metrics import seam_z
from impasto.recipe import Recipe, Step
from impasto.runner import run
from impasto.texture import Maps
from impasto_style.gatys import GatysParameters
from impasto_style.gatys.descent import adam, lbfgs
from impasto_style.gatys.objective import Objective, tiles_of
from impasto_style.gatys.painting import paint
from impasto_style.gatys.statistics import GramDistance, Moments, WassersteinDistance, mixed, moments_of
from impasto_style.task import Region, Task, as_tensor

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


def objective(task: Task, tile_px: int = 1024, **how) -> Objective:
    encoder = random_encoder(SMALL, padding="circular" if task.seamless else "reflect", **how)
    encoder = replace(encoder, tensors={name: tensor.double() for name, tensor in encoder.tensors.items()})
    smooth = lambda x: 0.1 * (x[..., 1:] - x[..., :-1]).square().mean()  # noqa: E731
    return Objective(task, encoder, WassersteinDistance, LAYERS, 0.01, smooth, tile_px)


def gaussian(mean: list[float], covariance: list[list[float]]) -> Moments:
    first, second = torch.tensor(mean), torch.tensor(covariance)
    return Moments(torch.tensor(1.0), first, second + torch.outer(first, first))


class TestStatistics:
    def test_moments_add_up_over_parts(self):
        features = torch.randn(1, 5, 6, 8)
        whole, parts = moments_of(features), moments_of(features[..., :3]) + moments_of(features[..., 3:])
        for one, other in zip(whole, parts, strict=True):
            assert torch.allclose(one, other, rtol=1e-5, atol=1e-5)

    def test_a_mask_counts_what_it_shows(self):
        features, mask = torch.randn(1, 5, 6, 8), torch.zeros(1, 1, 6, 8)
        mask[..., :3] = 1
        shown, alone = moments_of(features, mask), moments_of(features[..., :3])
        assert torch.allclose(shown.mean, alone.mean, atol=1e-6)
        assert torch.allclose(shown.gram, alone.gram, atol=1e-5)

    def test_a_mix_has_the_moments_of_a_picture_of_parts(self):
        one, other = torch.randn(1, 4, 5, 8), 1 + torch.randn(1, 4, 5, 8)
        joined = moments_of(torch.cat([one, other], 3))
        mix = mixed([moments_of(one), moments_of(other)], [0.5, 0.5])
        assert torch.allclose(mix.covariance, joined.covariance, atol=1e-5)

    def test_gaussians_are_as_far_apart_as_the_closed_form_says(self):
        """Diagonal covariances: |m - m'|² + Σ (σ - σ')², here for each of two channels."""
        target, made = gaussian([0, 1], [[4, 0], [0, 1]]), gaussian([1, 1], [[1, 0], [0, 9]])
        assert float(WassersteinDistance(target)(made)) == pytest.approx((1 + 1 + 4) / 2, rel=1e-2)
        assert float(WassersteinDistance(target)(target)) == pytest.approx(0, abs=1e-3)

    def test_the_distance_is_zero_only_for_the_same(self):
        features = torch.randn(1, 8, 16, 16)
        target = moments_of(features)
        for distance in (WassersteinDistance(target), GramDistance(target)):
            same, scaled = distance(target), distance(moments_of(1.5 * features))
            assert float(same) < 1e-3 * float(scaled)


class TestTiles:
    @pytest.mark.parametrize("seamless", [False, True])
    def test_they_cover_a_picture_once(self, seamless):
        covered = torch.zeros(100, 150)
        for tile in tiles_of((100, 150), 16, 40, seamless, 48):
            top, left, bottom, right = tile.place
            covered[top:bottom, left:right] += 1
            inside_top, inside_left, inside_bottom, inside_right = tile.inside
            assert tile.rows[inside_top:inside_bottom].tolist() == list(range(top, bottom))
            assert tile.columns[inside_left:inside_right].tolist() == list(range(left, right))
        assert (covered == 1).all()

    @pytest.mark.parametrize("seamless", [False, True])
    @pytest.mark.parametrize("masked", [False, True])
    def test_loss_and_gradient_are_those_of_the_whole(self, seamless, masked):
        mask = torch.zeros(1, 1, 96, 128)
        mask[..., :64] = 1
        task = task_of((96, 128), mask if masked else None, seamless)
        x = task.picture + 0.1 * torch.rand_like(task.picture)
        whole, parts = objective(task)(x), objective(task, tile_px=48)(x)
        assert parts[0] == pytest.approx(whole[0], rel=1e-4)
        scale = whole[1].abs().max()
        assert (parts[1] - whole[1]).abs().max() < 1e-3 * scale  # sums in float32, in another order


class TestDescent:
    def bowl(self, x):
        return float((x.detach() - 0.5).square().sum()), 2 * (x.detach() - 0.5)

    @pytest.mark.parametrize("method", ["lbfgs", "adam"])
    def test_it_finds_the_bottom(self, method):
        x = torch.zeros(1, 3, 4, 4)
        go = lambda loss: True  # noqa: E731
        found = lbfgs(x, self.bowl, 20, go) if method == "lbfgs" else adam(x, self.bowl, 200, go, 0.05, (0.9, 0.99))
        assert (found - 0.5).abs().max() < 0.02

    @pytest.mark.parametrize("method", ["lbfgs", "adam"])
    def test_what_is_lost_goes_back_to_the_best(self, method):
        calls = []

        def fragile(x):
            calls.append(1)
            loss, slope = self.bowl(x)
            return (float("nan"), slope) if len(calls) == 3 else (loss, slope)

        x = torch.zeros(1, 3, 4, 4)
        go = lambda loss: True  # noqa: E731
        found = lbfgs(x, fragile, 30, go) if method == "lbfgs" else adam(x, fragile, 200, go, 0.05, (0.9, 0.99))
        assert torch.isfinite(found).all()
        assert self.bowl(found)[0] < 0.1 * self.bowl(x)[0]

    def test_it_stops_when_told_and_keeps_the_best(self):
        seen = []
        found = lbfgs(torch.zeros(1, 3, 4, 4), self.bowl, 50, lambda loss: seen.append(loss) or len(seen) < 2)
        assert len(seen) == 2
        assert self.bowl(found)[0] == pytest.approx(min(seen))


@pytest.mark.usefixtures("small_weights")
class TestPainting:
    def settings(self, **how):
        return GatysParameters(**{"backbone": SMALL, "iterations": 6, **how})

    @pytest.mark.parametrize("how", [{}, {"statistics": "gram"}, {"optimizer": "adam"}, {"pooling": "average"}], ids=str)
    def test_the_loss_falls(self, how):
        said = []
        paint(task_of(), self.settings(**how), Context(on_progress=lambda fraction, text: said.append(text)))
        losses = [float(text.rpartition(" ")[2]) for text in said if "loss" in text]
        assert losses[-1] < 0.9 * losses[0]

    def test_the_classic_recipe_takes_its_thousand_steps_at_one_size(self):
        said = []

        def stop_after_three(fraction, text):
            said.append(fraction)

        context = Context(on_progress=stop_after_three, is_stopped=lambda: len(said) >= 3)
        made = paint(task_of(), self.settings(preset="classic"), context)
        assert said == pytest.approx([0.001, 0.002, 0.003])
        assert made.shape == (1, 3, 48, 64)

    def test_preservation_keeps_the_picture(self):
        task = task_of()
        made = [paint(task, self.settings(preservation=value), Context()) for value in (0.0, 10.0)]
        free, kept = ((one - task.picture).abs().mean() for one in made)
        assert kept < free

    def test_a_texture_tiles_at_any_size(self):
        source = Maps.from_arrays({"base_color": data.gravel()[:96, :96, None].repeat(3, 2) / 255}, width_m=1.0)
        parameters = {"width_px": 80, "height_px": 56, "iterations": 8, "backbone": SMALL}
        made = run(Recipe((Step("cnn-texture", parameters),)), {"source": source}, device="cpu").maps
        assert made.size_px == (56, 80)
        assert made.width_m == pytest.approx(80 / 96)
        assert max(np.abs(seam_z(made["base_color"].pixels))) < 4
