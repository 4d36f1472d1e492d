"""Foreign text never controls the terminal, and no command dies of a stream that is closed, absent or full."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ESCAPE = "\x1b]0;owned\x07\x9b31m"
COMMAND = [sys.executable, "-P", "-m", "impasto"]
posix = pytest.mark.skipif(os.name == "nt", reason="file names and descriptors of POSIX")


def shell(script: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """A shell script in which "$@" is the command."""
    command = ["sh", "-c", script, "sh", *COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=300, env={**os.environ, **environment})


@pytest.mark.slow
@posix
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
def test_control_characters_of_foreign_text_are_shown(arguments, tmp_path):
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, check=False, cwd=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode in (2, 3), said
    assert b"\x1b" not in said
    assert b"\x07" not in said
    assert b"\xc2\x9b" not in said


@pytest.mark.slow
@posix
def test_a_terminal_of_few_characters_gets_escapes(tmp_path):
    name = "wäll ☃.png"
    done = subprocess.run(
        [*COMMAND, "seamless", tmp_path / name, "--out", tmp_path / "ö"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 3
    assert rb"w\xe4ll \u2603.png" in done.stderr


@pytest.mark.slow
@posix
def test_json_is_the_same_in_any_encoding(tmp_path):
    Image.fromarray(np.full((32, 32, 3), 90, np.uint8)).save(tmp_path / "wäll.png")
    script = 'PYTHONIOENCODING=ascii "$@"'
    done = shell(script, "seamless", tmp_path / "wäll.png", "--size", 40, "--out", tmp_path / "ö", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == [str(tmp_path / "ö" / "wäll_base_color.png")]


@pytest.mark.slow
@posix
@pytest.mark.parametrize("closed", [">&- 2>&- <&-", "2>/dev/full", "| true"])
def test_no_command_dies_of_a_closed_stream(closed, tmp_path):
    Image.fromarray(np.full((32, 32, 3), 90, np.uint8)).save(tmp_path / "wall.png")
    script = f'{{ "$@"; echo $? > {tmp_path}/code; }} {closed}'
    shell(script, "seamless", tmp_path / "wall.png", "--size", 40, "--out", tmp_path / "o")
    assert (tmp_path / "code").read_text().strip() == "0"
    Image.open(tmp_path / "o" / "wall_base_color.png").load()


@pytest.mark.slow
@posix
def test_an_error_keeps_its_code_where_nobody_reads_it():
    assert shell('"$@" >&- 2>&-', "tools", "none").returncode == 2
    assert shell('"$@" 2>/dev/full', "--none").returncode == 2


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_is_lost_is_an_error():
    done = shell('"$@" > /dev/full', "tools", "--json")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"cannot write the output: No space left on device\n  make room" in done.stderr


@pytest.mark.slow
def test_a_process_without_streams_gets_some():
    """As in Windows programs without a console, where all three are None."""
    code = """
import sys
out, sys.stdin, sys.stdout, sys.stderr = sys.stdout, None, None, None
from impasto.__main__ import main
sys.argv[1:] = ["tools"]
main()
"""
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False, timeout=300).returncode == 0
