"""The torus generator's networks: terms of the loss, what conditions show, and patterns of any size."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from cases import each_case
from materials import bond, bricks, dots, surface, tiles
from test_bundled_models import FOLDER, NAMES
from test_every_training import KINDS, freeze, take_step, weights
from torch import Tensor, nn

from impasto import Maps
from impasto.context import Context
from impasto.data.dataset import dataset_of
from impasto.library.models import ModelLibrary, read_model
from impasto.patterns.lattice import Lattice, full_region
from impasto.training.losses import ALL_WITH_ALL, ONE_BY_ONE, sliced_wasserstein
from impasto.training.watch import probe_figures
from impasto_gan.torus import train
from impasto_gan.torus.checkerboards import checkerboard
from impasto_gan.torus.conditioning import Conditioning, phase_channels
from impasto_gan.torus.generate import GLOBAL_STREAM, Choice, Synthesis
from impasto_gan.torus.model import TorusModel, load_torus
from impasto_gan.torus.network import BROAD_STREAM, GRID_STREAM
from impasto_gan.torus.parameters import TrainTorusParameters
from impasto_gan.torus.prepare import _fitting, prepare
from impasto_gan.torus.sliders import PICTURE_PX, REACH, TESTED_WITH, _measure
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


def test_checkerboards_are_distinguished_from_textures():
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


SIDE = 256


@cache
def bundled(is_regular: bool) -> TorusModel:
    """The first bundled model, by name, of a material that is regular or is not."""
    cards = {name: read_model(FOLDER / f"{name}.safetensors").card for name in NAMES}
    name = next(name for name, card in cards.items() if bool(card["lattice"]["wave_vectors"]) == is_regular)
    return load_torus(name, Context(models=ModelLibrary(FOLDER)))


def picture(model: TorusModel, **choice) -> torch.Tensor:
    with torch.inference_mode():
        return Synthesis(model, Choice((SIDE, SIDE), seed=5, **choice)).maps(full_region((SIDE, SIDE)))


def test_every_source_of_noise_shows(monkeypatch):
    model, drawn = bundled(False), Synthesis.noise
    usual = picture(model)
    for silent in (GLOBAL_STREAM, BROAD_STREAM, GRID_STREAM, *range(len(model.network.stages))):
        with monkeypatch.context() as patch:
            patch.setattr(
                Synthesis,
                "noise",
                lambda self, stream, *where, silent=silent: drawn(self, stream, *where) * (stream != silent),
            )
            assert (picture(model) - usual).abs().max() > 1e-3, silent


def test_without_variation_a_layout_has_no_shapes():
    model = bundled(False)
    broad = [
        float(torch.nn.functional.avg_pool2d(picture(model, variation=value), 32).std((1, 2)).mean())
        for value in (1.0, 0.0)
    ]
    assert broad[1] < 0.9 * broad[0]


def test_phases_are_those_of_the_lattice():
    lattice = Lattice(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 16]]))
    told = Conditioning(lattice, (64, 64), None, "cpu")(full_region((64, 64)))
    phases = told[0]
    assert len(phases) == phase_channels(lattice)
    assert torch.allclose(phases.roll((32, 16), (1, 2)), phases, atol=1e-4)
    assert (phases.roll(16, 1) - phases).abs().max() > 1.9
    assert (phases.roll(8, 2) - phases).abs().max() > 1.9


def test_classes_reach_both_networks_and_are_the_same():
    """In every batch, the rows of both embeddings that learn are those of the same classes."""
    training = KINDS["torus"].at_work()
    seen = set()
    for _ in range(6):
        take_step(training)
        rows = []
        for network in (training.networks["generator"].network, *training.discriminators.by_scale.values()):
            gradient = network.classes.weight.grad
            rows.append(() if gradient is None else tuple(gradient.abs().amax(1).gt(0).tolist()))
        assert len(set(rows)) == 1, rows
        seen.update(rows)
    assert seen - {(True, True)}  # else this says nothing


@pytest.mark.parametrize("is_regular", [False, True], ids=["any", "regular"])
def test_sliders_of_bundled_models_raise_what_their_cards_say(is_regular):
    """The strongest, on one of the pictures with which it was tested when it was found."""
    model = bundled(is_regular)
    name, size = model.card.sliders[0]["name"], (PICTURE_PX, PICTURE_PX)
    found = []
    with torch.inference_mode():
        for at in (-REACH, REACH):
            moved = at * model.sliders[0].cpu()
            found.append(_measure(Synthesis(model, Choice(size, TESTED_WITH[0], moved=moved)))[name])
    assert found[1] > found[0]


CANVAS_PX, CELL_PX = 96, 32
WIDE_PX = 200
"""A period of which no canvas holds a whole one: canvases are at most half as large again as `CANVAS_PX`."""
PATTERNS = {
    "nothing": lambda side: surface(side)["base_color"].pixels,
    "rows": bricks,
    "many rows": lambda side: bricks(side, 12),
    "wide rows": lambda side: bricks(side, WIDE_PX),
    "tiles": lambda side: tiles(side - side % 32 + 32),
    "wide tiles": lambda side: tiles(side - side % WIDE_PX + WIDE_PX, WIDE_PX),
    "bond": bond,
    "oblique": dots,
    "stripes": lambda side: stripes(side),
    "wide and oblique": lambda side: dots(side, 100),
}


def stripes(side: int) -> np.ndarray:
    """Stripes at an angle, (side, side, 3)."""
    y, x = np.mgrid[:side, :side]
    grain = 0.07 * np.random.default_rng(0).standard_normal((side, side, 3))
    return np.clip(0.2 + 0.5 * ((y * np.cos(0.7) + x * np.sin(0.7)) / 24 % 1 < 0.3)[..., None] + grain, 0, 1)


def training_on(pixels: np.ndarray, tell=lambda note: None, **how) -> TorusTraining:
    """A tiny training on a picture, after three steps."""
    parameters = TrainTorusParameters(**{"canvas_px": CANVAS_PX, "crop_px": 48, "batch": 2, "width": 0.125, **how})
    dataset = dataset_of(Maps.from_arrays({"base_color": pixels}))
    data = prepare(dataset, parameters.canvas_px, parameters.crop_px, CELL_PX, False, "cpu", tell)
    training = TorusTraining(data, parameters, 0, "cpu", "float32")
    for _ in range(3):
        losses = training.step()
        training.done += 1
    assert all(bool(loss.isfinite()) for loss in losses.values())
    return training


@pytest.mark.slow
@each_case("patterns")
def test_every_pattern_is_learned_and_made_at_any_size(pattern, size, learned):
    """Rows have their period from the start; of others, a network that took three steps draws nothing yet."""
    pixels = PATTERNS[pattern](max(size))[: size[0], : size[1]]
    training = training_on(pixels)
    lattice = training.data.lattice
    if learned != "any":
        assert np.allclose(lattice.wave_vectors, np.reshape(learned, (-1, 2)), rtol=0.01, atol=1e-4)
    for made_px in ((64, 64), (40, 300), (128, 96)):
        synthesis = Synthesis(training.model, Choice(made_px))
        with torch.inference_mode():
            made = synthesis.maps(full_region(made_px))[:3].mean(0).numpy()
        assert made.shape == made_px
        assert abs(made.mean() - pixels.mean()) < 0.15
        for axis in (0, 1) if learned and learned != "any" and lattice.has_rows else ():
            if rows := round(synthesis.lattice.frequency(axis) * synthesis.torus[axis]):
                power = np.abs(np.fft.rfft(made.mean(1 - axis))) ** 2
                assert power[rows::rows].sum() > 0.6 * power[1:].sum()


def test_a_canvas_is_never_smaller_than_its_crops():
    """Rows of 100 px fit 192 px best, and crops have 240 px."""
    dataset = dataset_of(Maps.from_arrays({"base_color": bricks(256, 100)}))
    assert min(prepare(dataset, 384, 240, CELL_PX, False, "cpu").canvas) == 256


def test_patterns_wider_than_the_canvas_are_left_out_except_fitting_rows():
    said = []
    training = training_on(bricks(711, WIDE_PX)[:, :300], said.append)
    assert not training.data.lattice.is_regular
    assert len(said) == 1
    assert "is too small for its pattern, whose period is not learned" in said[0]
    said = []
    tiles_of = torch.tensor([[0.0, 1 / 300], [1 / 20, 0.0]])
    fitting = _fitting(Lattice(tiles_of), lambda one: one.torus_size((96, 96), 128, CELL_PX), said.append)
    assert torch.equal(fitting.wave_vectors, tiles_of[1:])
    assert len(said) == 1


def test_the_exemplar_of_tiles_is_not_kept_since_pieces_do_not_follow_their_joints():
    assert training_on(PATTERNS["tiles"](256)).exemplar() is None
    assert training_on(PATTERNS["rows"](256)).exemplar() is not None
