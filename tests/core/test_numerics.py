"""Computations below the tools, against values known otherwise: noise, borders, colours, lattices, patches."""

from __future__ import annotations

import doctest
import hashlib

import numpy as np
import pytest
import torch

from impasto import Maps, Texture
from impasto.errors import ParameterError
from impasto.numerics.borders import TORUS, Plane, with_margin
from impasto.numerics.filters import gaussian_blur
from impasto.patterns import session
from impasto.patterns.canvas import TorusShape
from impasto.patterns.detection import find_lattice
from impasto.patterns.lattice import Lattice
from impasto.patterns.session import Example, Holes, Pieces, Session
from impasto.surface.color import linear_to_oklab, linear_to_srgb, oklab_to_linear, srgb_to_linear
from impasto.texture import MAP_CHANNELS
from impasto.training.noise import NoiseField

SIZE = (256, 320)
COUNT = SIZE[0] * SIZE[1]


def normal(seed: int, stream: int, channels: int, size: tuple[int, int], *window: int) -> np.ndarray:
    return NoiseField(seed).normal(stream, channels, size, window or None).numpy()  # type: ignore[arg-type]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation in standard errors of independent draws."""
    return float(np.mean(one * other, dtype=np.float64)) * np.sqrt(one.size)


@pytest.fixture(scope="module")
def whole() -> np.ndarray:
    return normal(7, 0, 3, SIZE)


@pytest.mark.parametrize(
    "window",
    [(0, 0, 256, 320), (10, 20, 33, 47), (-5, -7, 12, 20), (250, 310, 20, 30), (-600, 700, 5, 9), (-3, -4, 300, 700)],
)
def test_any_window_is_that_part_of_the_torus(window, whole):
    top, left, height, width = window
    rows, columns = np.arange(top, top + height) % SIZE[0], np.arange(left, left + width) % SIZE[1]
    drawn = normal(7, 0, 3, SIZE, *window)
    assert drawn.dtype == np.float32
    assert np.array_equal(drawn, whole[:, rows][:, :, columns])
    assert np.array_equal(normal(7, 0, 3, (1000, 20000), 0, 0, *SIZE), whole), "the size matters only where it wraps"
    assert np.array_equal(normal(7, 0, 100, SIZE, 0, 0, 8, 8)[:3], whole[:, :8, :8]), "nor how many channels are drawn"


def test_channels_streams_and_seeds_are_independent(whole):
    others = [
        whole[2],
        whole[1],
        normal(7, 1, 1, SIZE)[0],
        normal(8, 0, 1, SIZE)[0],
        normal(2**31 - 1, 0, 1, SIZE)[0],
    ]
    for other in others:
        assert abs(correlation(whole[0], other)) < 4.5
        assert abs(correlation(whole[0] ** 2 - 1, other**2 - 1)) / 2 < 4.5


def test_it_is_bit_for_bit_what_it_always_was():
    values = normal(1, 2, 3, (1000, 1000), -2, 5, 7, 9).astype("<f4")
    assert hashlib.sha256(values.tobytes()).hexdigest()[:16] == "93b18d092961f1f1"


def test_margins_go_round_the_torus():
    x = torch.rand(1, 2, 6, 5)
    assert torch.equal(with_margin(x, 2, TORUS), x.tile(1, 1, 3, 3)[:, :, 4:14, 3:12])
    assert torch.equal(with_margin(x, 7, TORUS), x.tile(1, 1, 5, 5)[:, :, 5:25, 3:22])


