"""`gatys` and `cnn-texture`: statistics come closer, tiles change nothing, and what goes wrong loses nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from random_weights import context_with_weights, random_encoder
from restyling import loss_and_gradient
from skimage import data

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.context import Context
from impasto.surface.seams import seam_z
from impasto_style.gatys.painting import paint
from impasto_style.gatys.parameters import GatysParameters
from impasto_style.shared.objective import StyleObjective, Terms
from impasto_style.shared.resampling import as_tensor
from impasto_style.shared.statistics import ClassicGram, GaussianMoments, GramMoments, Sliced, Statistic
from impasto_style.shared.task import Region, Task

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


def objective(task: Task, statistic: Statistic, tile_px: int = 1024) -> StyleObjective:
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
    @pytest.mark.parametrize(
        ("seamless", "masked", "sliced"),
        [(False, False, False), (True, False, True), (False, True, True), (True, True, False)],
    )
    def test_loss_and_gradient_are_those_of_the_whole(self, seamless, masked, sliced):
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

    def test_a_texture_tiles_at_any_size(self):
        source = Maps.from_arrays({"base_color": data.gravel()[:96, :96, None].repeat(3, 2) / 255}, width_m=1.0)
        parameters = {"width_px": 80, "height_px": 56, "iterations": 8, "backbone": SMALL}
        made = run(Recipe((Step("cnn-texture", parameters),)), {"source": source}, RunOptions(device="cpu")).maps
        assert made.size_px == (56, 80)
        assert made.width_m == pytest.approx(80 / 96)
        assert max(np.abs(seam_z(made["base_color"].pixels))) < 4
