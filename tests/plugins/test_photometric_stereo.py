"""Photometric stereo on rendered photographs of procedural materials: GGX, shadows, uneven light, noise, 8 bits."""

from functools import cache

import numpy as np
import pytest
from photographed import drawn, guessed, hours, lights_around, measured, normal_error, photographs, stereo

from impasto import Maps, Result, read_maps, write_maps
from impasto.cli.main import main
from impasto.errors import ParameterError
from impasto.plugins.registry import registry
from impasto.surface.shading import Light

SIDE = 192
MATERIALS = ("bricks", "cobbles", "bark", "plaster", "leather")


@cache
def material(name: str, side: int = SIDE) -> Maps:
    return drawn(name, side)


@cache
def set_of(name: str, count: int = 8) -> tuple[tuple[Maps, ...], tuple[Light, ...]]:
    lights = lights_around(count, seed=len(name))
    return tuple(photographs(material(name), lights, seed=len(name))), tuple(lights)


def error_of(made: Result, name: str) -> float:
    return normal_error(made.maps["normal"].pixels, material(name)["normal"].pixels)


def flat_error(name: str) -> float:
    truth = material(name)["normal"].pixels
    return normal_error(np.broadcast_to(np.array([0.5, 0.5, 1.0]), truth.shape), truth)


@pytest.mark.parametrize(
    ("told", "most"),
    [pytest.param(measured, 6, marks=pytest.mark.essential), pytest.param(guessed, 10, marks=pytest.mark.slow)],
)
def test_measured_lights_give_normals_within_six_degrees_and_guessed_ones_within_ten(told, most):
    errors = {name: error_of(stereo(set_of(name)[0], **told(set_of(name)[1])), name) for name in MATERIALS}
    assert np.mean(list(errors.values())) <= most, errors
    assert all(error < 0.7 * flat_error(name) + 1 for name, error in errors.items()), errors


def test_unknown_lights_give_the_relief_up_to_its_sign():
    photos, _ = set_of("cobbles")
    errors = [error_of(stereo(photos, lights="unknown", inverted=inverted), "cobbles") for inverted in (False, True)]
    assert min(errors) <= 10
    assert max(errors) > flat_error("cobbles")


def test_height_agrees_with_the_truth_in_metres():
    photos, lights = set_of("cobbles")
    made, truth = stereo(photos, **measured(lights), width_m=2.0).maps, material("cobbles")
    height, true_height = made["height"].pixels.ravel(), truth["height"].pixels.ravel()
    assert np.corrcoef(height, true_height)[0, 1] > 0.9
    slope = np.polyfit(true_height * truth.height_range_m / truth.width_m, height * made.height_range_m / 2.0, 1)[0]
    assert 0.7 < slope < 1.3
    assert made.width_m == pytest.approx(2.0)


def test_base_colour_has_no_light_in_it():
    photos, lights = set_of("bricks")
    made, truth = stereo(photos, **measured(lights)).maps["base_color"].pixels, material("bricks")["base_color"].pixels
    correlation = np.corrcoef(made.ravel(), truth.ravel())[0, 1]
    assert correlation > 0.95
    assert correlation > max(np.corrcoef(one["base_color"].pixels.ravel(), truth.ravel())[0, 1] for one in photos)


@pytest.mark.slow
def test_a_camera_that_moved_is_aligned():
    photos, lights = set_of("plaster")
    rolled = [
        Maps.from_arrays({"base_color": np.roll(one["base_color"].pixels, (index, -index), (0, 1))[16:-16, 16:-16]})
        for index, one in enumerate(photos[:6])
    ]
    made = stereo(rolled, **measured(lights[:6])).maps
    height, width = made.size_px
    truth = material("plaster")["normal"].pixels[16:-16, 16:-16]
    assert (height, width) < truth.shape[:2]
    wrong = stereo(rolled, **measured(lights[:6]), align=False).maps["normal"].pixels
    assert normal_error(made["normal"].pixels, truth[:height, -width:]) < normal_error(wrong, truth) / 2


@pytest.mark.slow
def test_photographs_from_a_tripod_are_not_realigned():
    """Though shading looks like a shift, and grooves look alike only under lights from similar directions."""
    lights = lights_around(8)
    for photos in (photographs(material("bricks", 256), lights), photographs(material("corrugated-sheet"), lights)):
        assert stereo(photos, **measured(lights)).maps.size_px == photos[0].size_px


def test_highlights_tell_smooth_from_rough():
    lights = lights_around(8)
    for least, most in ((0.0, 0.45), (0.6, 1.0)):
        rough = np.full((SIDE, SIDE, 1), 0.3 if most < 0.5 else 0.9, np.float32)
        subject = material("cobbles").with_arrays({"roughness": rough, "metallic": 0 * rough})
        found = stereo(photographs(subject, lights), **measured(lights)).maps["roughness"].pixels
        assert least < np.median(found) < most


