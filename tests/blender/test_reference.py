"""The pages of operators, settings and shortcuts, which are generated from what Blender has registered."""

import re
import sys
from pathlib import Path

import bpy
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tasks.blender_pages import PAGES  # noqa: E402
from tasks.markdown import REFERENCE  # noqa: E402


@pytest.mark.skipif(bpy.app.version < (5, 0), reason="the pages are of the newest Blender")
@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(extension, name):
    assert (REFERENCE / f"{name}.md").read_text("utf-8") == PAGES[name](), "python build.py reference"


def test_every_operator_stands_on_its_page_with_its_properties(extension):
    sections = (REFERENCE / "operators.md").read_text("utf-8").split("\n## ")[1:]
    told = {one.partition("\n")[0]: one for one in sections}
    assert told.keys() == set(dir(bpy.ops.impasto))
    for name, section in told.items():
        own = getattr(bpy.ops.impasto, name).get_rna_type()
        given = {one.identifier for one in own.properties if one.description}
        assert given - {"rna_type"} == set(re.findall(r"^\|`(\w+)`", section, re.MULTILINE)), name
