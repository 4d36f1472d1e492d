"""Steps: masks that leave the rest as it is, and results that are used again where nothing has changed."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageChops

from impasto import Host, Maps, Recipe, RunOptions, Step, run
from impasto.errors import ParameterError
from impasto.io.files import write_maps
from impasto.mask import BLENDS, CAVITIES, EDGES, EVERYWHERE, HEIGHT, IMAGE, NOISE, OWN, Mask
from impasto.options import Sink
from impasto.plugins.registry import registry
from impasto.running.cache import StepCache
from impasto.running.masks import share_of
from impasto.running.rerun import rerun
from impasto.surface.blending import MODES
from impasto.tools import Field, Filter, Input, Parameters

pytestmark = pytest.mark.usefixtures("misbehaving")
SEEDS = np.random.SeedSequence(7, spawn_key=(1,))
SIDE = 96


@pytest.fixture(scope="module")
def bricks() -> Maps:
    return run(Recipe((Step("bricks", {"width_px": SIDE, "height_px": SIDE, "width_m": 0.8}),), 2)).maps


@pytest.fixture
def halves() -> Maps:
    """A mask: black on the left, white on the right."""
    return Maps.from_arrays(
        {"base_color": np.repeat(np.arange(SIDE) >= SIDE // 2, 3).reshape(1, SIDE, 3) * np.ones((SIDE, 1, 1))}
    )


def masked(tool: str, mask: Mask | None, **parameters) -> Recipe:
    return Recipe((Step(tool, parameters, mask=mask),), 5)


@pytest.mark.parametrize("tool", ["adjust", "weathering", "moss", "fix-normals"])
def test_the_black_half_is_the_subject_and_the_white_half_the_result(bricks, halves, tool):
    given = {"mask": halves, "source": bricks}
    made = run(masked(tool, Mask(IMAGE, input="mask"), **({"saturation": 0.2} if tool == "adjust" else {})), given).maps
    whole = run(Recipe((Step(tool, {"saturation": 0.2} if tool == "adjust" else {}),), 5), {"source": bricks}).maps
    left, right = np.s_[:, : SIDE // 2], np.s_[:, SIDE // 2 :]
    for name in bricks:
        if name != "height":
            np.testing.assert_array_equal(made[name].pixels[left], bricks[name].pixels[left])
    for name in ("base_color", "roughness"):
        np.testing.assert_array_equal(made[name].pixels[right], whole[name].pixels[right])
    heights_m = [maps["height"].pixels * maps.height_range_m for maps in (made, bricks)]
    offset = heights_m[0][left] - heights_m[1][left]
    np.testing.assert_allclose(offset, offset.flat[0], atol=1e-6)
    assert made.width_m == bricks.width_m


def test_maps_of_only_one_side_are_kept(bricks):
    picture = Maps.from_arrays({"base_color": bricks["base_color"].pixels})
    mask = Mask(NOISE, amount=0.3)
    made = run(masked("photo-maps", mask), {"source": picture}).maps
    whole = run(Recipe((Step("photo-maps"),), 5), {"source": picture}).maps
    np.testing.assert_array_equal(made["roughness"].pixels, whole["roughness"].pixels)
    emission = bricks.with_arrays({"emission": np.full((SIDE, SIDE, 3), 0.2)})
    made = run(masked("moss", mask), {"source": emission}).maps
    np.testing.assert_array_equal(made["emission"].pixels, emission["emission"].pixels)


CHOPS = {
    "darken": ImageChops.darker,
    "multiply": ImageChops.multiply,
    "lighten": ImageChops.lighter,
    "screen": ImageChops.screen,
    "add": ImageChops.add,
    "subtract": ImageChops.subtract,
    "overlay": ImageChops.overlay,
}


@pytest.mark.parametrize("mode", BLENDS)
def test_colours_blend_as_in_other_programs_and_other_maps_as_before(bricks, mode):
    made = run(masked("adjust", Mask(EVERYWHERE, blend=mode), saturation=0.3, hue=40.0), {"source": bricks}).maps
    whole = run(masked("adjust", None, saturation=0.3, hue=40.0), {"source": bricks}).maps
    below, above, value = (one["base_color"].pixels for one in (bricks, whole, made))
    if mode in CHOPS:
        images = [Image.fromarray(np.uint8(np.round(255 * one))) for one in (below, above)]
        np.testing.assert_allclose(value, np.asarray(CHOPS[mode](*images)) / 255, atol=2.5 / 255)
    elif mode in ("color", "luminosity"):
        light = [one @ (0.3, 0.59, 0.11) for one in (below, above, value)]
        np.testing.assert_allclose(light[2], light[0 if mode == "color" else 1], atol=1e-4)
    elif mode == "mix":
        np.testing.assert_array_equal(value, above)
    else:  # soft light: half grey changes nothing, black squares
        assert [float(MODES[mode](np.float32(0.2), np.float32(top))) for top in (0.5, 0)] == pytest.approx([0.2, 0.04])
    np.testing.assert_array_equal(made["normal"].pixels, bricks["normal"].pixels)


def test_a_step_changes_only_the_chosen_maps(bricks):
    mask = Mask(EVERYWHERE, opacity=np.float64(0.5), maps=("roughness",))
    made = run(masked("weathering", mask, dirt=0.9), {"source": bricks}).maps
    whole = run(masked("weathering", None, dirt=0.9), {"source": bricks}).maps
    assert [name for name in bricks if not np.array_equal(made[name].pixels, bricks[name].pixels)] == ["roughness"]
    half = (bricks["roughness"].pixels + whole["roughness"].pixels) / 2
    np.testing.assert_allclose(made["roughness"].pixels, half, atol=1e-6)
    assert set(run(masked("photo-maps", mask), {"source": Maps({"base_color": bricks["base_color"]})}).maps) == {
        "base_color",
        "roughness",
    }
    with pytest.raises(ParameterError, match="no map called 'rougness'"):
        run(masked("weathering", replace(mask, maps=("rougness",))), {"source": bricks})


def test_neutral_mask_fields_are_not_written():
    assert Mask(NOISE).to_dict().keys().isdisjoint({"blend", "maps"})
    for mask in (Mask(EVERYWHERE, blend="screen", maps=("height",)), Mask(NOISE, maps=("base_color", "normal"))):
        assert Recipe.from_json(masked("tint", mask).to_json()).steps[0].mask == mask
    for wrong in ({"blend": "burn"}, {"maps": "height"}, {"maps": [1]}, {"input": "a" * 5000}):
        with pytest.raises(ParameterError):
            Mask.from_dict({"kind": EVERYWHERE, **wrong})


def test_by_height_a_layer_of_colour_fills_low_parts_first(bricks):
    grey = Maps.from_arrays({"base_color": np.full((8, 8, 3), 0.5)})
    made = run(masked("adjust", Mask(IMAGE, "mask", by_height=1.0), saturation=0.0), {"source": bricks, "mask": grey})
    changed = np.abs(made.maps["base_color"].pixels - bricks["base_color"].pixels).max(2)
    height = bricks["height"].pixels[..., 0]
    low, high = height < np.quantile(height, 0.1), height > np.quantile(height, 0.9)
    assert (changed[low] > 0.001).mean() > 0.9
    assert changed[high].max() == 0


def share(mask: Mask, subject: Maps, image: Maps | None = None) -> np.ndarray:
    return share_of(mask, image, subject, SEEDS, "cpu")[..., 0]


def test_masks_of_hollows_and_edges_follow_the_relief(bricks):
    height = bricks["height"].pixels[..., 0]
    hollows, edges = share(Mask(CAVITIES, amount=0.2), bricks), share(Mask(EDGES, amount=0.2), bricks)
    assert np.average(height, weights=hollows) < height.mean() - 0.2
    assert np.average(height, weights=edges) > height.mean()
    assert hollows.mean() == pytest.approx(0.2, abs=0.08)


def test_masks_select_ranges_of_height(bricks):
    height = bricks["height"].pixels[..., 0]
    found = share(Mask(HEIGHT, low=0.4, high=0.6, contrast=1.0), bricks)
    assert found[(height > 0.45) & (height < 0.55)].min() == 1
    assert found[(height < 0.35) | (height > 0.65)].max() == 0
    soft = share(Mask(HEIGHT, low=0.4, high=0.6), bricks)
    assert ((soft > 0) & (soft < 1)).mean() > ((found > 0) & (found < 1)).mean()
    assert share(Mask(HEIGHT, low=0.0, high=1.0), bricks).min() == 1


def test_patches_tile_cover_their_amount_and_are_the_same_at_every_resolution():
    small, large = (Maps.from_arrays({"base_color": np.zeros((side, side, 3))}) for side in (128, 256))
    mask = Mask(NOISE, amount=0.3, size=0.25)
    found = share(mask, large)
    assert found.mean() == pytest.approx(0.3, abs=0.05)
    steps = np.abs(np.diff(found, axis=1)).mean()
    assert np.abs(found[:, 0] - found[:, -1]).mean() < 2 * steps
    coarse = found.reshape(128, 2, 128, 2).mean((1, 3))
    assert np.corrcoef(coarse.ravel(), share(mask, small).ravel())[0, 1] > 0.97
    other = share_of(mask, None, large, np.random.SeedSequence(8, spawn_key=(1,)), "cpu")
    assert np.abs(other[..., 0] - found).mean() > 0.1


def test_inverted_opaque_and_hard_masks(bricks, halves):
    plain = share(Mask(IMAGE, "mask"), bricks, halves)
    np.testing.assert_array_equal(share(Mask(IMAGE, "mask", invert=True), bricks, halves), 1 - plain)
    np.testing.assert_array_equal(share(Mask(IMAGE, "mask", opacity=0.25), bricks, halves), plain / 4)
    grey = Maps.from_arrays({"base_color": np.full((4, 4, 3), 0.7)})
    assert share(Mask(IMAGE, "mask", contrast=1.0), bricks, grey).min() == 1
    clear = grey.with_arrays({"opacity": np.zeros((4, 4))})
    assert share(Mask(IMAGE, "mask"), bricks, clear).max() == 0


@pytest.mark.parametrize("kind", OWN)
def test_recipes_keep_masks(kind):
    mask = Mask(kind, input="mask" if kind == IMAGE else "", contrast=0.3, invert=True)
    recipe = Recipe((Step("tint", mask=mask), Step("tint")))
    assert Recipe.from_json(recipe.to_json()) == recipe
    masked, plain = recipe.to_dict()["steps"]
    assert set(masked["mask"]) == {"kind", "contrast", "by_height", "invert", "opacity", *OWN[kind]}
    assert "mask" not in plain


def test_a_mask_needs_one_size_and_the_whole_picture(photo, tmp_path):
    with pytest.raises(ParameterError, match="32x32 pixels of 64x48"):
        run(masked("checker", Mask(NOISE), width_px=32, height_px=32), {"source": photo})
    tiled = Recipe((Step("histogram-blending", {"width_px": 64, "height_px": 64}), Step("tint", mask=Mask(NOISE))))
    with pytest.raises(ParameterError, match="the mask of tint needs the whole picture"):
        run(tiled, {"source": photo}, RunOptions(sink=Sink(tmp_path, "made", tile_by_tile=True)))


def test_a_run_records_masks_and_their_images_and_makes_the_same_again(photo, halves, tmp_path):
    (tmp_path / "in").mkdir()
    source, mask = (
        write_maps(maps, tmp_path / "in", name, registry().exporter("png16"), None)[0]
        for name, maps in (("wall", photo), ("where", halves))
    )
    from impasto.io.files import read_maps

    recipe = Recipe((Step("tint", {"strength": 0.8}, mask=Mask(IMAGE, "where")), Step("tint", mask=Mask(NOISE))), 3)
    given = {"source": read_maps(source), "where": read_maps(mask)}
    made = run(recipe, given, RunOptions(sink=Sink(tmp_path / "in", "made")))
    assert made.recipe.inputs["where"]["name"] == mask.name
    assert made.recipe.steps[0].mask == recipe.steps[0].mask
    assert rerun(made.paths[0], tmp_path / "again").identical


def test_changing_a_mask_reuses_the_cached_result_of_its_tool(photo, halves):
    cache, calls = StepCache(2**26), []
    tint = registry().tool("tint")
    apply = type(tint).apply

    def counted(self, *given):
        calls.append(1)
        return apply(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(tint), "apply", counted)
        shown = {}
        for amount in (0.2, 0.8, 0.2):
            shown[amount] = run(
                masked("tint", Mask(NOISE, amount=amount)), {"source": photo}, host=Host(cache=cache)
            ).maps
        assert len(calls) == 1
        by_image = masked("tint", Mask(IMAGE, "mask"))
        one, other = (
            run(by_image, {"source": photo, "mask": image}, host=Host(cache=cache)).maps
            for image in (halves, halves.with_arrays({"base_color": 1 - halves["base_color"].pixels}))
        )
        assert len(calls) == 1
    assert shown[0.2].sha256() != shown[0.8].sha256()
    assert one.sha256() != other.sha256()
    for amount in (0.2, 0.8):
        plain = run(masked("tint", Mask(NOISE, amount=amount)), {"source": photo}).maps
        assert shown[amount].sha256() == plain.sha256()


LIMIT_BYTES = 2**26


class Counts(Filter):
    """Adds random numbers and says so; counts how often it was run."""

    class Given(Parameters):
        strength: float = Field(0.1, ge=0, le=1, description="Of the noise")
        size_px: int = Field(40, ge=2, description="A length")

    name, label, description, parameters = "counts", "Counts", "Adds noise", Given
    inputs = (Input("mask", "where", required=False, on_subject=True),)

    def __init__(self):
        self.runs = []

    def apply(self, subject, parameters, inputs, context):
        self.runs.append((parameters, subject.size_px, inputs.get("mask")))
        noise = context.rng.random((*subject.size_px, 1)).astype(np.float32)
        context.note(f"noise {parameters.strength}")
        context.decide(parameters.model_copy(update={"size_px": 7}))
        return subject.with_arrays({"base_color": subject["base_color"].pixels * (1 - parameters.strength * noise)})


@pytest.fixture
def counts(monkeypatch):
    tool = Counts()
    monkeypatch.setitem(registry().tools, "counts", tool)
    return tool


def stack(*strengths: float, seed: int = 4) -> Recipe:
    return Recipe(tuple(Step("counts", {"strength": strength}) for strength in strengths), seed)


def same(one: Maps, other: Maps) -> bool:
    return one.sha256() == other.sha256()


@pytest.mark.parametrize(("place", "again"), [(0, 3), (1, 2), (2, 1)])
def test_only_the_changed_step_and_later_ones_run(counts, photo, place, again):
    cache, strengths = StepCache(LIMIT_BYTES), [0.1, 0.2, 0.3]
    first = run(stack(*strengths), {"source": photo}, host=Host(cache=cache))
    assert (len(counts.runs), first.reused) == (3, (False, False, False))
    strengths[place] = 0.9
    made = run(stack(*strengths), {"source": photo}, host=Host(cache=cache))
    assert len(counts.runs) == 3 + again
    assert made.reused == tuple(index < place for index in range(3))
    assert same(made.maps, run(stack(*strengths), {"source": photo}).maps)
    again = run(stack(*strengths), {"source": photo}, host=Host(cache=cache))
    assert again.reused == (True, True, True)
    assert (again.seconds, again.notes, again.recipe) == (made.seconds, made.notes, made.recipe)
    assert made.notes[0] == f"noise {strengths[0]}"
    assert made.recipe.steps[1].parameters["size_px"] == 7


@pytest.mark.parametrize("change", ["pixels", "width", "seed", "mask", "order"])
def test_cached_steps_depend_on_all_their_inputs(counts, photo, change):
    cache, mask = StepCache(LIMIT_BYTES), Maps.from_arrays({"base_color": np.ones((48, 64, 3))})
    recipe, inputs = stack(0.1, 0.2), {"source": photo}
    run(recipe, inputs, host=Host(cache=cache))
    masked = replace(recipe.steps[0], inputs={"mask": "mask"})
    recipe, inputs = {
        "pixels": (recipe, {"source": photo.with_arrays({"base_color": photo["base_color"].pixels * 0.5})}),
        "width": (recipe, {"source": replace(photo, width_m=2.0)}),
        "mask": (replace(recipe, steps=(masked, recipe.steps[1])), {**inputs, "mask": mask}),
        "seed": (stack(0.1, 0.2, seed=5), inputs),
        "order": (stack(0.2, 0.1), inputs),
    }[change]
    assert run(recipe, inputs, host=Host(cache=cache)).reused == (False, False)


def test_the_step_cache_stays_below_its_limit_and_keeps_the_latest(counts, photo):
    one_step = photo["base_color"].pixels.nbytes
    cache = StepCache(2 * one_step)
    for strength in (0.1, 0.2, 0.3, 0.4):
        run(stack(0.5, strength), {"source": photo}, host=Host(cache=cache))
        assert cache.size_bytes == 2 * one_step
    assert run(stack(0.5, 0.4), {"source": photo}, host=Host(cache=cache)).reused == (True, True)
    assert run(stack(0.5, 0.1), {"source": photo}, host=Host(cache=cache)).reused == (True, False)
    small = StepCache(one_step - 1)
    run(stack(0.1), {"source": photo}, host=Host(cache=small))
    assert small.size_bytes == 0


def test_a_disabled_step_is_skipped_and_recorded_and_changes_no_other(counts, photo):
    recipe = stack(0.1, 0.2, 0.3)
    middle = replace(recipe.steps[1], enabled=False, name="my noise", inputs={"mask": "spare"})
    mask = Maps.from_arrays({"base_color": np.ones((48, 64, 3))}, name="spare.png")
    without = replace(recipe, steps=(recipe.steps[0], middle, recipe.steps[2]))
    made = run(without, {"source": photo, "spare": mask})
    assert [parameters.strength for parameters, *_ in counts.runs] == [0.1, 0.3]
    assert made.recipe.steps[1] == middle
    assert made.recipe.inputs["spare"]["name"] == "spare.png"
    assert run(Recipe.from_json(made.recipe.to_json()), {"source": photo, "spare": mask}).maps.sha256() == (
        made.maps.sha256()
    )
    alone = run(replace(recipe, steps=(recipe.steps[0], replace(middle, inputs={}))), {"source": photo})
    noise_of_third = made.maps["base_color"].pixels / alone.maps["base_color"].pixels
    whole = run(replace(recipe, steps=(*recipe.steps[:2], recipe.steps[2])), {"source": photo})
    two = run(replace(recipe, steps=recipe.steps[:2]), {"source": photo})
    np.testing.assert_allclose(
        noise_of_third, whole.maps["base_color"].pixels / two.maps["base_color"].pixels, rtol=1e-4
    )


def test_disabled_steps_need_no_tool_and_no_input_but_one_step_must_run(counts, photo):
    recipe = Recipe((Step("not-there", inputs={"style": "night"}, name="warm", enabled=False), Step("counts")))
    assert run(recipe, {"source": photo}).reused == (False,)
    named, plain = recipe.to_dict()["steps"]
    assert plain.keys() == {"tool", "parameters", "inputs"}
    assert (named["name"], named["enabled"]) == ("warm", False)
    with pytest.raises(ParameterError, match="all steps"):
        run(Recipe((Step("tint", enabled=False),)), {"source": photo})
    for wrong in ({"name": 3}, {"enabled": "no"}, {"mask": {"kind": NOISE}}):
        with pytest.raises(ParameterError, match=r"step\.\w+ must be"):
            Step("x", **wrong)


def test_a_preview_runs_every_step_at_its_size_with_lengths_in_pixels_to_match(counts):
    large = Maps.from_arrays({"base_color": np.full((512, 1024, 3), 0.5)}, name="large")
    step = Step("counts", {"size_px": 40}, {"mask": "mask"})
    recipe = Recipe((Step("checker", {"width_px": 0}), step))
    made = run(recipe, {"source": large, "mask": large}, RunOptions(preview_px=256))
    assert made.maps.size_px == (128, 256)
    ((parameters, size_px, mask),) = counts.runs
    assert (parameters.size_px, size_px, mask.size_px) == (10, (128, 256), (128, 256))
    small = run(Recipe((Step("bricks"),)), options=RunOptions(preview_px=64)).maps
    assert same(small, run(Recipe((Step("bricks", {"width_px": 64, "height_px": 64}),))).maps), "and not reduced to it"


@pytest.mark.parametrize("size", [(48, 48), (32, 512), (8, 8)])
def test_previews_of_small_and_thin_sources_are_masked(size):
    source = {"source": Maps.from_arrays({"base_color": np.full((*size, 3), 0.5)})}
    assert max(run(masked("tint", Mask(EVERYWHERE)), source, RunOptions(preview_px=16)).maps.size_px) <= 16


def test_inputs_of_previews_are_shrunk_once(counts):
    large = Maps.from_arrays({"base_color": np.linspace(0, 1, 512 * 512 * 3).reshape(512, 512, 3)}, name="large")
    cache, inputs = StepCache(LIMIT_BYTES), {"source": large, "mask": large}
    for strength in (0.1, 0.2):
        step = Step("counts", {"strength": strength}, {"mask": "mask"})
        made = run(Recipe((step,)), inputs, RunOptions(preview_px=128), Host(cache=cache))
        assert same(made.maps, run(Recipe((step,)), inputs, RunOptions(preview_px=128)).maps)
    (*_, first), _, (*_, second), _ = counts.runs
    assert first["base_color"] is second["base_color"]
    half = {"source": replace(large, name="other"), "mask": large.with_arrays({"base_color": np.ones((512, 512, 3))})}
    run(Recipe((step,)), half, RunOptions(preview_px=128), Host(cache=cache))
    assert counts.runs[-1][2]["base_color"].pixels.min() > 0.99
    assert run(Recipe((step,)), inputs, host=Host(cache=cache)).reused == (False,), "a preview is no result"
