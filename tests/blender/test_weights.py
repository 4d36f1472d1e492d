"""Weights of published networks in Blender: downloaded on consent, installed from a file, removed, offered in place.

The engine gets a plugin that declares a small network, which a server on this machine publishes.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import ssl
import struct
import subprocess
import sys
import threading
from pathlib import Path

import bpy
import pytest
from conftest import refused
from drawing import drawn
from styling import LIMIT_S, wait_until

import install

SHAPE = (512, 1024)
HEADER = json.dumps({"net.weight": {"dtype": "F32", "shape": SHAPE, "data_offsets": [0, 4 * SHAPE[0] * SHAPE[1]]}})
NET = struct.pack("<Q", len(HEADER)) + HEADER.encode() + bytes(4 * SHAPE[0] * SHAPE[1])
"""A safetensors file of 2 MiB."""

PLUGIN = Path(__file__).with_name("plugin_with_weights.py.txt").read_text(encoding="utf-8")
PROJECT = """
[project]
name = "impasto-seeing"
version = "1.0"

[project.entry-points.impasto]
seeing = "impasto_seeing"
"""


class Publisher(http.server.BaseHTTPRequestHandler):
    """Sends the network in pieces, each when it may; goes on where the client says."""

    may_send = threading.Event()
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(NET) - start))
        self.send_header("Content-Range", f"bytes {start}-{len(NET) - 1}/{len(NET)}")
        self.end_headers()
        half = len(NET) // 2
        if start < half:
            self.wfile.write(NET[start:half])
        self.may_send.wait(LIMIT_S)
        self.wfile.write(NET[max(start, half) :])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate for this machine, made for this test, that only this test trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the local server's certificate, and is not here")
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    more = ["-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([*command, *more], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def server(certificate):
    serving = http.server.ThreadingHTTPServer(("localhost", 0), Publisher)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    serving.socket = secure.wrap_socket(serving.socket, server_side=True)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"https://localhost:{serving.server_address[1]}/net.safetensors"
    serving.shutdown()
    serving.server_close()
    thread.join()


@pytest.fixture(scope="module")
def seeing_engine(server, tmp_path_factory) -> Path:
    """An engine that also has the plugin with the network."""
    folder = tmp_path_factory.mktemp("seeing")
    sha256 = hashlib.sha256(NET).hexdigest()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "impasto_seeing.py").write_text(PLUGIN.format(url=server, sha256=sha256, size=len(NET), shape=SHAPE))
    python = install.make_engine(Path(os.environ["IMPASTO_ENGINE"]), folder / "venv")
    install.install_into(install.site_packages(python), folder)
    return python


@pytest.fixture(scope="module")
def tools_of_other_tests(extension):
    """After this module the extension knows the tools of the session's engine again."""
    yield
    bpy.ops.impasto.refresh_tools()


@pytest.fixture
def library(extension, scene, seeing_engine, certificate, tmp_path, monkeypatch, tools_of_other_tests):
    """An empty library of weights, an engine that knows the network, and leave to go online."""
    system, preferences = bpy.context.preferences.system, extension.engine.engine.preferences()
    monkeypatch.setenv("IMPASTO_ENGINE", str(seeing_engine))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    preferences.weights_folder, was_online = str(tmp_path / "weights"), system.use_online_access
    system.use_online_access = True
    Publisher.may_send.set()
    known = [item["installed"] for item in extension.engine.catalogue.catalogue.weights if item["name"] == "net"]
    if known != [False]:  # the first test of this module, or one before installed it
        bpy.ops.impasto.refresh_tools()
    yield tmp_path / "weights"
    system.use_online_access, preferences.weights_folder = was_online, ""


@pytest.fixture
def published(tmp_path) -> Path:
    """The network as a file that somebody has already."""
    (tmp_path / "net.safetensors").write_bytes(NET)
    return tmp_path / "net.safetensors"


def is_installed(extension, name: str = "net") -> bool:
    return next(item for item in extension.engine.catalogue.catalogue.weights if item["name"] == name)["installed"]


