"""One material on another: how much is covered, where, and by which phrases."""

import numpy as np
import pytest

from impasto import Maps, Recipe, Step, match, run
from impasto.errors import ParameterError
from impasto.surface.seams import seam_z

SIZE = {"width_px": 128, "height_px": 128}
BASE = Step("bricks", {**SIZE, "joint_m": 0.03, "width_m": 1.0, "bond": "stack"})


def made(seed=3, **parameters):
    return run(Recipe((BASE, Step("cover", {"material": "snow", "thickness_m": 0.0, **parameters})), seed)).maps


def covered(maps) -> np.ndarray:
    """Mask of the pixels whose base colour is no longer that of bricks."""
    before = run(Recipe((BASE,), 3)).maps["base_color"].pixels
    return np.abs(maps["base_color"].pixels - before).max(-1) > 0.1


def test_the_amount_is_the_share_that_is_covered():
    shares = [covered(made(amount=amount, edge=0.0)).mean() for amount in (0.0, 0.25, 0.5, 1.0)]
    np.testing.assert_allclose(shares, (0, 0.25, 0.5, 1), atol=0.07)


def test_it_lies_in_hollows_or_on_tops():
    height = run(Recipe((BASE,), 3)).maps["height"].pixels[..., 0]
    means = {place: height[covered(made(amount=0.3, place=place))].mean() for place in ("hollows", "patches", "tops")}
    assert means["hollows"] < means["patches"] - 0.05
    assert means["patches"] < means["tops"]


def test_it_is_seamless_and_has_all_maps_and_a_height():
    thick = made(amount=0.6, thickness_m=0.05)
    assert {"base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion"} == set(thick)
    assert all(-5 < z < 4 for z in seam_z(thick["base_color"].pixels))
    assert (thick.width_m, thick.size_px) == (1.0, (128, 128))
    assert thick.height_range_m > made(amount=0.6).height_range_m


def test_a_photograph_with_height_is_covered_as_well_and_keeps_its_other_maps():
    random = np.random.default_rng(1)
    pixels = {
        name: random.random((32, 48, 3 if name == "base_color" else 1), np.float32) for name in ("base_color", "height")
    }
    source = Maps.from_arrays({**pixels, "opacity": np.ones((32, 48, 1), np.float32)}, width_m=0.5)
    result = run(Recipe((Step("cover", {"material": "sand"}),), 1), {"source": source}).maps
    assert (result.size_px, result.width_m) == ((32, 48), 0.5)
    assert np.array_equal(result["opacity"].pixels, np.ones((32, 48, 1)))


@pytest.mark.parametrize(
    ("text", "base", "layer"),
    [
        ("snow on rock", "rock", "snow"),
        ("rust on painted metal", "flaking-paint", "rust"),
        ("grass between cobbles", "cobbles", "grass"),
        ("a little sand on old oak planks", "planks", "sand"),
        ("积雪覆盖的岩石", "rock", "snow"),
        ("覆盖着沙子的木板", "planks", "sand"),
    ],
)
def test_phrases_of_one_material_on_another_make_two_steps(text, base, layer):
    found = match("phrase", text, size_px=(64, 64))
    assert [step.tool for step in found.recipe.steps] == [base, "cover"]
    assert found.recipe.steps[1].parameters["material"] == layer
    assert not found.notes
    run(found.recipe)


def test_words_about_each_part_go_to_its_step():
    base, layer = match("phrase", "a little wet sand on old dark planks").recipe.steps
    assert (layer.parameters["amount"], layer.parameters["wetness"]) == (0.25, 0.25)
    assert base.parameters["wear"] > 0
    assert "wetness" not in base.parameters
    for text, tool in (("moss on bricks", "bricks"), ("peeling blue paint on wood", "flaking-paint")):
        assert [step.tool for step in match("phrase", text).recipe.steps] == [tool]
    assert match("phrase", "blue snow on rock").notes == ("'blue' has no effect on the layer of snow",)


class TestChangesOfLayers:
    @pytest.fixture
    def start(self) -> Recipe:
        return match("phrase", "wet snow on mossy red bricks", seed=7).recipe

    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("more snow", 0.7),
            ("a little less snow", 0.4),
            ("no snow", 0.0),
            ("a little snow", 0.25),
            ("covered in snow", 0.8),
            ("雪多一点", 0.6),
        ],
    )
    def test_words_move_the_share_that_is_covered_and_nothing_else(self, start, text, amount):
        found = match("phrase", text, start=start)
        base, layer = found.recipe.steps
        assert layer.parameters == {**start.steps[1].parameters, "amount": amount}
        assert (base, found.recipe.seed, found.notes) == (start.steps[0], 7, ())

    def test_no_snow_shows_the_bricks_and_more_brings_the_same_snow_back(self, start):
        without = match("phrase", "no snow", start=start, size_px=(64, 64)).recipe
        bricks = run(Recipe(without.steps[:1], 7)).maps["base_color"].pixels
        np.testing.assert_allclose(run(without).maps["base_color"].pixels, bricks, atol=1 / 255)
        more = match("phrase", "more snow", start=without).recipe
        assert more.steps[1].parameters == {**without.steps[1].parameters, "amount": 0.2}

    def test_clauses_go_to_their_steps(self, start):
        base, layer = match("phrase", "less snow, much darker and no moss", start=start).recipe.steps
        assert layer.parameters["amount"] == pytest.approx(0.3)
        assert base.parameters["moss"] == 0
        assert np.mean(base.parameters["color"]) < 0.8 * np.mean(start.steps[0].parameters["color"])
        base, layer = match("phrase", "drier snow", start=start).recipe.steps
        assert layer.parameters["wetness"] == pytest.approx(0.3)
        assert base == start.steps[0]
        base, layer = match("phrase", "much wetter", start=start).recipe.steps
        assert (base.parameters["wetness"], layer.parameters["wetness"]) == pytest.approx((0.4, 0.9))

    @pytest.mark.parametrize(
        ("text", "material", "amount"),
        [
            ("leaves", "forest-floor", 0.5),
            ("deep leaves", "forest-floor", 0.8),
            ("add a little gravel", "gravel", 0.25),
            ("加点沙子", "sand", 0.5),
        ],
    )
    def test_what_falls_or_is_added_is_laid_on_top(self, start, text, material, amount):
        found = match("phrase", text, start=start)
        assert (found.recipe.steps[:2], found.notes) == (start.steps, ())
        layer = found.recipe.steps[2].parameters
        assert (layer["material"], layer["amount"]) == (material, amount)

    def test_what_is_not_there_cannot_be_taken_away(self, start):
        found = match("phrase", "no leaves", start=start)
        assert (found.recipe.steps, found.notes) == (start.steps, ("leaves: there is no such layer",))
        assert match("phrase", "gravel", start=start).recipe.steps[0].tool == "gravel"

    def test_limits_and_contradictions_are_said_and_what_a_material_has_by_itself_needs_no_layer(self, start):
        (step,) = match("phrase", "more rust", start=match("phrase", "riveted steel plates").recipe).recipe.steps
        assert step.parameters["rust"] > 0.2
        full = match("phrase", "much more snow, darker", start=match("phrase", "much more snow", start=start).recipe)
        assert full.recipe.steps[1].parameters["amount"] == 1
        assert match("phrase", "more snow", start=full.recipe).notes == ("snow is at its highest already",)
        with pytest.raises(ParameterError, match="contradict"):
            match("phrase", "more snow and less snow", start=start)
