"""The command on a terminal: tables as wide as it, and a progress bar that goes before anything else is said."""

import os
import signal
import subprocess
import sys
import unicodedata

import pytest

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


def shown(*command: str, interrupted_at: str = "") -> tuple[int, str]:
    """Exit code and output of a Python command on a terminal of 80 columns; Control-C once it shows the given text."""
    ours, its = os.openpty()
    environment = os.environ | {"COLUMNS": "80", "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    streams = {"stdin": its, "stdout": its, "stderr": its}
    with subprocess.Popen([sys.executable, "-P", *command], **streams, env=environment) as running:
        os.close(its)
        text, data = "", b""
        while True:
            try:
                data += os.read(ours, 2**16)
            except OSError:  # the terminal's other end is closed
                break
            text = data.decode("utf-8", "replace")
            if interrupted_at and interrupted_at in text:
                running.send_signal(signal.SIGINT)
                interrupted_at = ""
    os.close(ours)
    return running.returncode, text


def test_a_table_is_as_wide_as_the_terminal_and_loses_nothing():
    code, text = shown("-m", "impasto", "models", "list")
    piped = subprocess.run([sys.executable, "-P", "-m", "impasto", "models", "list"], capture_output=True, text=True)
    assert code == piped.returncode == 0
    assert max(map(len, piped.stdout.splitlines())) > 80
    assert max(map(len, text.splitlines())) <= 80
    assert sorted("".join(piped.stdout.split())) == sorted("".join(text.split()))
    assert {line.split()[0] for line in piped.stdout.splitlines()} <= set(text.split())


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
