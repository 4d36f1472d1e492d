"""Fields, lists, galleries and file browsers of the panels answer to clicks in real windows."""

from __future__ import annotations

from pathlib import Path

from conftest import LANGUAGES


def untouched(fields: dict[str, list]) -> list[str]:
    """The fields whose value no click has changed."""
    return [path for path, values in fields.items() if len(set(map(str, values))) < 2]


def test_tools_are_chosen_by_menu_search_and_picture_and_every_field_of_the_tabs_answers_to_clicks(walk_through):
    facts = walk_through("panels", size_px=(1200, 1500), files=LANGUAGES)
    assert facts["chosen"][0] == facts["chosen"][1]
    assert facts["picture"] not in ("rust", "quilt")
    assert (facts["preset_added"], facts["preset_left"]) == ("clicked", "")
    assert len(facts["photo"]) > 12
    assert len(facts["bake"]) > 8
    assert untouched(facts["photo"] | facts["bake"]) == []
    assert set(facts["photo"]["impasto.source_kind"]) == {"FILE", "IMAGE", "NONE"}
    assert len(set(facts["gallery"])) == 4
    assert facts["kind"][0] != facts["kind"][1]
    assert facts["lists"]["trainer"][0] == facts["lists"]["trainer"][1]


def test_browsers_of_sources_show_pictures_as_thumbnails_and_begin_where_one_was_chosen(walk_through, source):
    facts = walk_through("browses")
    begins = ["THUMBNAIL", True, ["use_filter_folder", "use_filter_image"], f"{source.parent}/"]
    assert facts["first"] == facts["second"] == begins
    assert facts["path"] == str(source.parent / facts["first_selected"])
    assert facts["image"] == facts["second_selected"]
    assert Path(facts["last_folder"]) == source.parent
