"""Photo maps: tiles stay tiles, normals fit height and the world, and the maps agree with measured sets."""

from pathlib import Path

import numpy as np
import pytest
import torch
from photographed import Camera, photographs
from PIL import Image, ImageDraw, ImageFilter

from impasto import Recipe, Step, run
from impasto.context import Context
from impasto.errors import ParameterError
from impasto.evaluation.maps import compare_maps
from impasto.numerics.borders import Plane
from impasto.surface.color import srgb_to_linear
from impasto.surface.shading import Light
from impasto.texture import MAP_CHANNELS, Maps, Texture
from impasto_photo_maps import PhotoMaps
from impasto_photo_maps.parameters import PhotoMapsParameters
from impasto_photo_maps.prior import Brightness, towards
from impasto_photo_maps.shares import likely_slopes, load_network
from impasto_photo_maps.steepness import fitted_steepness

PBR = Path(__file__).parents[2].parent / "shared" / "data" / "pbr"
MADE = ("base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion", "confidence")


def estimate(subject: np.ndarray | Maps, **parameters) -> Maps:
    """All maps of a base colour or of maps."""
    subject = subject if isinstance(subject, Maps) else Maps.from_arrays({"base_color": subject})
    return PhotoMaps().apply(subject, PhotoMapsParameters(**parameters), {}, Context())


def tile(height_px: int = 96, width_px: int = 128, seed: int = 0) -> np.ndarray:
    """A coloured picture that tiles: band-limited noise, its shapes about 10 px wide."""
    spectrum = np.fft.rfft2(np.random.default_rng(seed).standard_normal((3, height_px, width_px)))
    frequency = np.hypot(np.fft.fftfreq(height_px)[:, None], np.fft.rfftfreq(width_px)[None])
    noise = np.fft.irfft2(spectrum * np.exp(-((frequency / 0.07) ** 2)), s=(height_px, width_px))
    return np.clip(0.45 + 0.12 * (noise / noise.std()).transpose(1, 2, 0), 0.02, 0.98).astype(np.float32)


