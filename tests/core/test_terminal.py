"""The command on a terminal, of untrusted text, and with streams that are closed, absent or full."""

import json
import os
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from terminals import OnTerminal

from impasto import Maps, write_maps
from impasto.io.files import BUILTIN_EXPORTERS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="opens a POSIX terminal")

HIDE, SHOW, ERASE_LINE = "\x1b[?25l", "\x1b[?25h", "\x1b[2K"
WORKING = """
import time
from impasto.cli.terminal import Terminal
from impasto.system.interruption import install, say_by
from impasto.system.streams import prepare

prepare()
install(lambda: None)
terminal = Terminal()
say_by(lambda message: terminal.fail("Cancelled", message, ""))
with terminal.progress() as show:
    show(0.5, "[red]paints\x1b]0;title\x07")
    time.sleep(60)
"""


def shown(*command: object, interrupted_at: str = "", columns: int = 80) -> tuple[int, str]:
    """Exit code and output of a Python command on a terminal; Control-C once it shows the given text."""
    environment = {"COLUMNS": str(columns), "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    running = OnTerminal(sys.executable, *command, columns=columns, environment=environment)
    if interrupted_at:
        running.read_until(interrupted_at.encode())
        running.process.send_signal(signal.SIGINT)
    return running.ended(), running.shown.decode("utf-8", "replace")


@pytest.mark.slow
def test_a_table_is_as_wide_as_the_terminal_and_loses_nothing(impasto):
    code, text = shown("-m", "impasto", "models", "list")
    piped = impasto("models", "list")
    assert code == piped.returncode == 0
    assert max(map(len, piped.stdout.splitlines())) > 80
    assert max(map(len, text.splitlines())) <= 80
    assert sorted("".join(piped.stdout.split())) == sorted("".join(text.split()))
    assert {line.split()[0] for line in piped.stdout.splitlines()} <= set(text.split())


@pytest.mark.slow
def test_a_check_says_each_remedy_below_its_finding_on_a_narrow_terminal_too(impasto, tmp_path):
    """Findings are a line each, however long, since their remedies stand between them."""
    noise = np.random.default_rng(0).random((64, 64, 3), np.float32)
    maps = Maps.from_arrays({"base_color": noise, "roughness": noise[..., 0], "ambient_occlusion": noise[..., 1]})
    write_maps(maps, tmp_path, "wall", next(one for one in BUILTIN_EXPORTERS if one.name == "png"))
    piped = impasto("check", "-q", tmp_path)
    assert "to mend it" in piped.stdout
    code, text = shown("-m", "impasto", "check", "-q", tmp_path, columns=60)
    assert code == piped.returncode
    assert text.splitlines() == piped.stdout.splitlines()


def test_control_c_erases_the_bar_and_says_so_on_a_line_of_its_own():
    code, text = shown("-c", WORKING, interrupted_at="50%")
    assert code == 130
    assert HIDE in text
    assert text.rpartition(SHOW)[2].rpartition(ERASE_LINE)[2].strip() == "impasto: cancelled; nothing was written"
    assert "[red]paints" in text, "the message is untrusted text"
    assert "\x1b]0;" not in text
    assert all(unicodedata.category(character) != "Cc" or character in "\x1b\r\n" for character in text)


ALONE = ("--size", 40, "--estimator", "none")
ESCAPE = "\x1b]0;owned\x07\x9b31m"
COMMAND = [sys.executable, "-P", "-m", "impasto"]


def shell(script: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """A shell script in which "$@" is the command."""
    command = ["sh", "-c", script, "sh", *COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=300, env={**os.environ, **environment})


@pytest.mark.parametrize(
    "arguments",
    [
        ("seamless", f"{ESCAPE}.png", "--out", "o"),
        ("seamless", "a.png", "--out", "o", "--size", ESCAPE),
        (ESCAPE,),
        ("seamless", "a.png", "--out", "o", "--json", "--name", ESCAPE),
    ],
    ids=["file", "option", "command", "json"],
)
def test_control_characters_of_foreign_text_are_shown(arguments, impasto, tmp_path):
    done = impasto(*arguments, cwd=tmp_path)
    assert done.returncode in (2, 3), done.stderr
    assert not {"\x1b", "\x07", "\x9b"} & set(done.stdout + done.stderr)


@pytest.mark.slow
def test_a_terminal_of_few_characters_gets_escapes_and_json_is_the_same(tmp_path):
    own = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    lost = shell('"$@"', "seamless", tmp_path / "wäll ☃.png", "--out", tmp_path / "ö", **own)
    assert (lost.returncode, rb"w\xe4ll \u2603.png" in lost.stderr) == (3, True)
    Image.fromarray(np.full((32, 32, 3), 90, np.uint8)).save(tmp_path / "wäll.png")
    made = shell(
        '"$@"',
        "seamless",
        tmp_path / "wäll.png",
        "--size",
        40,
        "--estimator",
        "none",
        "--out",
        tmp_path / "ö",
        "--json",
        **own,
    )
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["files"] == [str(tmp_path / "ö" / "wäll_base_color.png")]


@pytest.mark.slow
@pytest.mark.parametrize("closed", [">&- 2>&- <&-", "2>/dev/full", "| true"])
def test_no_command_dies_of_a_closed_stream(closed, tmp_path):
    Image.fromarray(np.full((32, 32, 3), 90, np.uint8)).save(tmp_path / "wall.png")
    script = f'{{ "$@"; echo $? > {tmp_path}/code; }} {closed}'
    shell(script, "seamless", tmp_path / "wall.png", *ALONE, "--out", tmp_path / "o")
    assert (tmp_path / "code").read_text().strip() == "0"
    Image.open(tmp_path / "o" / "wall_base_color.png").load()
    assert shell('"$@" >&- 2>&-', "tools", "none").returncode == 2, "an error keeps its code where nobody reads it"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_is_lost_is_an_error():
    done = shell('"$@" > /dev/full', "tools", "--json")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"cannot write the output: No space left on device\n  make room" in done.stderr
    without = "import sys; sys.stdin = sys.stdout = sys.stderr = None; sys.argv[1:] = ['tools']\n"  # as on Windows
    command = [sys.executable, "-P", "-c", f"{without}from impasto.__main__ import main; main()"]
    assert subprocess.run(command, check=False, timeout=300).returncode == 0


def test_what_libraries_write_of_a_damaged_picture_is_shown_with_verbose_alone(impasto, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "wall.png")
    whole = (tmp_path / "wall.png").read_bytes()
    (tmp_path / "wall.png").write_bytes(whole[: len(whole) // 2])
    arguments = "seamless", tmp_path / "wall.png", *ALONE, "--out", tmp_path / "o"
    for options, shows_library in ((), False), (("-v",), True):
        done = impasto(*arguments, *options)
        assert (done.returncode, "is damaged" in done.stderr) == (3, True)
        assert ("libpng error" in done.stderr) == shows_library
