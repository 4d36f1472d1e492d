"""Photo maps: tiles stay tiles, normals fit height and the world, and the maps agree with measured sets."""

import numpy as np
import pytest
from estimating import bricks, correlation, estimate, load, tile, tilt

from impasto import Maps, Recipe, Step, Texture, run
from impasto.errors import ParameterError
from impasto.texture import MAP_CHANNELS

MADE = ("base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion", "confidence")


def wrapped_slopes(height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central differences of height (H, W): to the right, and upwards, that is against the rows."""
    return (np.roll(height, -1, 1) - np.roll(height, 1, 1)) / 2, (np.roll(height, 1, 0) - np.roll(height, -1, 0)) / 2


@pytest.mark.parametrize("shift", [(1, 0), (37, 51)])
def test_rolling_a_tile_rolls_its_maps(shift):
    rolled = estimate(np.roll(tile(), shift, (0, 1)), tiling="tiling").arrays()
    for name, pixels in estimate(tile(), tiling="tiling").arrays().items():
        # float32 transforms of other data: rounding is some 1e-6, times the gain of the filters
        assert np.abs(np.roll(pixels, shift, (0, 1)) - rolled[name]).max() < 1e-4, name


def test_a_tile_is_recognised_and_a_part_of_it_is_not():
    whole, part = tile(192, 256), tile(192, 256)[:131, :147]
    for picture, meant, other in ((whole, "tiling", "single"), (part, "single", "tiling")):
        found, right, wrong = (estimate(picture, tiling=t)["height"].pixels for t in ("auto", meant, other))
        assert np.array_equal(found, right)
        assert not np.array_equal(found, wrong)


def test_a_single_picture_is_mirrored_at_its_borders():
    ramp = np.repeat(np.linspace(0.1, 0.9, 128, dtype=np.float32)[None, :, None], 96, 0).repeat(3, 2)
    p, _ = tilt(estimate(ramp, tiling="single")["normal"].pixels)
    # a wrap from 0.9 to 0.1 would be a cliff several times steeper than the ramp
    assert np.abs(p[:, [0, -1]]).max() <= np.abs(p[:, 10:-10]).max() * 1.01


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (8, 8), (3, 5000), (101, 67)], ids=str)
@pytest.mark.parametrize("tiling", ["auto", "tiling", "single"])
def test_any_size_gives_all_maps_in_range(size, tiling):
    made = estimate(tile(*size), tiling=tiling)
    assert set(made) == set(MADE)
    for name, pixels in made.arrays().items():
        assert pixels.shape == (*size, MAP_CHANNELS[name])
        assert np.isfinite(pixels).all()
        assert 0 <= pixels.min() <= pixels.max() <= 1


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


def test_faint_noise_stays_nearly_flat():
    noise = 0.5 + np.random.default_rng(0).normal(0, 0.5 / 255, (256, 256, 3)).astype(np.float32)
    p, q = tilt(estimate(noise)["normal"].pixels)
    # half a grey level of grain; a picture with real contrast has a slope of 0.25
    assert np.sqrt((p**2 + q**2).mean()) < 0.02


def test_a_picture_too_large_for_memory_is_refused_with_the_scale_that_fits():
    huge = Maps({"base_color": Texture(np.broadcast_to(np.float32(0.5), (10_000, 10_000, 3)))})
    with pytest.raises(ParameterError, match=r"10000x10000 px.*36 million") as caught:
        estimate(huge)
    assert "0.60" in caught.value.remedy


def test_normals_are_of_unit_length_after_rounding_to_8_bits():
    normal = estimate(tile(), relief=2.0)["normal"].pixels
    stored = np.round(normal * 255) / 255
    # half a step an axis: at most sqrt(3)/255 = 0.0068
    assert np.abs(np.linalg.norm(2 * stored - 1, axis=-1) - 1).max() < 0.01


@pytest.mark.parametrize("tiling", ["tiling", "single"])
def test_normals_have_the_physical_slopes_of_the_height(tiling):
    subject = Maps.from_arrays({"base_color": tile(160, 160)}, width_m=0.8)
    made = estimate(subject, tiling=tiling, height_range_m=0.05)
    assert made.height_range_m == 0.05
    relief_px = made["height"].pixels[..., 0] * 0.05 / 0.8 * 160
    inside = np.s_[1:-1, 1:-1]
    for is_, should in zip(tilt(made["normal"].pixels), wrapped_slopes(relief_px), strict=True):
        assert np.abs(is_ - should)[inside].max() < 1e-3  # float32 of encoded normals


def test_an_estimated_range_gives_the_slopes_of_the_normals():
    made = estimate(tile(), tiling="tiling")  # of unknown width: taken as 1 m
    p, _ = wrapped_slopes(made["height"].pixels[..., 0] * made.height_range_m * 128)
    assert np.abs(tilt(made["normal"].pixels)[0] - p).max() < 1e-3


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


def test_a_high_shape_size_makes_broader_height():
    def roughness_of(height: np.ndarray) -> float:
        return float(np.abs(np.diff(height[..., 0], axis=1)).mean() / height.std())

    fine, broad = (estimate(tile(256, 256), shape_size=s)["height"].pixels for s in (0.0, 1.0))
    assert roughness_of(broad) < 0.9 * roughness_of(fine)


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


@pytest.mark.parametrize("name", ["stone_rock020", "ground_ground054", "tiles_tiles036", "stone_rock023"])
def test_normals_of_a_measured_height_point_as_the_measured_normals(name):
    normal, height = load(name, "normal"), load(name, "height")
    made = estimate(Maps.from_arrays({"base_color": np.full_like(normal, 0.5), "height": height}), tiling="tiling")
    for is_, should in zip(tilt(made["normal"].pixels), tilt(normal), strict=True):
        assert correlation(is_, should) > 0.8  # measured 0.87 to 0.99; of the wrong sign it would be negative


@pytest.mark.essential
def test_maps_agree_with_measured_sets():
    names = ["brick_bricks059", "stone_rock020", "tiles_tiles036", "fabric_dirty_carpet", "stone_rock023"]
    slopes, luminance = [], []
    for name in names:
        albedo, true = load(name, "albedo"), np.concatenate(tilt(load(name, "normal")))
        made = np.concatenate(tilt(estimate(albedo, delight=0.0)["normal"].pixels))
        slopes.append(correlation(made, true))
        luminance.append(correlation(np.concatenate(wrapped_slopes(albedo.mean(2))), true))
    assert min(slopes) > 0.35  # measured 0.47 to 0.94
    assert np.mean(slopes) > np.mean(luminance) + 0.1


def test_progress_is_told_in_the_users_words():
    told = []
    source, tell = Maps.from_arrays({"base_color": tile()}), lambda fraction, message: told.append((fraction, message))
    run(Recipe((Step("photo-maps"),)), {"source": source}, on_progress=tell)
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert any("height" in message for _, message in told)


def test_a_complete_set_is_left_as_it_is():
    rng = np.random.default_rng(0)
    arrays = {name: rng.random((48, 48, channels)) for name, channels in MAP_CHANNELS.items() if name != "metallic"}
    subject = Maps.from_arrays(arrays)
    made = estimate(subject)
    assert all(np.array_equal(made[name].pixels, subject[name].pixels) for name in subject)
    assert made["metallic"].pixels.max() == 0
