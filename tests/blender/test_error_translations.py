"""Errors, notes and progress of the engine are shown in the interface's language, whatever values are in them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import bpy
import pytest
import raised
import visible
from drawing import drawn

pytestmark = pytest.mark.any_blender
LANGUAGES = ("de_DE", "fr_FR", "zh_HANS")


@pytest.fixture(scope="module")
def texts(extension):
    """Texts of the core and the plugins, each with its place; without those that tools declare."""
    description = json.loads((Path(extension.__file__).parent / "description.json").read_text(encoding="utf-8"))
    declared = visible.of_description(
        description, extension.parameters.schemas.label_of, extension.parameters.schemas.choices_of
    )
    parts = {part for text in declared for part in text.split("; ")}
    return {text: place for text, place in raised.texts().items() if text not in parts}


@pytest.fixture
def chinese(extension, monkeypatch):
    """The interface in Simplified Chinese, as far as it can be here: the wheel of Blender has no languages."""
    monkeypatch.setattr(extension.translations.texts, "language", lambda: "zh_HANS")


@pytest.mark.essential
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_error_lacks_a_translation(extension, texts, language):
    """A new text belongs into the three files in `translations/errors`; what is no message into `raised.NOT_SHOWN`."""
    translations = extension.translations.texts
    known = translations.words(language).keys() | translations.engine_texts(language).keys()
    missing = [f"{place}: {text}" for text, place in sorted(texts.items()) if text not in known]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_of_an_error_that_is_gone(extension, texts, language):
    assert not extension.translations.texts.engine_texts(language).keys() - texts.keys()


@pytest.mark.slow
def test_messages_remedies_parts_and_notes_are_looked_for_and_the_commands_own_are_not(texts):
    known = (
        *("there is no device {} here", "choose from auto, {}", "{} is nested deeper than {} levels"),
        *("cannot read {}: {}", "did you mean {}? {}", "{} has one colour only", "a phone's HEIC photograph"),
        *(
            "its opposite borders do not fit together, so it was repainted as a single picture",
            "Painting at {} px",
            "the connection to {} is not secure: {}",
        ),
        *("Drawing {}", "Deriving normals"),
    )
    assert not [text for text in known if not any(text in found for found in texts)]
    assert "stands out" not in texts, "the name of a random number"
    modules = raised.modules()
    assert {"impasto.running.runner", "impasto.data.dataset", "impasto.library.download"} <= modules.keys()
    assert "impasto_style.shared.inputs" in modules
    assert not [name for name in modules if name.startswith("impasto.cli")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_values_of_its_text_and_stands_there_once(extension, language):
    translations = extension.translations.texts
    entries = translations.engine_texts(language)
    text = (Path(translations.__file__).parent / "errors" / f"{language}.po").read_text(encoding="utf-8")
    assert text.count("\nmsgid ") - 1 == len(translations.ENTRY.findall(text)) == len(entries)
    assert not entries.keys() & translations.words(language).keys()
    for english, translated in entries.items():
        marks = re.findall(r"\{\d?\}", translated)
        assert len(marks) == english.count("{}"), english
        assert not any(mark != "{}" for mark in marks) or sorted(marks) == [f"{{{i}}}" for i in range(len(marks))]
        assert translated.strip() == translated != "", english


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_finds_its_own_translation(extension, texts, language):
    """None is taken for another, with values in it or without."""
    translations = extension.translations.texts
    known = translations.engine_texts(language) | translations.words(language)
    wrong = []
    for text in texts:
        values = [f"Wert{index}" for index in range(text.count("{}"))]
        english, expected = (text.format(*values), known[text].format(*values)) if values else (text, known[text])
        if (found := translations.sentence(english, language)) != expected:
            wrong.append((text, found))
    assert not wrong


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "cannot read /a.png: No such file or directory; check that the name is right and the disk is there",
            "/a.png kann nicht gelesen werden: Datei oder Ordner gibt es nicht; "
            "prüfe, ob der Name stimmt und der Datenträger da ist",
        ),
        (
            "there is no tool called 'brik'; did you mean 'brick'? choose from brick, checker",
            "es gibt kein Werkzeug namens 'brik'; meintest du 'brick'? wähle aus brick, checker",
        ),
        (
            "nothing in x can be learned from (a.png: is 3x4 px, smaller than 64 px; b.png: is almost of one colour)",
            "aus x kann nichts gelernt werden (a.png: ist 3x4 px groß, kleiner als 64 px; b.png: ist fast einfarbig)",
        ),
        (
            "the card of '/m.safetensors' has 'a' for width_m: input should be a valid number",
            "die Karteikarte von '/m.safetensors' hat 'a' als width_m: input should be a valid number",
        ),
        (
            "foo.pth: not the weights of VGG19: it lacks conv1 (3x3), and 4 more",
            "foo.pth: nicht die Gewichte von VGG19: es fehlt conv1 (3x3) und 4 weitere",
        ),
        ("Step 12 of 400, about 3 min left, SWD 0.24", "Schritt 12 von 400, noch etwa 3 Min., SWD 0.24"),
        ("Painting at 64 px, in smaller steps", "Malt mit 64 px, in kleineren Schritten"),
        ("Drawing Roof tiles", "Zeichnet: Dachziegel"),
    ],
)
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
