"""`photo-maps`: maps that fit each other and measured sets, light that is known, paint, and its network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from making import finish, made
from photographed import Camera, drawn, photographs
from PIL import Image, ImageDraw, ImageFilter
from tasks.photo_maps.examples import MARGIN_PX, Examples, Material
from tasks.photo_maps.finishing import FinishTraining, Thumbnails
from tasks.photo_maps.photographs import Random
from tasks.photo_maps.recognition import RecognitionTraining
from tasks.photo_maps.surfaces import Surfaces, random_material

from impasto import Maps, Recipe, RunOptions, Step, Texture
from impasto.actions import Doing
from impasto.cli.main import main
from impasto.errors import ParameterError
from impasto.host import Host
from impasto.surface.color_tensors import srgb_to_linear
from impasto.surface.heights import slopes_from_height, slopes_from_normal
from impasto.surface.shading import Light
from impasto_judge.maps import compare_maps
from impasto_judge.relief import correlation
from impasto_photo_maps.command import GAP_PX
from impasto_photo_maps.lights import AZIMUTHS, SIDE_PX, ShowLights, pictures_of_relief
from impasto_photo_maps.network import load_recognition, network_input
from impasto_photo_maps.prior import Brightness, Plane, towards
from impasto_photo_maps.recognition import recognise, recognise_under, recognised_roughness


def test_seamless_textures_are_recognised_unlike_their_crops():
    whole, part = tile(192, 256), tile(192, 256)[:131, :147]
    for picture, meant, other in ((whole, "tiling", "single"), (part, "single", "tiling")):
        found, right, wrong = (estimate(picture, tiling=t)["height"].pixels for t in ("auto", meant, other))
        assert np.array_equal(found, right)
        assert not np.array_equal(found, wrong)


@pytest.mark.parametrize("grey", [0.0, 0.3, 1.0])
def test_one_colour_gives_a_flat_unoccluded_material(grey):
    picture = np.full((40, 56, 3), grey, np.float32)
    made = estimate(picture).arrays()
    assert np.allclose(made["base_color"], grey, atol=1e-4)
    assert np.allclose(made["height"], 0.5, atol=1e-3)
    assert np.allclose(made["normal"], (0.5, 0.5, 1), atol=1e-3)
    assert np.allclose(made["ambient_occlusion"], 1, atol=1e-3)
    assert np.ptp(made["roughness"]) < 1e-2
    assert np.allclose(estimate(picture, roughness=0.65)["roughness"].pixels, 0.65, atol=1e-2)


def test_a_picture_too_large_for_memory_is_refused_with_the_scale_that_fits():
    huge = Maps({"base_color": Texture(np.broadcast_to(np.float32(0.5), (10_000, 10_000, 3)))})
    with pytest.raises(ParameterError, match=r"10000x10000 px.*36 million") as caught:
        estimate(huge)
    assert "0.60" in caught.value.remedy


def misfit(maps: Maps, relief_px: np.ndarray) -> float:
    """Largest difference of the normals' slopes from those of a height (H, W) in pixels, but at its borders."""
    x, y, z = np.moveaxis(2 * maps["normal"].pixels.astype(np.float64) - 1, 2, 0)
    right, down = ((np.roll(relief_px, -1, axis) - np.roll(relief_px, 1, axis)) / 2 for axis in (1, 0))
    return max(np.abs(wrong[1:-1, 1:-1]).max() for wrong in (-x / z - right, y / z - down))


def test_given_maps_are_kept_and_lead_to_the_others():
    height = tile(seed=5)[..., :1]
    given = {"height": height, "roughness": height * 0.5, "opacity": np.ones_like(height), "emission": tile(seed=6)}
    subject = Maps.from_arrays({"base_color": tile(), **given}, width_m=0.8, height_range_m=0.1)
    made = estimate(subject, tiling="tiling")
    for name, pixels in given.items():
        assert np.array_equal(made[name].pixels, pixels)
    assert made.height_range_m == 0.1
    assert misfit(made, height[..., 0] * 0.1 / 0.8 * 128) < 1e-3  # float32 of encoded normals
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
    error = slopes_from_normal(made["normal"].pixels) - slopes_from_height(true * 64)
    stairs = slopes_from_height(np.round(true * 255) / 255 * 64) - slopes_from_height(true * 64)
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
    flat, single, double = (slopes_from_normal(estimate(picture, relief=s)["normal"].pixels) for s in (0, 1, 2))
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


def test_delight_removes_light_and_keeps_the_material():
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
    assert np.array_equal(estimate(tile(), delight=0.0)["base_color"].pixels, tile())


def estimate(subject: np.ndarray | Maps, **parameters) -> Maps:
    """All maps of a base colour or of maps."""
    return finish("photo-maps", subject, **parameters)


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


