"""Computations below the tools, against values known otherwise: noise, borders, lattices, patches, and surfaces."""

from __future__ import annotations

import doctest
import hashlib
import io
import math

import numpy as np
import pytest
import torch
from materials import bond, bricks
from PIL import Image

from impasto import Maps, Texture, write_maps
from impasto.errors import ParameterError
from impasto.numerics.borders import TORUS, Plane, with_margin
from impasto.numerics.color_transport import ColorSample, color_table, look_up, mixture, sliced_transport
from impasto.numerics.filters import gaussian_blur
from impasto.patterns import session
from impasto.patterns.canvas import TorusShape
from impasto.patterns.detection import find_lattice, find_regularity
from impasto.patterns.lattice import Lattice
from impasto.patterns.phases import Sublattice
from impasto.patterns.session import Example, Holes, Pieces, Session
from impasto.surface.color import linear_to_oklab, linear_to_srgb, oklab_to_linear, srgb_to_linear
from impasto.surface.heights import normal_from_slopes, normal_height_consistency, normal_length_error
from impasto.surface.relief import HALO_PX, normal_from_height, occlusion_from_height, with_relief
from impasto.surface.shading import Light, Shaded, ball, plane, reflect
from impasto.surface.wrapping import wraps
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
def test_noise_in_a_window_equals_that_part_of_the_torus(window, whole):
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


def test_noise_has_its_recorded_bits():
    values = normal(1, 2, 3, (1000, 1000), -2, 5, 7, 9).astype("<f4")
    assert hashlib.sha256(values.tobytes()).hexdigest()[:16] == "93b18d092961f1f1"


def test_margins_go_round_the_torus():
    x = torch.rand(1, 2, 6, 5)
    assert torch.equal(with_margin(x, 2, TORUS), x.tile(1, 1, 3, 3)[:, :, 4:14, 3:12])
    assert torch.equal(with_margin(x, 7, TORUS), x.tile(1, 1, 5, 5)[:, :, 5:25, 3:22])


@pytest.mark.parametrize("wraps", [False, True])
def test_borders_continue_for_any_margin(wraps):
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


def test_slopes_and_planes_continue_beyond_their_borders():
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


def test_periods_are_measured_over_the_whole_picture():
    """Rows are found on a copy of at most 384 px; 27 periods later they would be out of step."""
    rows, random = torch.arange(1024), torch.Generator().manual_seed(0)
    for period in (37.3, 64.0, 102.4):
        luminance = (rows % period < 5).float()[:, None] + 0.1 * torch.rand(1024, 256, generator=random)
        (vector,) = find_lattice(luminance).wave_vectors
        assert float(vector[0]) * 1024 == pytest.approx(1024 / period, abs=0.02)


def colored(seed: int, width: int, *light: float) -> torch.Tensor:
    """Noise of a colour (1, 3, 40, width)."""
    grey = torch.rand(1, 3, 40, width, generator=torch.Generator().manual_seed(seed))
    return grey * torch.tensor(light).view(1, 3, 1, 1)


def test_colour_mixtures_follow_weights_and_masks():
    one, mask = colored(0, 30, 1, 0.8, 0.3), torch.zeros(1, 1, 40, 30)
    mask[..., :10] = 1
    samples = [ColorSample.of(one, mask), ColorSample.of(colored(1, 50, 0.2, 0.4, 1))]
    assert torch.equal(samples[0].colors, one[0, :, :, :10].flatten(1))
    assert torch.equal(ColorSample.of(one, 0 * mask).colors, one[0].flatten(1)), "a black one shows all"
    means = [sample.colors @ sample.weights / sample.weights.sum() for sample in (*samples, mixture(samples, [1, 3]))]
    assert torch.allclose(means[2], (means[0] + 3 * means[1]) / 4, atol=1e-4)


def test_colours_become_distributed_as_the_sources_by_a_table_too():
    picture, source = colored(0, 50, 1, 0.8, 0.3), ColorSample.of(colored(1, 50, 0.2, 0.4, 1))
    axes = [torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(seed)))[0] for seed in range(7)]
    painted = ColorSample.of(picture)
    directly, table = (
        sliced_transport(colors, painted, [source], [1.0], axes[:6])
        for colors in (picture[0].flatten(1), color_table())
    )
    wanted = source.quantiles(axes[6])
    before = (painted.quantiles(axes[6]) - wanted).abs().mean()
    for made in (directly.view_as(picture), look_up(table, picture)):
        assert (ColorSample.of(made).quantiles(axes[6]) - wanted).abs().mean() < 0.2 * before


