"""Parts of the torus generator's training: its data and classes, what it is told of a lattice, and unit cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from materials import as_tensor, bond, bricks, surface, tiles
from test_torus import TINY, both, train

from impasto import Maps
from impasto.context import Context
from impasto.data.dataset import Dataset, dataset_of
from impasto.library.models import ModelLibrary
from impasto.numerics.resampling import split_band
from impasto.patterns.lattice import Bond, Lattice, TorusRegion, full_region
from impasto_gan.torus.augmentation import Augmentation
from impasto_gan.torus.cells.components import COMPONENTS, PrincipalComponents
from impasto_gan.torus.cells.division import find_cells
from impasto_gan.torus.cells.periodic import PeriodicFunction
from impasto_gan.torus.cells.phase_statistics import PhaseStatistics
from impasto_gan.torus.cells.unit_cell import UnitCell
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


def test_standardisation_can_be_undone():
    data = prepare(dataset_of(surface()), 96, 48, 32, False, "cpu")
    pixels = data.pictures[0].pixels[:, :128, :128]
    assert pixels.mean((1, 2)).abs().max() < 1e-4
    assert pixels[3:].std((1, 2)).sub(1).abs().max() < 1e-3
    back = data.surfaces[0].standardisation.inverse(pixels[None])[0, :3].permute(1, 2, 0).numpy()
    assert np.abs(back - surface()["base_color"].pixels).max() < 1e-4


def test_joints_invisible_in_colours_are_found_in_roughness():
    maps = Maps.from_arrays(
        {"base_color": np.random.default_rng(0).random((160, 160, 3)), "roughness": bricks()[..., :1]}
    )
    data = prepare(dataset_of(maps), 96, 48, 32, False, "cpu")
    assert 1 / float(data.lattice.wave_vectors[0, 0]) == pytest.approx(32, rel=0.01)


@pytest.mark.parametrize(("waver_px", "is_measured"), [(0, True), (6, False)])
def test_wavering_rows_have_no_statistics(waver_px, is_measured):
    """They stay rows: networks are told their phases, and draw all of them."""
    shifts = np.round(waver_px * np.sin(np.arange(160) / 9)).astype(int)
    straight = bricks()
    wavering = np.stack([np.roll(straight[:, column], shift, 0) for column, shift in enumerate(shifts)], 1)
    data = prepare(dataset_of(Maps.from_arrays({"base_color": wavering})), 96, 48, 32, False, "cpu")
    assert data.lattice.has_rows
    assert (data.unit_cell is not None) == is_measured


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


def test_cells_in_a_bond_are_whole_around_the_torus():
    full = (160, 192)
    lattice = Lattice(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 50]]), bond=Bond(0.48, 0.1)).on_torus(full)
    condition = Conditioning.random(lattice.with_row_offsets(full, drawn), full, drawn, "cpu")
    told = condition(full_region(full))
    assert torch.equal(told[..., 100:140, 50:60], condition(TorusRegion(260, -142, 40, 10, full)))
    noise = told[0, -CELL_CHANNELS]
    assert (len(noise.unique()), {len(row.unique()) for row in noise}) == (5 * 4, {4})
    ends = [(noise[y].roll(1) != noise[y]).nonzero()[0] for y in (32, 64)]
    assert ends[0] != ends[1]
    plain = replace(lattice, bond=Bond(0.4, 0.0)).with_row_offsets(full, drawn)
    assert torch.allclose(plain.row_offsets[0], 0.4 * torch.arange(5.0))


def test_slopes_are_those_of_height():
    maps = torch.zeros(1, 2, 8, 9)
    maps[0, 1] = 3 * torch.arange(9) - 5 * torch.arange(8)[:, None]
    seen = slopes(maps, 1, deviation=2.0)
    assert seen.shape == (1, 4, 6, 7)
    assert torch.equal(seen[0, 2], torch.full((6, 7), 3.0))
    assert torch.equal(seen[0, 3], torch.full((6, 7), -5.0))


def test_augmentation_grows_with_the_discriminators_certainty():
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
def test_rolled_back_trainings_keep_the_statistics_of_their_data(material, tmp_path):
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


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    train(folder, 2, both())
    return folder


def loaded(folder):
    return load_torus("tiny", Context(models=ModelLibrary(folder)))


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


def grain(joint: float, side: int = 256, period: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise that is `joint` times as strong at joints, (1, side, side), and where those are, (side, side)."""
    line = torch.arange(side) % period < 8
    joints = line[:, None] | line
    noise = torch.randn(1, side, side, generator=torch.Generator().manual_seed(3))
    return noise * torch.where(joints, joint, 1.0), joints


