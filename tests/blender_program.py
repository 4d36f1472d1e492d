"""`blender --background --command impasto …` with Blender as a Python module, and the add-on from its source.

Run by a Python with bpy, so that tests without the extension can set IMPASTO_BLENDER to it.
"""

import os
import sys
import types
from pathlib import Path

import bpy

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "impasto_addon"


def load() -> types.ModuleType:
    """The add-on as a package whose `core` is that of the checkout, as it is in the extension."""
    for name, folder in ((PACKAGE, ROOT / "blender_addon"), (f"{PACKAGE}.core", ROOT / "core" / "impasto")):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    from impasto_addon import command_line
    from impasto_addon.bake import settings

    settings.register()
    return command_line


def main(arguments: list[str]) -> int:
    name, *own = arguments[arguments.index("--command") + 1 :]
    assert name == "impasto"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return load().run(own)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # the module of 4.2 crashes at its end where a class is still registered
