"""No phrase is half understood in silence; and one material on another: how much is covered, and where."""

import colorsys

import numpy as np
import pytest
from tables import each_row

from impasto import Maps, Recipe, Step, match, read_recipe, run
from impasto.cli.main import main
from impasto.errors import ParameterError
from impasto.surface.wrapping import seam_z
from impasto_phrase.matcher import read_phrase
from impasto_phrase.vocabulary import GRAMMAR, MATERIAL_KEYS, Meaning, materials, vocabulary

pytestmark = pytest.mark.any_numpy
NAMES = {"bricks": "bricks", "leather": "leather", "corrugated-sheet": "corrugated sheet", "scales": "scales"}
NAMES |= {"asphalt": "asphalt"}


def parameters(text: str, **more) -> dict:
    return dict(match("phrase", text, **more).recipe.steps[0].parameters)


def notes(text: str, **more) -> str:
    return "; ".join(match("phrase", text, **more).notes)


def goes_without_saying(meaning: Meaning, material: str) -> bool:
    """Whether a meaning is grammar, of the material itself, or what its table has in `implied`."""
    implied = {material, *materials()[material].get("implied", ())}
    values = dict(meaning.for_material(material))
    if values.keys() & (GRAMMAR - {"noun", "role"}):
        return True
    named = {values[key] for key in MATERIAL_KEYS if key in values}
    said = {slot for slot in values if slot not in (*GRAMMAR, *MATERIAL_KEYS, "part")}
    if said:
        return said <= implied or values.get("role") in implied
    return bool((named | {values.get("part")}) & implied)


@pytest.mark.parametrize("material", sorted(NAMES))
def test_every_known_word_changes_the_recipe_goes_without_saying_or_is_told(material):
    name, silent, known = NAMES[material], [], vocabulary()
    plain = match("phrase", name).recipe.steps
    for text, meaning in {**{" ".join(words): one for words, one in known.english.items()}, **known.chinese}.items():
        if goes_without_saying(meaning, material):
            continue
        try:
            found = match("phrase", f"{text} {name}")
        except ParameterError:  # told
            continue
        if found.recipe.steps == plain and not found.notes:
            silent.append(text)
    assert not silent


@each_row("told")
def test_what_cannot_be_drawn_is_told(text, told):
    assert told in notes(text)


def test_what_was_not_understood_is_recorded_and_printed(capsys, tmp_path):
    main(["generate", "phrase", "oak leather, fluffy", "--size", "16", "--out", str(tmp_path)])
    said = capsys.readouterr().err
    for told in ("'oak' was left out", "'fluffy' has no meaning here"):
        assert told in said
        assert told in read_recipe(next(tmp_path.glob("*_base_color.png"))).matched["notes"]
    first = match("phrase", "oak leather").recipe
    changed = match("phrase", "a little darker", start=first).recipe
    assert changed.matched["notes"] == first.matched["notes"]


class TestAWordWinsOverADefault:
    def test_fresh_grass_has_no_straw_and_polished_metal_no_stains(self):
        assert parameters("fresh lawn")["dry"] == parameters("茂盛的草地")["dry"] == 0
        assert parameters("dry green grass")["dry"] >= 0.5
        assert parameters("polished brass")["tarnish"] == parameters("抛光黄铜")["tarnish"] == 0
        assert parameters("tarnished polished brass")["tarnish"] >= 0.5
        assert parameters("scratched polished steel")["scratches"] >= 0.5

    def test_a_finish_wins_over_what_goes_with_a_gloss(self):
        assert parameters("shiny brushed steel")["finish"] == "brushed"

    def test_what_is_new_has_no_damage(self):
        for text, damage in (
            ("brand-new concrete", "cracks"),
            ("spotless bricks", "chips"),
            ("崭新波纹板", "rust"),
            ("brand-new plaster", "repairs"),
        ):
            assert parameters(text)[damage] == 0, text
        assert parameters("new cracked concrete")["cracks"] > 0.3

    def test_small_and_tiny_tiles_are_small(self):
        sizes = [parameters(f"{size} tiles").get("tile_m", 0.15) for size in ("tiny", "small", "", "large", "huge")]
        assert sizes == sorted(sizes)
        assert sizes[1] <= 0.08
        assert sizes[0] <= 0.04
        assert parameters("小瓷砖")["tile_m"] == sizes[1]

    @pytest.mark.parametrize(
        "text", ["green dragon scales", "绿色龙鳞", "green lawn", "lush green moss", "green carpet"]
    )
    def test_a_colour_is_the_only_one(self, text):
        color = run(match("phrase", text, size_px=(96, 96)).recipe).maps["base_color"].pixels.reshape(-1, 3)
        hues = np.array([colorsys.rgb_to_hsv(*texel)[:2] for texel in color[::7]])
        degrees, is_colored = 360 * hues[:, 0], hues[:, 1] > 0.25
        assert ((degrees[is_colored] > 60) & (degrees[is_colored] < 185)).mean() > 0.985

    def test_the_colour_of_moss_is_not_that_of_the_bricks(self):
        assert "color" not in parameters("bricks with green moss")
        assert "'purple' has no effect" in notes("bricks with purple moss")


