"""Phrases become recipes of procedural materials: slots, sizes, changes, everyday words, and what is refused."""

from collections.abc import Iterator
from math import atan2, degrees, hypot
from pathlib import Path

import numpy as np
import phrase_slots
import pytest
from tables import TABLES, each_row

from impasto import Recipe, Step, match, run
from impasto.errors import ParameterError
from impasto.plugins.registry import registry
from impasto.surface.palette import to_oklab
from impasto.tools import validate
from impasto_phrase.matcher import read_phrase
from impasto_phrase.vocabulary import materials, vocabulary

pytestmark = pytest.mark.any_numpy
LEAST_RIGHT = 0.9


def parameters(text: str, **more) -> dict:
    return dict(match("phrase", text, **more).recipe.steps[0].parameters)


def lightness(color) -> float:
    return float(to_oklab(np.asarray(color, float).reshape(1, 3))[0, 0])


@pytest.mark.parametrize("language", phrase_slots.LANGUAGES)
@pytest.mark.parametrize("is_held_out", [False, True])
def test_nine_of_ten_slots_are_right(language, is_held_out):
    stated = [item for item in phrase_slots.phrases(language) if item.is_held_out == is_held_out]
    counts = [phrase_slots.count(item, language == "chinese") for item in stated]
    assert len(stated) >= 40
    assert sum(right for right, _, _ in counts) >= LEAST_RIGHT * sum(of for _, of, _ in counts)


def test_every_word_fits_the_materials():
    known = vocabulary()
    tools = {name: registry().tool(name) for name in materials()}
    procedural = {tool for status in registry().plugins if status.name == "procedural" for tool in status.tools}
    assert {name for name in procedural if registry().tool(name).kind == "generator"} == set(tools)
    for meaning in [*known.english.values(), *known.chinese.values()]:
        named = [name for key, name in meaning.values.items() if key in ("material", "hint", "maybe")]
        assert set(named) | set(meaning.own) <= set(tools)
    words = {"material", "colors", "size", "joint", "surface", "gloss"}
    for name, about in materials().items():
        fields = tools[name].parameters.model_fields
        for key in ("colors", "vein_colors"):
            assert set(about.get(key, ())) <= set(fields), name
        for key in ("size", "second_size", "joint", "joint_color", "vein_color", "second"):
            assert about.get(key, "width_m") in fields, (name, key)
        for key in words - {"colors", "size", "joint", "material"}:
            for values in about.get(key, {}).values():
                validate(tools[name], values)


@pytest.mark.parametrize("name", sorted(materials()))
def test_each_material_takes_all_kinds_of_words(name):
    label = {"weave": "woven cloth", "rust": "rust", "moss": "moss", "knit": "knit", "scratched-metal": "metal"}
    noun = label.get(name, name.replace("-", " "))
    for words in ("dark red", "small rough worn", "huge smooth glossy", "very dirty", "2 cm"):
        found = match("phrase", f"{words} {noun}", start=Recipe((Step(name),)))
        assert found.recipe.steps[0].tool == name
        validate(registry().tool(name), found.recipe.steps[0].parameters)
    found = match("phrase", "a little wetter, more dirt", start=Recipe((Step(name, {"width_px": 8}),), 9)).recipe
    made = found.steps[0].parameters
    assert (found.steps[0].tool, found.seed, made["width_px"]) == (name, 9, 8)
    assert min(made["wetness"], made["dirt"]) > 0


