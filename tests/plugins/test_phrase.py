"""Phrases become recipes of procedural materials, none of them half understood in silence; one material on another."""

import colorsys
import time
from collections.abc import Iterator
from math import atan2, degrees, hypot
from pathlib import Path

import numpy as np
import phrase_slots
import pytest
from cases import CASES, each_case

from impasto import Maps, Recipe, Step, match, read_recipe, run
from impasto.cli.main import main
from impasto.errors import ParameterError
from impasto.parameters import color_of
from impasto.plugins.registry import registry
from impasto.surface.palette import to_oklab
from impasto.surface.wrapping import seam_z
from impasto.tools import validate
from impasto_phrase.matcher import read_phrase
from impasto_phrase.vocabulary import GRAMMAR, MATERIAL_KEYS, Meaning, materials, vocabulary

pytestmark = pytest.mark.any_numpy


def parameters(text: str, **more) -> dict:
    return dict(match("phrase", text, **more).recipe.steps[0].parameters)


def notes(text: str, **more) -> str:
    return "; ".join(match("phrase", text, **more).notes)


def lightness(color) -> float:
    return float(to_oklab(np.asarray(color, float).reshape(1, 3))[0, 0])


@pytest.mark.parametrize("language", phrase_slots.LANGUAGES)
@pytest.mark.parametrize("is_held_out", [False, True])
def test_nine_of_ten_slots_are_right(language, is_held_out):
    stated = [item for item in phrase_slots.phrases(language) if item.is_held_out == is_held_out]
    counts = [phrase_slots.count(item, language == "chinese") for item in stated]
    assert len(stated) >= 40
    assert sum(right for right, _, _ in counts) >= 0.9 * sum(of for _, of, _ in counts)


def test_every_word_fits_the_materials():
    known = vocabulary()
    tools = {name: registry().tool(name) for name in materials()}
    procedural = {tool for status in registry().plugins if status.name == "procedural" for tool in status.tools}
    assert {name for name in procedural if registry().tool(name).kind == "generator"} == set(tools)
    for meaning in [*known.english.values(), *known.chinese.values()]:
        named = [name for key, name in meaning.values.items() if key in ("material", "hint", "maybe")]
        assert set(named) | set(meaning.own) <= set(tools)
        numbers = {name: float(value) for name, value in meaning.like.items() if value[0].isdigit()}
        assert not numbers or validate(tools[meaning.values["kind"]], numbers), meaning
    for name, about in materials().items():
        fields = tools[name].parameters.model_fields
        for key in ("colors", "vein_colors"):
            assert set(about.get(key, ())) <= set(fields), name
        for key in ("size", "second_size", "joint", "joint_color", "vein_color", "second"):
            assert about.get(key, "width_m") in fields, (name, key)
        for key in ("surface", "gloss"):
            for values in about.get(key, {}).values():
                validate(tools[name], values)


@pytest.mark.register("name")
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


@each_case("stated")
def test_words_set_their_parameters(text, values):
    made = parameters(text)
    for name, wanted in values.items():
        assert wanted[0] <= made[name] <= wanted[1] if isinstance(wanted, list) else made[name] == wanted, name


def test_words_set_nothing_else_and_stress_strengthens_them():
    assert parameters("wet mossy cobblestones") == {"wetness": 0.5, "moss": 0.5}
    assert parameters("潮湿的石块路") == {"wetness": 0.25}
    assert set(parameters("black terrazzo")) == {"binder_color"}
    levels = [parameters(f"{degree} dirty concrete")["dirt"] for degree in ("slightly", "", "very")]
    assert levels[0] < levels[1] < levels[2]
    for noun, size in (("tiles", 0.15), ("blue mosaic", 0.0)):
        sizes = [parameters(f"{word} {noun}").get("tile_m", size) for word in ("tiny", "small", "", "large", "huge")]
        assert sizes == sorted(sizes)
    width_m = parameters("20 cm tiles").get("width_m", 1.2)
    assert abs(width_m / 0.2 - round(width_m / 0.2)) < 1e-6


def test_named_colours_are_exact_and_related_colours_follow():
    made = parameters("#a04030 bricks")
    assert np.allclose(made["color"], np.array([0xA0, 0x40, 0x30]) / 255, atol=1e-5)
    assert lightness(made["second_color"]) < lightness(made["color"])
    lab = to_oklab(np.array([parameters("grey roof tiles")["second_color"]]))[0]
    assert np.hypot(*lab[1:]) < 0.02  # no blue
    for text, name, least, most in (
        ("dark red bricks with white mortar", "mortar_color", 0.85, 1),
        ("slate roof", "color", 0, 0.5),
        ("black marble", "vein_color", 0.8, 1),
        ("green marble with black veins", "vein_color", 0, 0.3),
    ):
        assert least < lightness(parameters(text)[name]) < most, text
    assert "vein_color" not in parameters("white marble")
    assert parameters("red slate roof")["color"] == parameters("red clay roof")["color"]


