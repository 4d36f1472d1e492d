"""Heights, normals and occlusion from each other, true on known surfaces; detail, and the sign of normal maps."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from cases import each_case
from making import made
from photographed import drawn

from impasto import Maps, Result, Texture, read_maps, write_maps
from impasto.errors import ParameterError
from impasto.surface.heights import height_from_slopes, normal_from_slopes, slopes_from_height, slopes_from_normal
from impasto.surface.orientation import flip, orientation, unit_normals
from impasto.surface.relief import sky_over
from impasto_judge.relief import correlation
from impasto_procedural.catalogue import all_materials
from impasto_relief.detail_normals import reorient, repeat
from impasto_relief.subject import values

pytestmark = pytest.mark.any_numpy
FLAT = np.full((32, 48, 3), (0.5, 0.5, 1.0), np.float32)


def surface(height: int = 96, width: int = 128, seed: int = 0) -> np.ndarray:
    """Height (H, W) in pixels of a smooth random surface that tiles."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    r = np.hypot(np.fft.fftfreq(height)[:, None] * 96, np.fft.rfftfreq(width)[None] * 96)
    smooth = np.fft.irfft2(np.fft.rfft2(noise) * np.exp(-np.square(r / 8)), s=noise.shape)
    return 3 * smooth / smooth.std()


def normals(seed: int = 0, noise: float = 0.0) -> np.ndarray:
    slopes = slopes_from_height(surface(seed=seed))
    return normal_from_slopes(slopes + np.random.default_rng(9).normal(0, noise + 1e-12, slopes.shape))


def made_of(tool: str, subject: dict[str, np.ndarray], detail: dict | None = None, **parameters: object) -> Result:
    """The result of a tool on maps of these arrays."""
    return made(tool, Maps.from_arrays(subject), {"detail": Maps.from_arrays(detail)} if detail else {}, **parameters)


def rotation_to(n: np.ndarray) -> np.ndarray:
    """The shortest rotation that takes z to n, by Rodrigues' formula."""
    axis, cosine = np.cross([0, 0, 1], n), n[2]
    K = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + K + K @ K / (1 + cosine)


def test_detail_is_turned_by_the_rotation_that_takes_z_to_the_surface():
    rng = np.random.default_rng(0)
    base, detail = (normal_from_slopes(rng.normal(0, 0.8, (4, 5, 2))) for _ in range(2))
    found = 2 * reorient(base, detail) - 1
    for index in np.ndindex(4, 5):
        expected = rotation_to(2 * base[index] - 1.0) @ (2 * detail[index] - 1)
        assert np.allclose(found[index], expected, atol=1e-5)


def test_detail_repeats_whole_times_to_stay_seamless():
    fine = normal_from_slopes(0.3 * slopes_from_height(surface(40, 40, 1)))
    filled = repeat(fine, (96, 128), 0.5)  # 19.2 px each: five and six times
    assert filled.shape == (96, 128, 3)
    for axis in (0, 1):
        jumps = np.abs(filled - np.roll(filled, 1, axis)).mean((2, 1 - axis))
        assert jumps[0] <= 1.5 * jumps[1:].max()
    found = np.abs(np.fft.rfft(slopes_from_normal(filled)[..., 0].mean(0)))
    assert set(np.nonzero(found > 0.2 * found.max())[0] % 6) == {0}


@pytest.mark.parametrize("name", ["normal", "base_color"])
def test_detail_is_a_set_or_a_picture_alone(name):
    result = made_of("detail-normals", {"normal": FLAT, "height": FLAT[..., 0]}, {name: normals(1)[:32, :48]})
    assert np.allclose(result.maps["normal"].pixels, normals(1)[:32, :48], atol=1e-4)
    assert any("height is as before" in note for note in result.notes)
    for other, said in (
        ({"base_color": FLAT * 0 + 0.4}, "no normal map"),
        ({"roughness": FLAT[..., 0]}, "in roughness"),
    ):
        with pytest.raises(ParameterError, match=said):
            made_of("detail-normals", {"normal": FLAT}, other)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_sign_is_found_without_a_height(noise):
    right = orientation(slopes_from_normal(normals(noise=noise)))
    wrong = orientation(slopes_from_normal(flip(normals(noise=noise))))
    assert (right.sign, wrong.sign, right.by) == ("opengl", "directx", "curl")
    assert right.confidence > 0.5
    assert right.correlation == pytest.approx(-wrong.correlation)


