"""Stand-ins for published networks: small ones with random numbers, and a server to fetch them from."""

from __future__ import annotations

import hashlib
import io
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto.library.installed import WeightsLibrary
from impasto.library.weights import Conversion, PublishedFile, Shapes, Weights
from impasto.plugins.registry import registry

PAGE = "https://example.com/networks"
SEER: Shapes = {"features.0.weight": (4, 3, 3, 3), "features.0.bias": (4,), "features.2.weight": (6, 4, 3, 3)}
CLASSIFIER: Shapes = {"classifier.0.weight": (10, 6), "classifier.0.bias": (10,)}
TWINS: Shapes = {f"{part}.conv{n}.bias": (n,) for part, count in (("eye", 1), ("hand", 2)) for n in range(1, count + 1)}
SHIFTED: Shapes = {"7.weight": (5, 2)}


def random_tensors(shapes: Shapes, seed: int = 0) -> dict[str, torch.Tensor]:
    """Standard normal numbers in these shapes."""
    random = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=random) for name, shape in shapes.items()}


def saved(content: object, **how) -> bytes:
    """Bytes as torch.save writes them."""
    stream = io.BytesIO()
    torch.save(content, stream, **how)
    return stream.getvalue()


def published_file(content: bytes, url: str, prefix: str = "", digits: int = 64) -> PublishedFile:
    """The declaration of a file with this content."""
    return PublishedFile(url, hashlib.sha256(content).hexdigest()[:digits], len(content), prefix)


def seer(*files: PublishedFile) -> Weights:
    """A network in one file, with a classifier that tools do not need."""
    return Weights("seer", "The Seer", "Sees", "MIT", PAGE, files, SEER, unneeded=r"classifier\..*")


def twins() -> Weights:
    """Two networks in a file each, of which nobody publishes hashes; the tensors of one are among the other's."""
    files = tuple(PublishedFile(f"{PAGE}/{part}.pth", prefix=f"{part}.") for part in ("eye", "hand"))
    return Weights("twins", "The Twins", "See and draw", "CC0-1.0", PAGE, files, TWINS)


def shifted() -> Weights:
    """A network that is published under another name and twice as large as tools read it."""

    def convert(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"only.weight": tensors["7.weight"] / 2}

    file = PublishedFile(f"{PAGE}/shifted.pth")
    shapes = {"only.weight": (5, 2)}
    return Weights(
        "shifted", "The Shifted", "Sees", "MIT", PAGE, (file,), shapes, conversion=Conversion(SHIFTED, convert)
    )


def declare(monkeypatch: pytest.MonkeyPatch, *weights: Weights) -> None:
    """Let these be all that plugins declare."""
    declared = registry().weights
    for name in list(declared):
        monkeypatch.delitem(declared, name)
    for one in weights:
        monkeypatch.setitem(declared, one.name, one)


@dataclass
class Served:
    """A file on a local server, and how it behaves.

    cuts: after how many bytes each connection is cut, in order; those after the last are not. knows_ranges: whether it
    can send a part. silent_s: how long it takes to answer. on_bytes: called with what it has sent so far. asked: the
    Range of each request.
    """

    content: bytes
    cuts: list[int] = field(default_factory=list)
    knows_ranges: bool = True
    status: int = 200
    silent_s: float = 0.0
    on_bytes: Callable[[int], None] = lambda sent: None
    asked: list[str | None] = field(default_factory=list)
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Send the file, or the part of it that was asked for."""
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        time.sleep(self.silent_s)
        if self.status != 200:
            request.send_error(self.status)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and self.knows_ranges else 0
        if start >= len(self.content):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        self._send(request, self.content[start:])

    def _send(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        end = self.cuts.pop(0) if self.cuts else len(body)
        step = max(1, min(len(body), 2**20))
        for offset in range(0, min(end, len(body)), step):
            request.wfile.write(body[offset : min(offset + step, end)])
            self.on_bytes(offset)


class Server:
    """Serves files on a port of this computer, each at its name."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        files = self.files

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                files[self.path].answer(self)

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                pass  # a client that went away is what some tests are about

        self._server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def serve(self, name: str, served: Served) -> Served:
        """Put a file on it; its address is then in `url`."""
        self.files[f"/{name}"] = served
        served.url = f"http://127.0.0.1:{self._server.server_port}/{name}"
        return served

    def close(self) -> None:
        """Stop, and let the port go."""
        self._server.shutdown()
        self._server.server_close()


def weights_library(folder: Path | None = None) -> WeightsLibrary:
    """The library of weights in a folder, or the user's."""
    return registry().weights_library(folder)
