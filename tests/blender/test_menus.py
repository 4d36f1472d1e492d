"""Texts: F3 finds operators by artists' words, manuals and pages are there, what is put together is translated."""

from __future__ import annotations

import json
import re
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit
from urllib.request import url2pathname

import blf  # of bpy, which conftest has imported
import bpy
import pytest
from blends import show_image
from conftest import MODULE, cases, refused
from drawing import Layout, drawn

MENUS = ("IMPASTO_MT_object", "IMPASTO_MT_image", "IMPASTO_MT_faces", "IMPASTO_MT_material")


def offered(extension) -> dict[str, str]:
    """The operators of the menus by their texts."""
    menus = extension.menus
    return {text: operator for _place, entries in menus.PLACES.values() for operator, text, _icon in entries}


@pytest.mark.parametrize(("operator", "words"), cases("words"))
def test_artists_words_are_in_a_menu(extension, operator, words):
    texts = [text.lower() for text, name in offered(extension).items() if name == f"impasto.{operator}"]
    assert any(all(word in text for word in words.split()) for text in texts)


def test_each_menu_offers_operators_that_exist_and_is_in_one_of_blenders(extension, scene):
    for name in MENUS:
        place, entries = extension.menus.PLACES[name]
        drew, operators = drawn(getattr(bpy.types, name)).drawn, [operator for operator, *_ in entries]
        assert [arguments[0] for what, arguments, _ in drew if what == "operator"] == operators
        assert all(hasattr(bpy.types, operator.replace("impasto.", "IMPASTO_OT_")) for operator in operators)
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


def test_every_operator_and_setting_has_a_heading_in_the_manual(extension, scene):
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

    pages = {"stylize": "style", "train": "training", "generate": "guide", "match_variations": "text"}
    for operator, page in pages.items():
        assert page_of(f"bpy.ops.impasto.{operator}")[0].name == f"{page}.html"
    assert page_of("bpy.ops.impasto.download_weights")[1] == "weights"


@pytest.fixture
def image_node(extension, plane, image):
    """The active node of a material, which shows an image."""
    plane.active_material = extension.bridge.materials.new("wall")
    return show_image(plane.active_material, image)


def clicked(menu: str, context: SimpleNamespace) -> dict[str, SimpleNamespace]:
    """Buttons of a menu that is opened in a context, by operator."""
    layout = Layout()
    getattr(bpy.types, menu).draw(SimpleNamespace(layout=layout), context)
    return {arguments[0]: given for what, arguments, given in layout.drawn if what == "operator"}


def test_image_nodes_have_a_menu_and_other_nodes_do_not(image_node, image, extension):
    buttons = clicked("IMPASTO_MT_image_node", SimpleNamespace(active_node=image_node))
    names = {"edit_layers", "make_seamless", "estimate_maps", "stylize"}
    assert buttons.keys() == {f"impasto.{name}" for name in names}
    assert {button.image for button in buttons.values()} == {image.name}

    def offers(name: str, **context) -> bool:
        layout = Layout()
        extension.menus._drawn[name](SimpleNamespace(layout=layout), SimpleNamespace(area=None, **context))
        return any(what == "menu" for what, _, _ in layout.drawn)

    shader, layer = image_node.id_data.nodes["Principled BSDF"], {"view_layer": bpy.context.view_layer}
    wall, nothing = (SimpleNamespace(local_id=one) for one in (bpy.data.materials["wall"], None))
    slots, others = (SimpleNamespace(bl_idname=name) for name in ("MATERIAL_UL_matslots", "MESH_UL_vgroups"))
    on_nodes = [offers("IMPASTO_MT_image_node", active_node=one) for one in (image_node, shader, None)]
    assert on_nodes == [True, False, False]
    assert [offers("IMPASTO_MT_asset", asset=one) for one in (wall, nothing)] == [True, False]
    assert [offers("IMPASTO_MT_listed_slot", ui_list=one, **layer) for one in (slots, others)] == [True, False]
    assert not offers("IMPASTO_MT_listed_slot", **layer)
    assert clicked("IMPASTO_MT_asset", SimpleNamespace(asset=wall))["impasto.assign"].material == "wall"