def degrees(made: Maps) -> np.ndarray:
    """Angles (H, W) of the normals to the surface's own."""
    return np.degrees(np.arctan(np.linalg.norm(slopes_from_normal(made["normal"].pixels), axis=2)))


def photograph(truth: Maps, azimuth: float) -> Maps:
    """The surface seen from above in the sun."""
    (picture,) = photographs(truth, [Light(azimuth, 45.0)], Camera(ambient=0.2, strength_stops=0.0))
    return picture


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "azimuth"), [("cobbles", 20.0), ("stone-wall", 140.0), ("gravel", 270.0), ("rock", 20.0)]
)
def test_a_known_light_tells_bumps_from_dents(tool, azimuth):
    truth = drawn(tool, 256, 5)
    picture = photograph(truth, azimuth)
    right, wrong = (
        compare_maps(estimate(picture, light_azimuth=angle % 360), truth) for angle in (azimuth, azimuth + 180)
    )
    assert right.slope_correlation > 0.4  # measured 0.5 to 0.76
    assert wrong.slope_correlation < 0
    assert right.slope_correlation - wrong.slope_correlation > 0.6
    assert right.normal_of_flat < 0.95


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["sand", "snow", "asphalt"])
def test_fine_relief_is_found_in_its_shading(tool):
    truth = drawn(tool, 256, 5)
    found = estimate(photograph(truth, 140.0), light_azimuth=140.0)
    assert 0.25 < degrees(found).mean() / degrees(truth).mean() < 1.5
    assert compare_maps(found, truth).normal_of_flat < 0.95


def test_lights_that_contradict_the_picture_are_ignored_with_a_note():
    picture, _ = painted_wall()
    notes = made("photo-maps", picture, light_azimuth=260.0).notes
    assert notes[0].startswith("a light at 260° does not explain the picture")
    refused, unknown = (estimate(picture, light_azimuth=azimuth) for azimuth in (260.0, -1.0))
    assert np.array_equal(refused["normal"].pixels, unknown["normal"].pixels)


@pytest.fixture(scope="module")
def cobbles():
    """A photograph of cobbles (96, 128) whose light comes from 30 degrees."""
    return photograph(drawn("cobbles", 128, 5), 30.0)["base_color"].pixels[:96]


def test_relief_is_alike_under_one_light_and_among_several(cobbles):
    picture = srgb_to_linear(torch.from_numpy(cobbles).permute(2, 0, 1))
    lights = torch.stack([towards(30.0), torch.zeros(2), towards(200.0)], 1)
    among = recognise_under(load_recognition(), picture, (True, True), lights)
    for number, found in enumerate(among):
        alone = recognise(load_recognition(), picture, (True, True), lights[:, number])
        assert (found.slopes - alone.slopes).abs().max() < 1e-4  # float32, summed in another order
        assert float((found.tilt - alone.tilt).abs().max()) < 1e-4


def test_the_relief_under_eight_lights_is_shown_dark_where_it_does_not_fit(cobbles, tmp_path):
    subject = Maps.from_arrays({"base_color": cobbles})
    doing = Doing(Recipe((Step("photo-maps"),)), RunOptions("cpu"), Host(), read=lambda: {"source": subject})
    result = ShowLights().carry_out(doing, None)
    column = result.maps["base_color"].pixels
    shown = dict(zip(AZIMUTHS, column.reshape(len(AZIMUTHS), SIDE_PX, SIDE_PX, 3), strict=True))
    assert not np.array_equal(shown[45.0], shown[225.0])
    Image.fromarray((cobbles * 255).astype(np.uint8)).save(tmp_path / "cobbles.png")
    command = ["maps", str(tmp_path / "cobbles.png"), "--show-lights", "--out", str(tmp_path)]
    main(command)
    with Image.open(tmp_path / "cobbles_lights.png") as sheet:
        assert sheet.size[0] == 3 * (SIDE_PX + GAP_PX)
    with pytest.raises(SystemExit):
        main(command)
    letters, _ = painted_wall()
    of_wall, notes = pictures_of_relief(Maps.from_arrays({"base_color": letters[:128, :128]}), {})
    assert (len(result.notes), len(notes)) == (0, 1)
    assert of_wall[-1.0].mean() > 2 * max(of_wall[azimuth].mean() for azimuth in (270.0, 90.0))


def test_decisions_are_noted():
    lit = photograph(drawn("cobbles", 256, 5), 30.0)["base_color"].pixels
    (known,), (unknown,), (double,) = (
        made("photo-maps", lit, **given).notes for given in ({"light_azimuth": 30.0}, {}, {"relief": 2.0})
    )
    known, unknown, double = (
        float(said.partition("its relief leans by ")[2].partition("°")[0]) for said in (known, unknown, double)
    )
    assert double > 1.5 * unknown > 0 < known
    given = Maps.from_arrays({"base_color": lit, "height": lit[..., :1], "roughness": lit[..., :1]})
    assert made("photo-maps", given).notes == ()