def test_the_sign_is_found_by_the_height_even_of_grooves_that_fit_both():
    y = np.arange(96)[:, None]
    grooves = np.sin(2 * np.pi * y / 24) + np.sin(2 * np.pi * np.arange(128)[None] / 16)  # no mixed derivative
    normal = normal_from_slopes(slopes_from_height(grooves))
    assert orientation(slopes_from_normal(normal)).sign is None
    assert orientation(slopes_from_normal(normal), grooves).sign == "opengl"
    found = orientation(slopes_from_normal(flip(normal)), grooves)
    assert (found.sign, found.by) == ("directx", "height")


def test_directx_normals_are_converted_with_a_note_on_certainty():
    result = made_of("fix-normals", {"normal": flip(normals())})
    assert np.allclose(result.maps["normal"].pixels, normals(), atol=1e-6)
    assert any("those of DirectX (confidence" in note for note in result.notes)
    result = made_of("fix-normals", {"normal": normals()})
    assert np.allclose(result.maps["normal"].pixels, normals(), atol=1e-6)


def test_ambiguous_normal_signs_are_refused_unless_given():
    grooves = np.tile(np.sin(2 * np.pi * np.arange(96)[:, None] / 24), (1, 128))
    subject = {"normal": normal_from_slopes(slopes_from_height(grooves))}
    with pytest.raises(ParameterError, match="cannot be determined") as caught:
        made_of("fix-normals", subject)
    assert "height map" in caught.value.remedy
    turned = made_of("fix-normals", subject, green="down").maps["normal"].pixels
    assert np.allclose(turned, flip(subject["normal"]), atol=1e-6)


def test_normals_get_unit_length_and_keep_their_direction():
    short = 0.5 + 0.7 * (normals() - 0.5)
    short[0, 0] = 0.5
    fixed = made_of("fix-normals", {"normal": short}).maps["normal"].pixels
    assert np.abs(np.linalg.norm(2 * fixed - 1, axis=2) - 1).max() < 1e-5
    assert np.allclose(fixed[1:], normals()[1:], atol=1e-5)
    assert np.allclose(unit_normals(short)[0, 0], (0.5, 0.5, 1))


