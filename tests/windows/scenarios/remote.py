"""Inside a Blender window: the bundled library is served from loopback, and shown and fetched as a remote one."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import bpy
from walk import Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
LIBRARY = EXTENSION.assets.library
NAME = "Studio"
LIMIT_S = 300


class Served(SimpleHTTPRequestHandler):
    """Serves a folder and notes what is asked for."""

    asked: list[str] = []  # noqa: RUF012

    def send_head(self):
        self.asked.append(self.path.partition("?")[0])
        return super().send_head()


def scenario(walk: Walk) -> Steps:
    preferences = bpy.context.preferences
    preferences.system.use_online_access = True  # which loopback needs as well
    yield until(LIBRARY.is_made, LIMIT_S)
    walk.record("has_index", EXTENSION.assets.library.write_index(LIBRARY.folder()))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Served, directory=str(LIBRARY.folder()))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        bpy.ops.preferences.asset_library_add(type="REMOTE", name=NAME, remote_url=url)
        yield from browses(walk)
        server.shutdown()


def browses(walk: Walk) -> Steps:
    """The asset browser lists the served library with its pictures, and a click and a button fetch an asset's file."""
    area = yield from walk.switch("VIEW_3D", "ASSETS")
    yield until(lambda: area.spaces.active.params, 10)
    area.spaces.active.params.asset_library_reference = NAME
    yield 2.0
    with walk.at(area):
        bpy.ops.asset.library_refresh()
    yield until(lambda: len([path for path in Served.asked if path.endswith(".webp")]) > 9, LIMIT_S)
    yield walk.settle(5.0)
    walk.screenshot("listed.png")
    walk.record("asked", sorted({path.rpartition(".")[2] for path in Served.asked}))
    region = walk.region(area, "WINDOW")
    yield walk.press("LEFTMOUSE", (region.x + 60, region.y + region.height - 60))
    yield 1.0
    with walk.at(area):
        chosen = bpy.context.asset
        walk.record("chosen", [chosen.name, chosen.metadata.tags.keys()])
        bpy.ops.asset.assets_download("INVOKE_DEFAULT")
    yield until(lambda: any(path.endswith(".blend") for path in Served.asked), LIMIT_S)
    yield 3.0
    walk.screenshot("fetched.png")
    walk.record("files", [path for path in Served.asked if path.endswith(".blend")])
