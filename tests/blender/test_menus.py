"""F3 finds operators by artists' words, Online Manual opens a page that is there, generated pages are current."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit
from urllib.request import url2pathname

import bpy
import pytest
from conftest import MODULE
from drawing import Layout, drawn

MENUS = ("IMPASTO_MT_object", "IMPASTO_MT_image", "IMPASTO_MT_faces", "IMPASTO_MT_material")


def offered(extension) -> dict[str, str]:
    """The operators of the menus by their texts."""
    menus = extension.menus
    return {text: operator for _place, entries in menus.PLACES.values() for operator, text, _icon in entries}


WORDS = {
    "generate": ("seamless texture", "pbr"),
    "stylize": ("style transfer",),
    "bake": ("bake",),
    "make_seamless": ("tileable",),
    "estimate_maps": ("normal", "roughness"),
    "continue_larger": ("upscale",),
    "train": ("train",),
    "variations": ("variations",),
    "match": ("from words", "photograph"),
    "match_image": ("procedural twin",),
    "fill_region": ("remove objects",),
    "heal_stroke": ("content-aware",),
    "fill_faces": ("selected faces",),
}


def test_artists_words_are_in_a_menu(extension):
    for operator, phrases in WORDS.items():
        texts = [text.lower() for text, name in offered(extension).items() if name == f"impasto.{operator}"]
        for words in phrases:
            assert any(all(word in text for word in words.split()) for text in texts), words


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


def test_every_operator_and_setting_has_a_page_with_its_heading_of_what_it_is_about(extension, scene):
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

    assert page_of("bpy.ops.impasto.stylize")[0].name == "style.html"
    assert page_of("bpy.ops.impasto.train")[0].name == "training.html"
    assert page_of("bpy.ops.impasto.generate")[0].name == "guide.html"
    assert page_of("bpy.ops.impasto.match_variations")[0].name == "text.html"
    assert page_of("bpy.ops.impasto.download_weights")[1] == "weights"


@pytest.fixture
def image_node(extension, plane, image):
    """The active node of a material, which shows an image."""
    plane.active_material = material = extension.bridge.materials.new("wall")
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    return node


def clicked(menu: str, context: SimpleNamespace) -> dict[str, SimpleNamespace]:
    """Buttons of a menu that is opened in a context, by operator."""
    layout = Layout()
    getattr(bpy.types, menu).draw(SimpleNamespace(layout=layout), context)
    return {arguments[0]: given for what, arguments, given in layout.drawn if what == "operator"}


def test_the_menu_of_an_image_node_is_about_its_image_and_is_not_there_for_anything_else(image_node, image, extension):
    buttons = clicked("IMPASTO_MT_image_node", SimpleNamespace(active_node=image_node))
    names = {"edit_layers", "make_seamless", "estimate_maps", "stylize"}
    assert buttons.keys() == {f"impasto.{name}" for name in names}
    assert {button.image for button in buttons.values()} == {image.name}

    def offers(name: str, **context) -> bool:
        layout = Layout()
        extension.menus._drawn[name](SimpleNamespace(layout=layout), SimpleNamespace(area=None, **context))
        return any(what == "menu" for what, _, _ in layout.drawn)

    assert offers("IMPASTO_MT_image_node", active_node=image_node)
    principled = image_node.id_data.nodes["Principled BSDF"]
    assert not offers("IMPASTO_MT_image_node", active_node=principled)
    assert not offers("IMPASTO_MT_image_node", active_node=None)
    slots = SimpleNamespace(bl_idname="MATERIAL_UL_matslots")
    assert offers("IMPASTO_MT_listed_slot", ui_list=slots, view_layer=bpy.context.view_layer)
    other = SimpleNamespace(bl_idname="MESH_UL_vgroups")
    assert not offers("IMPASTO_MT_listed_slot", ui_list=other, view_layer=bpy.context.view_layer)
    assert not offers("IMPASTO_MT_listed_slot", view_layer=bpy.context.view_layer)
    wall = bpy.data.materials["wall"]
    assert offers("IMPASTO_MT_asset", asset=SimpleNamespace(local_id=wall))
    assert not offers("IMPASTO_MT_asset", asset=SimpleNamespace(local_id=None))
    assert (
        clicked("IMPASTO_MT_asset", SimpleNamespace(asset=SimpleNamespace(local_id=wall)))["impasto.assign"].material
        == "wall"
    )


def test_the_status_bar_is_redrawn_only_when_it_shows_something_else(extension, scene, monkeypatch):
    session, task_module, bar = extension.jobs.session, extension.jobs.task, extension.interface.status_bar
    assert bar.draw in bpy.types.STATUSBAR_HT_header.draw._draw_funcs

    def said() -> list[str]:
        layout = Layout()
        bar.draw(SimpleNamespace(layout=layout), bpy.context)
        return [options["text"] for what, _, options in layout.drawn if what == "progress"]

    assert said() == []
    redrawn, go_on = [], threading.Event()
    monkeypatch.setattr(session, "redraw_status_bars", lambda: redrawn.append(session.jobs.status))

    def work(task) -> None:
        assert go_on.wait(60)

    task = task_module.Task("Counting", work, lambda _: task_module.Report("INFO", ""))
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


def test_each_shortcut_is_of_an_operator_and_none_takes_one_of_another_or_of_blenders_own(extension):
    shortcuts = extension.keymaps.SHORTCUTS
    assert all(hasattr(bpy.types, operator.replace("impasto.", "IMPASTO_OT_")) for *_, operator, _key in shortcuts)
    assert len({(keymap, key) for keymap, _space, _operator, key in shortcuts}) == len(shortcuts)
    config = bpy.context.window_manager.keyconfigs.addon
    items = [
        item
        for keymap in (config.keymaps if config else ())
        for item in keymap.keymap_items
        if item.idname.startswith("impasto.")
    ]
    assert not [item.idname for item in items if item.active]
    assert len(items) == (len(shortcuts) if config else 0)

    (folder,) = bpy.utils.preset_paths("keyconfig")[:1]
    blender = bpy.utils.execfile(str(Path(folder) / "keymap_data" / "blender_default.py"))
    taken = {
        how["type"]
        for _name, _where, content in blender.generate_keymaps(blender.Params())
        for _operator, how, *_ in content["items"]
        if all(how.get(modifier) for modifier in ("ctrl", "shift", "alt"))
    }
    assert "G" in taken
    assert not taken & {key for *_, key in extension.keymaps.SHORTCUTS}


ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tasks.blender_pages import PAGES  # noqa: E402
from tasks.markdown import REFERENCE  # noqa: E402


@pytest.mark.skipif(bpy.app.version < (5, 0), reason="the pages are of the newest Blender")
@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(extension, name):
    assert (REFERENCE / f"{name}.md").read_text("utf-8") == PAGES[name](), "python build.py reference"


def test_every_operator_stands_on_its_page_with_its_properties(extension):
    sections = (REFERENCE / "operators.md").read_text("utf-8").split("\n## ")[1:]
    told = {one.partition("\n")[0]: one for one in sections}
    assert told.keys() == set(dir(bpy.ops.impasto))
    for name, section in told.items():
        own = getattr(bpy.ops.impasto, name).get_rna_type()
        given = {one.identifier for one in own.properties if one.description}
        assert given - {"rna_type"} == set(re.findall(r"^\|`(\w+)`", section, re.MULTILINE)), name