class TestChanges:
    @pytest.fixture
    def start(self) -> Recipe:
        return match("phrase", "mossy red bricks", seed=5).recipe

    def test_comparatives_change_parameters_by_their_amounts(self, start):
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

    def test_impossible_changes_are_refused(self, start):
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


def test_variations_differ_and_keep_the_phrase():
    texts = [match("phrase", "wet red bricks", seed=seed).recipe for seed in range(4)]
    assert len({recipe.to_json() for recipe in texts}) == 4
    for recipe in texts[1:]:
        given = recipe.steps[0].parameters
        assert given["wetness"] == 0.5
        assert np.abs(np.array(given["color"]) - texts[0].steps[0].parameters["color"]).max() < 0.12
        assert {"chips", "irregular", "joint_m"} <= set(given)
        validate(registry().tool("bricks"), given)
    assert match("phrase", "wet red bricks", seed=2).recipe == texts[2]


@each_case("kinds")
def test_the_head_decides_and_kinds_lead_to_the_nearest_material(text, tools, values, said):
    found = match("phrase", text)
    assert " ".join(step.tool for step in found.recipe.steps) == tools
    assert found.recipe.steps[0].parameters.items() >= values.items()
    assert said in "; ".join(found.notes) if said else not found.notes


@each_case("refused_phrases")
def test_phrases_without_a_material_or_sense_are_refused(text, said):
    with pytest.raises(ParameterError, match=said) as caught:
        match("phrase", text)
    assert caught.value.remedy


def test_unknown_words_are_named_the_nearest_offered_and_unknown_things_refused():
    assert "'fluffy'" in notes("fluffy wet bricks")
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
    started = time.process_time()
    read_phrase("very dark wet mossy bricks " * 73)
    read_phrase("长满青苔的砖" * 330)
    match("phrase", "bricks " + " ".join(f"q{a}{b}ks" for a in "abcdefghijklmnopqrst" for b in "abcdefghijklmnop"))
    assert time.process_time() - started < 1.5


@each_case("lying")
def test_small_things_lie_on_their_material_in_their_number_and_colour(text, tool, kind, amount, color):
    base, marks = (found := match("phrase", text)).recipe.steps
    assert (base.tool, marks.tool, found.notes) == (tool, "marks", ())
    said = (marks.parameters["kind"], marks.parameters["amount"], list(marks.parameters["color"]))
    assert said == (kind, amount, list(color_of(color)))


HUNDRED = (Path(__file__).parents[2] / "benchmarks" / "phrases" / "hundred.txt").read_text("utf-8").splitlines()
EVERYDAY = CASES["everyday"]


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
    coats = [one for one in found.recipe.steps if one.parameters.get("kind") == "peeling-paint"]
    step = next(iter(coats), step)
    color = step.parameters.get("color", step.parameters.get("metal_color", (0.5, 0.5, 0.5)))
    lightness, a, b = to_oklab(np.array([color]))[0]
    hue, chroma = degrees(atan2(b, a)), hypot(a, b)
    for word in text.replace("-", " ").split():
        ranges = [(hue % 360, EVERYDAY["hues"][word]), (chroma, (0.02, 1))] if word in EVERYDAY["hues"] else []
        ranges += [(lightness, EVERYDAY["lightnesses"][word])] if word in EVERYDAY["lightnesses"] else []
        if not all(least <= value <= most for value, (least, most) in ranges):
            yield f"{color} is no {word}"


NAMES = {"bricks": "bricks", "leather": "leather", "corrugated-sheet": "corrugated sheet", "scales": "scales"}
NAMES |= {"asphalt": "asphalt"}


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


@pytest.mark.register("material", 3)
@pytest.mark.parametrize("material", sorted(NAMES))
def test_every_known_word_changes_the_recipe_or_is_noted(material):
    name, silent, known = NAMES[material], [], vocabulary()
    plain = match("phrase", name).recipe.steps
    for text, meaning in {**{" ".join(words): one for words, one in known.english.items()}, **known.chinese}.items():
        if goes_without_saying(meaning, material) or "kind" in meaning.values:
            continue
        try:
            found = match("phrase", f"{text} {name}")
        except ParameterError:  # told
            continue
        if found.recipe.steps == plain and not found.notes:
            silent.append(text)
    assert not silent


def test_unknown_words_are_recorded_and_printed(capsys, tmp_path):
    main(["generate", "phrase", "oak leather, snuggly", "--size", "16", "--out", str(tmp_path)])
    said = capsys.readouterr().err
    for told in ("'oak' was left out", "'snuggly' has no meaning here"):
        assert told in said
        assert told in read_recipe(next(tmp_path.glob("*_base_color.png"))).matched["notes"]
    first = match("phrase", "oak leather").recipe
    changed = match("phrase", "a little darker", start=first).recipe
    assert changed.matched["notes"] == first.matched["notes"]


