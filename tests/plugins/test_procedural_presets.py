"""Bundled presets of procedural materials: each sets what differs from the defaults, to values that are allowed."""

import sys
from pathlib import Path

from impasto.plugins.registry import registry
from impasto.tools import validate
from impasto_procedural import impasto_tools

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tasks.presets import bundled  # noqa: E402

MATERIALS = {tool.name: tool for tool in impasto_tools() if tool.kind == "generator"}
PRESETS = bundled()


def test_every_material_has_presets():
    assert all(len(PRESETS.get(name, ())) >= 2 for name in MATERIALS)


def test_presets_set_what_differs_from_the_defaults_to_allowed_values_and_real_colours():
    """Albedo of what is no metal lies between that of coal and of fresh snow."""
    for tool in PRESETS:
        fields = registry().tools[tool].parameters.model_fields
        for preset, values in PRESETS[tool].items():
            validate(registry().tools[tool], values)
            assert values, (tool, preset)
            assert not [name for name, value in values.items() if fields[name].default == value], (tool, preset)
            albedos = [value for name, value in values.items() if isinstance(value, tuple) and name != "metal_color"]
            if tool in MATERIALS:
                assert all(min(albedo) >= 0.06 and max(albedo) <= 0.93 for albedo in albedos), (tool, preset)
