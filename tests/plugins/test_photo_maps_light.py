"""Photo maps of pictures whose light is known, or that are painted: bumps rise, paint stays flat, and notes say why."""

from __future__ import annotations

import numpy as np
import pytest
from estimating import degrees, estimate, tilt
from photographed import Camera, photographs
from PIL import Image, ImageDraw, ImageFilter

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.surface.shading import Light
from impasto_judge.maps import compare_maps


def material(tool: str, side_px: int = 256, **parameters) -> Maps:
    """True maps of a procedural material."""
    step = Step(tool, {"width_px": side_px, "height_px": side_px, **parameters})
    return run(Recipe((step,), seed=5)).maps


def photograph(truth: Maps, azimuth: float) -> Maps:
    """The surface seen from above in the sun."""
    (picture,) = photographs(truth, [Light(azimuth, 45.0)], Camera(ambient=0.2, strength_stops=0.0))
    return picture


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "azimuth"), [("cobbles", 20.0), ("stone-wall", 140.0), ("gravel", 270.0), ("rock", 20.0)]
)
def test_a_known_light_tells_bumps_from_dents(tool, azimuth):
    truth = material(tool)
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
    truth = material(tool)
    found = estimate(photograph(truth, 140.0), light_azimuth=140.0)
    assert 0.25 < degrees(found).mean() / degrees(truth).mean() < 1.5
    assert compare_maps(found, truth).normal_of_flat < 0.95


def notes_of(picture: np.ndarray, **parameters) -> tuple[str, ...]:
    """Notes of `photo-maps` on its result."""
    recipe = Recipe((Step("photo-maps", parameters),))
    return run(recipe, {"source": Maps.from_arrays({"base_color": picture})}, RunOptions(device="cpu")).notes


def test_a_light_that_does_not_explain_the_picture_is_refused_and_said():
    picture, _ = painted_wall()
    notes = notes_of(picture, light_azimuth=260.0)
    assert notes[0].startswith("a light at 260° does not explain the picture")
    refused, unknown = (estimate(picture, light_azimuth=azimuth) for azimuth in (260.0, -1.0))
    assert np.array_equal(refused["normal"].pixels, unknown["normal"].pixels)


def test_what_was_decided_is_said():
    lit = photograph(material("cobbles"), 30.0)["base_color"].pixels
    (known,), (unknown,) = notes_of(lit, light_azimuth=30.0), notes_of(lit)
    for said in (known, unknown):
        assert "its relief leans by" in said
    (double,) = notes_of(lit, relief=2.0)
    assert degrees_said(double) > 1.5 * degrees_said(unknown)
    given = Maps.from_arrays({"base_color": lit, "height": lit[..., :1], "roughness": lit[..., :1]})
    assert run(Recipe((Step("photo-maps"),)), {"source": given}, RunOptions(device="cpu")).notes == ()


def degrees_said(note: str) -> float:
    """The mean tilt that a note tells."""
    return float(note.partition("leans by ")[2].partition("°")[0])


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


@pytest.mark.parametrize("azimuth", [-1.0, 0.0, 120.0, 260.0])
def test_letters_on_a_wall_stay_flat(azimuth):
    picture, letters = painted_wall()
    lean = degrees(estimate(picture, light_azimuth=azimuth))
    assert lean[letters].mean() < lean[~letters].mean() + 2.5  # measured 1.5


def test_relief_of_shading_rolls_with_a_tile_and_turns_upside_down():
    picture = photograph(material("cobbles"), 30.0)["base_color"].pixels
    height = estimate(picture, light_azimuth=30.0, tiling="tiling")["height"].pixels
    rolled = estimate(np.roll(picture, (37, 51), (0, 1)), light_azimuth=30.0, tiling="tiling")["height"].pixels
    assert np.abs(np.roll(height, (37, 51), (0, 1)) - rolled).max() < 1e-3
    inverted = estimate(picture, light_azimuth=30.0, tiling="tiling", invert_height=True)["height"].pixels
    assert np.allclose(inverted, 1 - height, atol=1e-3)
