"""What is said of a recipe's result as an asset, and files of catalogues, which are only added to."""

from __future__ import annotations

import pytest

from impasto.io.assets import asset_text, catalog_id, catalog_ids, class_in, color_name, with_catalogs
from impasto.plugins.installation import description
from impasto.recipe import Recipe, Step

KNOWN = description()
TOOLS = {tool["name"]: tool for tool in KNOWN["tools"]}
OAK = "11111111-2222-3333-4444-555555555555"


def text_of(recipe, color=None):
    return asset_text(recipe, TOOLS, KNOWN["models"], color)


def test_a_procedural_material_is_in_the_catalogue_of_its_class():
    text = text_of(Recipe((Step("bricks"), Step("photo-maps"))), (0.6, 0.2, 0.1))
    assert (text.catalog, text.tags) == ("Impasto/Masonry", ("Impasto", "Masonry", "Bricks", "red"))


def test_the_class_of_a_models_material_and_its_licence_count():
    text = text_of(Recipe((Step("torus", {"model": "wood"}),)))
    assert (text.catalog, text.license) == ("Impasto/Wood", "CC0-1.0")
    assert "Weathered wood" in text.tags


def test_a_photograph_is_classified_by_its_name():
    inputs = {"source": {"name": "old_Brick-wall.jpg", "sha256": "0" * 64}}
    text = text_of(Recipe((Step("quilt"),), inputs=inputs))
    assert (text.catalog, text.description) == ("Impasto/Masonry", "Made by Impasto from old_Brick-wall.jpg")


def test_what_has_no_class_is_in_the_catalogue_of_all():
    assert text_of(Recipe((Step("quilt"),))).catalog == "Impasto"
    assert text_of(None, (0, 0, 0)).tags == ("Impasto", "black")


def test_words_of_a_phrase_are_tags_and_a_disabled_step_makes_nothing():
    recipe = Recipe((Step("moss", enabled=False), Step("planks")), matched={"text": "an old, red barn"})
    text = text_of(recipe)
    assert text.catalog == "Impasto/Wood"
    assert {"old", "red", "barn"} < set(text.tags)
    assert not {"an", "Moss"} & set(text.tags)


def test_tools_that_are_not_known_say_nothing():
    assert asset_text(Recipe((Step("nobody"),)), {}).catalog == "Impasto"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("DSC_0042.jpg", ""),
        ("brick wall", "Masonry"),
        ("Plastered wall", "Walls"),
        ("rostig", ""),
        ("rusty", "Metal"),
        ("sandstone", "Stone"),
    ],
)
def test_classes_are_named_by_whole_words(text, kind):
    assert class_in(text) == kind


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ((0.05, 0.05, 0.06), "black"),
        ((0.5, 0.5, 0.52), "grey"),
        ((0.9, 0.9, 0.88), "white"),
        ((0.35, 0.22, 0.12), "brown"),
        ((0.75, 0.66, 0.5), "beige"),
        ((0.8, 0.1, 0.1), "red"),
        ((0.2, 0.5, 0.15), "green"),
        ((0.15, 0.3, 0.7), "blue"),
        ((0.9, 0.8, 0.1), "yellow"),
        ((0.9, 0.2, 0.6), "pink"),
    ],
)
def test_colours_have_common_names(color, name):
    assert color_name(color) == name


def test_catalogues_are_added_and_none_is_changed():
    mine = f"# mine\nVERSION 1\n\n{OAK}:Wood/Oak:oak"
    text = with_catalogs(mine, ["Impasto/Stone", "Wood/Oak"])
    assert text.startswith(f"{mine}\n")
    assert catalog_ids(text) == {"Wood/Oak": OAK, "Impasto/Stone": catalog_id("Impasto/Stone")}
    assert with_catalogs(text, ["Impasto/Stone"]) == text


def test_a_new_file_begins_with_its_version_and_ids_are_the_same_everywhere():
    text = with_catalogs("", ["Impasto/Stone"])
    assert "\nVERSION 1\n" in text
    assert text == with_catalogs("", ["Impasto/Stone", "Impasto/Stone"])
    assert with_catalogs("", []) == ""