def luminance(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.mean(2)).float()


def test_rows_are_found_and_noise_is_irregular():
    lattice = find_lattice(luminance(bricks()))
    assert len(lattice.wave_vectors) == 1
    assert float(lattice.on_torus((100, 64)).wave_vectors[0, 0]) * 100 == pytest.approx(3)
    assert float(lattice.origin_px[0]) % 32 == pytest.approx(18, abs=3), "between joints: rows 0 to 3 of each 32"
    assert float(lattice.origin_px[1]) == 0
    none = find_lattice(torch.rand(160, 160, generator=torch.Generator().manual_seed(0)))
    assert (none.is_regular, none.origin_px.tolist()) == (False, [0, 0])


@pytest.mark.parametrize(("shift", "expected"), [(0.5, Sublattice(1, 1, 2)), (1 / 3, Sublattice(1, 2, 3))])
def test_a_regular_bond_is_found_in_the_shifts_that_keep_it(shift, expected):
    """If columns repeat, too, their period is that of all rows' joints together: a part of a brick."""
    found = find_regularity(luminance(bond(384, 32, 72, shift)))
    assert [rows.period for rows in found.rows] == pytest.approx([32, 72 / expected.columns], rel=0.02)
    assert found.sublattice == expected
    row, column = np.mgrid[-3:4, -6:7]
    misfit = (column * 72 / expected.columns + row * shift * 72) % 72  # of the joints, in pixels
    assert np.array_equal(expected.contains(row, column), np.minimum(misfit, 72 - misfit) < 1e-6)
    periods = {(1, 1, 2): (2, 2), (2, 0, 1): (2, 1), (1, 1, 3): (3, 3)}
    assert {one: Sublattice(*one).repeat_periods for one in periods} == periods


def test_a_torus_holds_whole_periods():
    tiles = Lattice(torch.tensor([[1 / 90, 0.0], [0.0, 1 / 64]]))
    assert tiles.torus_size((400, 384), 1024, 32) == (448, 384)
    assert Lattice().torus_size((384, 384), 512, 32) == (384, 384)
    rows_of_100 = Lattice(torch.tensor([[1 / 100, 0.0]]))
    assert rows_of_100.torus_size((256, 256), 256, 32) == (192, 256)
    assert rows_of_100.torus_size((256, 256), 256, 32, 240) == (256, 256), "at least as large as asked for"


def test_oblique_lattices_stay_oblique_on_a_torus():
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
def test_unknown_maps_are_refused(arrays, said):
    with pytest.raises(ParameterError, match=said):
        _ = Maps.from_arrays(arrays).size_px


def bumps(height: int = 96, width: int = 128) -> torch.Tensor:
    random = torch.Generator().manual_seed(4)
    spectrum = torch.fft.rfft2(torch.randn(height, width, generator=random))
    fy, fx = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    return 20 * torch.fft.irfft2(spectrum * torch.exp(-400 * (fx**2 + fy**2)), s=(height, width))


def test_a_slope_leans_the_way_it_falls():
    height = torch.arange(12.0)[:, None] * torch.ones(1, 12)  # one pixel lower for each row up: it faces up the picture
    inside = normal_from_height(height)[:, 6, 6]
    assert torch.allclose(2 * inside - 1, torch.tensor([0, 1, 1]) / 2**0.5)
    sideways = normal_from_height(height.T)[:, 6, 6]
    assert torch.allclose(2 * sideways - 1, torch.tensor([-1, 0, 1]) / 2**0.5)


def test_a_pit_is_dark_and_a_plane_and_a_peak_are_light():
    y, x = torch.meshgrid(torch.arange(64) - 32.0, torch.arange(64) - 32.0, indexing="ij")
    bump = 10 * torch.exp(-(x**2 + y**2) / 50)
    assert occlusion_from_height(-bump)[32, 32] < 0.8
    assert occlusion_from_height(bump)[32, 32] == 1
    assert (occlusion_from_height(torch.zeros(20, 20)) == 1).all()


def test_a_part_with_a_halo_is_as_within_the_whole():
    height, halo = bumps(200, 160), HALO_PX
    part = height[100 - halo : 140 + halo, 50 - halo : 90 + halo]
    for derive in (normal_from_height, occlusion_from_height):
        whole, cut = derive(height), derive(part)
        assert torch.allclose(whole[..., 100:140, 50:90], cut[..., halo:-halo, halo:-halo], atol=1e-6)
        assert torch.allclose(derive(height.roll((30, 40), (0, 1))), whole.roll((30, 40), (-2, -1)), atol=1e-6)