STILL = torch.zeros(1 + COMPONENTS)
"""No slider moves the cells."""


def alike(channels: int, counts: tuple[int, int]) -> torch.Tensor:
    """Cells that differ in nothing but grain."""
    return torch.zeros(1, channels, *counts)


def test_variance_of_cells_is_measured_at_each_phase():
    """Grain that is six times as strong at joints is alike everywhere to the networks, and strong there when made."""
    lattice = Lattice(torch.eye(2) / 32)
    picture, joints = grain(6.0)
    unit_cell = UnitCell.of(picture, lattice)
    inner = torch.nn.functional.max_pool2d(joints[None].float(), 5, 1, 2)[0] == 0

    def ratio(values: torch.Tensor) -> float:
        band = split_band(values[None])[0][0, 0]
        return float(band[joints].std() / band[inner].std())

    assert ratio(picture) > 5
    assert ratio(unit_cell.residual(picture, lattice)) == pytest.approx(1, abs=0.35)
    other = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(4))
    made = unit_cell(other, lattice, full_region((256, 256)), 0, alike, STILL)[0]
    assert ratio(made) == pytest.approx(ratio(picture), rel=0.35)
    even = UnitCell.of(grain(1.0)[0], lattice)
    assert ratio(even(other, lattice, full_region((256, 256)), 0, alike, STILL)[0]) == pytest.approx(1, abs=0.1)


SHADED = Lattice(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 40]]))
SHADED_AT_A_PIXEL = replace(SHADED, origin_px=torch.full((2,), 0.5))
"""Its tiles end between pixels."""


