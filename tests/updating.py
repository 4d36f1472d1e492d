"""Inside Blender, as a program or a module: a repository on this machine is added, and Impasto installed and updated.

Arguments after `--`: the folder of a release, that of a newer one, and the file for what was seen.
"""

from __future__ import annotations

import http.server
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

# isort: split
import addon_utils  # which bpy makes importable


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the current folder of its server, and keeps what was asked for."""

    def translate_path(self, path: str) -> str:
        self.directory = str(self.server.folder)
        return super().translate_path(path)

    def log_message(self, *_: object) -> None:
        self.server.asked.append(self.path)


@contextmanager
def served(folder: Path) -> Iterator[http.server.ThreadingHTTPServer]:
    """A server on this machine; its `folder` can be changed, and `asked` lists the paths that were asked for."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.folder, server.asked = folder, []
    threading.Thread(target=server.serve_forever).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def state(module: str) -> dict:
    """Version of the add-on that runs, whether Blender has it enabled, and whether its operators are there."""
    about = sys.modules.get(f"{module}.core.about")
    return {
        "version": about and about.VERSION,
        "manifest": addon_utils.module_bl_info(sys.modules[module])["version"],
        "enabled": module in bpy.context.preferences.addons,
        "registered": hasattr(bpy.types, "IMPASTO_OT_run"),
    }


def install_and_update(server: http.server.ThreadingHTTPServer, newer: Path) -> dict:
    """Do what a user does in the preferences, with the server's release and then a newer one; what was seen."""
    preferences = bpy.context.preferences
    preferences.system.use_online_access = True
    address = f"http://127.0.0.1:{server.server_port}/index.json"
    bpy.ops.preferences.extension_repo_add(name="Impasto", remote_url=address, type="REMOTE")
    index = len(preferences.extensions.repos) - 1
    module = f"bl_ext.{preferences.extensions.repos[index].module}.impasto"
    bpy.ops.extensions.repo_sync(repo_index=index)
    bpy.ops.extensions.package_install(repo_index=index, pkg_id="impasto", enable_on_install=True)
    installed = state(module)
    kept = Path(bpy.utils.extension_path_user(module, create=True), "engine.json")
    kept.write_text("{}")
    server.folder = newer
    bpy.ops.extensions.repo_sync(repo_index=index)
    bpy.ops.extensions.package_upgrade_all()
    updated = state(module)
    addon_utils.disable(module)
    return {"installed": installed, "updated": updated, "kept": kept.exists(), "asked": server.asked}


if __name__ == "__main__":
    first, newer, out = map(Path, sys.argv[sys.argv.index("--") + 1 :])
    with served(first) as of_release:
        out.write_text(json.dumps(install_and_update(of_release, newer)))