def test_the_set_agrees_with_its_height_and_keeps_its_scale():
    h = bumps()
    low, span = float(h.min()), float(h.max() - h.min())
    maps = Maps.from_arrays({"height": ((h - low) / span).numpy()}, width_m=2.0, height_range_m=span * 2.0 / 128)
    made = with_relief(maps)
    assert (made.width_m, made.height_range_m) == (2.0, maps.height_range_m)
    assert np.allclose(made["normal"].pixels, normal_from_height(h).permute(1, 2, 0), atol=1e-4)
    assert normal_length_error(made["normal"].pixels) < 1e-5
    angle, correlation = normal_height_consistency(made["normal"].pixels, made["height"].pixels)
    assert angle < 0.1
    assert correlation > 0.999


def flat(side: int = 16, **values: float) -> Shaded:
    given = {"color": 0.5, "roughness": 0.5, "metallic": 0.0, "occlusion": 1.0, **values}
    normal = torch.zeros(3, side, side)
    normal[2] = 1
    single = (torch.full((side, side), given[name]) for name in ("roughness", "metallic", "occlusion"))
    return Shaded(torch.full((3, side, side), given["color"]), normal, *single)


def round_bump(side: int = 64) -> Maps:
    """One round bump."""
    y, x = np.mgrid[0:side, 0:side] / side * 2 * math.pi
    slopes = np.stack([np.sin(x) * (1 - np.cos(y)), np.sin(y) * (1 - np.cos(x))], 2) * 0.4  # rises towards the centre
    color = np.full((side, side, 3), 0.6, np.float32)
    return Maps.from_arrays({"base_color": color, "normal": normal_from_slopes(slopes), "roughness": color[..., :1]})


def reflected_share(roughness: float, metallic: float, elevation: float = 60.0, steps: int = 256) -> float:
    """Share of the light that a white surface reflects: the integral of f cos θ over the viewer's hemisphere."""
    z = (torch.arange(steps) + 0.5) / steps  # equal solid angles
    azimuth = (torch.arange(steps) + 0.5) / steps * 2 * math.pi
    r = (1 - z * z).sqrt()[:, None]
    to_viewer = torch.stack([r * azimuth.cos(), r * azimuth.sin(), z[:, None].expand(-1, steps)])
    surface = flat(steps, color=1.0, roughness=roughness, metallic=metallic)
    f_pi = reflect(surface, Light(0, elevation).direction().view(3, 1, 1), to_viewer).mean(0)
    return float((f_pi * z[:, None]).mean() * 2) / math.sin(math.radians(elevation))


