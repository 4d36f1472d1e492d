"""What is said of a recipe's result as an asset, and files of catalogues, which are only added to."""

from __future__ import annotations

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
    assert text_of(Recipe((Step("quilt"),))).catalog == "Impasto", "it has no class"
    assert text_of(None, (0, 0, 0)).tags == ("Impasto", "black")
    assert asset_text(Recipe((Step("nobody"),)), {}).catalog == "Impasto", "no tool that is known"


def test_a_models_material_and_the_name_of_a_photograph_say_the_class():
    text = text_of(Recipe((Step("torus", {"model": "wood"}),)))
    assert (text.catalog, text.license) == ("Impasto/Wood", "CC0-1.0")
    assert "Weathered wood" in text.tags
    inputs = {"source": {"name": "old_Brick-wall.jpg", "sha256": "0" * 64}}
    text = text_of(Recipe((Step("quilt"),), inputs=inputs))
    assert (text.catalog, text.description) == ("Impasto/Masonry", "Made by Impasto from old_Brick-wall.jpg")
    classes = {"DSC_0042.jpg": "", "Plastered wall": "Walls", "rostig": "", "rusty": "Metal", "sandstone": "Stone"}
    assert {text: class_in(text) for text in classes} == classes


COLORS = {
    "black": (0.05, 0.05, 0.06),
    "grey": (0.5, 0.5, 0.52),
    "white": (0.9, 0.9, 0.88),
    "brown": (0.35, 0.22, 0.12),
    "beige": (0.75, 0.66, 0.5),
    "red": (0.8, 0.1, 0.1),
    "green": (0.2, 0.5, 0.15),
    "blue": (0.15, 0.3, 0.7),
    "yellow": (0.9, 0.8, 0.1),
    "pink": (0.9, 0.2, 0.6),
}


def test_colours_have_common_names():
    assert [color_name(color) for color in COLORS.values()] == list(COLORS)


def test_words_of_a_phrase_are_tags_and_a_disabled_step_makes_nothing():
    recipe = Recipe((Step("moss", enabled=False), Step("planks")), matched={"text": "an old, red barn"})
    text = text_of(recipe)
    assert text.catalog == "Impasto/Wood"
    assert {"old", "red", "barn"} < set(text.tags)
    assert not {"an", "Moss"} & set(text.tags)


def test_catalogues_are_added_and_none_is_changed():
    mine = f"# mine\nVERSION 1\n\n{OAK}:Wood/Oak:oak"
    text = with_catalogs(mine, ["Impasto/Stone", "Wood/Oak"])
    assert text.startswith(f"{mine}\n")
    assert catalog_ids(text) == {"Wood/Oak": OAK, "Impasto/Stone": catalog_id("Impasto/Stone")}
    assert with_catalogs(text, ["Impasto/Stone"]) == text
    new = with_catalogs("", ["Impasto/Stone"])
    assert "\nVERSION 1\n" in new
    assert new == with_catalogs("", ["Impasto/Stone", "Impasto/Stone"])
    assert with_catalogs("", []) == ""
