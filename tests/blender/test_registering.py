"""Registering imports nothing heavy, and unregistering leaves nothing behind."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from pathlib import Path

import addon_utils
import bpy
import pytest
from conftest import MODULE

TAGS = {"Material", "Paint", "UV", "Render"}


BLENDERS_MENUS = ("VIEW3D_MT_object", "IMAGE_MT_image", "NODE_MT_node")


def drawing(menu: str) -> list:
    """The functions that draw one of Blender's menus."""
    return getattr(getattr(bpy.types, menu).draw, "_draw_funcs", [])


def traces() -> dict[str, object]:
    """All that an extension could leave behind, as far as Blender shows it."""
    handlers = bpy.app.handlers
    lists = [name for name in dir(handlers) if isinstance(getattr(handlers, name), list)]
    return {
        "classes": {name for name in dir(bpy.types) if "impasto" in name.lower()},
        "operators": set(dir(bpy.ops.impasto)),
        "menus": {name for name in BLENDERS_MENUS for draw in drawing(name) if MODULE in draw.__module__},
        "scene": {name for name in bpy.types.Scene.bl_rna.properties.keys() if "impasto" in name},  # noqa: SIM118
        "handlers": {name for name in lists for handler in getattr(handlers, name) if MODULE in handler.__module__},
        "threads": {thread.name for thread in threading.enumerate() if thread is not threading.main_thread()},
        "preferences": {item.module for item in bpy.context.preferences.addons if "impasto" in item.module},
    }


def test_unregistering_twice_leaves_nothing_behind_but_the_users_files(extension, scene):
    bpy.ops.impasto.refresh_tools()  # starts a worker, whose threads must go as well
    scene.impasto.tool = "checker"
    bpy.ops.impasto.preset_add(name="Mine stays")
    (mine,) = Path(bpy.utils.user_resource("SCRIPTS", path="presets/impasto/checker")).glob("Mine_*.json")
    for _ in range(2):
        addon_utils.disable(MODULE, default_set=True)
        time.sleep(0.2)  # the threads see the worker's end
        left = traces()
        assert not any(left.values()), left
        assert not bpy.app.timers.is_registered(extension.jobs.session._tick)
        assert extension.command_line._Command.handle is None
        addon_utils.enable(MODULE, default_set=True)
    mine.unlink()
    assert {"operators", "scene", "handlers"} <= {name for name, found in traces().items() if found}


FRESH = """
import bpy
import addon_utils, importlib, sys
addon_utils.extensions_refresh()
bpy.context.preferences.addons.new().module = {module!r}
module = importlib.import_module({module!r})
module.register()
print("HEAVY", [name for name in ("torch", "pydantic", "pluggy", "kornia", "PIL") if name in sys.modules])
module.unregister()
"""


@pytest.mark.slow
def test_registering_in_a_fresh_blender_imports_nothing_heavy(extension, tmp_path):
    """Its duration is measured by `build.py bench`."""
    (tmp_path / "fresh.py").write_text(FRESH.format(module=MODULE))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    command = [sys.executable, tmp_path / "fresh.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "HEAVY []" in done.stdout


def test_nothing_in_the_zip_imports_the_engines_packages():
    heavy = {"torch", "pydantic", "pluggy", "kornia", "PIL", "OpenImageIO", "impasto"}
    with zipfile.ZipFile(os.environ["IMPASTO_EXTENSION"]) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                for node in ast.walk(ast.parse(archive.read(name))):
                    found = [item.name for item in node.names] if isinstance(node, ast.Import) else []
                    if isinstance(node, ast.ImportFrom) and not node.level:
                        found = [node.module or ""]
                    assert not heavy & {item.split(".")[0] for item in found}, name


def test_blenders_own_tool_finds_the_extension_valid(extension):
    """It misses unknown tags, licences and text limits: those are checked here."""
    tool = next(Path(bpy.utils.resource_path("LOCAL")).rglob("blender_ext.py"))
    zip_path = os.environ["IMPASTO_EXTENSION"]
    done = subprocess.run([sys.executable, tool, "validate", zip_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(zip_path) as archive:
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert set(manifest["tags"]) <= TAGS
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
    texts = [manifest["tagline"], *manifest["permissions"].values()]
    assert all(len(text) <= 64 and not text.endswith(".") for text in texts)


def test_every_operator_has_a_description_and_an_execute_and_hides_no_method_that_it_needs(extension):
    base = extension.jobs.operator.TaskOperator
    methods = {name for name, member in vars(base).items() if callable(member) or isinstance(member, classmethod)}
    for name in dir(bpy.ops.impasto):
        rna = getattr(bpy.ops.impasto, name).get_rna_type()
        assert rna.description, name
        assert callable(getattr(bpy.types, f"IMPASTO_OT_{name}").execute), name
        assert not methods & {prop.identifier for prop in rna.properties}, name


def test_panels_are_in_three_editors_and_of_films_and_sliders_among_the_properties(extension):
    panels = [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("IMPASTO_PT_")]
    panels = [panel for panel in panels if issubclass(panel, bpy.types.Panel)]
    tabs = [panel for panel in panels if panel.bl_region_type == "UI"]
    assert {panel.bl_space_type for panel in tabs} == {"VIEW_3D", "NODE_EDITOR", "IMAGE_EDITOR"}
    assert {panel.bl_category for panel in tabs} == {"Impasto"}
    others = {(panel.bl_space_type, panel.bl_context, panel.bl_label) for panel in set(panels) - set(tabs)}
    assert others == {("PROPERTIES", "material", "Impasto"), ("PROPERTIES", "render", "Impasto Film")}


def test_every_class_and_every_module_with_something_to_register_is_found(extension):
    registration = extension.registration
    found = registration.classes()
    assert len({cls.__name__ for cls in found}) == len(found)
    assert {cls.__name__ for cls in found} >= {
        name for name in dir(bpy.types) if name.startswith("IMPASTO_") and "_PG_" not in name
    }
    own, made = (registration.PACKAGE, registration.__name__), ("register", "unregister", "POINTER", "HANDLERS")
    others = [one for one in registration.modules() if one.__name__ not in own]
    having = {one.__name__.removeprefix(f"{own[0]}.") for one in others if any(hasattr(one, name) for name in made)}
    assert having == set(registration.PARTS)
    names = [cls.__name__ for cls in found]
    assert all(
        names.index(cls.bl_parent_id) < names.index(cls.__name__) for cls in found if hasattr(cls, "bl_parent_id")
    )
