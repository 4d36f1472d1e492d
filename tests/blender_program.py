"""`blender --background --command impasto …` with Blender as a Python module, and the add-on from its source.

Run by a Python with bpy, so that tests without the extension can set IMPASTO_BLENDER to it.
"""

import sys
import types
from pathlib import Path

import bpy

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "impasto_addon"


def load() -> None:
    """Make the add-on a package whose `core` is that of the checkout, as in the extension; register its settings."""
    for name, folder in ((PACKAGE, ROOT / "blender_addon"), (f"{PACKAGE}.core", ROOT / "core" / "impasto")):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    from impasto_addon.bake.settings import POINTER

    owner, name, cls = POINTER
    bpy.utils.register_class(cls)
    setattr(owner, name, bpy.props.PointerProperty(type=cls))


def main(arguments: list[str]) -> int:
    name, *own = arguments[arguments.index("--command") + 1 :]
    assert name == "impasto"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    load()
    from impasto_addon import command_line
    from impasto_addon.bake.settings import POINTER

    owner, name, cls = POINTER
    try:
        return command_line.run(own)
    finally:  # or Blender 4.2 crashes at its end
        delattr(owner, name)
        bpy.utils.unregister_class(cls)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
