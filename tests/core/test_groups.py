"""Groups: steps that are made from what is below them, and then blended as one. A recipe without them is as before."""

from dataclasses import replace

import cubes
import numpy as np
import pytest

from impasto import Host, Maps, Recipe, RunOptions, Step, run
from impasto.errors import ParameterError
from impasto.mask import CAVITIES, EVERYWHERE, IMAGE, NOISE, Mask
from impasto.options import Sink
from impasto.recipe import GROUP
from impasto.running.cache import StepCache

pytestmark = pytest.mark.usefixtures("misbehaving")
SIDE, HALF = 64, Mask(EVERYWHERE, opacity=0.5)
BRICKS = Step("bricks", {"width_px": SIDE, "height_px": SIDE, "width_m": 0.8})
MEMBERS = (
    Step("adjust", {"saturation": 0.2, "hue": 40.0}, in_group=True),
    Step("weathering", {"dirt": 0.9}, in_group=True),
)


def grouped(mask: Mask | None = None, *above: Step, **group) -> Recipe:
    return Recipe((BRICKS, *MEMBERS, Step(GROUP, mask=mask, **group), *above), 2)


def pixels(recipe: Recipe, host: Host | None = None, **inputs: Maps) -> dict[str, np.ndarray]:
    return run(recipe, inputs, host=host or Host()).maps.arrays()


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


IN_LINE = Recipe((BRICKS, *(replace(step, in_group=False) for step in MEMBERS)), 2)
BELOW = Recipe((BRICKS,), 2)


def test_a_group_acts_like_its_steps_at_full_opacity_and_not_at_all_at_zero():
    line, below = pixels(IN_LINE), pixels(BELOW)
    assert same(pixels(grouped()), line)
    assert same(pixels(grouped(Mask(EVERYWHERE, opacity=0.0))), below)
    assert same(pixels(grouped(enabled=False)), below)
    half = pixels(grouped(HALF))
    np.testing.assert_allclose(half["roughness"], (line["roughness"] + below["roughness"]) / 2, atol=1e-6)


