"""Masks of steps: where one is 0 nothing changes, and the rest of the material is what the step made of it."""

from dataclasses import replace

import numpy as np
import pytest

from impasto import Maps, Recipe, Step, run
from impasto.errors import ParameterError
from impasto.io.files import write_maps
from impasto.mask import CAVITIES, EDGES, HEIGHT, IMAGE, NOISE, OWN, Mask
from impasto.plugins.registry import registry
from impasto.running.kept import KeptSteps
from impasto.running.masks import share_of
from impasto.running.rerun import rerun
from impasto.running.runner import run_to_files
from impasto.running.streaming import Sink

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


def masked(tool: str, mask: Mask, **parameters) -> Recipe:
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


def test_a_black_mask_leaves_every_bit_and_a_white_one_changes_none_of_the_result(bricks):
    black, white = (Maps.from_arrays({"base_color": np.full((8, 8, 3), value)}) for value in (0.0, 1.0))
    recipe = masked("adjust", Mask(IMAGE, input="mask"), saturation=0.1)
    assert run(recipe, {"source": bricks, "mask": black}).maps.sha256() == bricks.sha256()
    whole = run(Recipe((replace(recipe.steps[0], mask=None),), 5), {"source": bricks}).maps
    assert run(recipe, {"source": bricks, "mask": white}).maps.sha256() == whole.sha256()


def test_maps_that_only_one_of_both_has_are_its_own(bricks):
    picture = Maps.from_arrays({"base_color": bricks["base_color"].pixels})
    mask = Mask(NOISE, amount=0.3)
    made = run(masked("photo-maps", mask), {"source": picture}).maps
    whole = run(Recipe((Step("photo-maps"),), 5), {"source": picture}).maps
    np.testing.assert_array_equal(made["roughness"].pixels, whole["roughness"].pixels)
    emission = bricks.with_arrays({"emission": np.full((SIDE, SIDE, 3), 0.2)})
    made = run(masked("moss", mask), {"source": emission}).maps
    np.testing.assert_array_equal(made["emission"].pixels, emission["emission"].pixels)


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


def test_hollows_lie_low_and_edges_beside_them(bricks):
    height = bricks["height"].pixels[..., 0]
    hollows, edges = share(Mask(CAVITIES, amount=0.2), bricks), share(Mask(EDGES, amount=0.2), bricks)
    assert np.average(height, weights=hollows) < height.mean() - 0.2
    assert np.average(height, weights=edges) > height.mean()
    assert hollows.mean() == pytest.approx(0.2, abs=0.08)


def test_a_range_of_heights_is_where_the_height_is_in_it(bricks):
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


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ('{"amount": 0.5}', "give an object with a kind"),
        ('{"kind": "nois"}', "did you mean .noise"),
        ('{"kind": "noise", "low": 0.5}', "a mask by noise has no low"),
        ('{"kind": "noise", "amount": 2}', "give a number from 0 to 1"),
        ('{"kind": "noise", "invert": 1}', "give true or false"),
        ('{"kind": "height", "low": 0.7, "high": 0.2}', "swap them"),
        ('{"kind": "image"}', "give the name of an input"),
    ],
)
def test_a_wrong_mask_says_what_to_do(mask, message):
    with pytest.raises(ParameterError, match=message):
        Recipe.from_json(f'{{"steps": [{{"tool": "tint", "mask": {mask}}}]}}')


def test_what_a_mask_needs_is_asked_for(photo, halves, tmp_path):
    with pytest.raises(ParameterError, match="which was not given"):
        run(masked("tint", Mask(IMAGE, "wall")), {"source": photo})
    with pytest.raises(ParameterError, match="add a step below that makes maps"):
        run(masked("tint", Mask(CAVITIES)), {"source": photo})
    with pytest.raises(ParameterError, match="nothing below it"):
        run(masked("checker", Mask(NOISE)))
    with pytest.raises(ParameterError, match="32x32 pixels of 64x48"):
        run(masked("checker", Mask(NOISE), width_px=32, height_px=32), {"source": photo})
    tiled = Recipe((Step("histogram-blending", {"width_px": 64, "height_px": 64}), Step("tint", mask=Mask(NOISE))))
    with pytest.raises(ParameterError, match="the mask of tint needs the whole picture"):
        run(tiled, {"source": photo}, sink=Sink(tmp_path, "made"))


def test_a_run_records_masks_and_their_images_and_makes_the_same_again(photo, halves, tmp_path):
    (tmp_path / "in").mkdir()
    source, mask = (
        write_maps(maps, tmp_path / "in", name, registry().exporter("png16"), None)[0]
        for name, maps in (("wall", photo), ("where", halves))
    )
    from impasto.io.files import read_maps

    recipe = Recipe((Step("tint", {"strength": 0.8}, mask=Mask(IMAGE, "where")), Step("tint", mask=Mask(NOISE))), 3)
    given = {"source": read_maps(source), "where": read_maps(mask)}
    made = run_to_files(recipe, given, Sink(tmp_path / "in", "made"))
    assert made.recipe.inputs["where"]["name"] == mask.name
    assert made.recipe.steps[0].mask == recipe.steps[0].mask
    assert rerun(made.paths[0], tmp_path / "again").identical


def test_masks_count_in_what_is_kept_and_a_changed_mask_keeps_its_tools_result(photo, halves):
    kept, calls = KeptSteps(2**26), []
    tint = registry().tool("tint")
    apply = type(tint).apply

    def counted(self, *given):
        calls.append(1)
        return apply(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(tint), "apply", counted)
        shown = {}
        for amount in (0.2, 0.8, 0.2):
            shown[amount] = run(masked("tint", Mask(NOISE, amount=amount)), {"source": photo}, kept=kept).maps
        assert len(calls) == 1
        by_image = masked("tint", Mask(IMAGE, "mask"))
        one, other = (
            run(by_image, {"source": photo, "mask": image}, kept=kept).maps
            for image in (halves, halves.with_arrays({"base_color": 1 - halves["base_color"].pixels}))
        )
        assert len(calls) == 1
    assert shown[0.2].sha256() != shown[0.8].sha256()
    assert one.sha256() != other.sha256()
    for amount in (0.2, 0.8):
        plain = run(masked("tint", Mask(NOISE, amount=amount)), {"source": photo}).maps
        assert shown[amount].sha256() == plain.sha256()
