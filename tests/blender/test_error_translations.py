"""Errors, notes and progress of the engine are shown in the interface's language, whatever values are in them."""

from __future__ import annotations

import bpy
import pytest
from conftest import cases
from drawing import drawn

pytestmark = pytest.mark.any_blender


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