@pytest.mark.parametrize("text", ["green dragon scales", "绿色龙鳞", "green lawn", "lush green moss", "green carpet"])
def test_a_colour_is_the_only_one(text):
    color = run(match("phrase", text, size_px=(96, 96)).recipe).maps["base_color"].pixels.reshape(-1, 3)
    hues = np.array([colorsys.rgb_to_hsv(*texel)[:2] for texel in color[::7]])
    degrees, is_colored = 360 * hues[:, 0], hues[:, 1] > 0.25
    assert ((degrees[is_colored] > 60) & (degrees[is_colored] < 185)).mean() > 0.985
    assert "color" not in parameters("bricks with green moss")


def test_two_hues_side_by_side_are_one_colour_between():
    grey, green, both = (np.array(parameters(f"{color} leather")["color"]) for color in ("grey", "green", "grey-green"))
    assert np.all(both >= np.minimum(grey, green) - 0.01)
    assert np.all(both <= np.maximum(grey, green) + 0.01)
    assert parameters("navy blue tiles") == parameters("navy tiles")
    assert read_phrase("black white tiles").slots["second_color"] == "white"
    assert read_phrase("灰绿色皮革").slots == read_phrase("grey-green leather").slots


@pytest.mark.parametrize("text", ["rusty iron door, peeling green paint", "生锈的铁门，剥落的绿漆"])
def test_the_material_with_most_hints_is_made(text):
    (step,) = match("phrase", text).recipe.steps
    assert (step.tool, step.parameters["ground"]) == ("flaking-paint", "metal")


def test_notes_also_cover_words_about_layers_and_models():
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


def test_cover_lies_in_hollows_or_on_tops():
    height = run(Recipe((BASE,), 3)).maps["height"].pixels[..., 0]
    means = {
        place: height[is_covered(laid(amount=0.3, place=place))].mean() for place in ("hollows", "patches", "tops")
    }
    assert means["hollows"] < means["patches"] - 0.05
    assert means["patches"] < means["tops"]


def test_cover_is_seamless_and_has_all_maps():
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


@each_case("layered")
def test_phrases_of_one_material_on_another_make_two_steps(text, base, layer, place):
    found = match("phrase", text, size_px=(64, 64))
    assert [step.tool for step in found.recipe.steps] == [base, "cover"]
    cover = found.recipe.steps[1].parameters
    assert (cover["material"], cover["place"]) == (layer, place)
    assert not found.notes
    run(found.recipe)


def test_words_about_each_part_go_to_its_step():
    base, layer = match("phrase", "a little wet sand on old dark planks").recipe.steps
    assert (layer.parameters["amount"], layer.parameters["wetness"]) == (0.25, 0.25)
    assert base.parameters["wear"] > 0
    assert "wetness" not in base.parameters
    for text, tool in (("moss on bricks", "bricks"), ("peeling blue paint on wood", "flaking-paint")):
        assert [step.tool for step in match("phrase", text).recipe.steps] == [tool]


class TestChangesOfLayers:
    @pytest.fixture
    def start(self) -> Recipe:
        return match("phrase", "wet snow on mossy red bricks", seed=7).recipe

    @each_case("amounts_of_layers")
    def test_words_change_only_the_covered_share(self, start, text, amount):
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

    @each_case("added")
    def test_fallen_and_added_materials_lie_on_top(self, start, text, material, amount):
        found = match("phrase", text, start=start)
        assert (found.recipe.steps[:2], found.notes) == (start.steps, ())
        layer = found.recipe.steps[2].parameters
        assert (layer["material"], layer["amount"]) == (material, amount)

    def test_absent_layers_cannot_be_removed(self, start):
        found = match("phrase", "no leaves", start=start)
        assert (found.recipe.steps, found.notes) == (start.steps, ("leaves: there is no such layer",))
        assert match("phrase", "gravel", start=start).recipe.steps[0].tool == "gravel"

    def test_limits_and_contradictions_are_noted(self, start):
        (step,) = match("phrase", "more rust", start=match("phrase", "riveted steel plates").recipe).recipe.steps
        assert step.parameters["rust"] > 0.2
        full = match("phrase", "much more snow, darker", start=match("phrase", "much more snow", start=start).recipe)
        assert full.recipe.steps[1].parameters["amount"] == 1
        assert match("phrase", "more snow", start=full.recipe).notes == ("snow is at its highest already",)
        with pytest.raises(ParameterError, match="contradict"):
            match("phrase", "more snow and less snow", start=start)