def test_shading_at_the_borders_of_a_single_picture_makes_no_cliffs():
    truth = drawn("cobbles", 256, 5)
    part = Maps.from_arrays({"base_color": photograph(truth, 30.0)["base_color"].pixels[20:220, 30:240]})
    steep = degrees(estimate(part, light_azimuth=30.0, tiling="single"))
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


@pytest.mark.parametrize("azimuth", [-1.0, 0.0, 120.0, 260.0])
def test_letters_on_a_wall_stay_flat(azimuth):
    picture, letters = painted_wall()
    lean = degrees(estimate(picture, light_azimuth=azimuth))
    assert lean[letters].mean() < lean[~letters].mean() + 2.5  # measured 1.5


def test_relief_of_shading_rolls_with_a_tile_and_turns_upside_down():
    picture = photograph(drawn("cobbles", 256, 5), 30.0)["base_color"].pixels
    height = estimate(picture, light_azimuth=30.0, tiling="tiling")["height"].pixels
    rolled = estimate(np.roll(picture, (37, 51), (0, 1)), light_azimuth=30.0, tiling="tiling")["height"].pixels
    assert np.abs(np.roll(height, (37, 51), (0, 1)) - rolled).max() < 1e-3
    inverted = estimate(picture, light_azimuth=30.0, tiling="tiling", invert_height=True)["height"].pixels
    assert np.allclose(inverted, 1 - height, atol=1e-3)


@pytest.fixture(scope="module")
def surface() -> Surfaces:
    return random_material(128, 8, [])


def test_distant_pixels_change_nothing(surface):
    """A part is recognised as within its whole, so that pictures can be recognised in pieces."""
    large, unknown = random_material(512, 3, []).color, torch.zeros(2)
    changed = large.clone()
    changed[:, :64] = 0.3
    network = load_recognition()
    given = [network_input(x * (0.18 / large.mean()), unknown)[None] for x in (large, changed)]
    suggested = Brightness.of(large, Plane((512, 512), ((0, 0), (0, 0)))).suggestions(unknown)[None]
    with torch.inference_mode():
        one, other = (network(x, suggested)[0][0, :, 272:304] for x in given)
    assert abs(float(changed.mean() / large.mean()) - 1) < 0.5
    assert (one - other)[:2].abs().mean() < 0.25 * one[:2].abs().mean()


@pytest.mark.slow
def test_a_training_learns_slopes_from_shading(surface):
    grey = Material(replace(surface, color=torch.full_like(surface.color, 0.4)), 1)
    one = RecognitionTraining([grey], [], [(torch.rand(3, 128, 128), 1)], 30, crop_px=64)
    distances = []
    for one.done in range(30):
        distances.append(float(one.step()["distance"]))
    assert np.mean(distances[-8:]) < 0.9 * np.mean(distances[:8])


@pytest.mark.slow
def test_a_training_learns_roughness_and_leaves_relief_as_it_is(surface):
    before, smooth = load_recognition(), Material(replace(surface, roughness=0.02 + 0 * surface.roughness), 1)
    thumbnails = Thumbnails(torch.rand(4, 3, 64, 64), torch.ones(4).long(), torch.arange(4), torch.arange(4) % 2.0)
    one = FinishTraining(before.state_dict(), [smooth], [True], thumbnails, 12, crop_px=64)
    for one.done in range(10):
        one.step()
    after = one.networks["network"].eval()
    known, learned = (recognised_roughness(x, surface.color, (True, True)).mean() for x in (before, after))
    assert learned < known - 0.02
    weights = after.state_dict()
    changed = {name.split(".")[0] for name, x in before.state_dict().items() if not torch.equal(x, weights[name])}
    assert changed == {"finish"}


@pytest.mark.parametrize("seed", range(3))
def test_parts_are_turned_with_their_slopes(surface, seed):
    parts = Examples([Material(surface)], [], 128, "cpu").cut(*torch.zeros(2, 4).long(), Random.seeded(seed, "cpu"))
    assert parts.shape[2:] == (128 + 2 * MARGIN_PX,) * 2
    height = parts[5]
    for axis, slopes in ((2, parts[3]), (1, parts[4])):
        differences = (height.roll(-1, axis) - height.roll(1, axis))[:, 2:-2, 2:-2] / 2
        for one, other in zip(differences, slopes[:, 2:-2, 2:-2], strict=True):
            assert float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1]) > 0.8