def test_a_group_is_blended_as_one_and_its_masks_and_maps_are_for_all_of_it():
    below, line = pixels(BELOW)["base_color"], pixels(IN_LINE)["base_color"]
    multiply = Mask(EVERYWHERE, blend="multiply")
    np.testing.assert_allclose(pixels(grouped(multiply))["base_color"], below * line, atol=1e-5)
    each = Recipe((BRICKS, *(replace(step, in_group=False, mask=multiply) for step in MEMBERS)), 2)
    assert np.abs(pixels(each)["base_color"] - below * line).max() > 0.05
    rough = pixels(grouped(Mask(EVERYWHERE, maps=("roughness",))))
    assert [name for name, one in pixels(BELOW).items() if not np.array_equal(one, rough[name])] == ["roughness"]
    left = Maps.from_arrays({"base_color": np.repeat(np.arange(SIDE) < SIDE // 2, 3).reshape(1, SIDE, 3) * 1.0})
    made = pixels(grouped(Mask(IMAGE, "left")), left=left)["base_color"]
    np.testing.assert_array_equal(made, np.where(left["base_color"].pixels > 0.5, line, below))


def test_masks_in_a_group_follow_the_relief_below_the_group():
    moss = Step("moss", {"width_px": SIDE, "height_px": SIDE, "width_m": 0.8})
    own, tint = Mask(CAVITIES, amount=0.3), Step("adjust", {"saturation": 0.0})
    alone = run(Recipe((BRICKS, replace(moss, mask=own)), 2)).maps
    made = run(Recipe((BRICKS, replace(moss, in_group=True), Step(GROUP, mask=own)), 2)).maps
    np.testing.assert_allclose(made["base_color"].pixels, alone["base_color"].pixels, atol=1e-6)
    assert made.height_range_m == pytest.approx(alone.height_range_m)
    steps = (replace(moss, in_group=True), replace(tint, in_group=True), Step(GROUP, mask=own))
    grey = run(Recipe((BRICKS, *steps), 2)).maps
    changed = np.ptp(grey["base_color"].pixels, axis=2) < 1e-4
    assert 0.1 < changed.mean() < 0.6, "the mossy hollows alone are grey"


@pytest.mark.parametrize(
    ("change", "reused"),
    [
        ("opacity", (True, True, True, True, False)),
        ("member", (True, True, False, False, False)),
        ("above", (True, True, True, True, False)),
        ("fewer", (True, True, True, False, False)),
    ],
)
def test_only_changed_steps_of_a_group_are_computed_again(change, reused):
    cache, tint = StepCache(2**26), Step("tint", {"strength": 0.4})
    before = grouped(Mask(EVERYWHERE, opacity=0.7), tint)
    run(before, host=Host(cache=cache))
    steps = list(before.steps)
    if change == "opacity":
        steps[3] = replace(steps[3], mask=Mask(EVERYWHERE, opacity=0.6))
    elif change == "fewer":
        steps[1] = replace(steps[1], in_group=False)
    else:
        place, values = {"member": (2, {"dirt": 0.3}), "above": (4, {"strength": 0.9})}[change]
        steps[place] = replace(steps[place], parameters=values)
    after = replace(before, steps=tuple(steps))
    made = run(after, host=Host(cache=cache))
    assert made.reused == reused
    assert same(made.maps.arrays(), pixels(after))


def test_recipes_without_groups_keep_their_form():
    recipe = grouped(HALF, name="dirt")
    assert Recipe.from_json(recipe.to_json()) == recipe
    made = run(recipe).recipe
    assert [step.in_group for step in made.steps] == [False, True, True, False]
    assert same(pixels(replace(made, made_with={})), pixels(recipe))
    assert "in_group" not in BELOW.to_json()
    off = replace(recipe, steps=(BRICKS, *(replace(step, enabled=False) for step in MEMBERS), recipe.steps[3]))
    assert [step.tool for step in off.active_steps] == ["bricks"], "a group without steps is none"
    assert run(off).recipe.steps[1:] == off.steps[1:]


def test_a_group_changes_no_random_numbers_of_the_steps_above_it():
    moss = Step("moss", {"width_px": SIDE, "height_px": SIDE, "width_m": 0.8}, mask=Mask(NOISE, amount=0.4))
    assert same(pixels(grouped(None, moss)), pixels(replace(IN_LINE, steps=(*IN_LINE.steps, moss))))


def test_groups_work_across_seams_and_leave_other_texels_identical():
    mesh = cubes.cube()
    given = {"source": cubes.colors_of(mesh, (96, 96)), "mesh": mesh}
    sharpen = Step("sharpen")
    made = run(Recipe((replace(sharpen, in_group=True), Step(GROUP, mask=HALF))), given).maps
    np.testing.assert_allclose(
        made["base_color"].pixels,
        run(Recipe((replace(sharpen, mask=HALF),)), given).maps["base_color"].pixels,
        atol=1e-5,
    )
    two = Recipe((sharpen, replace(sharpen, in_group=True), Step(GROUP, mask=replace(HALF, opacity=0.0))))
    np.testing.assert_array_equal(
        run(two, given).maps["base_color"].pixels, run(Recipe((sharpen,)), given).maps["base_color"].pixels
    )


def test_groups_are_applied_to_each_tile():
    rng = np.random.default_rng(0)
    tiles = {number: Maps.from_arrays({"base_color": rng.random((SIDE, SIDE, 3))}) for number in (1001, 1002)}
    recipe = Recipe((*MEMBERS[:1], Step(GROUP, mask=HALF)), 2)
    made = run(recipe, {"source": Maps.of_tiles(tiles)}).maps.tiles()
    for number, tile in tiles.items():
        assert same(made[number].arrays(), pixels(recipe, source=tile))


def test_a_group_with_a_mask_needs_the_whole_picture_and_something_below_it(tmp_path):
    sink = Sink(tmp_path, "made", tile_by_tile=True)
    blotches = Step("blotches", {"width_px": SIDE, "height_px": SIDE})
    tint = Step("adjust", {"saturation": 0.2}, in_group=True)
    streamed = run(Recipe((blotches, tint, Step(GROUP))), options=RunOptions(sink=sink))
    assert [path.is_file() for path in streamed.paths]
    with pytest.raises(ParameterError, match="the mask of group needs the whole picture"):
        run(Recipe((blotches, tint, Step(GROUP, mask=HALF))), options=RunOptions(sink=sink))
    with pytest.raises(ParameterError, match="the first step, group, has a mask, and there is nothing below it"):
        run(Recipe((replace(blotches, in_group=True), tint, Step(GROUP, mask=HALF))))
