"""F3 finds the operators by artists' words, and Online Manual opens a page that is there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import bpy
import pytest
from conftest import MODULE
from drawing import drawn

MENUS = ("IMPASTO_MT_object", "IMPASTO_MT_image", "IMPASTO_MT_faces", "IMPASTO_MT_material")


def offered(extension) -> dict[str, str]:
    """The operators of the menus by their texts."""
    menus = extension.menus
    return {text: operator for _place, entries in menus.PLACES.values() for operator, text, _icon in entries}


@pytest.mark.parametrize(
    ("words", "operator"),
    [
        ("seamless texture", "impasto.generate"),
        ("pbr", "impasto.generate"),
        ("style transfer", "impasto.stylize"),
        ("bake", "impasto.bake"),
        ("tileable", "impasto.make_seamless"),
        ("normal", "impasto.estimate_maps"),
        ("roughness", "impasto.estimate_maps"),
        ("upscale", "impasto.continue_larger"),
        ("train", "impasto.train"),
        ("variations", "impasto.variations"),
        ("from words", "impasto.match"),
        ("photograph", "impasto.match"),
        ("procedural twin", "impasto.match_image"),
        ("remove objects", "impasto.fill_region"),
        ("content-aware", "impasto.heal_stroke"),
        ("selected faces", "impasto.fill_faces"),
    ],
)
def test_an_artists_words_are_in_a_menu(extension, words, operator):
    found = {name for text, name in offered(extension).items() if all(word in text.lower() for word in words.split())}
    assert operator in found


def test_each_menu_offers_operators_that_exist_and_is_in_one_of_blenders(extension, scene):
    for name in MENUS:
        place, entries = extension.menus.PLACES[name]
        drew = drawn(getattr(bpy.types, name)).drawn
        assert [arguments[0] for what, arguments, _ in drew if what == "operator"] == [
            operator for operator, _text, _icon in entries
        ]
        for operator, _text, _icon in entries:
            assert hasattr(bpy.types, operator.replace("impasto.", "IMPASTO_OT_"))
        functions = getattr(bpy.types, place).draw._draw_funcs
        assert extension.menus._drawn[name] in functions


def page_of(rna: str) -> tuple[Path, str]:
    """The file and the place in it that Online Manual opens for an operator or a property."""
    url = bpy.types.WM_OT_doc_view_manual._lookup_rna_url(rna)
    parts = urlsplit(url or "")
    return Path(url2pathname(parts.path)), parts.fragment


def settings_of(owner: bpy.types.bpy_struct) -> list[str]:
    """RNA names of the settings in a group of properties, and in the groups within it."""
    found = []
    for prop in owner.bl_rna.properties:
        if prop.identifier in ("rna_type", "name"):
            continue
        found.append(f"bpy.types.{owner.bl_rna.identifier}.{prop.identifier}")
        group = getattr(owner, prop.identifier) if prop.type == "POINTER" else None
        if isinstance(group, bpy.types.PropertyGroup):
            found += settings_of(group)
    return found


def test_every_operator_and_setting_has_a_page_with_its_heading(extension, scene):
    asked = [f"bpy.ops.impasto.{name}" for name in dir(bpy.ops.impasto)]
    groups = [getattr(scene, name) for name in type(scene).bl_rna.properties.keys() if name.startswith("impasto")]  # noqa: SIM118
    for group in (*groups, bpy.context.preferences.addons[MODULE].preferences):
        asked += settings_of(group)
    headings: dict[Path, str] = {}
    missing = []
    for rna in asked:
        page, heading = page_of(rna)
        is_ours = page.is_relative_to(Path(extension.__file__).parent)
        text = headings.setdefault(page, page.read_text(encoding="utf-8") if is_ours else "")
        if f'id="{heading}"' not in text:
            missing.append((rna, heading))
    assert not missing


def test_the_pages_belong_to_what_they_are_about(extension, scene):
    assert page_of("bpy.ops.impasto.stylize")[0].name == "style.html"
    assert page_of("bpy.ops.impasto.train")[0].name == "training.html"
    assert page_of("bpy.ops.impasto.generate")[0].name == "guide.html"
    assert page_of("bpy.ops.impasto.match_variations")[0].name == "text.html"
    assert page_of("bpy.ops.impasto.download_weights")[1] == "weights"