@pytest.mark.parametrize("wraps", [False, True])
def test_a_picture_goes_on_beyond_its_borders_as_often_as_it_takes(wraps):
    row = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    wide = with_margin(row, ((0, 5), (5, 5)), (wraps, wraps))[0, 0, 0].tolist()
    around, mirrored = [3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0], [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert wide == (around if wraps else mirrored)


@pytest.mark.parametrize("wraps", [(True, False), (False, True)])
def test_each_axis_has_its_own_border(wraps):
    x = torch.rand(5, 7)
    wide = with_margin(x, 2, wraps)
    assert torch.equal(wide, with_margin(with_margin(x, ((2, 2), (0, 0)), wraps), ((0, 0), (2, 2)), wraps))
    assert torch.equal(wide[0, 2:-2], x[3 if wraps[0] else 2])
    assert torch.equal(wide[2:-2, 0], x[:, 5 if wraps[1] else 2])


def test_slopes_and_planes_go_on_beyond_their_borders():
    slope = torch.arange(6.0).expand(6, 6)
    assert torch.equal(with_margin(slope, 2, (False, False), is_odd=True)[0], torch.arange(-2.0, 8.0))
    assert torch.equal(with_margin(torch.ones(1, 1, 1), 3, (False, True)), torch.ones(1, 7, 7)), "a single pixel"
    x = torch.rand(3, 20, 30)
    plane = Plane.around((20, 30), (True, False))
    wide = plane.extend(x)
    assert (wide.shape[1], wide.shape[2] % 16) == (20, 0)
    assert wide.shape[2] > 30
    assert torch.equal(plane.crop(wide), x)


@pytest.mark.parametrize("wraps", [True, False])
@pytest.mark.parametrize("size_px", [(24, 40), (300, 280)])
def test_a_blur_goes_on_beyond_borders_as_margins_do(wraps, size_px):
    """Small pictures and large ones, whose taps are added up in another way, and Gaussians wider than the picture."""
    x = torch.rand(1, 2, *size_px, generator=torch.Generator().manual_seed(0))
    for sigma_px in (1.5, 14.0):
        reach_px = int(3 * sigma_px + 0.5)
        margin_px = 2 * reach_px
        wide = gaussian_blur(with_margin(x, margin_px, wraps), sigma_px, not wraps)
        inside = wide[:, :, margin_px:-margin_px, margin_px:-margin_px]
        assert torch.allclose(gaussian_blur(x, sigma_px, wraps), inside, atol=1e-6)


def test_srgb_and_oklab_are_as_published_and_go_back():
    values = np.linspace(0, 1, 1001)
    assert np.abs(linear_to_srgb(srgb_to_linear(values)) - values).max() < 1e-6  # float32 rounding
    assert abs(srgb_to_linear(np.array(0.5)) - 0.21404) < 1e-5
    expected = [(1.0, 0.0, 0.0), (0.628, 0.225, 0.126), (0.866, -0.234, 0.179), (0.452, -0.032, -0.312)]
    assert np.allclose(linear_to_oklab(np.vstack([np.ones(3), np.eye(3)])), expected, atol=1e-3)
    colors = np.random.default_rng(0).random((50, 3))
    assert np.abs(oklab_to_linear(linear_to_oklab(colors)) - colors).max() < 1e-5


def test_a_period_is_as_long_as_the_whole_picture_says():
    """Rows are found on a copy of at most 384 px; 27 periods later they would be out of step."""
    rows, random = torch.arange(1024), torch.Generator().manual_seed(0)
    for period in (37.3, 64.0, 102.4):
        luminance = (rows % period < 5).float()[:, None] + 0.1 * torch.rand(1024, 256, generator=random)
        (vector,) = find_lattice(luminance).wave_vectors
        assert float(vector[0]) * 1024 == pytest.approx(1024 / period, abs=0.02)


def test_a_torus_holds_whole_periods():
    tiles = Lattice(torch.tensor([[1 / 90, 0.0], [0.0, 1 / 64]]))
    assert tiles.torus_size((400, 384), 1024, 32) == (448, 384)
    assert Lattice().torus_size((384, 384), 512, 32) == (384, 384)
    rows_of_100 = Lattice(torch.tensor([[1 / 100, 0.0]]))
    assert rows_of_100.torus_size((256, 256), 256, 32) == (192, 256)
    assert rows_of_100.torus_size((256, 256), 256, 32, 240) == (256, 256), "at least as large as asked for"


def test_an_oblique_lattice_stays_one_where_a_torus_straightens_it():
    straight = Lattice(torch.tensor([[0.004, 0.04], [0.03, -0.003]])).on_torus((96, 100))
    assert straight.wave_vectors[0].tolist() == pytest.approx([0, 0.04])
    for lattice in (straight, straight.on_torus((96, 100))):
        assert not lattice.has_rows
        assert not lattice.has_cells


@pytest.mark.parametrize("vectors", [[[0.0, 1 / 20], [1 / 300, 0.0]], [[1 / 300, 0.0], [0.0, 1 / 20]]])
def test_rows_wider_than_a_torus_keep_their_axis(vectors):
    lattice = Lattice(torch.tensor(vectors))
    fitted = lattice.on_torus((96, 100))
    assert fitted.has_cells
    assert fitted.row_axis == lattice.row_axis
    assert fitted.cells((96, 100)) == (1, 5)


def test_a_lattice_fits_where_its_wave_vectors_stay_apart():
    assert Lattice().fits((64, 64))
    assert Lattice(torch.tensor([[1 / 64, 0.0]])).fits((64, 32))
    assert not Lattice(torch.tensor([[1 / 300, 0.0]])).fits((64, 64))
    parallel = Lattice(torch.tensor([[-0.0104, 0.0084], [0.0114, -0.0045]]))
    assert not parallel.fits((128, 128))
    assert parallel.fits((384, 384))


def test_stripes_at_an_angle_have_one_wave_vector():
    """Any shift along them correlates, and some of these would give a second one of less than four pixels."""
    y, x = np.mgrid[:160, :160]
    stripes = (y * np.cos(0.7) + x * np.sin(0.7)) / 24 % 1 < 0.3
    picture = 0.5 * stripes + 0.07 * np.random.default_rng(0).standard_normal(stripes.shape)
    (vector,) = find_lattice(torch.from_numpy(picture).float()).wave_vectors
    assert 1 / float(vector.norm()) == pytest.approx(24, rel=0.01)


def test_the_examples_above_the_methods_run():
    """Those of the methods go on with what the module's own example has made."""
    runner, names = doctest.DocTestRunner(), dict(vars(session))
    for example in doctest.DocTestFinder().find(session, globs=names):
        example.globs = names
        runner.run(example, clear_globs=False)
    assert runner.tries > 8
    assert not runner.failures


def test_left_out_pixels_are_not_synthesised_and_a_seed_gives_the_same():
    image = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(1))
    left_out = torch.zeros(64, 64, dtype=torch.bool)
    left_out[:, 40:] = True
    example = Example({"base_color": image}, left_out=left_out)
    once, again = (Session(example, np.random.default_rng(3)).synthesise(TorusShape((48, 40))) for _ in range(2))
    assert torch.equal(once.origin, again.origin)
    assert not left_out.flatten()[once.origin].any()