@pytest.mark.slow
@pytest.mark.any_blender
def test_downloads_report_progress_and_resume_after_cancelling(extension, library):
    Publisher.may_send.clear()
    jobs, library_task = extension.jobs.session.jobs, extension.library.library_task
    task = library_task("Downloading Net", "weights", "download", "net", "--yes")
    jobs.start(task)
    wait_until(lambda: task.fraction > 0 or task.is_ended)
    assert "MiB" in task.message
    assert drawn(bpy.types.IMPASTO_PT_intents_view_3d).operators("impasto.cancel")
    bpy.ops.impasto.cancel()
    wait_until(lambda: jobs.tick() is None)
    assert jobs.last_report.level == "CANCELLED"
    (part,) = (path for path in library.iterdir() if not path.name.startswith(".impasto-"))  # the lock of the killed
    came = part.stat().st_size
    assert 0 < came < len(NET)
    Publisher.may_send.set()
    bpy.ops.impasto.download_weights(name="net")
    assert is_installed(extension)
    assert (library / "net.safetensors").exists()


@pytest.mark.slow
@pytest.mark.any_blender
def test_offline_weights_are_installed_from_a_whole_file_and_removed(extension, library, published):
    bpy.context.preferences.system.use_online_access = False
    before = Publisher.asked
    refused(r"Blender is offline: turn on .*Allow Online Access, or install from", "download_weights", name="net")
    assert Publisher.asked == before
    cut = published.with_name("cut.safetensors")
    cut.write_bytes(NET[: len(NET) // 2])
    refused(r"cut\.safetensors", "install_weights", filepath=str(cut), name="net")
    assert not is_installed(extension)
    assert bpy.ops.impasto.install_weights(filepath=str(published), name="net") == {"FINISHED"}
    assert is_installed(extension)
    missing, tool = extension.library.missing_for, {"weights": ["net", "other"]}
    chosen = {one: [item["name"] for item in missing(tool, {"backbone": one})] for one in ("auto", "net", "other")}
    assert chosen == {"auto": [], "net": [], "other": ["other"]}, "those that are chosen must be there"
    assert bpy.ops.impasto.remove_weights(name="net") == {"FINISHED"}
    assert [item["name"] for item in missing(tool, {"backbone": "net"})] == ["net"]
    assert not is_installed(extension)
    assert not list(library.iterdir())


@pytest.mark.slow
@pytest.mark.any_blender
def test_a_stylizer_without_its_weights_says_so_in_place(extension, scene, library, image, published):
    """With the buttons that get them; once they are there it works."""
    settings = scene.impasto_style
    settings.tool, settings.image = "seeing", image
    scene.impasto_parameters.seeing.input_style = image
    assert "needs weights" in extension.stylize.request.request_poll_message(bpy.context)
    layout = drawn(bpy.types.IMPASTO_PT_style_view_3d)
    assert [given.name for given in layout.operators("impasto.download_weights")] == ["net"]
    assert layout.operators("impasto.install_weights")
    refused(r"net are not installed.*impasto weights download net", "stylize")
    bpy.ops.impasto.install_weights(filepath=str(published), name="net")
    assert extension.stylize.request.request_poll_message(bpy.context) == ""
    assert not drawn(bpy.types.IMPASTO_PT_style_view_3d).operators("impasto.download_weights")
    assert bpy.ops.impasto.stylize() == {"FINISHED"}
    assert "net" in json.loads(bpy.data.images["bricks – bricks"]["impasto_recipe"])["made_with"]["weights"]


@pytest.mark.slow
def test_the_preferences_list_them_with_size_and_licence(extension, library):
    layout = drawn(extension.preferences.ImpastoPreferences, wheels_folder="", torch_build="AUTO", keeps_history=False)
    assert {"Net", "2 MB, licence CC0-1.0. A network for tests"} <= set(layout.labels())
    assert {"Other", "Licence CC0-1.0. One without a hash"} <= set(layout.labels())
    assert [given.name for given in layout.operators("impasto.download_weights")][-1] == "net"
    assert "other" not in {given.name for given in layout.operators("impasto.download_weights")}


@pytest.mark.slow
@pytest.mark.any_blender
def test_impossible_actions_on_weights_say_why(extension, library):
    refused("no weights called 'nonsense'; .*or refresh the tools", "download_weights", name="nonsense")
    refused("no published hash", "download_weights", name="other")
    refused("net are not installed", "remove_weights", name="net")
    refused("no file is given", "install_weights")
    refused("test_weights.py", "install_weights", filepath=__file__)


@pytest.mark.slow
def test_prints_of_plugins_among_answers_are_ignored(extension, scene):
    lines = ["hello", "[1]", '{"progress": "half"}', '{"removed": "a"}', "bye"]
    task = extension.jobs.task.Task("Removing", lambda task: None, lambda result: None)
    command = [sys.executable, "-I", "-c", f"print({chr(10).join(lines)!r})"]
    assert extension.jobs.command.run_command(task, command, dict(os.environ)) == {"removed": "a"}
