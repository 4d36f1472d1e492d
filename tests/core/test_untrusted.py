"""The door for what comes from outside: what is refused, with one sentence, and what is let in."""

from __future__ import annotations

import os
import re
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from impasto.errors import FileError, ModelError, ParameterError
from impasto.system.names import check_name
from impasto.system.untrusted import excerpt, inside, open_file, parse_json, printable, read_bytes, read_json

CONTROL = re.compile(r"[\x00-\x1f]")
BAD_JSON = {
    "nothing": "",
    "half": '{"a": ',
    "nan": '{"a": NaN}',
    "minus infinity": "[-Infinity]",
    "overflow": "[1e999]",
    "long number": "[" + "9" * 5000 + "]",
    "deep": "[" * 100 + "]" * 100,
    "very deep": "[" * 200_000 + "]" * 200_000,
    "half a pair": '["\\ud800"]',
    "half a pair as a key": '{"\\udfff": 1}',
    "not utf-8": b'["\xff\xfe\xfd"]',
    "a zero byte": b"\0",
}


def test_bad_json_is_refused_in_one_short_line() -> None:
    for case, text in BAD_JSON.items():
        started = time.monotonic()
        with pytest.raises(ModelError, match=r"^the card ") as caught:
            parse_json(text, "the card", kind=ModelError)
        assert len(str(caught.value)) < 300, case
        assert "\n" not in str(caught.value), case
        assert time.monotonic() - started < 5, case


def test_good_json_is_read_unless_it_is_too_large() -> None:
    assert parse_json('{"a": [1, 2.5, -3e-4, "ü", null, true]}', "it") == {"a": [1, 2.5, -3e-4, "ü", None, True]}
    assert parse_json('"\\ud83d\\ude00"', "it") == "😀"
    with pytest.raises(FileError, match="too large"):
        parse_json("[" + "1," * 100 + "1]", "it", max_bytes=100)


BAD_NAMES = ["", " ", ".", "..", ".hidden", "a/b", "a\\b", "/etc", "C:x", "a\0b", "a\nb", "\x1b[2J", "con", "NUL.txt"]
BAD_NAMES += ["x" * 200, "ä" * 100, "ends.", "ends ", "\udcff"]


def test_names_that_no_file_should_have_are_refused() -> None:
    for name in (*BAD_NAMES, 7, None, ["a"]):
        with pytest.raises(ParameterError) as caught:
            check_name(name, "the model's name")
        assert str(caught.value).startswith("the model's name"), name
        assert "\x1b" not in str(caught.value), name
    for good in ("brick", "Old bricks 2", "mauer-ziegel_ü", "墙", "console", "a.b"):
        assert check_name(good, "the name") == good


@pytest.mark.parametrize(
    "relative", ["..", "../x", "a/../../x", "/etc/passwd", "C:\\x", "\\\\host\\x", "", None, "a\0b"]
)
def test_paths_out_of_the_folder_are_refused(tmp_path: Path, relative: object) -> None:
    with pytest.raises(FileError):
        inside(tmp_path, relative, "the picture")


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "circle").symlink_to(folder / "circle")
    for name in ("link", "circle"):
        with pytest.raises(FileError):
            inside(folder, name, "the picture")
    (folder / "within").symlink_to(folder / "real")
    assert inside(folder, "within", "the picture") == (folder / "real").resolve()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files on Windows")
def test_what_is_no_file_is_refused_and_not_waited_on(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        started = time.monotonic()
        with pytest.raises(FileError):
            open_file(path)
        assert time.monotonic() - started < 5


def test_files_that_are_absent_or_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot read"):
        read_bytes(tmp_path / "absent", 10)
    with pytest.raises(FileError, match="cannot read"):
        read_bytes(Path("with\0zero"), 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(FileError, match="larger than 10 bytes"):
        read_bytes(tmp_path / "large", 10)
    os.truncate(tmp_path / "large", 2**30)
    tracemalloc.start()
    with pytest.raises(FileError, match="larger than"):
        read_bytes(tmp_path / "large", 2**26)
    assert tracemalloc.get_traced_memory()[1] < 2**20, "nothing of it is read"
    tracemalloc.stop()
    (tmp_path / "good.json").write_text("[1]")
    assert read_json(tmp_path / "good.json") == [1]


def test_foreign_text_cannot_control_a_terminal() -> None:
    assert printable("a\x1b[2Jb\r\x07\x9b\u202ec\udcff") == "a\\x1b[2Jb\\r\\x07\\x9b\\u202ec\\udcff"
    assert printable("Grüße, 墙\n\t☃") == "Grüße, 墙\n\t☃"
    assert len(excerpt("x" * 10_000)) < 100


@pytest.mark.parametrize("value", [bytes(2**25), "\x1b" * 2**25, ["\x1b" * 2**22]], ids=["bytes", "text", "a list"])
def test_a_value_of_megabytes_is_shortened_at_once(value: object) -> None:
    started = time.process_time()
    text = excerpt(value)
    assert time.process_time() - started < 1.0
    assert len(text) < 100
    assert not CONTROL.search(text)
