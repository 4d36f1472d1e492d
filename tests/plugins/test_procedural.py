"""Procedural materials: seamless, the same at any resolution, valid presets; their building blocks and mixtures."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from cases import each_case
from tasks.photo_maps import mixtures

from impasto import Maps
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto.surface.wrapping import seam_z
from impasto.tools import validate
from impasto_procedural import impasto_tools, materials
from impasto_procedural.blocks import blocks, is_odd, uneven_blocks
from impasto_procedural.canvas import Canvas
from impasto_procedural.drawing import Drawing
from impasto_procedural.metal import with_rust
from impasto_procedural.parameters import MaterialParameters
from impasto_procedural.scatter import scatter
from impasto_procedural.wood import grain_of

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


def test_a_drawing_uses_the_parameters_that_are_declared_and_no_others(name):
    code = Path(materials.__file__).with_name(f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    declared = MATERIALS[name].parameters.model_fields.keys() - MaterialParameters.model_fields.keys()
    assert set(re.findall(r"\bp\.(\w+)", code)) - {"width_m"} == declared


@pytest.mark.register("name")
def test_opposite_borders_match(name):
    """By the middle of three: a joint of bricks or boards that happens to lie on the edge is a line, no seam."""
    drawn = [made(name), made(name, (131, 77), 4), made(name, (112, 112), 5)]
    for map_ in drawn[0]:
        for axis in (0, 1):
            middle = sorted(seam_z(maps[map_].pixels)[axis] for maps in drawn)[1]
            assert -4 < middle < 3, f"{map_}, axis {axis}"


@pytest.mark.register("name")
def test_drawings_repeat_with_the_texture_width(name, monkeypatch):
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


def test_lava_glows_in_its_cracks_and_glass_lets_light_pass_but_not_through_moss_and_dirt():
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
    clean, dirty = made("glass"), made("glass", dirt=1.0)
    assert clean["transmission_weight"].pixels.mean() > 0.9
    assert dirty["transmission_weight"].pixels.mean() < 0.7 * clean["transmission_weight"].pixels.mean()


@pytest.mark.register("name")
def test_colours_are_those_of_real_surfaces(name):
    """Albedo of dielectrics: 0.02 to 0.9 in linear light; what is black or white gives no light to work with."""
    color = made(name)["base_color"].pixels
    assert 0.12 < color.mean() < 0.93
    assert (color.max(2) > 0.98).mean() < 0.02
    assert (color.max(2) < 0.08).mean() < 0.25


@each_case("tiny_tiles")
def test_a_tile_smaller_than_its_pieces_is_drawn(name, parameters):
    assert set(made(name, (24, 24), width_m=0.001, **parameters)) == MAPS


@each_case("drawn_by_amount")
def test_an_amount_of_0_draws_nothing(name, amount, color):
    """Else "green scales", without a pattern, have spots of its colour; beside it, the amount does draw that colour."""
    given = ({}, {color: (0.9, 0.1, 0.9)})
    changed = [
        np.ptp([made(name, **{amount: share}, **one)["base_color"].pixels for one in given], 0).max()
        for share in (0.0, 1.0)
    ]
    assert changed[0] == 0 < changed[1]


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
        if parameter in MaterialParameters.model_fields.keys() - {"width_m"} or schema.get("type") != "number":
            continue
        low, high = schema["minimum"], schema.get("soft_maximum", schema["maximum"])
        given = {other: value for wanted in [schema.get("visible_if", {})] for other, (value, *_) in wanted.items()}
        ends = [made(name, (48, 64), **given, **{parameter: end}) for end in (max(low, 0.02 * high), high)]
        assert any(np.abs(ends[0][map_].pixels - ends[1][map_].pixels).max() > 1 / 255 for map_ in MAPS), parameter


def test_named_settings_differ_from_the_defaults_and_have_real_colours():
    """Albedo of what is no metal lies between that of coal and of fresh snow."""
    assert all(len(registry().tools[name].settings()) >= 2 for name in MATERIALS)
    for tool in registry().tools.values():
        fields = tool.parameters.model_fields
        for one in tool.settings():
            named, values = (tool.name, one["name"]), validate(tool, one["values"])
            assert one["about"].endswith("."), named
            assert one["values"], named
            assert not [name for name in one["values"] if fields[name].default == getattr(values, name)], named
            albedos = [v for name, v in one["values"].items() if isinstance(v, list) and name != "metal_color"]
            if tool.name in MATERIALS:
                assert all(min(albedo) >= 0.06 and max(albedo) <= 0.93 for albedo in albedos), named


@pytest.fixture
def canvas() -> Canvas:
    return Canvas((96, 128), 1.0, seed=5)


def test_cells_know_their_distance_to_the_nearest_border(canvas):
    """Within a texel of the nearest texel of another cell, found by trying all."""
    cells = canvas.cells("cells", 0.2, jitter=0.8)
    y, x = np.mgrid[:96, :128]
    number = cells.number.numpy()
    for row, column in ((10, 20), (50, 64), (90, 3)):
        dy, dx = (np.abs(a - b) for a, b in ((y, row), (x, column)))
        apart = np.hypot(np.minimum(dy, 96 - dy), np.minimum(dx, 128 - dx)) * canvas.texel_m
        nearest_m = apart[number != number[row, column]].min()
        assert float(cells.to_border_m[row, column]) == pytest.approx(nearest_m, abs=1.1 * canvas.texel_m)


@pytest.mark.parametrize("size_m", [0.15, 0.2, 0.9])  # an odd number of which would fit, an even one, and one
def test_colours_of_a_chessboard_alternate_across_borders_too(canvas, size_m):
    laid = blocks(canvas, "chessboard", size_m, size_m)
    odd = is_odd(canvas, laid.number, size_m)
    for axis in (0, 1):
        other = laid.number != laid.number.roll(1, axis)
        assert other.any()
        assert torch.equal(odd != odd.roll(1, axis), other)


def test_uneven_blocks_fill_the_tile_and_know_their_borders(canvas):
    flat = torch.zeros(canvas.size_px)
    laid = uneven_blocks(canvas, "stones", 0.25, 0.125, uneven=0.9, split=0.5, warp=(flat, flat))
    inside_m = laid.inside_m()
    assert inside_m.min() > -1e-6
    assert len(laid.half_height_m.round(decimals=4).unique()) > 8
    for shift in (1, -1):
        other = laid.number.roll(shift, 1) != laid.number
        assert inside_m[other].max() <= 1.01 * canvas.texel_m


def test_texels_show_the_highest_piece(canvas):
    def disc(y: torch.Tensor, x: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
        return number.float().where(y * y + x * x < 1, torch.tensor(-math.inf))

    few, many = (scatter(canvas, "discs", count, 0.2, disc, spread=0.0) for count in (1, 40))
    area = float((few.number == 0).float().mean()) * canvas.width_m * canvas.height_m
    assert area == pytest.approx(math.pi * 0.2**2, rel=0.03)
    assert torch.equal(many.height_m[many.number >= 0], many.number[many.number >= 0].float())
    assert (many.y.square() + many.x.square() < 1).all()
    last = many.number == 39  # nothing lies on it
    assert float(last.float().mean()) == pytest.approx(float((few.number == 0).float().mean()), rel=0.03)


def test_tiles_are_of_one_colour_unless_a_share_is_of_the_second(canvas):
    tiles, red = MATERIALS["ceramic-tiles"], (0.8, 0.2, 0.2)
    given = {"color": red, "second_color": (0.1, 0.1, 0.9), "grout_color": red, "tile_m": 0.02}
    colors = [
        tiles.drawing(canvas, tiles.parameters(second_share=share, **given)).color.expand(3, *canvas.size_px)
        for share in (0.0, 0.5, 1.0)
    ]
    blue = [float((color[2] > color[0]).float().mean()) for color in colors]
    assert blue[0] == 0
    assert blue[1] == pytest.approx(0.5 * blue[2], rel=0.15)


@pytest.fixture
def square() -> Canvas:
    return Canvas((256, 256), 1.0, seed=5)


def test_runs_hang_below_their_source_and_fade(square):
    source = torch.exp(-0.5 * ((square.y_m - 0.5) / 0.02).square()).expand(square.size_px)
    run = square.trails(source, 0.1)
    assert float(run.mean()) == pytest.approx(float(source.mean()), rel=1e-3)
    above, near, far = (float(run[int(256 * y), 0]) for y in (0.4, 0.6, 0.7))
    assert above < 0.05 * near
    assert far == pytest.approx(near / 2.718, rel=0.1)


@pytest.mark.parametrize("rows", [2, 5, 9])
def test_joints_of_staggered_neighbours_lie_apart(rows):
    square = Canvas((90, 400), 1.0, seed=5)
    laid = blocks(square, "staggered", 1.0, square.height_m / rows)
    first = [laid.x_m[index * 90 // rows, 0] for index in range(rows)]
    for one, other in zip(first, [*first[1:], first[0]], strict=True):
        apart = float(one - other) % 1
        assert min(apart, 1 - apart) > 0.15


@pytest.mark.parametrize("bond", ["herringbone", "basketweave"])
@pytest.mark.parametrize("long", [2, 5])
def test_blocks_of_squares_are_as_long_as_given(bond, long):
    square = Canvas((400, 400), 1.0, seed=5)
    laid = blocks(square, bond, 0.05 * long, 0.05)
    high, wide = 2 * laid.half_height_m, 2 * laid.half_width_m
    assert torch.allclose(high.maximum(wide) / high.minimum(wide), torch.tensor(float(long)))
    areas = laid.number.unique(return_counts=True)[1].float()
    assert torch.allclose(areas, torch.tensor(400.0 * long), rtol=0.02)


def test_grain_runs_along_the_boards_and_cathedrals_less_so(square):
    boards = blocks(square, "staggered", 1.0, 0.15)

    def ratio(figure: float) -> float:
        late = grain_of(square, boards, figure, 0.0).late
        across, along = (late.diff(dim=axis).abs().mean() for axis in (0, 1))
        return float(along / across)

    assert ratio(0.0) < 0.15
    assert ratio(1.0) > 1.5 * ratio(0.0)


def test_rust_starts_where_metal_is_prone_and_ends_the_metal(square):
    flat = torch.zeros(square.size_px)
    steel = Drawing(flat + torch.full((3, 1, 1), 0.5), flat, 0.3, 1.0)
    prone = (square.x_m > 0.5).float().expand(square.size_px)
    assert with_rust(square, steel, 0.0, prone) is steel
    rusty = with_rust(square, steel, 0.35, prone)
    rusted_share = 1 - rusty.metallic
    assert rusted_share[:, 128:].mean() > 3 * rusted_share[:, :128].mean()
    assert (rusty.roughness[rusted_share > 0.9] > 0.6).all()


SEEDS = range(24)


def stacked(seed: int, side_px: int = 96, **how) -> torch.Tensor:
    """Colour, height, roughness and metallic (6, H, W)."""
    surface, canvas = mixtures.mixture(side_px, seed, **how)
    flat = torch.zeros(canvas.size_px)
    single = (surface.height_m, surface.roughness, surface.metallic)
    return torch.cat([surface.color.expand(3, *canvas.size_px), torch.stack([flat + x for x in single])])


def test_values_are_possible_and_surfaces_wrap_around():
    """Steps across the border are no larger than within: the mean over many surfaces, since single ones have edges."""
    across, within = [], []
    for seed in SEEDS:
        maps = stacked(seed)
        assert maps.shape == (6, 96, 96)
        assert maps.isfinite().all()
        assert 0 < maps[4].min() <= maps[4].max() <= 1
        assert -1e-5 <= maps[5].min() <= maps[5].max() <= 1 + 1e-5
        steps = (maps[:3].roll(-1, 2) - maps[:3]).abs().mean((0, 1))
        across.append(float(steps[-1]))
        within.append(float(steps[:-1].mean()))
    assert np.mean(across) < 1.5 * np.mean(within)


@pytest.mark.slow
def test_paint_of_photographs_changes_colours_alone(monkeypatch):
    monkeypatch.setattr(mixtures, "PAINTED", 1.0)
    gradient = torch.linspace(0.1, 0.9, 80).expand(3, 80, 80).contiguous()
    pairs = [(stacked(seed), stacked(seed, pictures=[gradient])) for seed in SEEDS]
    assert any(not torch.equal(plain[:3], painted[:3]) for plain, painted in pairs)
    same = sum(bool(torch.allclose(plain[3], painted[3])) for plain, painted in pairs)
    assert same >= len(pairs) // 2  # others draw other random numbers after the paint
