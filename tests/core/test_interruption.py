"""A signal that asks a process to end does so within two seconds, whatever it is doing, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")

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


def test_nothing_is_waited_for_without_a_limit():
    """Not work that does not stop, nor changes that do not end, nor a terminal that takes no text."""
    with subprocess.Popen([sys.executable, "-P", "-c", STUCK], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"is stuck\n"
        assert ended(running, "SIGTERM") < LIMIT_S


def test_an_operation_that_takes_long_is_not_waited_for(tmp_path):
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
