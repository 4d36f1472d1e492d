"""A package index on this machine, with wheels that hold next to nothing: pip is real, and needs no network."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import HeaderParser
from pathlib import Path
from urllib.parse import urlsplit


def fake_wheel(folder: Path, name: str, version: str = "99.0") -> Path:
    """A wheel with one module that says its version."""
    folder.mkdir(parents=True, exist_ok=True)
    module, about = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    contents = {
        f"{module}/__init__.py": f"__version__ = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in contents.items())
    wheel = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**contents, f"{about}/RECORD": f"{record}{about}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return wheel


def _digest(text: str) -> str:
    found = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"sha256={found}"


def requirements(wheel: Path) -> list[str]:
    """The names of what a wheel needs, but for its extras."""
    with zipfile.ZipFile(wheel) as archive:
        about = next(name for name in archive.namelist() if name.endswith("METADATA"))
        needed = HeaderParser().parsestr(archive.read(about).decode()).get_all("Requires-Dist", [])
    return [re.match(r"[\w.-]+", line)[0].lower() for line in needed if "extra ==" not in line]


def fill(folder: Path, names: list[str]) -> None:
    """Make a package index of these names in a folder."""
    for name in names:
        fake_wheel(folder / name, name)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a folder served on this machine, and the paths that were asked for.

    As a proxy, it serves the folder under the name of any host, and what was asked for are whole addresses.
    """
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            return super().translate_path(urlsplit(path).path)

        def log_message(self, *_: object) -> None:
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
