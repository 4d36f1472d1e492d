"""The command on a terminal: tables as wide as it, and a progress bar that goes before anything else is said."""

import os
import signal
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
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
def test_a_table_is_as_wide_as_the_terminal_and_loses_nothing():
    code, text = shown("-m", "impasto", "models", "list")
    piped = subprocess.run([sys.executable, "-P", "-m", "impasto", "models", "list"], capture_output=True, text=True)
    assert code == piped.returncode == 0
    assert max(map(len, piped.stdout.splitlines())) > 80
    assert max(map(len, text.splitlines())) <= 80
    assert sorted("".join(piped.stdout.split())) == sorted("".join(text.split()))
    assert {line.split()[0] for line in piped.stdout.splitlines()} <= set(text.split())


@pytest.mark.slow
def test_a_check_says_each_remedy_below_its_finding_on_a_narrow_terminal_too(tmp_path):
    """Findings are a line each, however long, since their remedies stand between them."""
    noise = np.random.default_rng(0).random((64, 64, 3), np.float32)
    maps = Maps.from_arrays({"base_color": noise, "roughness": noise[..., 0], "ambient_occlusion": noise[..., 1]})
    write_maps(maps, tmp_path, "wall", next(one for one in BUILTIN_EXPORTERS if one.name == "png"))
    command = ["-m", "impasto", "check", "-q", tmp_path]
    piped = subprocess.run([sys.executable, "-P", *map(str, command)], capture_output=True, text=True)
    assert "to mend it" in piped.stdout
    code, text = shown(*command, columns=60)
    assert code == piped.returncode
    assert text.splitlines() == piped.stdout.splitlines()


def test_control_c_erases_the_bar_and_says_so_on_a_line_of_its_own():
    code, text = shown("-c", WORKING, interrupted_at="50%")
    assert code == 130
    assert HIDE in text
    assert text.rpartition(SHOW)[2].rpartition(ERASE_LINE)[2].strip() == "impasto: cancelled; nothing was written"


def test_the_message_of_a_bar_is_untrusted_text():
    text = shown("-c", WORKING, interrupted_at="50%")[1]
    assert "[red]paints" in text
    assert "\x1b]0;" not in text
    assert all(unicodedata.category(character) != "Cc" or character in "\x1b\r\n" for character in text)
