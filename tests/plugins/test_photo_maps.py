"""Photo maps: tiles stay tiles, normals fit height and the world, and the maps agree with measured sets."""

import numpy as np
import pytest
from estimating import bricks, correlation, estimate, tile, tilt

from impasto import Maps, Texture
from impasto.errors import ParameterError


def wrapped_slopes(height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central differences of height (H, W): to the right, and upwards, that is against the rows."""
    return (np.roll(height, -1, 1) - np.roll(height, 1, 1)) / 2, (np.roll(height, 1, 0) - np.roll(height, -1, 0)) / 2


def test_a_tile_is_recognised_and_a_part_of_it_is_not():
    whole, part = tile(192, 256), tile(192, 256)[:131, :147]
    for picture, meant, other in ((whole, "tiling", "single"), (part, "single", "tiling")):
        found, right, wrong = (estimate(picture, tiling=t)["height"].pixels for t in ("auto", meant, other))
        assert np.array_equal(found, right)
        assert not np.array_equal(found, wrong)


@pytest.mark.parametrize("grey", [0.0, 0.3, 1.0])
def test_one_colour_is_a_flat_open_surface(grey):
    made = estimate(np.full((40, 56, 3), grey, np.float32)).arrays()
    assert np.allclose(made["base_color"], grey, atol=1e-4)
    assert np.allclose(made["height"], 0.5, atol=1e-3)
    assert np.allclose(made["normal"], (0.5, 0.5, 1), atol=1e-3)
    assert np.allclose(made["ambient_occlusion"], 1, atol=1e-3)
    assert np.ptp(made["roughness"]) < 1e-2
    assert np.allclose(
        estimate(np.full((40, 56, 3), grey, np.float32), roughness=0.65)["roughness"].pixels, 0.65, atol=1e-2
    )


def test_a_picture_too_large_for_memory_is_refused_with_the_scale_that_fits():
    huge = Maps({"base_color": Texture(np.broadcast_to(np.float32(0.5), (10_000, 10_000, 3)))})
    with pytest.raises(ParameterError, match=r"10000x10000 px.*36 million") as caught:
        estimate(huge)
    assert "0.60" in caught.value.remedy


@pytest.mark.parametrize("tiling", ["tiling", "single"])
def test_normals_have_the_physical_slopes_of_the_height(tiling):
    subject = Maps.from_arrays({"base_color": tile(160, 160)}, width_m=0.8)
    made = estimate(subject, tiling=tiling, height_range_m=0.05)
    assert made.height_range_m == 0.05
    relief_px = made["height"].pixels[..., 0] * 0.05 / 0.8 * 160
    inside = np.s_[1:-1, 1:-1]
    for is_, should in zip(tilt(made["normal"].pixels), wrapped_slopes(relief_px), strict=True):
        assert np.abs(is_ - should)[inside].max() < 1e-3  # float32 of encoded normals


def test_given_maps_are_kept_and_lead_to_the_others():
    height = tile(seed=5)[..., :1]
    given = {"height": height, "roughness": height * 0.5, "opacity": np.ones_like(height), "emission": tile(seed=6)}
    subject = Maps.from_arrays({"base_color": tile(), **given}, height_range_m=0.1)
    made = estimate(subject, tiling="tiling")
    for name, pixels in given.items():
        assert np.array_equal(made[name].pixels, pixels)
    assert made.height_range_m == 0.1
    p, _ = wrapped_slopes(height[..., 0] * 0.1 * 128)
    assert np.abs(tilt(made["normal"].pixels)[0] - p).max() < 1e-3
    replaced = estimate(subject, tiling="tiling", keep_given=False)
    assert not np.array_equal(replaced["height"].pixels, height)
    assert np.array_equal(replaced["emission"].pixels, given["emission"])


@pytest.mark.parametrize("tiling", ["tiling", "single"])
def test_height_is_found_from_given_normals(tiling):
    first = estimate(tile(), tiling=tiling)
    subject = Maps.from_arrays({"base_color": np.full((96, 128, 3), 0.5), "normal": first["normal"].pixels})
    again = estimate(subject, tiling=tiling)
    assert np.array_equal(again["normal"].pixels, first["normal"].pixels)
    # exact but for frequencies that central differences cannot see, and the extremes that are drawn in
    assert correlation(again["height"].pixels, first["height"].pixels) > 0.98


def test_a_height_of_8_bits_has_no_stairs_in_its_normals():
    y = np.linspace(0, 2 * np.pi, 256, endpoint=False)
    true = np.repeat((0.5 + 0.05 * np.sin(y))[:, None], 64, 1)
    subject = Maps.from_arrays({"base_color": np.full((256, 64, 3), 0.5), "height": np.round(true * 255) / 255})
    made = estimate(subject, tiling="tiling", height_range_m=1.0)
    error = tilt(made["normal"].pixels)[1] - wrapped_slopes(true * 64)[1]
    stairs = wrapped_slopes(np.round(true * 255) / 255 * 64)[1] - wrapped_slopes(true * 64)[1]
    assert error.std() < 0.5 * stairs.std()


@pytest.mark.parametrize(("mortar", "brick"), [(0.25, 0.5), (0.8, 0.4)], ids=["dark mortar", "pale mortar"])
def test_joints_lie_low_and_are_shaded_and_rough(mortar, brick):
    picture, joint = bricks(mortar, brick)
    made = estimate(picture)
    height, occlusion, roughness = (made[n].pixels[..., 0] for n in ("height", "ambient_occlusion", "roughness"))
    assert height[joint].mean() < height[~joint].mean() - 0.02
    assert occlusion[joint].mean() <= occlusion[~joint].mean()
    assert roughness[joint].mean() > roughness[~joint].mean()
    inverted = estimate(picture, invert_height=True)["height"].pixels[..., 0]
    assert np.allclose(inverted, 1 - height, atol=1e-3)


def test_sliders_do_what_they_say():
    picture = tile(seed=3)
    flat, single, double = (tilt(estimate(picture, relief=s)["normal"].pixels)[0] for s in (0, 1, 2))
    assert np.abs(flat).max() < 1e-6
    assert correlation(single, double) > 0.98  # but for the extremes of height, which are drawn in
    assert np.abs(double).mean() == pytest.approx(2 * np.abs(single).mean(), rel=0.05)
    spread = [estimate(picture, height_contrast=c)["height"].pixels.std() for c in (0.0, 0.25, 0.5, 1.0)]
    assert spread[0] == 0
    assert spread == sorted(spread)
    shade = [estimate(picture, occlusion=o)["ambient_occlusion"].pixels.mean() for o in (0.0, 0.5, 1.0)]
    assert shade[0] == 1
    assert shade == sorted(shade, reverse=True)
    plain = estimate(picture, roughness=0.4, roughness_variation=0.0, metallic=1.0)
    assert np.allclose(plain["roughness"].pixels, 0.4)
    assert (plain["metallic"].pixels == 1).all()


def test_no_delight_leaves_the_colour_bit_identical():
    assert np.array_equal(estimate(tile(), delight=0.0)["base_color"].pixels, tile())


def test_delight_takes_away_light_and_leaves_the_material():
    y, x = np.mgrid[0:160, 0:160] / 160
    red = ((x * 4 + y * 4).astype(int) % 2 == 0)[..., None]
    material = np.where(red, (0.5, 0.15, 0.1), (0.35, 0.4, 0.45)).astype(np.float32)  # linear
    light = np.exp(0.6 * (x - 0.5) - 1.2 * ((x - 0.5) ** 2 + (y - 0.5) ** 2))[..., None]

    def encoded(linear: np.ndarray) -> np.ndarray:
        return (linear ** (1 / 2.2)).astype(np.float32)

    def light_left(picture: np.ndarray) -> float:
        return float(np.log(picture**2.2 / material).mean(2).std())

    lit = encoded(material * light)
    flat = estimate(lit, delight=1.0)["base_color"].pixels
    assert light_left(flat) < 0.6 * light_left(lit)
    assert abs((flat**2.2).mean() / (lit**2.2).mean() - 1) < 0.03  # luminance is kept, channels nearly
    # without light on it, nothing is to be taken away
    clean = estimate(encoded(material), delight=1.0)["base_color"].pixels
    assert np.abs(clean - encoded(material)).max() < 0.05
