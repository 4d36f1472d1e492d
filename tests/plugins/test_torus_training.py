"""Parts of the torus generator's training: its data, its classes, its losses, what it is told of a lattice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from materials import bricks, surface, tiles
from test_torus import TINY, train

from impasto import Maps
from impasto.context import Context
from impasto.data.dataset import Dataset, dataset_of
from impasto.library.models import ModelLibrary
from impasto.patterns.lattice import Bond, Lattice, TorusRegion, full_region
from impasto.training.losses import SIGMA, zero_centred_penalty
from impasto_gan.torus.augmentation import Augmentation
from impasto_gan.torus.conditioning import CELL_CHANNELS, Conditioning, condition_channels, phase_channels
from impasto_gan.torus.model import load_torus
from impasto_gan.torus.network import GLOBAL_CHANNELS
from impasto_gan.torus.parameters import TrainTorusParameters
from impasto_gan.torus.prepare import prepare
from impasto_gan.torus.train import GENERATOR_WIDTHS, TorusTraining
from impasto_gan.torus.views import slopes

pytestmark = pytest.mark.usefixtures("one_slider")


def drawn(channels: int, counts: tuple[int, int]) -> torch.Tensor:
    return torch.randn(1, channels, *counts)


def test_data_is_standardised_there_and_back():
    data = prepare(dataset_of(surface()), 96, 48, 32, False, "cpu")
    assert data.maps == ("base_color", "height", "roughness")
    pixels = data.pictures[0].pixels[:, :128, :128]
    assert pixels.mean((1, 2)).abs().max() < 1e-4
    assert pixels[3:].std((1, 2)).sub(1).abs().max() < 1e-3
    back = data.surfaces[0].standardisation.inverse(pixels[None])[0]
    assert np.abs(back[:3].permute(1, 2, 0).numpy() - surface()["base_color"].pixels).max() < 1e-4
    crops = data.crops(5, 48, torch.Generator().manual_seed(0))
    assert crops.coarse.shape == (5, 5, 24, 24)
    assert crops.fine.shape == (5, 5, 48, 48)


def test_thumbnails_of_a_class_are_learned_as_layouts(tmp_path):
    """Coarse crops come from both, fine ones only from the picture that has the detail."""
    thumbnails = [Maps.from_arrays({"base_color": surface(32, seed)["base_color"].pixels}) for seed in (5, 6)]
    large = dataset_of(surface(), label="stone", licence="a")
    small = dataset_of(*thumbnails, label="stone", licence="a", smallest_px=24)
    dataset = Dataset("both", large.samples + small.samples)
    data = prepare(dataset, 96, 48, 32, False, "cpu")
    assert data.canvas == (96, 96)
    assert [picture.pixels is None for picture in data.pictures] == [False, True, True]
    crops = data.crops(40, 48, torch.Generator().manual_seed(0))
    assert crops.coarse.shape == (40, 5, 24, 24)
    assert crops.fine_known.all()
    from_layouts = ~crops.coarse_known[:, 3, 0, 0].bool()
    assert 10 < from_layouts.sum() < 30
    assert crops.coarse[from_layouts, 3:].abs().max() == 0
    train(tmp_path, 2, dataset)
    assert (tmp_path / "tiny.safetensors").exists()


def test_joints_that_do_not_show_in_colours_are_found_in_roughness():
    maps = Maps.from_arrays(
        {"base_color": np.random.default_rng(0).random((160, 160, 3)), "roughness": bricks()[..., :1]}
    )
    data = prepare(dataset_of(maps), 96, 48, 32, False, "cpu")
    assert 1 / float(data.lattice.wave_vectors[0, 0]) == pytest.approx(32, rel=0.01)


@pytest.mark.parametrize(("waver_px", "is_measured"), [(0, True), (6, False)])
def test_of_rows_that_waver_nothing_is_measured(waver_px, is_measured):
    """They stay rows: networks are told their phases, and draw all of them."""
    shifts = np.round(waver_px * np.sin(np.arange(160) / 9)).astype(int)
    straight = bricks()
    wavering = np.stack([np.roll(straight[:, column], shift, 0) for column, shift in enumerate(shifts)], 1)
    data = prepare(dataset_of(Maps.from_arrays({"base_color": wavering})), 96, 48, 32, False, "cpu")
    assert data.lattice.has_rows
    assert (data.unit_cell is not None) == is_measured


def test_cells_in_a_bond_are_whole_around_the_torus():
    full = (160, 192)
    lattice = Lattice(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 50]]), bond=Bond(0.48, 0.1)).on_torus(full)
    condition = Conditioning.random(lattice.with_row_offsets(full, drawn), full, drawn, "cpu")
    told = condition(full_region(full))
    assert torch.equal(told[..., 100:140, 50:60], condition(TorusRegion(260, -142, 40, 10, full)))
    noise = told[0, -CELL_CHANNELS]
    assert len(noise.unique()) == 5 * 4
    assert all(len(row.unique()) == 4 for row in noise)
    steps = [int((noise[y].roll(1) != noise[y]).nonzero()[0]) for y in (32, 64)]
    assert steps[0] != steps[1]


def test_each_tile_has_noise_of_its_own():
    lattice = Lattice(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 16]]))
    condition = Conditioning.random(lattice, (64, 64), drawn, "cpu")
    told = condition(full_region((64, 64)))
    assert told.shape[1] == condition_channels(lattice)
    noise = told[:, phase_channels(lattice) :]
    assert len(noise[0, 0].unique()) == 2 * 4
    assert len(noise[0, 0, 16:48, 8:24].unique()) == 1  # tiles end at phase 0.5
    assert torch.equal(noise, condition(TorusRegion(64, -64, 64, 64, (64, 64)))[:, phase_channels(lattice) :])
    assert torch.equal(noise[..., ::2, ::2], condition(full_region((32, 32)))[:, phase_channels(lattice) :])
    oblique = Lattice(torch.tensor([[1 / 30, 0.01], [0.0, 1 / 20]]))
    assert condition_channels(oblique) == phase_channels(oblique)


def test_slopes_are_those_of_height():
    maps = torch.zeros(1, 2, 8, 9)
    maps[0, 1] = 3 * torch.arange(9) - 5 * torch.arange(8)[:, None]
    seen = slopes(maps, 1, deviation=2.0)
    assert seen.shape == (1, 4, 6, 7)
    assert torch.equal(seen[0, 2], torch.full((6, 7), 3.0))
    assert torch.equal(seen[0, 3], torch.full((6, 7), -5.0))


def test_the_penalty_is_the_squared_gradient():
    """On a linear discriminator the finite difference is exact: its mean square is |w|²."""
    D = torch.nn.Conv2d(1, 1, 3, bias=False)
    x = torch.zeros(64, 1, 50, 50)
    penalty = zero_centred_penalty(D(x), D(x + SIGMA * torch.randn(x.shape)))
    assert penalty.item() == pytest.approx(D.weight.square().sum().item(), rel=0.02)


def test_what_the_discriminator_sees_is_changed_more_often_the_surer_it_is():
    augmentation, random = Augmentation(0.5, None), torch.Generator().manual_seed(1)
    x = torch.randn(8, 3, 32, 32, generator=random)
    assert augmentation(x, random) is x
    for _ in range(400):
        augmentation.adapt(torch.ones(4), torch.zeros(4))
    assert augmentation.probability == pytest.approx(0.5)
    changed = [not torch.equal(before, after) for before, after in zip(x, augmentation(x, random), strict=True)]
    assert sum(changed) > 0
    for _ in range(400):
        augmentation.adapt(torch.zeros(4), torch.zeros(4))
    assert augmentation.probability == 0


def test_mirrored_slopes_are_those_of_the_mirrored_height():
    augmentation, random = Augmentation(1.0, (1, 2)), torch.Generator().manual_seed(0)
    augmentation.probability.fill_(1.0)
    seen = slopes(torch.randn(1, 1, 34, 34, generator=random), 0, 1.0)
    changed = augmentation(seen, random)
    along_x, along_y = changed[0, 1], changed[0, 2]
    known = (changed[0] != 0).all(0)  # beside what is blanked
    expected = slopes(changed[:, :1], 0, 1.0)[0]
    inside = known[1:-1, 1:-1] & known[:-2, 1:-1] & known[2:, 1:-1] & known[1:-1, :-2] & known[1:-1, 2:]
    assert inside.float().mean() > 0.5
    assert torch.allclose(expected[1][inside], along_x[1:-1, 1:-1][inside])
    assert torch.allclose(expected[2][inside], along_y[1:-1, 1:-1][inside])


@pytest.mark.parametrize("material", [surface(seed=9), Maps.from_arrays({"base_color": tiles()})], ids=["any", "tiles"])
def test_what_a_training_goes_back_to_has_the_statistics_of_its_data(material, tmp_path):
    train(tmp_path, 1, dataset_of(Maps.from_arrays({"base_color": tiles()[::-1]}), licence="CC0-1.0"))
    data = prepare(dataset_of(material), 96, 48, 32, False, "cpu")
    parameters = TrainTorusParameters(**{**TINY, "steps": 2})
    measured = None if data.unit_cell is None else data.unit_cell.mean.rows.clone()
    training = TorusTraining(data, parameters, 0, "cpu", "float32")
    for model in ("", "tiny"):
        training.start_from(model, "torus", Context(models=ModelLibrary(tmp_path)))
        gains = data.band_deviations(len(GENERATOR_WIDTHS)).flip(0)
        for stage, deviation in zip(training.model.network.stages, gains, strict=True):
            assert torch.equal(stage.gains.flatten(), deviation)
        if measured is not None:
            assert torch.equal(training.model.unit_cell.mean.rows, measured)
        state = training.ema.state_dict()
        assert all(torch.equal(value, training.good[f"ema.{name}"]) for name, value in state.items())


def both() -> Dataset:
    """A light material with all maps, and a dark one that only has colours."""
    dark = Maps.from_arrays({"base_color": surface(seed=4)["base_color"].pixels / 3}, name="dark")
    one, other = dataset_of(surface(), label="light", licence="a"), dataset_of(dark, label="dark", licence="b")
    return Dataset("both", one.samples + other.samples)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    train(folder, 2, both())
    return folder


def loaded(folder):
    return load_torus("tiny", Context(models=ModelLibrary(folder)))


def test_each_class_is_standardised_by_itself():
    data = prepare(both(), 96, 48, 32, False, "cpu")
    assert len(data.surfaces) == 2
    for picture in data.pictures:
        known = picture.known[:, 0, 0].bool()
        assert picture.pixels[known, :128, :128].mean((1, 2)).abs().max() < 1e-4
        assert not picture.pixels[~known].any()


def test_a_material_starts_as_the_mean_of_the_classes(library):
    """With the heads of its own maps, and the style that equal weights of all classes give."""
    many = loaded(library)
    plain = Maps.from_arrays({"base_color": surface(seed=9)["base_color"].pixels})
    data = prepare(dataset_of(plain), 96, 48, 32, False, "cpu")
    training = TorusTraining(data, TrainTorusParameters(**TINY, steps=2), 0, "cpu", "float32")
    training.start_from("tiny", "torus", Context(models=ModelLibrary(library)))
    latent = torch.randn(3, GLOBAL_CHANNELS, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        style, mean = training.model.network.style(latent), many.network.style(latent, torch.full((3, 2), 0.5))
    assert torch.allclose(style, mean, atol=1e-3)
    for stage, start in zip(training.model.network.stages, many.network.stages, strict=True):
        assert torch.allclose(stage.head.weight, start.head.weight[:3])
        assert torch.allclose(stage.convolution.weight, start.convolution.weight)
