"""Downloads against a real server on this computer: cut, continued, refused, cancelled, checked."""

import json
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import numpy as np
import pytest
import torch
from published_weights import (
    CLASSIFIER,
    SEER,
    Served,
    Server,
    declare,
    published_file,
    random_tensors,
    saved,
    seer,
    twins,
)
from published_weights import weights_library as library

from impasto.errors import Cancelled, FileError, ModelError, ParameterError
from impasto.library import download
from impasto.library.download import fetch
from impasto.system import interruption

TENSORS = random_tensors(SEER | CLASSIFIER)
CONTENT = saved({**TENSORS, "classifier.9.weight": torch.zeros(2**19)})
"""2 MiB, so that there is something to cut."""
HALF = len(CONTENT) // 2


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def served(server, monkeypatch, tmp_path):
    """The seer's file on a server, and the seer in the catalogue, with an empty library."""
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(tmp_path / "library"))
    served = server.serve("seer-0.pth", Served(CONTENT))
    declare(monkeypatch, seer(published_file(CONTENT, served.url)), twins())
    return served


@pytest.fixture
def part(served):
    """Path of the unfinished download of the seer's file."""
    return library().part_paths("seer")[0]


def test_a_download_installs_the_weights_and_leaves_no_other_file(served, part):
    told = []
    installed = library().download("seer", on_progress=lambda fraction, message: told.append((fraction, message)))
    assert installed == library().installed_weights("seer")
    assert installed.is_as_published
    assert (installed.source, installed.licence) == (served.url, "MIT")
    found = installed.load()
    assert set(found) == set(SEER)
    assert all(np.array_equal(found[name], TENSORS[name].numpy()) for name in SEER)
    assert [path.name for path in part.parent.iterdir()] == ["seer.safetensors"]
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    assert told[-1] == (1.0, "The Seer: 2 of 2 MiB")


def test_a_published_hash_prefix_is_enough(served, monkeypatch):
    declare(monkeypatch, seer(published_file(CONTENT, served.url, digits=8)))
    assert library().download("seer").is_as_published


def test_cut_connections_are_resumed_or_restarted(served):
    served.cuts, served.knows_ranges = [HALF], False
    assert library().download("seer").is_as_published
    assert served.asked == [None, f"bytes={HALF}-"]
    library().remove("seer")
    served.cuts, served.knows_ranges = [HALF, 1000], True
    library().download("seer")
    assert served.asked[2:] == [None, f"bytes={HALF}-", f"bytes={HALF + 1000}-"]


def test_downloads_continue_after_an_outage(served, part):
    served.cuts = [HALF, 0]
    with pytest.raises(ModelError, match=r"was cut off; try again, which goes on after 1 MiB; or get http.*seer-0.pth"):
        library().download("seer")
    assert part.read_bytes() == CONTENT[:HALF]
    assert not library().is_installed("seer")
    assert library().download("seer").is_as_published
    assert served.asked[-1] == f"bytes={HALF}-"


def test_parallel_downloads_of_one_file_do_not_collide(served):
    def other(fraction: float, message: str) -> None:
        if fraction > 0.4 and len(served.asked) == 1:
            fetch(served.url, library().part_paths("seer")[0], len(CONTENT), "")

    assert library().download("seer", on_progress=other).is_as_published


REFUSED = {
    "another one": ({"content": CONTENT[:-1] + b"x"}, r"is not the published file: its SHA-256 is .*; it was deleted"),
    "truncated": ({"content": CONTENT[:HALF]}, r"does not send the file: 416 .*; try again later"),
    "absent": ({"status": 404}, "127.0.0.1 does not send the file: 404"),
    "broken server": ({"status": 500}, "127.0.0.1 does not send the file: 500"),
    "silent server": ({"silent_s": 0.6}, r"no connection to 127.0.0.1 .*timed out"),
}
"""Faults of a server, and the words of the error for each."""


