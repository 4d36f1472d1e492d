"""Everyday phrases: the material of each, layers that words lay over it, and nouns that are wholly unknown."""

from pathlib import Path

import pytest

from impasto import match
from impasto.errors import ParameterError
from impasto_phrase.matcher import read_phrase

pytestmark = pytest.mark.any_numpy
HUNDRED = (Path(__file__).parents[2] / "benchmarks" / "phrases" / "hundred.txt").read_text("utf-8").splitlines()
TEN = {
    "cork board": "cork",
    "circuit board": "circuit-board",
    "dirt": "soil",
    "water": "water",
    "red velvet": "velvet",
    "crumpled paper": "paper",
    "frosted glass": "glass",
    "wolf fur": "fur",
    "black granite worktop": "granite",
    "corrugated cardboard": "cardboard",
}


SHINGLES = {
    "slate shingles": "roof-tiles",
    "cedar shingle cladding": "roof-tiles",
    "roof shingles": "roof-tiles",
    "grey shingle": "gravel",
    "cracked desert mud": "cracked-ground",
    "muddy path": "soil",
}


@pytest.mark.parametrize("text", SHINGLES)
def test_shingles_of_roofs_are_no_gravel_and_cracked_mud_is_no_soil(text):
    assert [step.tool for step in match("phrase", text).recipe.steps] == [SHINGLES[text]]


@pytest.mark.parametrize("text", TEN)
def test_the_material_of_an_everyday_phrase_is_found(text):
    found = match("phrase", text)
    assert [step.tool for step in found.recipe.steps] == [TEN[text]]
    assert not found.notes


@pytest.mark.parametrize("text", HUNDRED)
def test_no_phrase_of_the_hundred_is_refused_and_unknown_words_are_named(text):
    found = match("phrase", text)
    told = "; ".join(found.notes)
    assert found.recipe.matched.get("notes", "") == told
    if len(found.recipe.steps) == 1:
        assert all(f"'{word}'" in told for word in read_phrase(text).unknown)


@pytest.mark.parametrize(
    ("text", "tool", "layer", "place"),
    [
        ("snow-covered roof tiles", "roof-tiles", "snow", "hollows"),
        ("half-buried cobbles", "cobbles", "soil", "hollows"),
        ("rust running down painted steel", "flaking-paint", "rust", "runs"),
        ("cobbles with grass growing between", "cobbles", "grass", "hollows"),
        ("rust on concrete", "concrete", "rust", "patches"),
    ],
)
def test_words_lay_a_layer_over_the_material(text, tool, layer, place):
    base, cover = match("phrase", text).recipe.steps
    assert (base.tool, cover.tool) == (tool, "cover")
    assert (cover.parameters["material"], cover.parameters["place"]) == (layer, place)


@pytest.mark.parametrize("text", ["skirting board", "old dart board", "licence plate"])
def test_an_unknown_thing_with_a_common_noun_is_refused(text):
    with pytest.raises(ParameterError, match="names no material that is known here"):
        match("phrase", text)


@pytest.mark.parametrize("text", ["oak board", "old boards", "skirting board of oak planks"])
def test_a_common_noun_that_is_understood_is_a_material(text):
    assert match("phrase", text).recipe.steps[0].tool == "planks"