class TestParameters:
    def test_words_set_what_they_say_and_nothing_else(self):
        assert parameters("wet mossy cobblestones") == {"wetness": 0.5, "moss": 0.5}
        assert parameters("潮湿的鹅卵石路") == {"wetness": 0.25}
        assert set(parameters("black terrazzo")) == {"binder_color"}
        levels = [parameters(f"{degree} dirty concrete")["dirt"] for degree in ("slightly", "", "very")]
        assert levels[0] < levels[1] < levels[2]

    def test_colours_are_exact_and_those_that_go_with_them_follow(self):
        made = parameters("#a04030 bricks")
        assert np.allclose(made["color"], np.array([0xA0, 0x40, 0x30]) / 255, atol=1e-5)
        assert lightness(made["second_color"]) < lightness(made["color"])
        lab = to_oklab(np.array([parameters("grey roof tiles")["second_color"]]))[0]
        assert np.hypot(*lab[1:]) < 0.02  # no blue
        assert lightness(parameters("dark red bricks with white mortar")["mortar_color"]) > 0.85
        assert lightness(parameters("slate roof")["color"]) < 0.5
        assert parameters("red slate roof")["color"] == parameters("red clay roof")["color"]

    def test_veins_of_dark_marble_are_light_unless_the_phrase_says_more(self):
        assert lightness(parameters("black marble")["vein_color"]) > 0.8
        assert "vein_color" not in parameters("white marble")
        assert lightness(parameters("green marble with black veins")["vein_color"]) < 0.3

    def test_measures_are_exact_and_whole_numbers_of_tiles_fit(self):
        made = parameters("20 cm tiles with 5 mm grout")
        assert (made["tile_m"], made["joint_m"]) == (0.2, 0.005)
        width_m = made.get("width_m", 1.2)
        assert abs(width_m / 0.2 - round(width_m / 0.2)) < 1e-6
        assert parameters("24 x 8 cm bricks")["course_m"] == 0.08
        assert parameters("6 inch tiles")["tile_m"] == 0.1524
        assert parameters("planks, 3 m across")["width_m"] == 3.0
        found = match("phrase", "90 m tiles")
        assert found.recipe.steps[0].parameters["tile_m"] == 2
        assert any("limited" in note for note in found.notes)

    def test_square_tiles_of_two_colours_make_a_chessboard(self):
        assert parameters("black and white tiles")["shape"] == "chessboard"
        assert parameters("checkered floor tiles, red and cream")["shape"] == "chessboard"
        assert parameters("blue and white hexagonal tiles")["shape"] == "hexagon"

    def test_what_has_no_effect_is_said(self):
        assert any("'rusty'" in note for note in match("phrase", "rusty marble").notes)
        assert any("left out" in note for note in match("phrase", "cobbles with sand").notes)


class TestChanges:
    @pytest.fixture
    def start(self) -> Recipe:
        return match("phrase", "mossy red bricks", seed=5).recipe

    def test_comparatives_move_what_is_there_by_their_amounts(self, start):
        before = start.steps[0].parameters
        after = parameters("a little darker and much more moss", start=start)
        assert after["moss"] > before["moss"] + 0.2
        kept = {name for name in before if "color" not in name and name != "moss"}
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
        darker = [parameters(f"{amount} darker", start=start)["color"] for amount in ("a little", "", "much")]
        lights = [lightness(color) for color in (before["color"], *darker)]
        assert lights == sorted(lights, reverse=True)
        larger, smaller = (parameters(word, start=start)["length_m"] for word in ("larger", "much smaller"))
        assert larger > 0.225 > smaller

    def test_no_moss_another_material_and_other_steps(self, start):
        assert parameters("no moss", start=start)["moss"] == 0
        found = match("phrase", "make it cobblestones", start=start).recipe
        assert (found.steps[0].tool, found.seed) == ("cobbles", 5)
        assert found.steps[0].parameters["moss"] == start.steps[0].parameters["moss"]
        changed = match("phrase", "wetter", start=Recipe((*start.steps, Step("tint")), start.seed)).recipe
        assert changed.steps[1] == Step("tint")
        assert changed.steps[0].parameters["wetness"] == 0.2

    def test_what_cannot_be_changed_is_refused(self, start):
        with pytest.raises(ParameterError, match="changes nothing"):
            match("phrase", "hello there", start=start)
        with pytest.raises(ParameterError, match="no procedural material"):
            match("phrase", "darker", start=Recipe((Step("tint"),)))


def test_words_move_the_sliders_of_a_model():
    start = Recipe((Step("torus", {"model": "gravel", "width_px": 64, "height_px": 64}), Step("photo-maps")), 4)
    found = match("phrase", "much darker, a little larger, greener moss", start=start)
    step = found.recipe.steps[0]
    assert (step.parameters["sliders"], step.parameters["model"]) == ({"brightness": -2.0}, "gravel")
    assert 1 < step.parameters["scale"] < 1.2
    assert any("moss" in note for note in found.notes)
    assert (found.recipe.seed, found.recipe.steps[1]) == (4, start.steps[1])
    dark, usual = (
        run(recipe).maps["base_color"].pixels.mean() for recipe in (Recipe((step,), 4), Recipe(start.steps[:1], 4))
    )
    assert dark < usual - 0.01
    again = match("phrase", "much darker", start=found.recipe).recipe.steps[0].parameters
    assert again["sliders"] == {"brightness": -3}
    assert match("phrase", "red bricks", start=start).recipe.steps[0].tool == "bricks"


def test_variations_differ_and_keep_what_was_said():
    texts = [match("phrase", "wet red bricks", seed=seed).recipe for seed in range(4)]
    assert len({recipe.to_json() for recipe in texts}) == 4
    for recipe in texts[1:]:
        given = recipe.steps[0].parameters
        assert given["wetness"] == 0.5
        assert np.abs(np.array(given["color"]) - texts[0].steps[0].parameters["color"]).max() < 0.12
        assert {"chips", "irregular", "joint_m"} <= set(given)
        validate(registry().tool("bricks"), given)
    assert match("phrase", "wet red bricks", seed=2).recipe == texts[2]