def test_lights_are_found_in_a_mirror_ball():
    photos, lights = set_of("plaster", 6)
    x, y, radius = 0.7, 0.25, 0.18
    shown = [with_ball(one, light, x, y, radius) for one, light in zip(photos, lights, strict=True)]
    crop = [0.0, 0.5, 1.0, 1.0]
    truth = material("plaster")["normal"].pixels[SIDE // 2 :]
    for ball in ([x, y, radius], [0.0, 0.0, 0.0]):
        made = stereo(shown, lights="ball", ball=ball, crop=crop).maps
        assert normal_error(made["normal"].pixels, truth) < 0.8 * flat_error("plaster")


def with_ball(photo: Maps, light: Light, x: float, y: float, radius: float) -> Maps:
    """The photograph with a mirror ball in dark surroundings, which shows the light."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    nx, ny = (columns / SIDE - x) / radius, (y - rows / SIDE) / radius
    inside = nx * nx + ny * ny < 1
    normal = np.stack([nx, ny, np.sqrt(np.clip(1 - nx * nx - ny * ny, 0, 1))], 2)
    mirrored = 2 * normal[..., 2:] * normal - [0, 0, 1]
    spot = np.exp(400 * (mirrored @ light.direction().numpy().astype("f8") - 1))
    ball = np.repeat((0.05 + 0.95 * spot)[..., None], 3, 2)
    return Maps.from_arrays({"base_color": np.where(inside[..., None], ball, photo["base_color"].pixels)})


def grey(value: float, side: int = SIDE) -> Maps:
    return Maps.from_arrays({"base_color": np.full((side, side, 3), value)})


def overexposed(photo: Maps) -> Maps:
    return Maps.from_arrays({"base_color": np.clip(3 * photo["base_color"].pixels, 0, 1)})


def cropped(photo: Maps, side: int) -> Maps:
    return Maps.from_arrays({"base_color": photo["base_color"].pixels[:side, :side]})


@pytest.mark.parametrize(
    ("spoil", "parameters", "message", "remedy"),
    [
        (lambda p: p[:2], {}, "needs 3 or more", "at least 3"),
        (lambda p: [*p[:3], cropped(p[3], 100)], {}, "photograph 4 is 100x100", "one size"),
        (lambda p: [*p[:3], grey(0.5)], {}, "photograph 4 has one colour only", "leave it out"),
        (lambda p: [overexposed(p[0]), *p[1:]], {}, "photograph 1 is overexposed", "expose less"),
        (lambda p: [*p[:3], p[2]], {}, "photograph 4 and photograph 3 are lit alike", "move the light"),
        (lambda p: [*p[:3], set_of("leather")[0][0]], {}, "photograph 4 does not match", "one place"),
        (lambda p: [*p[:3], rolled(p[3], 40)], {}, "photograph 4 is moved by", "tripod"),
        (lambda p: p, {"clock": [12, 3, 6]}, "photograph 4 has no clock angle", "unknown lights"),
        (lambda p: p, {"clock": [12, 3, 6, 13]}, "13 is not on a clock", "up to 12"),
        (lambda p: p, {"clock": [12, 12, 12, 12]}, "stand in one line", "spread the lights"),
        (lambda p: p, {"lights": "ball", "ball": [0.5, 0.5, 0.2]}, "no clear highlight", "mirror ball"),
        (lambda p: p[:3], {"lights": "unknown"}, "too few for unknown lights", "four or more"),
    ],
)
def test_bad_photographs_are_refused_with_a_remedy(spoil, parameters, message, remedy):
    photos = list(set_of("bricks", 8)[0][:4])
    with pytest.raises(ParameterError) as refused:
        stereo(spoil(photos), **{"clock": [12, 2, 3, 5][: len(spoil(photos))], **parameters})
    assert message in refused.value.message
    assert remedy in refused.value.remedy


def rolled(photo: Maps, shift: int) -> Maps:
    return Maps.from_arrays({"base_color": np.roll(photo["base_color"].pixels, shift, 1)})


def test_the_command_measures_photographs_by_clock_angles(tmp_path, capsys):
    photos, lights = set_of("bricks")
    exporter = registry().exporter("png")
    files = [write_maps(one, tmp_path, f"p{index}", exporter)[0] for index, one in enumerate(photos)]
    angles = [f"{hours(light.azimuth):.1f}" for light in lights]
    main(["stereo", *map(str, files), "--angles", *angles, "--out", str(tmp_path / "out"), "--name", "wall"])
    made = read_maps(tmp_path / "out" / "wall_normal.png")
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"wall_height.png", "wall_roughness.png"}
    assert made.size_px == (SIDE, SIDE)
    assert "lights (clock, elevation, strength)" in "".join(capsys.readouterr())
    with pytest.raises(SystemExit) as ended:
        main(["stereo", "a.jpg", "b.jpg", "c.jpg", "--angles", "12", "3", "--out", str(tmp_path)])
    assert ended.value.code == 2
