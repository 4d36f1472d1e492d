"""The command on a terminal, of untrusted text, with streams that are closed or full, and ended by signals."""

import json
import os
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from cases import each_case
from PIL import Image
from worker_jobs import OnTerminal

from impasto import Maps, write_maps
from impasto.io.files import BUILTIN_EXPORTERS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="opens a POSIX terminal, and sends signals")

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
    piped = impasto("check", "-q", tmp_path, code=None)
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
COMMAND = [sys.executable, "-P", "-m", "impasto"]


def shell(script: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """A shell script in which "$@" is the command."""
    command = ["sh", "-c", script, "sh", *COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=300, env={**os.environ, **environment})


@each_case("foreign-text")
def test_control_characters_of_foreign_text_are_shown(arguments, impasto, tmp_path):
    done = impasto(*arguments, cwd=tmp_path, code=None)
    assert done.returncode in (2, 3), done.stderr
    assert not {"\x1b", "\x07", "\x9b"} & set(done.stdout + done.stderr)


@pytest.mark.slow
def test_a_terminal_of_few_characters_gets_escapes_and_json_is_the_same(tmp_path):
    own = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    lost = shell('"$@"', "seamless", tmp_path / "wäll ☃.png", "--out", tmp_path / "ö", **own)
    assert (lost.returncode, rb"w\xe4ll \u2603.png" in lost.stderr) == (3, True)
    Image.fromarray(np.full((32, 32, 3), 90, np.uint8)).save(tmp_path / "wäll.png")
    line = ("seamless", tmp_path / "wäll.png", *ALONE, "--out", tmp_path / "ö", "--json")
    made = shell('"$@"', *line, **own)
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
def test_lost_output_is_an_error():
    done = shell('"$@" > /dev/full', "tools", "--json")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"cannot write the output: No space left on device\n  make room" in done.stderr
    without = "import sys; sys.stdin = sys.stdout = sys.stderr = None; sys.argv[1:] = ['tools']\n"  # as on Windows
    command = [sys.executable, "-P", "-c", f"{without}from impasto.__main__ import main; main()"]
    assert subprocess.run(command, check=False, timeout=300).returncode == 0


def test_library_messages_on_damaged_pictures_need_verbose(impasto, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "wall.png")
    whole = (tmp_path / "wall.png").read_bytes()
    (tmp_path / "wall.png").write_bytes(whole[: len(whole) // 2])
    arguments = "seamless", tmp_path / "wall.png", *ALONE, "--out", tmp_path / "o"
    for options, shows_library in ((), False), (("-v",), True):
        done = impasto(*arguments, *options, code=3)
        assert "is damaged" in done.stderr
        assert ("libpng error" in done.stderr) == shows_library


ENDING = {"SIGTERM": 143, "SIGHUP": 129, "SIGQUIT": 131, "SIGINT": 130}
LIMIT_S = 5.0
"""Two seconds, and what a busy machine takes to see it: whatever is not interrupted takes longer here."""
LONG_OPERATION = """
import sys
from pathlib import Path
from impasto.system.interruption import install
left = Path(sys.argv[1])
left.touch()
install(left.unlink)
import numpy as np
numbers = np.random.default_rng(0).random((3000, 3000))
print("computes", flush=True)
np.linalg.svd(numbers)
"""
STUCK = """
import time
from impasto.system.interruption import Uninterrupted, install, say_by
install(lambda: None, first=lambda: time.sleep(20))
say_by(lambda message: time.sleep(20))
with Uninterrupted():
    print("is stuck", flush=True)
    time.sleep(20)
"""

FORKING = """
import os, signal, time
from impasto.system.interruption import install
install(lambda: None)
child = os.fork()
if not child:
    time.sleep(60)
time.sleep(0.2)
os.kill(child, signal.SIGTERM)
assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGTERM
time.sleep(2)
print("goes on")
"""


@pytest.fixture(autouse=True)
def signals_as_a_shell_leaves_them():
    """Processes that tests start heed all signals, though `nohup` or a shell's `&` had this process ignore some."""
    before = {name: signal.getsignal(getattr(signal, name)) for name in ENDING}
    for name, handler in before.items():
        if handler == signal.SIG_IGN:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


def ended(running: subprocess.Popen, name: str) -> float:
    """Send the signal; the seconds until the process ended with its code."""
    began = time.monotonic()
    running.send_signal(getattr(signal, name))
    assert running.wait(10) == ENDING[name], running.stderr and running.stderr.read()
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDING)
def test_every_signal_ends_a_command_and_nothing_is_left(name, engine_with_misbehaving, tmp_path):
    options = ["blotches", "--stream", "--size", "400", "--tile-px", "20", "--delay-s", "0.1", "--out", str(tmp_path)]
    command = [engine_with_misbehaving, "-P", "-m", "impasto", "generate", *options]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.iterdir()):
        assert running.poll() is None
        time.sleep(0.05)
    assert ended(running, name) < LIMIT_S
    assert list(tmp_path.iterdir()) == []


def test_waiting_always_has_a_limit():
    """Not work that does not stop, nor changes that do not end, nor a terminal that takes no text."""
    with subprocess.Popen([sys.executable, "-P", "-c", STUCK], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"is stuck\n"
        assert ended(running, "SIGTERM") < LIMIT_S


def test_slow_operations_are_not_waited_for(tmp_path):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-c", LONG_OPERATION, tmp_path / "left"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"computes\n"
        time.sleep(0.2)
        assert ended(running, "SIGTERM") < LIMIT_S
    assert list(tmp_path.iterdir()) == []


def test_a_forked_childs_signals_are_its_own():
    done = subprocess.run([sys.executable, "-P", "-c", FORKING], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "goes on\n", "")


def test_nohup_outlives_its_terminal():
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from impasto.system.interruption import install; install(lambda: None)\n"
        "signal.raise_signal(signal.SIGHUP); print('goes on')"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout) == (0, "goes on\n")
