"""Each field, button and picture of the panels answers to clicks in real windows."""

from __future__ import annotations

from pathlib import Path


def untouched(fields: dict[str, list]) -> list[str]:
    """The fields whose value no click has changed."""
    return [path for path, values in fields.items() if len(set(map(str, values))) < 2]


def test_every_field_of_the_texture_panel_and_the_search_for_a_tool_answer_to_clicks(walk_through):
    facts = walk_through("clicks", "textures", (1600, 1300))
    fields = facts["fields"]
    assert len(fields) > 15
    assert untouched(fields) == []
    assert fields["impasto.width_m"] == [0, 1]
    assert set(fields["impasto.source_kind"]) == {"FILE", "IMAGE", "NONE"}
    assert (facts["searched"], facts["is_random"]) == ("cobbles", True)
    assert (facts["preset_added"], facts["preset_left"]) == ("clicked", "")
    assert facts["image"] == "chelsea.png"
    assert len(facts["colors"]) == 3
    assert untouched(facts["colors"]) == []


def test_a_click_searches_a_model_picks_each_variation_and_assigns_what_was_made_for_nothing(walk_through):
    facts = walk_through("clicks", "results", (1600, 1500))
    assert facts["searched_model"] == "wood"
    assert len(set(facts["picked"][0])) == 4
    assert facts["picked"][0] == facts["picked"][1]
    assert facts["assigned"] == facts["unassigned"] != ""


def test_every_field_and_picture_of_the_style_panel_and_each_button_on_an_image_answers_to_clicks(walk_through):
    facts = walk_through("clicks", "styles")
    assert len(facts["controls"]) > 5
    assert {"impasto_style.seed", "impasto_style.bits"} <= set(facts["result"])
    assert untouched(facts["fields"] | facts["controls"] | facts["result"]) == []
    assert facts["gallery"] == ["None", "chelsea.png", "coffee.png", "immunohistochemistry.png"]
    call, before, kind = facts["kind"]
    assert (f'"{kind}"' in call, kind != before) == (True, True)
    assert facts["repainted"].startswith("Made the image")
    assert all(count > 0 and level != "ERROR" for count, level in facts["made_of_the_image"].values())
    assert facts["reports"] == ["image", "style"]


def test_every_field_of_the_training_panel_and_every_trainer_of_its_list_answers_to_clicks(walk_through):
    facts = walk_through("clicks", "training")
    offered, chosen = facts["list"]
    assert untouched(facts["fields"]) == []
    assert chosen == offered
    assert facts["image"] == "chelsea.png"


TALL_PX = 1000, 1500


LONG_PX = 1200, 1700
"""Long enough for the Impasto panel with its sections."""


def test_browsers_of_sources_show_pictures_as_thumbnails_and_begin_where_one_was_chosen(walk_through, source):
    facts = walk_through("results", "sources")
    begins = ["THUMBNAIL", True, ["use_filter_folder", "use_filter_image"], f"{source.parent}/"]
    assert facts["first"] == facts["second"] == begins
    assert facts["path"] == str(source.parent / facts["first_selected"])
    assert facts["image"] == facts["second_selected"]
    assert Path(facts["last_folder"]) == source.parent


def test_an_artist_sees_a_result_and_maps_it(walk_through):
    facts = walk_through("results", "seen", (1200, 1900))
    assert (facts["shading"], facts["mapping"]) == ("MATERIAL", "BOX")
    assert facts["restored"] == ["Material"] * 2
    assert not facts["reports_of_another_tool"]


def test_what_a_bake_replaced_is_there_after_reopening_and_a_click_restores_it(walk_through):
    facts = walk_through("results", "kept", LONG_PX)
    assert facts["report"] == "Baked 4 maps of Cube and made the material Cube Baked"
    assert facts["after_reopening"] == ["Cube Baked", ["Cube Baked", "lava"]]
    assert facts["restored"] == ["lava", ["BSDF_PRINCIPLED", "OUTPUT_MATERIAL", "TEX_NOISE"]]


def test_the_fields_of_bake_and_result_answer_to_clicks_and_the_maps_are_baked(walk_through):
    facts = walk_through("folded", "textures", (1000, 1900))
    assert untouched(facts["bake"] | facts["result"]) == []
    assert set(facts["result"]["impasto.material"]) == {"NEW", "ACTIVE", "NONE"}
    assert [len(facts[section]) > least for section, least in (("bake", 8), ("result", 5))] == [True] * 2
    assert facts["opened"] == "FILE_BROWSER"
    assert facts["baked"][0] == "INFO"


def test_each_stylizer_is_chosen_and_what_its_panel_folds_away_answers_to_clicks(walk_through):
    facts = walk_through("folded", "styles", TALL_PX)
    offered, chosen = facts["list"]
    assert chosen == offered
    assert untouched(facts["method"] | facts["start"] | facts["more"]) == []
    assert "weight" in {path.rpartition(".")[2] for path in facts["more"]}
    assert {path.rpartition(".")[2] for path in facts["start"]} >= {"start_from", "seamless"}
    assert facts["opened"] == facts["opened_mask"] == "FILE_BROWSER"
    assert facts["listed"] == dict.fromkeys(("image", "start", "style", "mask"), "chelsea.png")
    assert facts["second"] == {"style": "chelsea.png"}
    assert facts["gallery"] == {"style": "immunohistochemistry.png"}
    assert facts["left"] == 0


def test_each_model_is_used_by_its_button_and_the_buttons_below_answer_to_clicks(walk_through):
    facts = walk_through("folded", "models", TALL_PX)
    assert untouched(facts["parameters"]) == []
    assert len(facts["used"]) > 5
    assert [call for call, model in facts["used"].items() if f'"{model}"' not in call] == []
    assert (facts["opened"], facts["refreshed"]) == ("FILE_BROWSER", "INFO")
    assert facts["models_left"] == []


def test_the_preferences_open_from_a_panel_and_their_fields_and_buttons_answer_to_clicks(walk_through):
    facts = walk_through("folded", "preferences", TALL_PX)
    assert facts["builds"] == ["AUTO", "GPU", "CPU", "AUTO"]
    assert untouched(facts["fields"]) == []
    assert (facts["opened"], facts["checked"], facts["refreshed"]) == ("FILE_BROWSER", "INFO", "INFO")
    assert facts["online"]
    assert facts["weights_left"] == facts["weights_left_in_preferences"] == []
