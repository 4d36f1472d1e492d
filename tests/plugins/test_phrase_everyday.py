"""Everyday phrases: material, colour and parameters of each, layers over it, and nouns that are wholly unknown."""

from collections.abc import Iterator
from math import atan2, degrees, hypot
from pathlib import Path

import numpy as np
import pytest

from impasto import match
from impasto.errors import ParameterError
from impasto.plugins.registry import registry
from impasto.surface.palette import to_oklab
from impasto_phrase.matcher import read_phrase

pytestmark = pytest.mark.any_numpy
HUNDRED = (Path(__file__).parents[2] / "benchmarks" / "phrases" / "hundred.txt").read_text("utf-8").splitlines()
TOOLS = """
    asphalt cork parquet bricks bricks stone-wall travertine marble granite stone-wall
    terrazzo concrete concrete bricks plaster stucco plaster ceramic-tiles ceramic-tiles ceramic-tiles
    encaustic-tiles ceramic-tiles veneer osb veneer bark end-grain scratched-metal metal-plates rust
    corrugated-sheet perforated-metal chain-mail weave weave weave velvet quilting weave sand
    forest-floor grass gravel water hedge cardboard bubble-wrap carbon-fibre rubber glass
    cobbles thatch standing-seam linoleum carpet wicker wallpaper circuit-board solar-panel hull
    grating roof-tiles flaking-paint cracked-ground stone-wall bricks bricks bricks concrete concrete
    plaster plaster asphalt asphalt asphalt cobbles soil sand snow ice
    forest-floor soil lava ceramic-tiles ceramic-tiles planks planks planks patina flaking-paint
    concrete foil leather carpet knit paper fur scales bread skin
"""
"""The material of each of the hundred."""
OTHERS = {
    "circuit board": "circuit-board",
    "dirt": "soil",
    "water": "water",
    "red velvet": "velvet",
    "crumpled paper": "paper",
    "frosted glass": "glass",
    "wolf fur": "fur",
    "black granite worktop": "granite",
    "slate shingles": "roof-tiles",
    "cedar shingle cladding": "roof-tiles",
    "roof shingles": "roof-tiles",
    "grey shingle": "gravel",
    "cracked desert mud": "cracked-ground",
    "muddy path": "soil",
}
CHOICES = {
    "herringbone oak parquet": {"pattern": "herringbone"},
    "flemish bond brickwork": {"bond": "flemish"},
    "rubble stone wall": {"masonry": "rubble"},
    "limestone ashlar": {"masonry": "ashlar"},
    "board-formed concrete": {"formwork": "boards"},
    "white subway tiles": {"shape": "subway"},
    "hexagonal mosaic tiles": {"shape": "hexagon"},
    "plywood": {"cut": "peeled"},
    "brushed stainless steel": {"finish": "brushed", "metal": "steel"},
    "diamond plate": {"pattern": "diamond"},
    "linen": {"weave": "plain"},
    "denim": {"weave": "twill"},
    "loop pile carpet": {"pile": "loop"},
    "rattan cane webbing": {"weave": "cane"},
    "slate roof dusted with snow": {"kind": "slate"},
    "rust streaks on white painted metal": {"ground": "metal"},
}
AMOUNTS = {
    "exposed aggregate concrete": "exposed",
    "rusty steel floor grating": "rust",
    "mossy old stone wall": "moss wear",
    "soot-blackened brick": "dirt",
    "brick wall with crumbling mortar": "wear",
    "polished concrete with hairline cracks": "cracks",
    "water-stained concrete": "stains",
    "damp plaster with mould spots": "wetness stains",
    "peeling blue paint on plaster": "peeling",
    "wet asphalt with puddles": "wetness",
    "muddy ground with tyre tracks": "tracks",
    "wind-rippled desert sand": "ripples",
    "trampled dirty snow": "dirt",
    "cracked lake ice with trapped air bubbles": "cracks bubbles",
    "wet autumn leaves on the ground": "wetness",
    "freshly ploughed dark soil": "furrows",
    "cooled lava with glowing cracks": "glow",
    "broken bathroom tiles with grimy grout": "dirt",
    "weathered grey barn wood": "wear",
    "oily dirty garage floor": "stains dirt",
    "dented gold foil": "dents",
    "worn brown leather with creases": "wear creases",
    "matted wet wolf fur": "matted wetness",
    "burnt bread crust": "baked",
    "bloody alien flesh with veins": "veins",
}
"""Parameters above their defaults, where the phrase says so."""
HUES = {"red": (10, 50), "brown": (40, 80), "gold": (75, 115), "cream": (75, 115), "yellow": (75, 115)}
HUES |= {"green": (125, 180), "blue": (220, 280)}
"""Degrees in OKLab."""
LIGHTNESSES = {"white": (0.85, 1), "whitewashed": (0.85, 1), "grey": (0.35, 0.75), "anthracite": (0, 0.4)}
LIGHTNESSES |= {"black": (0, 0.4), "cream": (0.8, 1)}


def test_materials_colours_and_parameters_of_everyday_phrases():
    wanted = dict(zip(HUNDRED, TOOLS.split(), strict=True)) | OTHERS
    assert set(CHOICES) | set(AMOUNTS) <= set(wanted)
    problems = [f"{text}: {problem}" for text, tool in wanted.items() for problem in problems_of(text, tool)]
    assert not problems, "\n".join(problems)


def problems_of(text: str, tool: str) -> Iterator[str]:
    """Whatever a phrase got wrong."""
    found = match("phrase", text)
    step, told = found.recipe.steps[0], "; ".join(found.notes)
    if step.tool != tool:
        yield f"is {step.tool}, no {tool}"
        return
    if text in OTHERS and (told or len(found.recipe.steps) > 1):
        yield f"notes {told} of {found.recipe.steps}"
    if found.recipe.matched.get("notes", "") != told:
        yield "other notes in the recipe"
    if len(found.recipe.steps) == 1:
        yield from (f"{word!r} is not told" for word in read_phrase(text).unknown if f"'{word}'" not in told)
    for name, value in CHOICES.get(text, {}).items():
        if step.parameters.get(name) != value:
            yield f"{name} is {step.parameters.get(name)}, not {value}"
    fields = registry().tool(tool).parameters.model_fields
    for name in AMOUNTS.get(text, "").split():
        if step.parameters.get(name, 0) <= fields[name].default:
            yield f"{name} is no more than its default"
    color = step.parameters.get("color", step.parameters.get("metal_color", (0.5, 0.5, 0.5)))
    lightness, a, b = to_oklab(np.array([color]))[0]
    hue, chroma = degrees(atan2(b, a)), hypot(a, b)
    for word in text.replace("-", " ").split():
        ranges = [(hue % 360, HUES[word]), (chroma, (0.02, 1))] if word in HUES else []
        ranges += [(lightness, LIGHTNESSES[word])] if word in LIGHTNESSES else []
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


def test_an_unknown_thing_with_a_common_noun_is_refused_and_one_that_is_understood_is_not():
    for text in ("skirting board", "old dart board", "licence plate"):
        with pytest.raises(ParameterError, match="names no material that is known here"):
            match("phrase", text)
    for text in ("oak board", "old boards", "skirting board of oak planks"):
        assert match("phrase", text).recipe.steps[0].tool == "planks"