@pytest.mark.parametrize("roughness", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("metallic", [0.0, 1.0])
def test_no_more_light_is_reflected_than_comes_in(roughness, metallic):
    """With α = 1, D is 1/π and V is 1 / (2 (n·l + n·v)), so a metal's share is 1 − n·l ln((1 + n·l) / n·l)."""
    found = reflected_share(roughness, metallic)
    assert 0.3 < found < 1.02  # a rough metal loses what is reflected twice
    if (roughness, metallic) == (1, 1):
        n_l = math.sin(math.radians(60))
        assert found == pytest.approx(1 - n_l * math.log((1 + n_l) / n_l), abs=0.003)


@pytest.mark.parametrize(("azimuth", "side"), [(0, (0, 1)), (180, (0, -1)), (90, (-1, 0)), (270, (1, 0))])
def test_the_side_of_a_bump_that_faces_the_light_is_bright(azimuth, side):
    picture = plane(round_bump(), Light(azimuth, 30, sky=0.0)).mean(2)
    middle = np.array(picture.shape) // 2
    towards, away = (tuple(middle + np.array(side) * sign * 14) for sign in (1, -1))
    assert picture[towards] > picture[away] + 0.2


def test_a_ball_is_lit_from_the_side_of_the_light_before_a_dark_background():
    picture = ball(round_bump(), 96, Light(0, 20)).mean(2)
    assert picture[48, 75] > picture[48, 20] + 0.1
    assert picture[2, 2] < 0.5 * picture[48, 75]


@pytest.mark.slow
def test_relight_writes_a_picture_and_an_animation(tmp_path, impasto):
    write_maps(round_bump(), tmp_path / "bump", "bump")
    impasto("relight", tmp_path / "bump", "--out", tmp_path, "--side", "64")
    done = impasto("relight", tmp_path / "bump", "--out", tmp_path, "--side", "32", "--frames", "3")
    from PIL import Image

    with Image.open(tmp_path / "bump_relit.png") as still, Image.open(tmp_path / "bump_relit.webp") as moving:
        assert still.size == (128, 64)
        assert moving.n_frames == 3
    assert "bump_relit.webp" in done.stdout


JPEGS = [(quality, subsampling) for quality in (70, 95) for subsampling in ("4:4:4", "4:2:0")]
SIZES = [(256, 256), (250, 196)]
"""Sizes (height, width) that are a multiple of JPEG's blocks, and that are not."""


def tile(size: tuple[int, int] = (256, 256), seed: int = 0, channels: int = 3) -> np.ndarray:
    """A picture that tiles: band-limited noise (H, W, C), its shapes about 20 px wide, with finer grain."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None])
    made = np.zeros((channels, *size))
    for limit, weight in ((0.05, 0.12), (0.3, 0.02)):
        spectrum = np.fft.rfft2(rng.standard_normal((channels, *size))) * np.exp(-((frequency / limit) ** 2))
        noise = np.fft.irfft2(spectrum, s=size)
        made += weight * noise / noise.std()
    return np.clip(0.45 + made.transpose(1, 2, 0), 0, 1).astype(np.float32)


def through_jpeg(pixels: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
    """A picture (H, W, 3) as a JPEG shows it."""
    file = io.BytesIO()
    Image.fromarray(np.uint8(pixels * 255 + 0.5)).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file), np.float32) / 255


def wraps_of(pixels: np.ndarray) -> tuple[bool, bool]:
    return wraps(Maps.from_arrays({"base_color": pixels}))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("quality_and_subsampling", JPEGS)
def test_seamless_textures_are_recognised_through_jpeg_unlike_their_crops(quality_and_subsampling, size):
    whole = tile(size)
    for pixels, known in (
        (whole, (True, True)),
        (whole[:, :-41], (True, False)),
        (whole[:-37], (False, True)),
        (whole[:-37, :-41], (False, False)),
    ):
        assert wraps_of(through_jpeg(pixels, *quality_and_subsampling)) == known


def test_large_seamless_textures_and_ones_cut_at_a_joint_are_recognised():
    large = np.tile(tile(), (8, 8, 1))  # it is known by some of its lines and windows
    assert wraps_of(large) == (True, True)
    assert wraps_of(large[:-37, :-41]) == (False, False)
    y, x = np.mgrid[:256, :256]
    joint = (x % 64 < 4) | (y % 64 < 4)
    stones = tile()[::64, ::64].repeat(64, 0).repeat(64, 1)
    assert wraps_of(np.where(joint[..., None], 0.2, stones) + 0.1 * tile(seed=1)) == (True, True)


def test_the_maps_of_a_set_are_decided_together():
    plain = np.full((256, 256, 3), 0.5, np.float32)
    height, rough = (tile(seed=seed, channels=1) for seed in (3, 4))
    for part, is_whole in ((np.s_[:], True), (np.s_[:-37, :-41], False)):
        maps = {"base_color": plain[part], "height": height[part], "roughness": rough[part]}
        assert wraps(Maps.from_arrays(maps)) == (is_whole, is_whole)
    seam = tile()  # its last bricks have another colour than those beside them across the border
    seam[:, -9:] = 1 - seam[:, -9:]
    assert wraps_of(seam) == (True, False)
    normal = np.concatenate([tile(seed=5, channels=2), np.ones((256, 256, 1))], 2)
    set_ = {"base_color": seam, "normal": normal, "height": height, "roughness": rough}
    assert wraps(Maps.from_arrays(set_)) == (True, True)
    cut = through_jpeg(tile((293, 297))[:256, :256], 75, "4:2:0")[..., :1]
    assert wraps(Maps.from_arrays({"base_color": tile(), "height": cut, "roughness": cut})) == (True, True)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (16, 16), (40, 40)])
def test_pictures_with_invisible_borders_count_as_seamless(size):
    one_colour = {name: np.full((*size, channels), 0.3) for name, channels in MAP_CHANNELS.items()}
    assert wraps(Maps.from_arrays(one_colour)) == (True, True)
    noise = np.random.default_rng(0).random((256, 256, 3))
    assert wraps_of(noise) == (True, True)
    noise[3, 5] = np.nan
    assert wraps_of(noise) == (False, False)