def marched(height_px: torch.Tensor, radius_px: int, rays: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Openness (H, W) and bent normals (3, H, W) from cosine-distributed rays, in steps of half a pixel.

    A ray is blocked where bilinear heights are above it, up to a horizontal distance of the radius.
    """
    side = len(height_px)
    p, q = ((height_px.roll(-1, axis) - height_px.roll(1, axis)) / 2 for axis in (1, 0))
    n = torch.nn.functional.normalize(torch.stack([-p, q, torch.ones_like(p)]), dim=0)
    aside = torch.tensor([0.3, 0.3, 1.3], dtype=n.dtype).view(3, 1, 1)
    tangent = torch.nn.functional.normalize(torch.linalg.cross(n, aside, dim=0), dim=0)
    bitangent = torch.linalg.cross(n, tangent, dim=0)
    around = torch.nn.functional.pad(height_px[None, None], (side,) * 4, mode="circular")
    places = torch.arange(side, dtype=n.dtype) + side
    open_, bent = torch.zeros_like(p), torch.zeros_like(n)
    for index in range(rays):
        u, angle = (index + 0.5) / rays, 2 * math.pi * (index * 0.6180339887 % 1)
        ray = u**0.5 * (math.cos(angle) * tangent + math.sin(angle) * bitangent) + (1 - u) ** 0.5 * n
        ray_px = ray / torch.hypot(ray[0], ray[1]).clamp_min(1e-9)
        free = torch.ones_like(p, dtype=torch.bool)
        for distance in torch.arange(1, radius_px + 0.25, 0.5):
            at = torch.stack([places + distance * ray_px[0], places[:, None] - distance * ray_px[1]], 2)
            there = torch.nn.functional.grid_sample(around, (2 * at[None] + 1) / (3 * side) - 1, align_corners=False)
            free &= there[0, 0] <= height_px + distance * ray_px[2] + 1e-6
        open_ += free
        bent += ray * free
    return open_ / rays, torch.nn.functional.normalize(bent, dim=0)


def test_occlusion_and_bent_normals_agree_with_marched_rays():
    y, x = torch.meshgrid(*[torch.arange(64, dtype=torch.float64) / 64] * 2, indexing="ij")
    pit = -9 * torch.sigmoid((0.15 - torch.hypot(x - 0.4, y - 0.5)) * 80)
    height = 4 * torch.sin(2 * math.pi * x) * torch.cos(4 * math.pi * y) + pit + 3.0 * ((x > 0.7) & (y > 0.6))
    sky, (open_, bent) = sky_over(height, 16), marched(height, 16, 200)
    error = (sky.occlusion - open_).abs()
    assert error.mean() < 0.015  # rays alone: 0.01
    assert error.quantile(0.99) < 0.08
    angle = torch.rad2deg((sky.bent_normal * bent).sum(0).clamp(-1, 1).acos())
    assert angle[open_ > 0.2].mean() < 2


def test_a_trench_is_as_open_as_geometry_says_within_the_radius():
    """A floor between two long walls of height H at a distance a on each side: openness a / √(a² + H²)."""
    height = torch.full((128, 128), 12.0, dtype=torch.float64)
    height[:, 48:80] = 0
    for turned in (height, height.T):
        found = sky_over(turned, 60).occlusion[64, 64]
        assert found == pytest.approx(16 / math.hypot(16, 12), abs=0.03)
    height = torch.full((128, 128), 40.0, dtype=torch.float64)
    height[:, 32:96] = 0
    assert sky_over(height, 10).occlusion[64, 64] == pytest.approx(1)
    assert sky_over(height, 40).occlusion[64, 64] < 0.9


def occluded(height: np.ndarray, **parameters: object) -> np.ndarray:
    return made_of("height-to-occlusion", {"height": height}, **parameters).maps["ambient_occlusion"].pixels[..., 0]


def test_only_seamless_textures_are_shaded_across_their_borders():
    height = np.zeros((64, 64))
    height[:, 56:] = 1
    tiled, single = (occluded(height, tiling=tiling, height_range_m=0.1) for tiling in ("tiling", "single"))
    assert tiled[:, 0].mean() < 0.85
    assert single[:, 0].mean() > 0.99


def test_bent_normals_are_a_map_of_their_own_that_points_out_of_a_trench(tmp_path):
    height = np.zeros((48, 64))
    height[:, :20] = 1
    how = {"bent_normals": True, "height_range_m": 0.3, "radius": 0.3, "tiling": "single"}
    result = made_of("height-to-occlusion", {"height": height}, **how).maps
    assert set(result) == {"height", "ambient_occlusion", "bent_normal"}
    vectors = 2 * result["bent_normal"].pixels - 1
    assert np.allclose(np.linalg.norm(vectors, axis=2), 1, atol=1e-4)
    assert vectors[20:28, 22, 0].min() > 0.2  # away from the wall on the left
    assert np.abs(vectors[20:28, 60, 0]).max() < 0.05
    write_maps(result, tmp_path / "wall", "wall")
    again = read_maps(tmp_path / "wall")
    assert set(again) == set(result)
    assert np.abs(again["bent_normal"].pixels - result["bent_normal"].pixels).max() < 0.003
    turned = made("transform", again, rotate=90).maps
    assert (2 * turned["bent_normal"].pixels[41, 20:28, 1] - 1).min() > 0.2


def test_stronger_is_darker_and_none_is_white():
    height = np.tile(0.5 + 0.5 * np.sin(np.arange(64) / 5), (64, 1))
    shades = [occluded(height, strength=strength, height_range_m=0.2).mean() for strength in (0.0, 1.0, 2.0)]
    assert shades[0] == 1
    assert shades[1] > shades[2]


CROP = (slice(37, 200), slice(20, 231))


def rounded(maps: Maps, levels: int = 65535) -> Maps:
    """The maps' normals and scale alone, rounded as files of 16 bits store them."""
    normal = np.round(maps["normal"].pixels * levels) / levels
    alone = Maps.from_arrays({"normal": normal})
    return replace(alone, width_m=maps.width_m)


@pytest.mark.register("name")
@pytest.mark.parametrize("name", sorted(tool.name for tool in all_materials()))
def test_height_of_16_bit_normals_is_the_true_one(name):
    """Correlation .99 at least, where the surface tiles, and of a part of it that does not."""
    maps = drawn(name, 256, 3)
    true = maps["height"].pixels[..., 0]
    found = made("normal-to-height", rounded(maps), tiling="tiling").maps
    assert correlation(found["height"].pixels[..., 0], true) > 0.999
    assert found.height_range_m == pytest.approx(maps.height_range_m, rel=0.03)
    part = Maps.from_arrays({"normal": rounded(maps)["normal"].pixels[CROP]})
    found = made("normal-to-height", part, tiling="single").maps
    assert correlation(found["height"].pixels[..., 0], true[CROP]) > 0.99


def test_noise_in_normals_does_not_bend_broad_shapes():
    """Frankot and Chellappa's integral turns the noise of each slope into hills."""
    rng = np.random.default_rng(0)
    height = np.kron(rng.random((32, 32)), np.ones((8, 8))) * 2
    slopes = slopes_from_height(height) + rng.normal(0, 0.6, (256, 256, 2))
    omega = 2 * np.pi * np.fft.rfftfreq(256)[None], 2 * np.pi * np.fft.fftfreq(256)[:, None]
    divergence = omega[0] * np.fft.rfft2(slopes[..., 0]) + omega[1] * np.fft.rfft2(slopes[..., 1])
    power = omega[0] ** 2 + omega[1] ** 2
    power[0, 0] = np.inf
    plain = np.fft.irfft2(-1j * divergence / power)
    assert correlation(height_from_slopes(slopes, (True, True)), height) > correlation(plain, height) + 0.05


def test_a_ramp_that_does_not_tile_is_kept():
    ramp = np.tile(np.linspace(0, 1, 96), (64, 1))
    normal = normal_from_slopes(np.stack([np.full((64, 96), 0.4), np.zeros((64, 96))], 2))
    found = made("normal-to-height", Maps.from_arrays({"normal": normal}), tiling="single").maps
    assert correlation(found["height"].pixels[..., 0], ramp) > 0.9999
    assert found.height_range_m == pytest.approx(0.4 * 95 / 96, rel=0.02)


def test_rounding_of_upright_8_bit_normals_is_no_slope():
    """128 of 255 is upright as far as 8 bits can say, but a slope of 0.004, and so four pixels in a thousand."""
    height = np.random.default_rng(0).random((64, 600))
    normal = np.round(normal_from_slopes(slopes_from_height(height)) * 255 + 0.49) / 255
    found = made("normal-to-height", Maps.from_arrays({"normal": normal}), tiling="single", green="up").maps
    columns = found["height"].pixels[..., 0].mean(0)
    assert abs(columns[:100].mean() - columns[-100:].mean()) < 0.1


def test_directx_normals_are_found_and_give_the_same_height():
    maps = drawn("bark", 128, 3)
    wrong = Maps.from_arrays({"normal": flip(maps["normal"].pixels)})
    result = made("normal-to-height", wrong)
    assert correlation(result.maps["height"].pixels, maps["height"].pixels) > 0.99
    assert any("DirectX" in note for note in result.notes)
    assert np.allclose(result.maps["normal"].pixels, maps["normal"].pixels, atol=1e-6)


def test_single_pictures_count_as_the_needed_map_unless_they_are_photographs():
    maps = drawn("foam", 64, 3)
    alone = Maps.from_arrays({"base_color": maps["normal"].pixels}, name="foam_normal.png")
    found = made("normal-to-height", alone, green="up").maps
    assert set(found) == {"normal", "height"}
    with pytest.raises(ParameterError, match=r"alone is read as a colour.*brick_normal\.exr"):
        made("normal-to-height", replace(alone, name="foam_normal.exr"))
    grey, colors = np.full((16, 16, 3), 0.4), np.full((16, 16, 3), (0.6, 0.4, 0.2))
    with pytest.raises(ParameterError, match=r"wall\.jpg has colours, and a height map is grey"):
        made("height-to-normal", Maps.from_arrays({"base_color": colors}, name="wall.jpg"))
    assert set(made("height-to-normal", Maps.from_arrays({"base_color": grey})).maps) == {"height", "normal"}
    with pytest.raises(ParameterError, match="needs height"):
        made("height-to-normal", Maps.from_arrays({"opacity": grey[..., 0]}))


def test_the_range_in_metres_decides_how_steep_normals_are():
    height = np.tile(0.5 + 0.5 * np.sin(2 * np.pi * np.arange(64) / 64), (64, 1))
    subject = Maps.from_arrays({"height": height}, width_m=2.0)
    result = made("height-to-normal", subject, height_range_m=0.1, tiling="tiling").maps
    steepest = np.abs(slopes_from_normal(result["normal"].pixels)).max()
    assert steepest == pytest.approx(np.pi * 0.1 / 2.0, rel=0.01)
    assert (result.width_m, result.height_range_m) == (2.0, 0.1)
    mirrored = made("height-to-normal", subject, height_range_m=0.1, tiling="tiling", strength=-2.0).maps
    slopes = [slopes_from_normal(maps["normal"].pixels) for maps in (result, mirrored)]
    assert np.allclose(slopes[1], -2 * slopes[0], atol=1e-3)


def test_a_flat_map_stays_flat_and_a_note_says_so():
    normal, grey = np.full((16, 16, 3), (128 / 255, 128 / 255, 1.0)), np.full((16, 16), 0.3)
    for tool, arrays in (
        ("normal-to-height", {"normal": normal}),
        ("height-to-normal", {"height": grey}),
        ("height-to-occlusion", {"height": grey}),
    ):
        result = made(tool, Maps.from_arrays(arrays))
        assert any("flat" in note for note in result.notes)
        assert all(np.ptp(result.maps[name].pixels, (0, 1)).max() < 1e-6 for name in result.maps)


@each_case("bad_maps")
def test_bad_input_is_answered_with_a_remedy(tool, values, said):
    sides = {"normal": (16, 16, 3), "base_color": (16, 16, 3)}
    arrays = {name: np.full(sides.get(name, (16, 16)), value) for name, value in values.items()}
    with pytest.raises(ParameterError, match=said) as caught:
        made(tool, Maps.from_arrays(arrays))
    assert caught.value.remedy


def test_oversized_maps_are_refused_first():
    wide = np.lib.stride_tricks.as_strided(np.zeros(3, np.float32), (10000, 10000, 3), (0, 0, 4))
    maps = Maps({"normal": Texture(wide)})
    with pytest.raises(ParameterError, match="64 megapixels"):
        values(maps, "normal")
