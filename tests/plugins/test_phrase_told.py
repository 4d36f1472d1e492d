"""No phrase is half understood in silence: a word changes the recipe, goes without saying, or is told."""

import colorsys

import numpy as np
import pytest

from impasto import Recipe, Step, match, read_recipe, run
from impasto.cli.main import main
from impasto.errors import ParameterError
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("oak leather", "'oak' was left out"),
        ("copper roof", "'copper' has no effect on Roof tiles"),
        ("30 x 60 cm tiles", "of 30 x 60 cm only 0.3 m is drawn"),
        ("bricks with 2 mm cracks", "'2 mm' has no effect"),
        ("a lot of bricks", "'a lot of' has no effect on Bricks"),
        ("leather with white mortar", "'mortar' has no effect on Leather"),
        ("镀锌钢板", "'镀锌' has no effect on Metal plates"),
        ("2 cm blue snow on rock", "'2 cm' has no effect on the layer of snow"),
    ],
)
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
