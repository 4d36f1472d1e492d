"""Surfaces: normals and occlusion from height, the small renderer, and whether pictures wrap around."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

from impasto import Maps, write_maps
from impasto.surface.heights import normal_from_slopes, normal_height_consistency, normal_length_error
from impasto.surface.relief import HALO_PX, normal_from_height, occlusion_from_height, with_relief
from impasto.surface.shading import Light, Shaded, ball, plane, reflect
from impasto.surface.wrapping import wraps
from impasto.texture import MAP_CHANNELS


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
def test_a_tile_is_known_by_its_borders_through_jpeg_and_its_parts_too(quality_and_subsampling, size):
    whole = tile(size)
    for pixels, known in (
        (whole, (True, True)),
        (whole[:, :-41], (True, False)),
        (whole[:-37], (False, True)),
        (whole[:-37, :-41], (False, False)),
    ):
        assert wraps_of(through_jpeg(pixels, *quality_and_subsampling)) == known


def test_a_tile_is_known_where_it_is_large_or_begins_at_a_joint():
    large = np.tile(tile(), (8, 8, 1))  # it is known by some of its lines and windows
    assert wraps_of(large) == (True, True)
    assert wraps_of(large[:-37, :-41]) == (False, False)
    y, x = np.mgrid[:256, :256]
    joint = (x % 64 < 4) | (y % 64 < 4)
    stones = tile()[::64, ::64].repeat(64, 0).repeat(64, 1)
    assert wraps_of(np.where(joint[..., None], 0.2, stones) + 0.1 * tile(seed=1)) == (True, True)


def test_the_maps_of_a_set_are_decided_together():
    plain = np.full((256, 256, 3), 0.5, np.float32)
    height = tile(seed=3, channels=1)
    for part in (np.s_[:], np.s_[:-37, :-41]):
        is_whole = part == np.s_[:]
        maps = {"base_color": plain[part], "height": height[part], "roughness": tile(seed=4, channels=1)[part]}
        assert wraps(Maps.from_arrays(maps)) == (is_whole, is_whole)
    seam = tile()  # its last bricks have another colour than those beside them across the border
    seam[:, -9:] = 1 - seam[:, -9:]
    assert wraps_of(seam) == (True, False)
    normal = np.concatenate([tile(seed=5, channels=2), np.ones((256, 256, 1))], 2)
    set_ = {"base_color": seam, "normal": normal, "height": height, "roughness": tile(seed=4, channels=1)}
    assert wraps(Maps.from_arrays(set_)) == (True, True)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (16, 16), (40, 40)])
def test_where_no_border_can_be_seen_a_picture_wraps(size):
    one_colour = {name: np.full((*size, channels), 0.3) for name, channels in MAP_CHANNELS.items()}
    assert wraps(Maps.from_arrays(one_colour)) == (True, True)
    noise = np.random.default_rng(0).random((256, 256, 3))
    assert wraps_of(noise) == (True, True)
    noise[3, 5] = np.nan
    assert wraps_of(noise) == (False, False)
