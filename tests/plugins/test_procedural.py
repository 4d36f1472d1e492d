"""Procedural materials: seamless at any size, the same at any resolution, with maps that agree and valid presets."""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from impasto import Maps
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto.surface.heights import fit_scale, slopes_from_normal
from impasto.surface.seams import seam_z
from impasto.tools import validate
from impasto_procedural import impasto_tools
from impasto_procedural.canvas import Canvas

pytestmark = pytest.mark.any_numpy
MATERIALS = {tool.name: tool for tool in impasto_tools() if tool.kind == "generator"}
MAPS = {"base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion"}
OWN = {"lava": {"emission"}, "glass": {"transmission_weight"}}
"""Maps that only some materials have."""


@cache
def made(name: str, size_px: tuple[int, int] = (96, 128), seed: int = 3, **given: object) -> Maps:
    """Maps of a material, (height, width) pixels large."""
    tool = MATERIALS[name]
    parameters = validate(tool, {"height_px": size_px[0], "width_px": size_px[1], **given})
    return tool.apply(Maps(), parameters, {}, Context(rng=np.random.default_rng(seed)))


@pytest.fixture(params=sorted(MATERIALS))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.register("name")
def test_opposite_borders_match(name):
    """By the middle of three: a joint of bricks or boards that happens to lie on the edge is a line, no seam."""
    drawn = [made(name), made(name, (131, 77), 4), made(name, (112, 112), 5)]
    for map_ in drawn[0]:
        for axis in (0, 1):
            middle = sorted(seam_z(maps[map_].pixels)[axis] for maps in drawn)[1]
            assert -4 < middle < 3, f"{map_}, axis {axis}"


@pytest.mark.register("name")
def test_what_is_drawn_one_tile_further_on_is_the_same(name, monkeypatch):
    """Of regular patterns, whose steps from texel to texel hide a seam; rounding changes single texels."""
    here, start = made(name), Canvas.__init__

    def start_further(canvas, *given):
        start(canvas, *given)
        canvas.y_m, canvas.x_m = canvas.y_m + canvas.height_m, canvas.x_m + canvas.width_m

    monkeypatch.setattr(Canvas, "__init__", start_further)
    there = made.__wrapped__(name)
    assert max(np.abs(there[map_].pixels - here[map_].pixels).mean() for map_ in here) < 1e-3


@pytest.mark.register("name")
def test_all_maps_are_made_with_a_scale(name):
    maps = made(name)
    assert set(maps) == MAPS | OWN.get(name, set())
    assert maps.width_m == MATERIALS[name].parameters().width_m
    assert 0 < maps.height_range_m < maps.width_m
    for texture in maps.values():
        assert np.isfinite(texture.pixels).all()
        assert 0 <= texture.pixels.min() <= texture.pixels.max() <= 1


def test_lava_glows_in_its_cracks_and_nowhere_under_moss():
    bare, mossy = made("lava"), made("lava", moss=1.0)
    light, height = bare["emission"].pixels, bare["height"].pixels[..., 0]
    bright = light[..., 0] > 0.6
    assert 0.02 < bright.mean() < 0.4
    assert height[bright].mean() < height[~bright].mean() - 0.1
    assert np.median(light[..., 0]) < 0.15
    is_moss = mossy["base_color"].pixels[..., 1] > mossy["base_color"].pixels[..., 0] + 0.05
    assert is_moss.mean() > 0.1
    assert mossy["emission"].pixels[is_moss].mean() < 0.3 * light[is_moss].mean() + 0.01
    assert mossy["emission"].pixels.mean() < 0.9 * light.mean()


def test_light_passes_through_glass_but_not_through_its_dirt():
    clean, dirty = made("glass"), made("glass", dirt=1.0)
    assert clean["transmission_weight"].pixels.mean() > 0.9
    assert dirty["transmission_weight"].pixels.mean() < 0.7 * clean["transmission_weight"].pixels.mean()


def test_colours_are_those_of_real_surfaces(name):
    """Albedo of dielectrics: 0.02 to 0.9 in linear light; what is black or white gives no light to work with."""
    color = made(name)["base_color"].pixels
    assert 0.12 < color.mean() < 0.93
    assert (color.max(2) > 0.98).mean() < 0.02
    assert (color.max(2) < 0.08).mean() < 0.25


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("grass", {"blade_m": 0.005}),
        ("carpet", {"pile": "shag", "tuft_m": 0.05}),
        ("moss", {"kind": "feather"}),
    ],
)
def test_a_tile_smaller_than_its_pieces_is_drawn(name, parameters):
    assert set(made(name, (24, 24), width_m=0.001, **parameters)) == MAPS