def shaded() -> torch.Tensor:
    """Tiles (3, 320, 320) that differ in tone, and each on its own in how bright its left edge is."""
    random = torch.Generator().manual_seed(6)
    y, x = torch.meshgrid(torch.arange(320), torch.arange(320), indexing="ij")
    tones, edges = (0.1 * torch.randn(11, 9, generator=random)[(y + 16) // 32, (x + 20) // 40] for _ in range(2))
    edge = (x + 20) % 40 < 6
    return (tones + torch.where(edge, edges, 0.0) + 0.01 * torch.randn(320, 320, generator=random)).expand(3, -1, -1)


def test_principal_components_of_cells_are_measured():
    """Tone and edge are told apart from grain, and what is made anew has both, as strong, with edges as sharp."""
    picture, lattice = shaded(), SHADED_AT_A_PIXEL
    components = PrincipalComponents.of(picture, lattice)
    assert components.residual(picture, lattice).std() == pytest.approx(0.01, rel=0.15)
    weights = torch.randn(COMPONENTS, 10, 8, generator=torch.Generator().manual_seed(7))
    made = components(weights, lattice, full_region((320, 320)))
    assert made.std() == pytest.approx(float(picture.std()), rel=0.2)
    for walls in (picture, made):
        inner = walls[0, 16:304, 20:300].unflatten(0, (9, 32)).unflatten(2, (7, 40)).transpose(1, 2)
        left, right = inner[..., :6].mean((2, 3)), inner[..., 6:].mean((2, 3))
        assert (left - right).std() == pytest.approx(0.1, rel=0.35)
        assert inner[..., 6:].std((2, 3)).mean() < 0.02


def test_components_are_the_same_in_parts_and_with_less_detail():
    components, lattice = PrincipalComponents.of(shaded(), SHADED_AT_A_PIXEL), Lattice(SHADED_AT_A_PIXEL.wave_vectors)
    weights = torch.randn(COMPONENTS, 4, 4, generator=torch.Generator().manual_seed(8))
    all_of_it = components(weights, lattice, full_region((128, 160)))
    part = components(weights, lattice, TorusRegion(100, -30, 60, 70, (128, 160)))
    assert torch.allclose(part, all_of_it.roll((-100, 30), (1, 2))[:, :60, :70], atol=1e-6)
    quarter = torch.nn.functional.avg_pool2d(all_of_it, 4)
    assert torch.allclose(components(weights, lattice, full_region((32, 40)), 4), quarter, atol=1e-5)


def test_phase_statistics_detect_bent_joints():
    picture = as_tensor(tiles(320))[:1]
    lattice = Lattice(torch.eye(2) / 32)
    statistics = PhaseStatistics.of(picture[:, :160], lattice, 1, 2)

    def distance(other):
        return float(statistics.distance(other[None], lattice, with_deviation=True))

    same, moved = distance(picture[:, 160:]), picture[:, 160:].roll(3, 1)
    bent = torch.stack([column.roll(round(3 * np.sin(x / 20))) for x, column in enumerate(picture[0, 160:].T)], 1)[None]
    alike = picture[:, 160:].clone().where(picture[:, 160:] < 0.4, 0.65)
    assert same < 0.01
    assert min(distance(moved), distance(bent), distance(alike)) > 3 * same + 0.01


ROWS = torch.tensor([[1 / 32, 0.0]])
BETWEEN_JOINTS = torch.tensor([16.0, 16.0])


@pytest.mark.parametrize("turned", [False, True], ids=["rows", "columns"])
def test_cells_of_rows_and_their_bond_are_found(turned):
    picture = as_tensor(bond())
    rows, axis = ROWS, 1
    if turned:
        picture, rows, axis = picture.mT, rows.flip(1), 0
    lattice = find_cells(picture, Lattice(rows, BETWEEN_JOINTS))
    assert lattice.row_axis == int(turned)
    assert 1 / lattice.frequency(axis) == pytest.approx(64, abs=0.5)
    assert abs(lattice.bond.shift) == pytest.approx(0.5, abs=0.03)
    assert lattice.bond.spread < 0.03


def test_the_joints_of_each_row_are_found_to_the_pixel():
    """Of a bond that is kept loosely: joints of the mean are as dark as each row's own."""
    picture = np.concatenate(
        [np.roll(bond(shift=0)[32 * k : 32 * k + 32], by, 1) for k, by in enumerate((0, 33, 2, 30, 3, 31))]
    )
    values = as_tensor(picture)
    lattice = find_cells(values, Lattice(ROWS, BETWEEN_JOINTS))
    assert lattice.bond.spread > 0.01
    mean = PeriodicFunction.of_picture(values - values.mean((1, 2), keepdim=True), lattice)(
        lattice, full_region((192, 192))
    )
    joints = (values[0] < 0.3) & (torch.arange(192)[:, None] % 32 >= 6)
    assert (mean[0] + values[0].mean())[joints].mean() < 0.21


def test_planks_that_do_not_end_have_no_cells_nor_have_rows_without_a_bond():
    lattice, anyhow = Lattice(ROWS, torch.tensor([16.0, 0.0])), (0, 9, 41, 17, 60, 30)
    loose = np.concatenate([np.roll(bond(shift=0)[32 * k : 32 * k + 32], by, 1) for k, by in enumerate(anyhow)])
    for pixels in (bricks(), loose):
        assert find_cells(as_tensor(pixels), lattice) is lattice
