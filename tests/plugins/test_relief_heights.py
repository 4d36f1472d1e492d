"""`normal-to-height` and `height-to-normal`: true on procedural surfaces, and inverse to each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from impasto import Maps, Recipe, Result, RunOptions, Step, Texture, run
from impasto.context import Context
from impasto.errors import ParameterError
from impasto.surface.heights import normal_from_slopes, slopes_from_height, slopes_from_normal
from impasto.surface.integration import height_from_slopes
from impasto.surface.orientation import flip
from impasto.tools import validate
from impasto_procedural.catalogue import all_materials
from impasto_relief.subject import values

pytestmark = pytest.mark.any_numpy
MATERIALS = {tool.name: tool for tool in all_materials()}
CROP = (slice(37, 200), slice(20, 231))


def rounded(maps: Maps, levels: int = 65535) -> Maps:
    """The maps' normals and scale alone, rounded as files of 16 bits store them."""
    normal = np.round(maps["normal"].pixels * levels) / levels
    alone = Maps.from_arrays({"normal": normal})
    return replace(alone, width_m=maps.width_m)


def material(name: str, side_px: int = 256, seed: int = 3) -> Maps:
    tool = MATERIALS[name]
    parameters = validate(tool, {"width_px": side_px, "height_px": side_px})
    return tool.apply(Maps(), parameters, {}, Context(rng=np.random.default_rng(seed)))


def made(tool: str, subject: Maps, **parameters: object) -> Result:
    return run(Recipe((Step(tool, parameters),)), {"source": subject}, RunOptions(device="cpu"))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize("name", sorted(MATERIALS))
def test_height_of_16_bit_normals_is_the_true_one(name):
    """Correlation .99 at least, where the surface tiles, and of a part of it that does not."""
    maps = material(name)
    true = maps["height"].pixels[..., 0]
    found = made("normal-to-height", rounded(maps), tiling="tiling").maps
    assert correlation(found["height"].pixels, true) > 0.999
    assert found.height_range_m == pytest.approx(maps.height_range_m, rel=0.03)
    part = Maps.from_arrays({"normal": rounded(maps)["normal"].pixels[CROP]})
    found = made("normal-to-height", part, tiling="single").maps
    assert correlation(found["height"].pixels[..., 0], true[CROP]) > 0.99


def test_noise_that_no_height_explains_is_left_out_of_the_broad_shapes():
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


def test_the_lean_of_upright_normals_in_8_bits_is_no_slope():
    """128 of 255 is upright as far as 8 bits can say, but a slope of 0.004, and so four pixels in a thousand."""
    height = np.random.default_rng(0).random((64, 600))
    normal = np.round(normal_from_slopes(slopes_from_height(height)) * 255 + 0.49) / 255
    found = made("normal-to-height", Maps.from_arrays({"normal": normal}), tiling="single", green="up").maps
    columns = found["height"].pixels[..., 0].mean(0)
    assert abs(columns[:100].mean() - columns[-100:].mean()) < 0.1


def test_directx_normals_are_found_and_give_the_same_height():
    maps = material("bark", 128)
    wrong = Maps.from_arrays({"normal": flip(maps["normal"].pixels)})
    result = made("normal-to-height", wrong)
    assert correlation(result.maps["height"].pixels, maps["height"].pixels) > 0.99
    assert any("DirectX" in note for note in result.notes)
    assert np.allclose(result.maps["normal"].pixels, maps["normal"].pixels, atol=1e-6)


def test_a_picture_alone_stands_for_the_map_that_a_tool_needs():
    maps = material("foam", 64)
    alone = Maps.from_arrays({"base_color": maps["normal"].pixels}, name="foam_normal.png")
    found = made("normal-to-height", alone, green="up").maps
    assert set(found) == {"normal", "height"}
    with pytest.raises(ParameterError, match=r"alone is read as a colour.*brick_normal\.exr"):
        made("normal-to-height", replace(alone, name="foam_normal.exr"))


def test_a_photograph_alone_is_no_height_map():
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


@pytest.mark.parametrize(
    ("tool", "arrays", "said"),
    [
        ("normal-to-height", {"height": np.zeros((16, 16)), "roughness": np.zeros((16, 16))}, "needs normal"),
        ("normal-to-height", {"normal": np.full((16, 16, 3), np.nan)}, "NaN or infinite"),
        ("normal-to-height", {"normal": np.zeros((16, 16, 3))}, "no normal map"),
        ("normal-to-height", {"base_color": np.full((16, 16, 3), 0.8)}, "no normal map"),
        ("height-to-normal", {"normal": np.ones((16, 16, 3))}, "needs height"),
        ("height-to-normal", {"height": np.full((16, 16), np.inf)}, "NaN or infinite"),
        ("height-to-occlusion", {"height": np.full((16, 16), np.nan)}, "NaN or infinite"),
        ("fix-normals", {"normal": np.full((16, 16, 3), 0.2)}, "no normal map"),
    ],
)
def test_bad_input_is_answered_with_a_remedy(tool, arrays, said):
    with pytest.raises(ParameterError, match=said) as caught:
        made(tool, Maps.from_arrays(arrays))
    assert caught.value.remedy


def test_maps_that_are_too_large_are_refused_before_the_work():
    wide = np.lib.stride_tricks.as_strided(np.zeros(3, np.float32), (10000, 10000, 3), (0, 0, 4))
    maps = Maps({"normal": Texture(wide)})
    with pytest.raises(ParameterError, match="64 megapixels"):
        values(maps, "normal")