def test_two_hues_side_by_side_are_one_colour_between():
    grey, green, both = (np.array(parameters(f"{color} leather")["color"]) for color in ("grey", "green", "grey-green"))
    assert np.all(both >= np.minimum(grey, green) - 0.01)
    assert np.all(both <= np.maximum(grey, green) + 0.01)
    assert parameters("navy blue tiles") == parameters("navy tiles")
    assert read_phrase("black white tiles").slots["second_color"] == "white"
    assert read_phrase("灰绿色皮革").slots == read_phrase("grey-green leather").slots


def test_a_mosaic_is_of_small_tiles_unless_the_phrase_says_another_size_or_shape():
    sizes = [parameters(text)["tile_m"] for text in ("tiny blue mosaic", "blue mosaic", "large blue mosaic")]
    assert sizes[0] < sizes[1] < sizes[2]
    assert parameters("hexagonal white mosaic")["shape"] == "hexagon"
    assert parameters("mosaic parquet")["pattern"] == "mosaic"


@pytest.mark.parametrize("text", ["rusty iron door, peeling green paint", "生锈的铁门，剥落的绿漆"])
def test_of_materials_that_words_only_hint_at_the_one_with_the_most_is_made(text):
    """Rust is named first, and once; peeling and paint are two words for paint that peels."""
    (step,) = match("phrase", text).recipe.steps
    assert (step.tool, step.parameters["ground"]) == ("flaking-paint", "metal")


def test_words_about_layers_and_models_are_told_too():
    start = match("phrase", "snow on red bricks").recipe
    assert "'purple' has no effect on the layer of snow" in notes("more purple snow", start=start)
    assert "'glittery' has no meaning" in notes("more glittery snow", start=start)
    model = Recipe((Step("torus", {"model": "gravel"}),))
    assert "'2 cm' has no effect" in notes("much darker, 2 cm", start=model)


SIZE = {"width_px": 128, "height_px": 128}
BASE = Step("bricks", {**SIZE, "joint_m": 0.03, "width_m": 1.0, "bond": "stack"})


def laid(seed=3, **parameters):
    return run(Recipe((BASE, Step("cover", {"material": "snow", "thickness_m": 0.0, **parameters})), seed)).maps


def is_covered(maps) -> np.ndarray:
    """Mask of the pixels whose base colour is no longer that of bricks."""
    before = run(Recipe((BASE,), 3)).maps["base_color"].pixels
    return np.abs(maps["base_color"].pixels - before).max(-1) > 0.1


def test_the_amount_is_the_share_that_is_covered():
    shares = [is_covered(laid(amount=amount, edge=0.0)).mean() for amount in (0.0, 0.25, 0.5, 1.0)]
    np.testing.assert_allclose(shares, (0, 0.25, 0.5, 1), atol=0.07)


def test_it_lies_in_hollows_or_on_tops():
    height = run(Recipe((BASE,), 3)).maps["height"].pixels[..., 0]
    means = {
        place: height[is_covered(laid(amount=0.3, place=place))].mean() for place in ("hollows", "patches", "tops")
    }
    assert means["hollows"] < means["patches"] - 0.05
    assert means["patches"] < means["tops"]


def test_it_is_seamless_and_has_all_maps_and_a_height():
    thick = laid(amount=0.6, thickness_m=0.05)
    assert {"base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion"} == set(thick)
    assert all(-5 < z < 4 for z in seam_z(thick["base_color"].pixels))
    assert (thick.width_m, thick.size_px) == (1.0, (128, 128))
    assert thick.height_range_m > laid(amount=0.6).height_range_m


def test_a_photograph_with_height_is_covered_as_well_and_keeps_its_other_maps():
    random = np.random.default_rng(1)
    pixels = {
        name: random.random((32, 48, 3 if name == "base_color" else 1), np.float32) for name in ("base_color", "height")
    }
    source = Maps.from_arrays({**pixels, "opacity": np.ones((32, 48, 1), np.float32)}, width_m=0.5)
    result = run(Recipe((Step("cover", {"material": "sand"}),), 1), {"source": source}).maps
    assert (result.size_px, result.width_m) == ((32, 48), 0.5)
    assert np.array_equal(result["opacity"].pixels, np.ones((32, 48, 1)))


@each_row("layered")
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

    @each_row("amounts_of_layers")
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

    @each_row("added")
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
