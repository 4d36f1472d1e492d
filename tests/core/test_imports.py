"""Rules of imports: Blender's part reaches no torch, listing tools loads nothing heavy, and there are no cycles."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from tasks.extension import VENDORED

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "impasto"


def modules_after(code: str) -> set[str]:
    printed = subprocess.run(
        [sys.executable, "-P", "-c", f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in json.loads(printed.stdout.splitlines()[-1])}


def test_vendored_modules_need_only_the_standard_library_and_numpy():
    loaded = modules_after("; ".join(f"import impasto.{name}" for name in VENDORED))
    assert loaded <= set(sys.stdlib_module_names) | {"impasto"} | modules_after("import numpy")


@pytest.mark.essential
def test_describing_every_tool_loads_no_torch_and_importing_the_library_nothing_heavy():
    assert not {"numpy", "torch", "pydantic", "pluggy"} & (modules_after("import impasto") - modules_after("pass"))
    loaded = modules_after("from impasto.plugins.installation import description; description()")
    assert "pydantic" in loaded
    assert "torch" not in loaded


def modules_in(*folders: Path) -> dict[str, Path]:
    """Every module below the folders, by its dotted name."""
    found = ((path.relative_to(folder).with_suffix(""), path) for folder in folders for path in folder.rglob("*.py"))
    return {".".join(dotted.parts).removesuffix(".__init__"): path for dotted, path in found}


@cache
def import_statements(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """Anywhere in a file, which is parsed once for all rules."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def imports_of(name: str, known: dict[str, Path]) -> set[str]:
    """Those of the known modules that one imports: anywhere in it, so for its types or within a function as well."""
    package = name.split(".") if known[name].name == "__init__.py" else name.split(".")[:-1]
    found = set()
    for node in import_statements(known[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            submodules = {f"{origin}.{alias.name}" for alias in node.names} & known.keys()
            found |= submodules | ({origin} if len(submodules) < len(node.names) else set())
    return found & known.keys()


def check_circles(known: dict[str, Path]) -> None:
    """Raise CycleError, which names the modules, where some import each other."""
    TopologicalSorter({name: imports_of(name, known) for name in known}).prepare()


@pytest.mark.essential
def test_no_modules_and_no_folders_import_each_other():
    known = modules_in(ROOT / "core", ROOT / "plugins")
    assert {"impasto.running.runner", "impasto.library.models", "impasto_classroom.vae.training"} <= known.keys()
    check_circles(known)
    extension = {f"blender_addon.{name}".removesuffix(".__init__"): path for name, path in EXTENSION.items()}
    assert {"blender_addon", "blender_addon.jobs.session", "blender_addon.bake.operators"} <= extension.keys()
    check_circles(extension)
    folders = imports_of_folders(extension)
    assert "jobs" in folders["generate"]
    TopologicalSorter(folders).prepare()


@pytest.mark.essential
def test_no_plugin_imports_another_and_the_core_neither_a_plugin_nor_a_host():
    """Whatever two plugins need is the core's."""
    known = modules_in(ROOT / "plugins")
    outside = "|".join({"bpy", *(name.partition(".")[0] for name in known)})
    for path in CORE.rglob("*.py"):
        assert not re.search(rf"(import|from) ({outside})\b", path.read_text(encoding="utf-8")), path
    assert len({name.partition(".")[0] for name in known}) == 17
    found = ((name, other) for name in known for other in imports_of(name, known))
    assert [(one, other) for one, other in found if one.partition(".")[0] != other.partition(".")[0]] == []


EXTENSION = modules_in(ROOT / "blender_addon")


def imports_of_folders(known: dict[str, Path]) -> dict[str, set[str]]:
    """The folders and single modules of a package that each of them imports."""
    folders: dict[str, set[str]] = {}
    for name in (name for name in known if "." in name):
        others = {other.split(".")[1] for other in imports_of(name, known) if "." in other}
        folder = name.split(".")[1]
        folders.setdefault(folder, set()).update(others - {folder})
    return folders


def test_folders_import_the_storeys_below_and_within_their_own_what_the_page_lists():
    """Storeys are the first rows of the page's budget; modules at the top level are words, and `__main__` is a door."""
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    rows = [re.findall(r"`core/impasto/(\w+)`", row) for row in re.findall(r"^\|(`core/.+`) \|", page, re.MULTILINE)]
    storeys = {folder: storey for storey, folders in enumerate(rows) for folder in folders} | {"__main__": len(rows)}
    assert {path.parent.name for path in CORE.glob("*/__init__.py")} <= storeys.keys()
    listed = next(line for line in page.splitlines() if line.startswith("> `system`:"))
    within = {names[0]: set(names[1:]) for part in listed.split(" · ") if (names := re.findall(r"`(\w+)`", part))}
    TopologicalSorter(within).prepare()
    for folder, others in imports_of_folders(modules_in(ROOT / "core")).items():
        storey, listed = storeys.get(folder, 0), within.get(folder, others if folder not in storeys else set())
        known = {other for other in others if storeys.get(other, 0) < storey + (other in listed)}
        assert others - known == set(), folder
