"""Inside a Blender in the background: serves an asset library on loopback, and has Blender's own reader fetch it."""

from __future__ import annotations

import json
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import bpy

LIBRARY, OUT = map(Path, sys.argv[sys.argv.index("--") + 1 :])
LIMIT_S = 120
REMOTE = (5, 2)


class Served(SimpleHTTPRequestHandler):
    """Serves a folder and notes what is asked for."""

    asked: list[str] = []  # noqa: RUF012

    def send_head(self):
        self.asked.append(self.path)
        return super().send_head()


def main() -> None:
    facts = {"materials": assets_in(LIBRARY)}
    if bpy.app.version >= REMOTE:
        bpy.context.preferences.system.use_online_access = True  # which loopback needs as well
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(Served, directory=str(LIBRARY))) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            facts["status"] = read_from(f"http://127.0.0.1:{server.server_port}/", OUT / "read")
            server.shutdown()
        facts["asked"] = Served.asked
        facts["read"] = sorted(path.name for path in (OUT / "read").rglob("*") if path.is_file())
        experimental = bpy.context.preferences.experimental
        facts["is_on"] = getattr(experimental, "use_remote_asset_libraries", None)
    (OUT / "facts.json").write_text(json.dumps(facts))


def read_from(url: str, folder: Path) -> str:
    """Read a library's index as the asset browser does, whose timer this stands for; how that ended."""
    from _bpy_internal.assets.remote_library.listing_downloader import RemoteAssetListingDownloader

    vars(sys.modules["__main__"]).pop("__file__", None)  # or the reader's process runs this script, without bpy
    ended: list[object] = []
    reader = RemoteAssetListingDownloader(url, folder, lambda _: None, ended.append)
    reader.download_and_process()
    until_s = time.monotonic() + LIMIT_S
    while not ended and time.monotonic() < until_s:
        reader.on_timer_event()
        time.sleep(0.01)
    return str(reader.status.value)


def assets_in(folder: Path) -> dict[str, list]:
    """Names of the assets of each file, their catalogue, and the size of their preview."""
    found = {}
    for file in sorted(folder.glob("*.blend")):
        with bpy.data.libraries.load(str(file), assets_only=True) as (there, wanted):
            wanted.materials = list(there.materials)
        made = [one for one in wanted.materials if one]
        found[file.name] = [[one.name, one.asset_data.catalog_id, list(one.preview.image_size)] for one in made]
    return found


main()
