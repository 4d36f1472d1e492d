"""Texts that Blender or the engine puts together are translated, and have room. `tasks.checks` looks for others."""

from __future__ import annotations

import json
from pathlib import Path

import blf  # of bpy, which conftest has imported
import bpy
import pytest
from conftest import cases
from drawing import Layout, drawn

LANGUAGES = ("de_DE", "fr_FR", "zh_HANS")
POINTS, LABEL_PX, BUTTON_PX, SWITCH_PX = 11, 87, 126, 112
"""Size of texts in panels at Blender's own scale, and their room: labels, and buttons and switches beside them.

A label of 88 is whole at Blender's own scale, and was cut in a window at a scale of 0.75."""


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


@pytest.mark.parametrize(("english", "chinese"), cases("chinese"))
def test_what_is_put_together_is_translated(extension, english, chinese):
    assert extension.translations.texts.sentence(english, "zh_HANS") == chinese
    assert extension.translations.texts.sentence(english) == english, "this Blender speaks English"


def test_every_text_with_values_finds_its_own_translation(extension):
    """None is taken for another, with values in it or without."""
    translations = extension.translations.texts
    for language in LANGUAGES:
        words, errors = translations.words(language), translations.engine_texts(language)
        wrong = []
        for text, translated in (*words.items(), *errors.items()):
            values = [f"Wert{index}" for index in range(text.count("{}"))]
            if values and text in words and (len(values) > 3 or len(text.replace("{}", "")) <= 8):
                continue
            english, expected = (text.format(*values), translated.format(*values)) if values else (text, translated)
            if (found := translations.sentence(english, language)) != expected:
                wrong.append((text, found))
        assert not wrong, language


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


@pytest.fixture
def chinese(extension, monkeypatch):
    """The interface in Simplified Chinese, as far as it can be here: the wheel of Blender has no languages."""
    monkeypatch.setattr(extension.translations.texts, "language", lambda: "zh_HANS")


@pytest.mark.essential
@pytest.mark.parametrize(("english", "german"), cases("german"))
def test_messages_made_of_parts_are_translated_part_by_part(extension, english, german):
    assert extension.translations.texts.sentence(english, "de_DE") == german


def test_an_error_of_the_engine_is_shown_in_chinese(extension, scene, chinese, tmp_path):
    broken = tmp_path / "brick.png"
    broken.write_bytes(b"")
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.impasto.run(tool="quilt", source=str(broken), estimator="none")
    assert "为空; 请重新复制或导出" in str(caught.value)
    jobs = extension.jobs.session.jobs
    jobs.tell(jobs.made, extension.jobs.task.Place.TEXTURE)
    layout = drawn(bpy.types.IMPASTO_PT_view_3d)
    said = "".join(str(options.get("text")) for what, _, options in layout.drawn if what == "label")
    assert "为空。请重新复制或导出" in said


def test_what_errors_say_is_read_when_one_is_shown(extension):
    translations = extension.translations.texts
    for cached in (translations.words, translations.engine_texts, translations._known_texts, translations._templates):
        cached.cache_clear()
    translations._sentence.cache_clear()
    translations._dictionary()
    assert translations.engine_texts.cache_info().currsize == 0, "registering stays as quick as it was"
    english = "the weights vgg19 are not installed in /library"
    assert translations.sentence(english, "de_DE") != english
    assert translations.engine_texts.cache_info().currsize == 1
