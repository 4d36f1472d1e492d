"""Terms of the torus generator's loss: each acts, with the weight that it is said to have."""

from __future__ import annotations

import pytest
import torch
from materials import surface, tiles
from test_every_training import KINDS, freeze, take_step, weights
from torch import Tensor, nn

from impasto import Maps
from impasto.data.dataset import dataset_of
from impasto.training.losses import ALL_WITH_ALL, ONE_BY_ONE, sliced_wasserstein
from impasto.training.watch import probe_figures
from impasto_gan.torus import train
from impasto_gan.torus.checkerboards import checkerboard
from impasto_gan.torus.parameters import TrainTorusParameters
from impasto_gan.torus.prepare import prepare
from impasto_gan.torus.train import GAMMA, PENALTY_EVERY, SWD_EVERY, TorusTraining

TINY = {"name": "t", "canvas_px": 96, "crop_px": 48, "batch": 2, "width": 0.125}


def trained_on(maps: Maps, learning_rate: float = 3e-3) -> TorusTraining:
    data = prepare(dataset_of(maps), 96, 48, 32, False, "cpu")
    parameters = TrainTorusParameters(**TINY, steps=100, learning_rate=learning_rate)
    return TorusTraining(data, parameters, 1, "cpu", "float32")


def blind(training: TorusTraining) -> None:
    """Give the discriminators weights of zero: nothing is learned from them, nor by them."""
    freeze(training, "discriminators")
    with torch.no_grad():
        for weight in training.discriminators.parameters():
            weight.zero_()


class Sloped(nn.Module):
    """A discriminator of single pixels, whose gradient has the length `slope` everywhere."""

    def __init__(self, channels: int, slope: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((1, channels, 1, 1), slope / channels**0.5))

    def forward(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        return nn.functional.conv2d(x, self.weight)


@pytest.mark.slow
def test_without_discriminators_patches_still_come_closer_to_the_data():
    training = trained_on(surface(), learning_rate=1e-3)
    blind(training)
    training.ema.load_state_dict(training.networks["generator"].state_dict())
    before = probe_figures(*training.probe())["swd"]
    for _ in range(14 * SWD_EVERY):
        take_step(training)
    training.ema.load_state_dict(training.networks["generator"].state_dict())
    assert probe_figures(*training.probe())["swd"] < 0.9 * before


def test_pictures_are_compared_all_with_all_or_one_by_one():
    """Another order of the same pictures is no distance from all, and one from each."""
    x = torch.randn(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    x[1] = 3 * x[1] + 2
    apart, same = (
        [
            float(sliced_wasserstein(x, other, 1, torch.Generator().manual_seed(1), pairing))
            for pairing in (ALL_WITH_ALL, ONE_BY_ONE)
        ]
        for other in (x.flip(0), x)
    )
    assert apart[0] < 0.1 < 0.5 < apart[1]
    assert max(same) < 0.1


@pytest.mark.parametrize("scale", ["coarse", "fine"])
def test_faint_detail_counts_in_the_distance_of_patches(scale):
    """Detail of a hundredth of the deviation of broad shapes is missed where it is left out."""
    training, random = KINDS["torus"].at_work(), torch.Generator().manual_seed(1)

    def drawn(side: int) -> Tensor:
        noise = torch.randn(2, training.surface_channels, side, side, generator=random)
        return nn.functional.interpolate(noise, size=(96, 96), mode="bilinear")

    angle = torch.arange(96) * (2 * torch.pi / 96)
    broad = (torch.sin(angle) + torch.sin(angle)[:, None]).expand(2, training.surface_channels, 96, 96)
    faint, same, other = drawn(48) / 100, drawn(48) / 100, drawn(96)
    shared = {name: other for name in ("coarse", "fine") if name != scale}
    distance = [
        float(training._sliced_wasserstein({scale: broad + faint, **shared}, {scale: broad + made, **shared}))
        for made in (same, 0 * faint)
    ]
    assert distance[1] > 2.5 * distance[0]


def test_checkerboards_are_told_from_textures_without_a_grid():
    noise = torch.randn(3, 4, 98, 98, generator=torch.Generator().manual_seed(1))
    smooth = nn.functional.avg_pool2d(noise, 3, 1)
    stripes = noise.clone()
    stripes[:, :, ::2] *= 1.3
    upsampled = nn.functional.interpolate(noise[:, :, :49, :49], scale_factor=2.0, mode="bilinear")
    for without_grid in (noise, smooth):
        assert checkerboard(without_grid) < 0.03
        assert checkerboard(stripes) > 3 * checkerboard(without_grid)
        assert checkerboard(upsampled) > 20 * checkerboard(without_grid)


@pytest.mark.slow
def test_training_removes_checkerboards_that_discriminators_do_not_see(monkeypatch):
    monkeypatch.setattr(train, "SWD_WEIGHT", 0.0)
    training = trained_on(surface())
    blind(training)

    def made() -> Tensor:
        training.ema.load_state_dict(training.networks["generator"].state_dict())
        return checkerboard(training.probe()[0])

    before = made()
    for _ in range(20):
        take_step(training)
    assert made() < 0.5 * before


def test_phases_count_in_the_loss_of_a_regular_material():
    steps = []
    for has_phases in (True, False):
        training = trained_on(Maps.from_arrays({"base_color": tiles()}))
        if not has_phases:
            training.phase_statistics = ()
        losses = take_step(training)
        steps.append(weights(training.networks["generator"]))
        assert ("loss_phase" in losses) == has_phases
    assert (steps[0] - steps[1]).abs().max() > 1e-4


def test_on_average_over_all_steps_the_penalty_has_its_weight():
    """Penalties at every fourth step weigh four times as much (Karras et al. 2020, section 3.1); at each scale."""
    slope, losses = 10.0, []
    for step in range(PENALTY_EVERY):
        training = KINDS["torus"].make(1, "float32")
        for scale, judge in training.discriminators.by_scale.items():
            training.discriminators.by_scale[scale] = Sloped(judge.layers[0].in_channels, slope)
        training.done = step
        losses.append(take_step(training)["loss_discriminator"])
    penalty = sum(losses) / len(losses) - min(losses)
    assert penalty == pytest.approx(3 * GAMMA * slope**2, rel=0.05)
    assert penalty > 10


def test_augmentation_becomes_rarer_where_the_discriminators_are_not_sure():
    training = KINDS["torus"].at_work()
    blind(training)
    training.discriminators.augmentation.probability.fill_(0.1)
    training.discriminators.augmentation.most = 0.5
    take_step(training)
    assert 0.05 < float(training.discriminators.augmentation.probability) < 0.1


@pytest.mark.parametrize("name", ["discriminators", "generator"])
def test_classes_reach_both_networks(name):
    training = KINDS["torus"].at_work()
    before = {key: weight.clone() for key, weight in training.networks[name].named_parameters() if "classes" in key}
    assert before
    for _ in range(3):
        take_step(training)
    for key, weight in training.networks[name].named_parameters():
        assert key not in before or (weight - before[key]).abs().amax(1).min() > 1e-5, key