def test_every_method_reports_fractions_and_shows_what_it_has_so_far():
    image = torch.rand(3, 64, 80, generator=torch.Generator().manual_seed(1))
    mask = torch.zeros(64, 80, dtype=torch.bool)
    mask[20:30, 30:50] = True
    said: list[tuple[float, torch.Size]] = []

    def report(done, find_origin):
        said.append((done, find_origin().shape))

    work = Session(Example({"base_color": image}), np.random.default_rng(0), report)
    work.quilt((96, 64), Pieces(variety=0.0))
    assert {shape for _, shape in said} == {torch.Size((96, 64))}
    quilted = len(said)
    work.fill(Holes(mask))
    assert {shape for _, shape in said[quilted:]} == {torch.Size((64, 80))}
    assert all(0 <= done <= 1 for done, _ in said)


def test_maps_are_in_the_order_of_the_table_and_hashed_by_their_pixels():
    maps = Maps.from_arrays({"height": np.zeros((4, 4)), "base_color": np.zeros((4, 4, 3))})
    assert list(maps) == ["base_color", "height"]
    assert maps["base_color"].color_space == "srgb"
    assert maps["height"].color_space == "data"
    pixels = {name: np.full((3, 5, channels), 0.5) for name, channels in MAP_CHANNELS.items()}
    one, other = Maps.from_arrays(pixels, name="a"), Maps.from_arrays(pixels, name="b")
    assert one.sha256() == other.sha256()
    assert one.sha256() != one.with_arrays({"height": np.full((3, 5), 0.25)}).sha256()


@pytest.mark.parametrize("pixels", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 1)), np.zeros((0, 4, 1), np.float32)])
def test_pixels_of_another_shape_or_type_are_refused(pixels):
    with pytest.raises(ParameterError, match="float32"):
        Texture(pixels)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"albedo": np.zeros((4, 4, 3))}, "ambient_occlusion"),
        ({"height": np.zeros((4, 4, 3))}, "height must have 1 channels, got 3"),
        ({"height": np.zeros((4, 4)), "roughness": np.zeros((8, 8))}, "4x4, 8x8"),
        ({}, "no maps"),
    ],
)
def test_maps_that_are_none_are_refused(arrays, said):
    with pytest.raises(ParameterError, match=said):
        _ = Maps.from_arrays(arrays).size_px