@pytest.mark.parametrize(
    ("name", "amount", "color"),
    [
        ("scales", "pattern", "spot_color"),
        ("carpet", "mixture", "second_color"),
        ("bricks", "color_variation", "second_color"),
        ("roof-tiles", "color_variation", "second_color"),
        ("ceramic-tiles", "second_share", "second_color"),
        ("cobbles", "color_variation", "second_color"),
        ("grass", "dry", "dry_color"),
        ("moss", "dry", "dry_color"),
        ("marble", "veins", "accent_color"),
        ("corrugated-sheet", "paint", "color"),
        ("metal-plates", "paint", "color"),
    ],
)
def test_nothing_is_drawn_of_an_amount_of_0(name, amount, color):
    """Else "green scales", without a pattern, have spots of its colour; beside it, the amount does draw that colour."""
    changed = [
        np.abs(
            made(name, **{amount: share})["base_color"].pixels
            - made(name, **{amount: share, color: (0.9, 0.1, 0.9)})["base_color"].pixels
        ).max()
        for share in (0.0, 1.0)
    ]
    assert changed[0] == 0 < changed[1]


def test_normals_follow_from_the_height(name):
    maps = made(name)
    height_px = maps["height"].pixels[..., 0] * maps.height_range_px
    scale, correlation = fit_scale(height_px, slopes_from_normal(maps["normal"].pixels))
    assert correlation > 0.9
    assert scale == pytest.approx(1, abs=0.25)  # steep edges are held at a slope of 10


@pytest.mark.register("name")
def test_a_seed_is_the_same_surface_at_every_resolution(name):
    """Averages over 16 x 16 parts agree; detail below two texels may differ."""
    small, large = (made(name, (side, side))["base_color"].pixels for side in (256, 512))
    parts = [a.reshape(16, len(a) // 16, 16, len(a) // 16, 3).mean((1, 3)) for a in (small, large)]
    assert np.abs(parts[0] - parts[1]).mean() < 0.02


@pytest.mark.register("name")
def test_seeds_are_different_surfaces(name):
    first, second = (made(name, seed=seed)["height"].pixels for seed in (3, 4))
    assert np.abs(first - second).mean() > 0.003


@pytest.mark.register("name")
def test_weathering_grows_with_its_slider(name):
    """Colour and roughness together: water makes metal smoother, not darker."""
    for layer in ("wear", "dirt", "moss", "wetness"):
        none, some, much = (
            np.concatenate([maps["base_color"].pixels, maps["roughness"].pixels], 2)
            for maps in (made(name, (48, 64), **{layer: amount}) for amount in (0, 0.4, 1.0))
        )
        changed = [np.abs(one - none).mean() for one in (some, much)]
        assert changed[1] > changed[0] >= 0, layer
        assert changed[1] > 0.005, layer


@pytest.mark.register("name")
def test_every_slider_has_an_effect_at_its_ends(name):
    """At least one map changes between the ends of each number's usual range."""
    schemas = MATERIALS[name].parameters.model_json_schema()["properties"]
    for parameter, schema in schemas.items():
        if parameter in ("width_px", "height_px", "wear", "dirt", "moss", "wetness") or schema.get("type") != "number":
            continue
        low, high = schema["minimum"], schema.get("soft_maximum", schema["maximum"])
        given = {other: value for wanted in [schema.get("visible_if", {})] for other, (value, *_) in wanted.items()}
        ends = [made(name, (48, 64), **given, **{parameter: end}) for end in (max(low, 0.02 * high), high)]
        assert any(np.abs(ends[0][map_].pixels - ends[1][map_].pixels).max() > 1 / 255 for map_ in MAPS), parameter


ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tasks.presets import bundled  # noqa: E402

PRESETS = bundled()


def test_every_material_has_presets():
    assert all(len(PRESETS.get(name, ())) >= 2 for name in MATERIALS)


def test_presets_set_what_differs_from_the_defaults_to_allowed_values_and_real_colours():
    """Albedo of what is no metal lies between that of coal and of fresh snow."""
    for tool in PRESETS:
        fields = registry().tools[tool].parameters.model_fields
        for preset, values in PRESETS[tool].items():
            validate(registry().tools[tool], values)
            assert values, (tool, preset)
            assert not [name for name, value in values.items() if fields[name].default == value], (tool, preset)
            albedos = [value for name, value in values.items() if isinstance(value, tuple) and name != "metal_color"]
            if tool in MATERIALS:
                assert all(min(albedo) >= 0.06 and max(albedo) <= 0.93 for albedo in albedos), (tool, preset)