def test_the_status_bar_is_redrawn_only_when_it_changes(extension, scene, monkeypatch):
    session, task_module, bar = extension.jobs.session, extension.jobs.task, extension.interface.drawing
    assert bar.draw_status_bar in bpy.types.STATUSBAR_HT_header.draw._draw_funcs

    def said() -> list[str]:
        layout = Layout()
        bar.draw_status_bar(SimpleNamespace(layout=layout), bpy.context)
        return [options["text"] for what, _, options in layout.drawn if what == "progress"]

    assert said() == []
    redrawn, go_on = [], threading.Event()
    monkeypatch.setattr(session, "redraw_status_bars", lambda: redrawn.append(session.jobs.status))

    def work(task) -> None:
        assert go_on.wait(60)

    task = task_module.Task("Counting", work, lambda _: task_module.TaskReport("INFO", ""))
    session.jobs.start(task)
    for fraction in (0.0, 0.0, 0.01, 0.02, 0.1, 0.11):
        task.say("Counting", fraction)
        session.jobs.tick()
    task.say("Sorting", 0.11)
    session.jobs.tick()
    assert said() == ["Impasto: Sorting"]
    assert redrawn == [("Counting", 0.0), ("Counting", 0.1), ("Sorting", 0.1)]
    go_on.set()
    assert task.wait(60)
    session.jobs.tick()
    session.jobs.tick()
    assert redrawn[3:] == [None]
    assert said() == []


def test_shortcuts_belong_to_operators_and_do_not_collide(extension):
    shortcuts = extension.menus.SHORTCUTS
    assert all(hasattr(bpy.types, operator.replace("impasto.", "IMPASTO_OT_")) for *_, operator, _key in shortcuts)
    assert len({(keymap, key) for keymap, _space, _operator, key in shortcuts}) == len(shortcuts)
    config = bpy.context.window_manager.keyconfigs.addon
    keymaps = config.keymaps if config else ()
    items = [item for one in keymaps for item in one.keymap_items if item.idname.startswith("impasto.")]
    assert not [item.idname for item in items if item.active]
    assert len(items) == (len(shortcuts) if config else 0)

    (folder,) = bpy.utils.preset_paths("keyconfig")[:1]
    blender = bpy.utils.execfile(str(Path(folder) / "keymap_data" / "blender_default.py"))
    keys = [how for *_, content in blender.generate_keymaps(blender.Params()) for _, how, *_ in content["items"]]
    taken = {how["type"] for how in keys if all(how.get(modifier) for modifier in ("ctrl", "shift", "alt"))}
    assert "G" in taken
    assert not taken & {key for *_, key in extension.menus.SHORTCUTS}


ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tasks.blender_pages import PAGES  # noqa: E402
from tasks.markdown import REFERENCE  # noqa: E402


@pytest.mark.skipif(bpy.app.version < (5, 0), reason="the pages are of the newest Blender")
@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_current(extension, name):
    assert (REFERENCE / f"{name}.md").read_text("utf-8") == PAGES[name](), "python build.py reference"


def test_every_operator_is_documented_with_its_properties(extension):
    sections = (REFERENCE / "operators.md").read_text("utf-8").split("\n## ")[1:]
    told = {one.partition("\n")[0]: one for one in sections}
    assert told.keys() == set(dir(bpy.ops.impasto))
    for name, section in told.items():
        own = getattr(bpy.ops.impasto, name).get_rna_type()
        given = {one.identifier for one in own.properties if one.description}
        assert given - {"rna_type"} == set(re.findall(r"^\|`(\w+)`", section, re.MULTILINE)), name


LANGUAGES = ("de_DE", "fr_FR", "zh_HANS")
POINTS, LABEL_PX, BUTTON_PX, SWITCH_PX = 11, 87, 126, 112
"""Size of texts in panels at Blender's own scale, and their room: labels, and buttons and switches beside them.

A label of 88 is whole at Blender's own scale, and was cut in a window at a scale of 0.75."""


