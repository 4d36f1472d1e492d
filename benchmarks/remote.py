"""Measures an engine over ssh: time and bytes on the wire, with and without ssh's compression, at two speeds.

    python benchmarks/remote.py --px 1024

The server is on loopback, so what is measured is the way, not the machine. `arrays`: pixels as 32-bit floats, both
ways. `files`: the picture as it is on the disk, and the result as PNG files, which is what Impasto does. 12.5 MB/s are
100 Mbit/s.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from ssh_server import serving
from style_pictures import sample, square

from impasto import Recipe, Step, write_maps
from impasto.engine import remote
from impasto.engine.client import Client
from impasto.engine.remote import Remote
from impasto.engine.requests import Delivery

RECIPE = Recipe((Step("photo-maps"),))
SPEEDS = {"loopback": 0.0, "12.5 MB/s": 12.5e6}
"""Bytes a second in each direction; 0: no limit."""
PROXY = """
import socket, sys, threading, time
host, port, speed, counted = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
link = socket.create_connection((host, port))
def carry(read, write):
    while data := read(2 ** 16):
        began = time.monotonic()
        write(data)
        with open(counted, "ab") as lines:
            lines.write(b"%d\\n" % len(data))
        if speed:
            time.sleep(max(0.0, len(data) / speed - (time.monotonic() - began)))
def out(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
threading.Thread(target=carry, args=(sys.stdin.buffer.raw.read, link.sendall), daemon=True).start()
carry(link.recv, out)
"""
"""Program that ssh connects through, which counts bytes and slows them down."""


def main() -> None:
    """Print a line for each speed, form and compression."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--px", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        maps = square(sample("brick"), options.px)
        (picture,) = write_maps(maps, folder, "brick")
        with serving(folder / "ssh") as server:
            (folder / "proxy.py").write_text(PROXY)
            for title, speed in SPEEDS.items():
                for compression in ("no", "yes"):
                    proxy = f"{sys.executable} {folder / 'proxy.py'} %h %p {speed} {folder / 'bytes'}"
                    more = {"ProxyCommand": proxy, "Compression": compression}
                    command = {**remote.OPTIONS, **more}
                    path = f"{server.folder / 'bin'}:{Path(shutil.which('ssh')).parent}"
                    with patch.object(remote, "OPTIONS", command), patch.dict("os.environ", {"PATH": path}):
                        for form in ("arrays", "files"):
                            given = maps if form == "arrays" else picture
                            seconds, count = _measured(given, form, folder, options.repeats)
                            said = f"{title:10} compression {compression:3} {form:7}"
                            print(f"{said} {seconds:7.2f} s {count / 1e6:8.1f} MB", flush=True)


def _measured(given: object, form: str, folder: Path, repeats: int) -> tuple[float, float]:
    """Least time of a job once the engine runs, and bytes of one."""
    client = Client(Remote.of(f"ssh://farm{sys.executable}"), folder / "log")
    client.submit(RECIPE, {"source": given}).wait()
    times, before = [], _sent(folder)
    for index in range(repeats):
        sink = Delivery("files", folder=str(folder / "out"), name=f"{form}{index}", replace=True)
        began = time.monotonic()
        client.submit(RECIPE, {"source": given}, deliver=None if form == "arrays" else sink).wait()
        times.append(time.monotonic() - began)
    time.sleep(0.5)
    count = (_sent(folder) - before) / repeats
    client.close()
    return min(times), count


def _sent(folder: Path) -> int:
    """Bytes that went through the proxy so far; a line that is still being written counts later."""
    return sum(map(int, (folder / "bytes").read_text().split("\n")[:-1]))


if __name__ == "__main__":
    main()