@each_row("refused_phrases")
def test_phrases_without_a_material_or_sense_are_refused(text, said):
    with pytest.raises(ParameterError, match=said) as caught:
        match("phrase", text)
    assert caught.value.remedy


def test_unknown_words_are_named_the_nearest_offered_and_unknown_things_refused():
    notes = match("phrase", "fluffy wet bricks").notes
    assert any("'fluffy'" in note for note in notes)
    with pytest.raises(ParameterError) as caught:
        match("phrase", "wet coblestones")
    assert "cobblestone" in caught.value.remedy
    assert read_phrase("独角兽砖墙").unknown == ["独角兽"]
    for text in ("skirting board", "old dart board", "licence plate"):
        with pytest.raises(ParameterError, match="names no material that is known here"):
            match("phrase", text)
    for text in ("oak board", "old boards", "skirting board of oak planks"):
        assert match("phrase", text).recipe.steps[0].tool == "planks"


def test_a_phrase_of_the_greatest_length_is_read_in_time():
    import time

    started = time.process_time()
    read_phrase("very dark wet mossy bricks " * 73)
    read_phrase("长满青苔的砖" * 330)
    match("phrase", "bricks " + " ".join(f"q{a}{b}ks" for a in "abcdefghijklmnopqrst" for b in "abcdefghijklmnop"))
    assert time.process_time() - started < 1.5


HUNDRED = (Path(__file__).parents[2] / "benchmarks" / "phrases" / "hundred.txt").read_text("utf-8").splitlines()
EVERYDAY = TABLES["everyday"]


def test_materials_colours_and_parameters_of_everyday_phrases():
    wanted = dict(zip(HUNDRED, EVERYDAY["tools"].split(), strict=True)) | EVERYDAY["others"]
    assert {*EVERYDAY["choices"], *EVERYDAY["amounts"]} <= set(wanted)
    problems = [f"{text}: {problem}" for text, tool in wanted.items() for problem in problems_of(text, tool)]
    assert not problems, "\n".join(problems)


def problems_of(text: str, tool: str) -> Iterator[str]:
    """Whatever a phrase got wrong."""
    found = match("phrase", text)
    step, told = found.recipe.steps[0], "; ".join(found.notes)
    if step.tool != tool:
        yield f"is {step.tool}, no {tool}"
        return
    if text in EVERYDAY["others"] and (told or len(found.recipe.steps) > 1):
        yield f"notes {told} of {found.recipe.steps}"
    if found.recipe.matched.get("notes", "") != told:
        yield "other notes in the recipe"
    if len(found.recipe.steps) == 1:
        yield from (f"{word!r} is not told" for word in read_phrase(text).unknown if f"'{word}'" not in told)
    for name, value in EVERYDAY["choices"].get(text, {}).items():
        if step.parameters.get(name) != value:
            yield f"{name} is {step.parameters.get(name)}, not {value}"
    fields = registry().tool(tool).parameters.model_fields
    for name in EVERYDAY["amounts"].get(text, "").split():
        if step.parameters.get(name, 0) <= fields[name].default:
            yield f"{name} is no more than its default"
    color = step.parameters.get("color", step.parameters.get("metal_color", (0.5, 0.5, 0.5)))
    lightness, a, b = to_oklab(np.array([color]))[0]
    hue, chroma = degrees(atan2(b, a)), hypot(a, b)
    for word in text.replace("-", " ").split():
        ranges = [(hue % 360, EVERYDAY["hues"][word]), (chroma, (0.02, 1))] if word in EVERYDAY["hues"] else []
        ranges += [(lightness, EVERYDAY["lightnesses"][word])] if word in EVERYDAY["lightnesses"] else []
        if not all(least <= value <= most for value, (least, most) in ranges):
            yield f"{color} is no {word}"


def test_words_lay_a_layer_over_the_material():
    for text, tool, layer, place in (
        ("snow-covered roof tiles", "roof-tiles", "snow", "hollows"),
        ("half-buried cobbles", "cobbles", "soil", "hollows"),
        ("rust running down painted steel", "flaking-paint", "rust", "runs"),
        ("cobbles with grass growing between", "cobbles", "grass", "hollows"),
        ("rust on concrete", "concrete", "rust", "patches"),
    ):
        base, cover = match("phrase", text).recipe.steps
        said = (base.tool, cover.tool, cover.parameters["material"], cover.parameters["place"])
        assert said == (tool, "cover", layer, place), text