@pytest.mark.parametrize("language", ["", *LANGUAGES])
def test_no_label_of_a_parameter_is_cut_in_a_side_panel(extension, language):
    """Blender cuts a text at the end of its room without a word, at 280 pixels of width as it opens side panels."""
    known = extension.translations.texts.words(language) if language else {}
    schemas = extension.parameters.groups
    description = json.loads((Path(extension.__file__).parent / "description.json").read_text(encoding="utf-8"))
    rooms: dict[str, int] = {}
    for tool in description["tools"]:
        for name, schema in tool["parameters"]["properties"].items():
            room_px = SWITCH_PX if schema.get("type") == "boolean" else LABEL_PX
            rooms[schemas.label_of(name, schema)] = room_px
            if number := extension.parameters.operators.open_number(name, schema):
                rooms[number.text] = BUTTON_PX
    blf.size(0, POINTS)
    cut = {text for text, room_px in rooms.items() if blf.dimensions(0, known.get(text, text))[0] > room_px}
    assert len(rooms) > 200
    assert not cut


PUT_TOGETHER = [("zh_HANS", *case) for case in cases("chinese")] + [("de_DE", *case) for case in cases("german")]


@pytest.mark.essential
@pytest.mark.parametrize(("language", "message", "translated"), PUT_TOGETHER)
def test_a_message_is_translated_by_its_id_and_each_value_by_itself(extension, language, message, translated):
    """Texts without an id, as of plugins that know no messages, stay as they are."""
    message, texts = extension.core.errors.with_messages(message), extension.translations.texts
    assert texts.translation(message, language) == translated
    assert texts.sentence(message) == message, "this Blender speaks English"


def test_chinese_and_a_name_that_is_too_wide_are_wrapped(extension, scene):
    layout = Layout()
    text = "引擎 /opt/python3 没有 torch。请选择 3.11 或更新版本，或在偏好设置中选择其他 Python。"
    lines = extension.interface.drawing.text_lines(text, 150)
    assert len(lines) > 2
    assert all(blf.dimensions(0, line)[0] <= 150 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    extension.interface.drawing.draw_text(layout, "the disk is full; check the name", "ERROR")
    drawn = [options["text"] for what, _arguments, options in layout.drawn if what == "label"]
    assert drawn == ["The disk is full. Check the name"]

    text_lines = extension.interface.drawing.text_lines
    assert text_lines("mossy red bricks", 400) == ["mossy red bricks"]
    assert text_lines("mossy red bricks", 80) == ["mossy red", "bricks"]
    assert "".join(text_lines("mossy red bricks", 10)) == "mossyredbricks"


def test_an_error_of_the_engine_is_shown_in_chinese(extension, scene, monkeypatch, tmp_path):
    """As far as it can be here: the wheel of Blender has no languages."""
    monkeypatch.setattr(extension.translations.texts, "language", lambda: "zh_HANS")
    (tmp_path / "brick.png").write_bytes(b"")
    refused("为空; 请重新复制或导出", "run", tool="quilt", source=str(tmp_path / "brick.png"), estimator="none")
    jobs = extension.jobs.session.jobs
    scene.impasto.tool = "quilt"
    jobs.show_report(jobs.outcome, extension.jobs.task.Place.TEXTURE)
    assert "为空。请重新复制或导出" in "".join(drawn(bpy.types.IMPASTO_PT_view_3d).labels())


def test_catalogues_of_errors_are_read_only_when_an_error_is_shown(extension):
    translations = extension.translations.texts
    for cached in (translations.words, translations.engine_texts, translations._known_texts):
        cached.cache_clear()
    translations._dictionary()
    assert translations.engine_texts.cache_info().currsize == 0, "registering stays as quick as it was"
    message = extension.core.errors.Message("the weights {} are not installed in {}", "vgg19", "/library")
    assert translations.translation(message, "de_DE") != message
    assert translations.engine_texts.cache_info().currsize == 1