class TestRefused:
    """Downloads that are refused, and the messages."""

    @pytest.mark.parametrize("case", REFUSED)
    def test_unpublished_files_are_refused(self, case, served, part, monkeypatch):
        changes, said = REFUSED[case]
        for name, value in changes.items():
            setattr(served, name, value)
        if served.silent_s:
            monkeypatch.setattr(download, "TIMEOUT_S", 0.2)
        with pytest.raises(ModelError, match=said):
            library().download("seer")
        assert not part.exists()
        assert not library().is_installed("seer")

    def test_partial_downloads_of_another_file_are_discarded(self, served, part):
        part.parent.mkdir()
        part.write_bytes(b"garbage" * 1000)
        with pytest.raises(ModelError, match="it was deleted; try again"):
            library().download("seer")
        assert library().download("seer").is_as_published

    def test_weights_without_a_hash_are_never_fetched(self, served):
        with pytest.raises(ModelError, match=r"has no published hash .*`impasto weights install eye.pth hand.pth`"):
            library().download("twins")

    def test_being_offline_is_reported_at_once(self, server, served, said):
        server.close()
        began = time.monotonic()
        with pytest.raises(ModelError, match=r"no connection to 127.0.0.1.*offline; try again later; or get http"):
            library().download("seer")
        assert time.monotonic() - began < 5
        code, out, _ = said("weights", "download", "seer", "--yes", "--json")
        assert (code, json.loads(out)["error"]) == (ModelError.exit_code, "ModelError")
        assert not list(library().part_paths("seer")[0].parent.glob("*"))

    def test_redirections_from_https_to_http_are_refused(self):
        asked = Request("https://example.com/net.pth")
        follow = download._StaySecure().redirect_request
        with pytest.raises(HTTPError, match="leads away from https"):
            follow(asked, None, 302, "Found", {}, "http://example.com/net.pth")
        assert follow(asked, None, 302, "Found", {}, "https://example.org/net.pth").full_url.startswith("https://")

    @pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl for a certificate")
    def test_untrusted_certificates_are_refused(self, tmp_path):
        key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"]
        command = ["openssl", "req", "-x509", *kind, "-keyout", key, "-out", certificate]
        subprocess.run(command, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        with HTTPServer(("localhost", 0), BaseHTTPRequestHandler) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with pytest.raises(ModelError, match=r"localhost is not secure.*SSL_CERT_FILE"):
                fetch(f"https://localhost:{server.server_port}/net.pth", tmp_path / "net.part", 9, "")
            server.shutdown()


class TestDisk:
    """A full disk."""

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
    def test_a_full_disk_is_an_error(self, served, part):
        part.parent.mkdir()
        part.symlink_to("/dev/full")
        with pytest.raises(FileError, match=r"seer-0.pth.part: No space left on device; check the disk"):
            library().download("seer")


class TestCommand:
    """`impasto weights download`."""

    def test_nothing_is_fetched_without_consent_nor_twice(self, served, said, monkeypatch):
        code, _, told = said("weights", "download", "seer")
        assert (code, "add --yes" in told) == (ParameterError.exit_code, True)
        self.sit_there(monkeypatch, "n\n")
        code, _, told = said("weights", "download", "seer")
        assert code == Cancelled.exit_code
        for part in (
            "The Seer, 2 MiB from 127.0.0.1",
            "MIT, see https://example.com/networks",
            "nothing was downloaded",
        ):
            assert part in told
        assert served.asked == []
        self.sit_there(monkeypatch, "y\n")
        assert said("weights", "download", "seer")[1] == f"installed {library().installed_weights('seer').path}\n"
        with pytest.raises(ModelError, match="installed already"):
            library().download("seer")
        assert len(served.asked) == 1

    @staticmethod
    def sit_there(monkeypatch, answer):
        """A terminal with somebody who answers."""
        stdin = type("Keyboard", (), {"isatty": lambda self: True, "readline": lambda self: answer})()
        monkeypatch.setattr(sys, "stdin", stdin)

    def test_a_host_reads_lines_of_json(self, served, said, monkeypatch):
        monkeypatch.setattr("impasto.cli.terminal.PROGRESS_INTERVAL_S", 0.0)
        *told, last = map(json.loads, said("weights", "download", "seer", "--yes", "--json")[1].splitlines())
        assert all(set(line) == {"progress", "message"} for line in told)
        assert told[-1] == {"progress": 1.0, "message": "The Seer: 2 of 2 MiB"}
        assert last == {"installed": str(library().installed_weights("seer").path)}

    def test_control_c_keeps_the_partial_download(self, served, part, said):
        def interrupt(sent: int) -> None:
            served.on_bytes = lambda sent: time.sleep(0.1)
            while not part.exists() or not part.stat().st_size:
                time.sleep(0.01)
            while not interruption._signals.stop.takes(signal.SIGINT):  # as the thread that watches signals does
                time.sleep(0.01)

        served.on_bytes = interrupt
        code, _, told = said("weights", "download", "seer", "--yes")
        assert code == Cancelled.exit_code
        assert "what came is kept, and the same command goes on from there" in told
        assert CONTENT.startswith(part.read_bytes())
        assert part.stat().st_size
        said("weights", "download", "seer", "--yes")
        assert library().is_installed("seer")


def test_several_files_become_one(server, monkeypatch, tmp_path):
    tensors = {
        "eye": random_tensors({"conv1.bias": (1,)}),
        "hand": random_tensors({"conv1.bias": (1,), "conv2.bias": (2,)}),
    }
    contents = {part: saved(content) for part, content in tensors.items()}
    urls = {part: server.serve(f"{part}.pth", Served(content)).url for part, content in contents.items()}
    files = tuple(published_file(contents[part], urls[part], f"{part}.") for part in urls)
    declare(monkeypatch, replace(twins(), files=files))
    fractions = []
    installed = library(tmp_path).download("twins", lambda fraction, message: fractions.append(fraction))
    assert installed.is_as_published
    assert installed.load()["hand.conv2.bias"].tolist() == tensors["hand"]["conv2.bias"].tolist()
    assert fractions[-1] == 1.0
    assert all(fraction <= 1 for fraction in fractions)
