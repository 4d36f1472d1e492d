"""Nothing leaves this computer: no tool and no library opens a socket, or writes a file outside our folders."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from pathlib import Path

import pytest
from sealed import run_sealed, why_not

import impasto
import impasto_gan

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

SOCKETS = {
    "Python": "import socket; socket.socket()",
    "native code": "import ctypes; ctypes.CDLL(None).socket(10, 2, 0)",
    "native code looks up a name": "import ctypes; ctypes.CDLL(None).getaddrinfo(b'impasto.invalid', None, None, b'')",
    "another thread": "import socket, threading; threading.Thread(target=socket.socket).start()",
    "another process": "import subprocess, sys; sys.exit(-subprocess.call([sys.executable, '-c', "
    "'import socket; socket.socket()']))",
}


@pytest.mark.parametrize("how", SOCKETS)
def test_a_sealed_process_ends_at_its_first_socket(how, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(f"{SOCKETS[how]}\n")
    done, _ = run_sealed(program, tmp_path)
    assert done.returncode in (-signal.SIGSYS, signal.SIGSYS)


def test_telemetry_is_detected_unless_it_is_switched_off(tmp_path):
    found = importlib.util.find_spec("onnxruntime")
    assert found
    libraries = Path(found.origin).parent.rglob("*.so")
    if not any(b"ORT_DISABLE_TELEMETRY" in library.read_bytes() for library in libraries):
        pytest.skip("this build of ONNX Runtime has no telemetry")
    program = tmp_path / "program.py"
    program.write_text("import onnxruntime\n")
    assert run_sealed(program, tmp_path / "as it is")[1]
    assert not run_sealed(program, tmp_path / "declined", ORT_DISABLE_TELEMETRY="1")[1]


@pytest.mark.slow
def test_no_tool_and_no_library_opens_a_socket_or_writes_outside_our_folders(
    small_weights_folder, tiny_models_folder, tmp_path
):
    here, models = Path(__file__), tmp_path / "models"
    shutil.copytree(tiny_models_folder, models)
    code = [Path(str(package.__file__)).parents[1] for package in (impasto, impasto_gan)]
    folders = os.pathsep.join(map(str, (here.parent, here.parents[1], *code)))
    ours = {"IMPASTO_WEIGHTS": str(small_weights_folder), "IMPASTO_MODELS": str(models), "PYTHONPATH": folders}
    done, left = run_sealed(here.with_name("everything.py"), tmp_path, **ours)
    assert done.returncode == 0, done.stderr[-4000:]
    assert not left