def bricks(mortar: float, brick: float) -> tuple[np.ndarray, np.ndarray]:
    """A grey running bond of 8 × 8 bricks, and where its joints are: 4 px wide, a hundredth of the picture."""
    y, x = np.mgrid[0:256, 0:512]
    joint = (y % 32 < 4) | ((x + 32 * (y // 32 % 2)) % 64 < 4)
    grain = 0.02 * np.random.default_rng(1).standard_normal(joint.shape)
    return np.repeat((np.where(joint, mortar, brick) + grain)[..., None], 3, 2).astype(np.float32), joint


def tilt(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of the surface to the right and upwards from encoded normals (H, W, 3)."""
    n = 2 * normal.astype(np.float64) - 1
    return -n[..., 0] / n[..., 2], -n[..., 1] / n[..., 2]


def wrapped_slopes(height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central differences of height (H, W): to the right, and upwards, that is against the rows."""
    return (np.roll(height, -1, 1) - np.roll(height, 1, 1)) / 2, (np.roll(height, 1, 0) - np.roll(height, -1, 0)) / 2


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r."""
    return float(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1])


def load(name: str, map_: str) -> np.ndarray:
    """A map of a measured set at half its size, (H, W, C) or (H, W)."""
    path = PBR / name / f"{map_}.jpg"
    if not path.exists():
        pytest.skip(f"needs shared/data/pbr/{name}")
    mode = "RGB" if MAP_CHANNELS.get(map_, 3) == 3 else "L"
    return np.asarray(Image.open(path).convert(mode).reduce(2), np.float32) / 255


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
    assert np.allclose(made["roughness"], 0.65, atol=1e-2)


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
    normal = estimate(tile(), normal_strength=4.0)["normal"].pixels
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


def material(tool: str, side_px: int = 256, **parameters) -> Maps:
    """True maps of a procedural material."""
    step = Step(tool, {"width_px": side_px, "height_px": side_px, **parameters})
    return run(Recipe((step,), seed=5)).maps


def photograph(truth: Maps, azimuth: float) -> Maps:
    """The surface seen from above in the sun."""
    (picture,) = photographs(truth, [Light(azimuth, 45.0)], Camera(ambient=0.2, strength_stops=0.0))
    return picture


@pytest.mark.parametrize(
    ("tool", "azimuth"),
    [
        *(("cobbles", azimuth) for azimuth in (20.0, 140.0, 270.0)),
        pytest.param("stone-wall", 140.0, marks=pytest.mark.any_numpy),
        pytest.param("gravel", 270.0, marks=pytest.mark.any_numpy),
        pytest.param("rock", 20.0, marks=pytest.mark.any_numpy),
    ],
)
def test_a_known_light_tells_bumps_from_dents(tool, azimuth):
    truth = material(tool)
    picture = photograph(truth, azimuth)
    right, wrong = (
        compare_maps(estimate(picture, light_azimuth=angle % 360), truth) for angle in (azimuth, azimuth + 180)
    )
    assert right.slope_correlation > 0.4  # measured 0.48 to 0.69
    assert wrong.slope_correlation < -0.15
    assert right.normal_of_flat < 0.95


@pytest.mark.parametrize("azimuth", [20.0, 140.0, 260.0])
def test_relief_under_a_known_light_is_about_as_steep_as_the_surface(azimuth):
    name = "plaster_damaged_plaster"
    truth = Maps.from_arrays({m: load(name, m) for m in ("normal", "roughness")} | {"base_color": load(name, "albedo")})
    made = estimate(photograph(truth, azimuth), light_azimuth=azimuth, tiling="tiling")
    assert 0.35 < degrees(made).mean() / degrees(truth).mean() < 1.5
    assert compare_maps(made, truth).slope_correlation > 0.3


@pytest.mark.parametrize("tool", ["cobbles", "gravel", "rock"])
def test_a_procedural_relief_is_about_as_steep_as_it_is(tool):
    truth = material(tool)
    made = estimate(photograph(truth, 140.0), light_azimuth=140.0)
    assert 0.5 < degrees(made).mean() / degrees(truth).mean() < 1.5


@pytest.mark.parametrize("tool", ["sand", "snow", "asphalt"])
def test_shading_that_runs_along_the_light_is_fitted_where_the_network_finds_little(tool):
    truth = material(tool)
    found = estimate(photograph(truth, 140.0), light_azimuth=140.0)
    assert 0.25 < degrees(found).mean() / degrees(truth).mean() < 1.5
    assert compare_maps(found, truth).normal_of_flat < 0.95


def test_slopes_that_go_against_the_light_are_not_fitted():
    picture = srgb_to_linear(photograph(material("cobbles"), 30.0)["base_color"].pixels).transpose(2, 0, 1)
    brightness = Brightness.of_picture(torch.from_numpy(picture.copy()), Plane.around((256, 256), (True, True)))
    slopes, _ = likely_slopes(load_network(), brightness, towards(30.0))
    assert fitted_steepness(slopes, brightness, towards(30.0)) > 1
    assert fitted_steepness(-slopes, brightness, towards(30.0)) is None
    assert fitted_steepness(torch.zeros_like(slopes), brightness, towards(30.0)) == 1


def notes_of(picture: np.ndarray, **parameters) -> tuple[str, ...]:
    """What `photo-maps` says of its result."""
    recipe = Recipe((Step("photo-maps", parameters),))
    return run(recipe, {"source": Maps.from_arrays({"base_color": picture})}, device="cpu").notes


def test_a_light_that_does_not_explain_the_picture_is_refused_and_said():
    picture, _ = painted_wall()
    notes = notes_of(picture, light_azimuth=260.0)
    assert notes[0].startswith("a light at 260° does not explain the picture")
    refused, unknown = (estimate(picture, light_azimuth=azimuth) for azimuth in (260.0, -1.0))
    assert np.array_equal(refused["normal"].pixels, unknown["normal"].pixels)


def test_a_blank_relief_says_so_and_what_to_do():
    flat = photograph(material("marble"), 30.0)["base_color"].pixels
    (unknown,), (known,) = notes_of(flat), notes_of(flat, light_azimuth=30.0)
    assert unknown.startswith("hardly any relief was found (0.")
    assert "give Light Azimuth" in unknown
    assert "raise Boldness" in unknown
    assert "raise Boldness" in known
    assert "Light Azimuth" not in known
    lit = photograph(material("cobbles"), 30.0)["base_color"].pixels
    assert notes_of(lit, light_azimuth=30.0) == ()
    assert notes_of(flat, boldness=1.0) == ()


def test_shading_at_the_borders_of_a_single_picture_makes_no_cliffs():
    truth = material("cobbles")
    part = Maps.from_arrays({"base_color": photograph(truth, 30.0)["base_color"].pixels[20:220, 30:240]})
    p, q = tilt(estimate(part, light_azimuth=30.0, tiling="single")["normal"].pixels)
    steep = np.hypot(p, q)
    assert steep[:, :4].mean() < 1.6 * steep[:, 20:-20].mean()
    assert steep[-4:].mean() < 1.6 * steep[20:-20].mean()


def painted_wall() -> tuple[np.ndarray, np.ndarray]:
    """Letters in paint on a plastered wall (256, 256, 3), and where they and the 2 px around them are."""
    wall, ink = Image.new("RGB", (256, 256), (196, 190, 180)), Image.new("L", (256, 256))
    for picture, color in ((wall, (60, 40, 120)), (ink, 255)):
        ImageDraw.Draw(picture).text((20, 40), "FRESH\nPAINT", color, font_size=72)
    grain = np.random.default_rng(0).normal(0, 0.01, (256, 256, 1))
    letters = np.asarray(ink.filter(ImageFilter.MaxFilter(5))) > 0
    return (np.asarray(wall, np.float32) / 255 + grain).astype(np.float32), letters


def degrees(made: Maps) -> np.ndarray:
    """Angles (H, W) of the normals to the surface's own."""
    return np.degrees(np.arctan(np.hypot(*tilt(made["normal"].pixels))))


@pytest.mark.parametrize("azimuth", [-1.0, 0.0, 120.0, 260.0])
def test_letters_on_a_wall_stay_flat(azimuth):
    picture, letters = painted_wall()
    lean = degrees(estimate(picture, light_azimuth=azimuth))
    assert lean[letters].mean() < lean[~letters].mean() + 2.5  # measured 1.5
    bold = degrees(estimate(picture, light_azimuth=azimuth, boldness=1.0))
    assert bold[letters].mean() > bold[~letters].mean() + 10


@pytest.mark.parametrize("tool", ["marble", "plaster"])
def test_a_flat_surface_with_a_pattern_stays_flat(tool):
    truth = material(tool)
    for azimuth in (-1.0, 30.0):
        found = compare_maps(estimate(photograph(truth, 30.0), light_azimuth=azimuth), truth)
        assert found.normal_degrees < found.flat_degrees + 1.5


def test_boldness_takes_brightness_for_relief():
    picture, joint = bricks(0.25, 0.5)
    steepness = []
    for boldness in (0.0, 0.5, 1.0):
        made = estimate(picture, boldness=boldness)
        steepness.append(np.abs(tilt(made["normal"].pixels)[0]).mean())
    assert steepness == sorted(steepness)
    assert steepness[-1] > 2 * steepness[0]
    height, occlusion = (made[n].pixels[..., 0] for n in ("height", "ambient_occlusion"))
    assert height[joint].mean() < height[~joint].mean() - 0.2
    assert occlusion[joint].mean() < occlusion[~joint].mean() - 0.1


def test_confidence_is_low_where_relief_is_steep():
    made = estimate(photograph(material("cobbles"), 30.0), light_azimuth=30.0)
    p, q = tilt(made["normal"].pixels)
    steep = np.hypot(p, q)
    confidence = made["confidence"].pixels[..., 0]
    assert confidence[steep > np.quantile(steep, 0.9)].mean() < confidence[steep < np.median(steep)].mean()


def test_no_shading_is_no_relief():
    made = estimate(np.full((40, 56, 3), 0.4, np.float32), light_azimuth=90.0)
    assert np.allclose(made["normal"].pixels, (0.5, 0.5, 1), atol=1e-3)


def test_relief_of_shading_rolls_with_a_tile_and_turns_upside_down():
    picture = photograph(material("cobbles"), 30.0)["base_color"].pixels
    height = estimate(picture, light_azimuth=30.0, tiling="tiling")["height"].pixels
    rolled = estimate(np.roll(picture, (37, 51), (0, 1)), light_azimuth=30.0, tiling="tiling")["height"].pixels
    assert np.abs(np.roll(height, (37, 51), (0, 1)) - rolled).max() < 1e-3
    inverted = estimate(picture, light_azimuth=30.0, tiling="tiling", invert_height=True)["height"].pixels
    assert np.allclose(inverted, 1 - height, atol=1e-3)


def test_sliders_do_what_they_say():
    picture = tile(seed=3)
    steepness = [np.abs(tilt(estimate(picture, normal_strength=s)["normal"].pixels)[0]).mean() for s in (0, 1, 2)]
    assert steepness[0] < 1e-6
    assert steepness[2] == pytest.approx(2 * steepness[1], rel=1e-3)
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
    context = Context(on_progress=lambda fraction, message: told.append((fraction, message)))
    PhotoMaps().apply(Maps.from_arrays({"base_color": tile()}), PhotoMapsParameters(), {}, context)
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
