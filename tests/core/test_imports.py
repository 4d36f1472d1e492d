"""Who may import what: Blender's part reaches no torch, and listing tools loads nothing heavy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "impasto"
sys.path.insert(0, str(ROOT))
from tasks.extension import VENDORED  # noqa: E402


def modules_after(code: str) -> set[str]:
    printed = subprocess.run(
        [sys.executable, "-P", "-c", f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in json.loads(printed.stdout.splitlines()[-1])}


@pytest.mark.parametrize("name", VENDORED)
def test_what_blender_carries_needs_only_the_standard_library_and_numpy(name):
    loaded = modules_after(f"import impasto.{name}")
    allowed = set(sys.stdlib_module_names) | {"impasto"} | modules_after("import numpy")
    assert loaded - allowed == set()


def test_importing_the_library_loads_nothing_heavy():
    assert not {"numpy", "torch", "pydantic", "pluggy"} & (modules_after("import impasto") - modules_after("pass"))


def test_describing_every_tool_loads_no_torch():
    loaded = modules_after("from impasto.installation import description; description()")
    assert "pydantic" in loaded
    assert "torch" not in loaded


@pytest.mark.parametrize("module", sorted(str(path.relative_to(CORE)) for path in CORE.rglob("*.py")))
def test_the_core_knows_no_host_and_no_plugin(module):
    text = (CORE / module).read_text()
    for name in ("bpy", "impasto_quilt", "impasto_photo_maps", "impasto_color", "impasto_gan"):
        assert f"import {name}" not in text
        assert f"from {name}" not in text
