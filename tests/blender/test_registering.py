"""Registering imports nothing heavy and leaves nothing behind; `build.py release`, and updates from it over HTTP."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from pathlib import Path
from urllib.parse import urljoin

import addon_utils
import bpy
import pytest
from conftest import ENGINE, MODULE
from releases import NEWER, UPDATING, check_updated, with_version
from tasks.messages import BuildError
from tasks.release import VERSION, check_committed, check_wheel, publish, tools_of, wheel_of

BLENDERS_MENUS = ("VIEW3D_MT_object", "IMAGE_MT_image", "NODE_MT_node")


def traces() -> dict[str, object]:
    """All that an extension could leave behind, as far as Blender shows it."""
    handlers = bpy.app.handlers
    lists = [name for name in dir(handlers) if isinstance(getattr(handlers, name), list)]
    drawing = {name: getattr(getattr(bpy.types, name).draw, "_draw_funcs", []) for name in BLENDERS_MENUS}
    return {
        "classes": {name for name in dir(bpy.types) if "impasto" in name.lower()},
        "operators": set(dir(bpy.ops.impasto)),
        "menus": {name for name, draws in drawing.items() for draw in draws if MODULE in draw.__module__},
        "scene": {name for name in bpy.types.Scene.bl_rna.properties.keys() if "impasto" in name},  # noqa: SIM118
        "handlers": {name for name in lists for handler in getattr(handlers, name) if MODULE in handler.__module__},
        "threads": {thread.name for thread in threading.enumerate() if thread is not threading.main_thread()},
        "preferences": {item.module for item in bpy.context.preferences.addons if "impasto" in item.module},
    }


def test_unregistering_leaves_only_the_users_files(extension, scene):
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
    assert set(manifest["tags"]) <= {"Material", "Paint", "UV", "Render"}
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
    names = [cls.__name__ for cls in found]
    assert len(set(names)) == len(found)
    assert set(names) >= {name for name in dir(bpy.types) if name.startswith("IMPASTO_") and "_PG_" not in name}
    own, made = (
        (registration.PACKAGE, registration.__name__),
        ("register", "unregister", "POINTER", "PROPERTIES", "HANDLERS"),
    )
    others = [one for one in registration.modules() if one.__name__ not in own]
    having = {one.__name__.removeprefix(f"{own[0]}.") for one in others if any(hasattr(one, name) for name in made)}
    assert having == set(registration.PARTS)
    children = [cls for cls in found if hasattr(cls, "bl_parent_id")]
    assert all(names.index(cls.bl_parent_id) < names.index(cls.__name__) for cls in children)


BLENDER = Path(sys.executable)


@pytest.fixture(scope="module")
def built() -> Path:
    return Path(os.environ["IMPASTO_EXTENSION"])


@pytest.fixture(scope="module")
def published(built, tmp_path_factory) -> Path:
    """A folder to which the built extension was published first, and a newer one then."""
    folder = tmp_path_factory.mktemp("site") / "release"
    publish(built, folder, BLENDER)
    publish(with_version(built, folder.parent, NEWER), folder, BLENDER)
    return folder


def listed(folder: Path) -> list[dict]:
    return json.loads((folder / "index.json").read_text())["data"]


@pytest.mark.essential
def test_blender_adds_the_repository_installs_from_it_and_updates(built, published, tmp_path):
    first = tmp_path / "first"
    publish(built, first, BLENDER)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    seen, profile = tmp_path / "seen.json", {"BLENDER_USER_RESOURCES": str(tmp_path / "profile")}
    command = [BLENDER, UPDATING, "--", first, published, seen]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**environment, **profile})
    # not its exit status: 4.2, as a module only, crashes at its end once an add-on was loaded anew
    assert seen.exists(), (done.stdout + done.stderr)[-4000:]
    check_updated(json.loads(seen.read_text()))


def test_only_the_newest_version_is_offered_with_its_checksum_and_earlier_ones_are_kept(published, tmp_path):
    (offered,) = listed(published)
    assert (offered["version"], offered["archive_url"]) == (NEWER, f"./impasto-{NEWER}.zip")
    files = {path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()}
    wheel = "impasto-{}-py3-none-any.whl"
    archives = {f"impasto-{NEWER}.zip", wheel.format(NEWER)}
    archives |= {f"earlier/impasto-{VERSION}.zip", f"earlier/{wheel.format(VERSION)}"}
    assert files == {"index.json", "index.html", "SHA256SUMS", *archives}

    (tmp_path / "usual").mkdir()
    assert published.stat().st_mode == (tmp_path / "usual").stat().st_mode

    lines = dict(reversed(line.split("  ")) for line in (published / "SHA256SUMS").read_text().splitlines())
    archives = [path for path in published.rglob("*") if path.suffix in (".zip", ".whl")]
    digests = {
        path.relative_to(published).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in archives
    }
    assert lines == digests
    assert offered["archive_hash"] == f"sha256:{digests[f'impasto-{NEWER}.zip']}"


def test_blender_reads_from_the_link_to_drag_which_repository_to_add(published):
    from bl_pkg.bl_extension_utils import url_parse_for_blender

    page, here = (published / "index.html").read_text(), "https://somewhere.example/impasto/"
    (link,) = re.findall(r'href="(\./impasto-[^"]+\.zip[^"]*)"', page)
    address, query = url_parse_for_blender(urljoin(here, link))
    assert address == f"{here}impasto-{NEWER}.zip"
    assert query == {"repository": f"{here}index.json", "blender_version_min": "4.2.0"}
    files = {path.name for path in published.iterdir() if path.is_file()}
    assert set(re.findall(r'href="\./([^"?]+)', page)) == files - {"index.html"}


@pytest.mark.slow
@pytest.mark.any_blender
def test_the_same_content_may_be_published_again_and_other_content_may_not(built, tmp_path):
    folder = tmp_path / "release"
    publish(built, folder, BLENDER)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "index.html"}
    publish(built, folder, BLENDER)
    changed = Path(shutil.copy2(built, tmp_path))
    with zipfile.ZipFile(changed, "a") as archive:
        archive.writestr("more.txt", "more")
    with pytest.raises(BuildError, match=r"with other content: raise VERSION in core/impasto/about\.py"):
        publish(changed, folder, BLENDER)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "index.html"} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("release")] == ["release"]


@pytest.mark.any_blender
def test_a_version_that_is_older_than_the_released_one_is_refused(built, published):
    with pytest.raises(BuildError, match=rf"impasto-{VERSION}\.zip is older than impasto-{NEWER}\.zip"):
        publish(built, published, BLENDER)


@pytest.mark.slow
@pytest.mark.any_blender
def test_the_wheel_runs_by_itself_with_the_tools_that_the_extension_describes(built, tmp_path):
    """Its packages come from the engine's environment; `build.py release` installs them, too."""
    wheel, tools = wheel_of(built, tmp_path), tools_of(built)
    check_wheel(wheel, tools, ENGINE)
    with pytest.raises(BuildError, match=r"its tools differ by \['one-more'\]"):
        check_wheel(wheel, {*tools, "one-more"}, ENGINE)


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A checkout with one commit."""
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True)


@pytest.mark.any_blender
def test_uncommitted_and_wrongly_tagged_versions_are_not_released(checkout):
    git(checkout, "tag", "v1.0.0")
    check_committed(checkout, "1.0.0")
    git(checkout, "commit", "-qm", "two", "--allow-empty")
    check_committed(checkout, "1.0.1")
    with pytest.raises(BuildError, match=r"version 1\.0\.0 is tagged at \w{7}, and this is \w{7}: raise VERSION"):
        check_committed(checkout, "1.0.0")

    (checkout / "b.txt").write_text("b")
    with pytest.raises(BuildError, match=r"commit or stash these changes\n\?\? b\.txt"):
        check_committed(checkout, "1.0.1")
    shutil.rmtree(checkout / ".git")
    with pytest.raises(BuildError, match="a release is made from a checkout of git"):
        check_committed(checkout, "1.0.1")
