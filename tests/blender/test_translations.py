"""No text that a user may see lacks a translation, and what is put together while Blender runs is translated too."""

from __future__ import annotations

import json
import re
from pathlib import Path

import blf  # of bpy, which conftest has imported
import pytest
import visible
from drawing import Layout

LANGUAGES = ("de_DE", "fr_FR", "zh_HANS")
POINTS, LABEL_PX, BUTTON_PX, SWITCH_PX = 11, 87, 126, 112
"""Size of texts in panels at Blender's own scale, and their room: labels, and buttons and switches beside them.

A label of 88 is whole at Blender's own scale, and was cut in a window at a scale of 0.75."""


@pytest.fixture(scope="module")
def texts(extension):
    """All texts, each with where it stands."""
    folder = Path(extension.__file__).parent
    description = json.loads((folder / "description.json").read_text(encoding="utf-8"))
    schemas = extension.parameters.schemas
    whole = dict.fromkeys(visible.of_description(description, schemas.label_of, schemas.choices_of), "a tool")
    whole |= dict.fromkeys(visible.of_classes(extension), "a class")
    whole |= dict.fromkeys(visible.of_presets(folder), "a preset")
    parts = {part for text in whole for part in text.split("; ")}
    in_source = {text: place for text, place in visible.of_source(folder).items() if text not in parts}
    return in_source | whole


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_visible_text_lacks_a_translation(extension, texts, language):
    """A new text belongs into the three files of translations; a name of data or a node into `visible.NAMES`."""
    known = extension.translations.texts.words(language)
    missing = [f"{place}: {text}" for text, place in sorted(texts.items()) if text not in known]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_is_of_a_text_that_is_shown(extension, texts, language):
    """The text that a translation was made for may have changed since."""
    stale = [text for text in extension.translations.texts.words(language) if text not in texts]
    assert not stale, "\n".join(stale)


def test_the_texts_that_are_looked_for_are_those_of_panels_operators_tools_and_errors(texts):
    known = (
        *("Generate", "Bits of each channel of the results", "Apple GPU", "Masks", "Cancelling"),
        *("Impasto is busy: {}", "Impasto has no engine yet: press Set Up Engine", "choose from {}"),
        *("Masonry", "Bricks", "Herringbone", "Width of the joints, in metres"),
        *("How far to go: 0 keeps the picture's own statistics, 1 takes the style's", "Seamless from photo"),
    )
    assert not [text for text in known if text not in texts]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_values_of_its_text(extension, language):
    for english, translated in extension.translations.texts.words(language).items():
        marks = re.findall(r"\{\d?\}", translated)
        assert len(marks) == english.count("{}"), english
        assert not any(mark != "{}" for mark in marks) or sorted(marks) == [f"{{{i}}}" for i in range(len(marks))]
        assert translated.strip() == translated != "", english


@pytest.mark.parametrize("language", ["", *LANGUAGES])
def test_no_label_of_a_parameter_is_cut_in_a_side_panel(extension, language):
    """Blender cuts a text at the end of its room without a word, at 280 pixels of width as it opens side panels."""
    known = extension.translations.texts.words(language) if language else {}
    schemas = extension.parameters.schemas
    description = json.loads((Path(extension.__file__).parent / "description.json").read_text(encoding="utf-8"))
    rooms: dict[str, int] = {}
    for tool in description["tools"]:
        for name, schema in tool["parameters"]["properties"].items():
            room_px = SWITCH_PX if schema.get("type") == "boolean" else LABEL_PX
            rooms[schemas.label_of(name, schema)] = room_px
            if number := extension.parameters.open_numbers.open_number(name, schema):
                rooms[number.text] = BUTTON_PX
    blf.size(0, POINTS)
    cut = {text for text, room_px in rooms.items() if blf.dimensions(0, known.get(text, text))[0] > room_px}
    assert len(rooms) > 200
    assert not cut


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_of_translations_have_each_text_once(extension, language):
    translations = extension.translations.texts
    text = (Path(translations.__file__).parent / f"{language}.po").read_text(encoding="utf-8")
    assert text.count("\nmsgid ") - 1 == len(translations.ENTRY.findall(text)) == len(translations.words(language))


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Generate", "生成"),
        ("Impasto is busy: Checking the engine", "Impasto 正忙：正在检查引擎"),
        (
            "the engine /opt/python has no torch; choose 3.11 or newer",
            "引擎 /opt/python 没有 torch; 请选择 3.11 或更新版本",
        ),
        (
            "7 of 12 faces overlap others in UVMap; they share pixels",
            "UVMap 中 12 个面里有 7 个与其他面重叠; 它们共用像素",
        ),
        (
            "Smooth heights, for true displacement; four times the memory",
            "高度平滑，适合真实置换；内存为四倍",
        ),
        (
            "Blender is offline: turn on Preferences, System, Network, Allow Online Access, or "
            "make a Python environment by hand and choose it in Impasto's preferences.",
            "Blender 处于离线状态：请开启“偏好设置 > 系统 > 网络 > 允许联机访问”，或者"
            "手动创建 Python 环境，并在 Impasto 的偏好设置中选择它。",
        ),
        ("Installing a model: bricks", "正在安装模型: bricks"),
        ("about 14 s left, Baking Chest: normal", "还剩约 14 s, 正在烘焙 Chest: normal"),
        ("a name {that} is not known", "a name {that} is not known"),
    ],
)
def test_what_is_put_together_is_translated(extension, english, chinese):
    assert extension.translations.texts.sentence(english, "zh_HANS") == chinese
    assert extension.translations.texts.sentence(english) == english, "this Blender speaks English"


def test_every_text_with_values_finds_its_own_translation(extension, texts):
    """None is taken for another, shorter one."""
    sentence, words = extension.translations.texts.sentence, extension.translations.texts.words("de_DE")
    wrong = []
    for text in texts:
        count = text.count("{}")
        values = [f"Wert{index}" for index in range(count)]
        if 0 < count < 4 and len(text.replace("{}", "")) > 8:
            expected = words[text].format(*values)
            found = sentence(text.format(*values), "de_DE")
            if found != expected:
                wrong.append((text, found))
    assert not wrong


def test_chinese_is_wrapped_by_its_width(extension, scene):
    layout = Layout()
    lines = extension.interface.drawing.text_lines(
        "引擎 /opt/python3 没有 torch。请选择 3.11 或更新版本，或在偏好设置中选择其他 Python。", 150
    )
    assert len(lines) > 2
    assert all(blf.dimensions(0, line)[0] <= 150 for line in lines)
    assert (
        "".join(lines).replace(" ", "")
        == "引擎/opt/python3没有torch。请选择3.11或更新版本，或在偏好设置中选择其他Python。"
    )
    extension.interface.drawing.draw_text(layout, "the disk is full; check the name", "ERROR")
    drawn = [options["text"] for what, _arguments, options in layout.drawn if what == "label"]
    assert drawn == ["The disk is full. Check the name"]


def test_a_name_that_is_too_wide_goes_on_in_a_second_line(extension):
    text_lines = extension.interface.drawing.text_lines
    assert text_lines("mossy red bricks", 400) == ["mossy red bricks"]
    assert text_lines("mossy red bricks", 80) == ["mossy red", "bricks"]
    assert "".join(text_lines("mossy red bricks", 10)) == "mossyredbricks"
