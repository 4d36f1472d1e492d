"""Bundled presets of procedural materials: each sets what differs from the defaults, to values that are allowed."""

import sys
from pathlib import Path

import pytest

from impasto.plugins.registry import registry
from impasto.tools import validate
from impasto_procedural import impasto_tools

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tasks.presets import bundled  # noqa: E402

MATERIALS = {tool.name: tool for tool in impasto_tools() if tool.kind == "generator"}
PRESETS = bundled()
EACH = [pytest.param(tool, values, id=f"{tool}: {name}") for tool in PRESETS for name, values in PRESETS[tool].items()]


def test_every_material_has_presets():
    assert all(len(PRESETS.get(name, ())) >= 2 for name in MATERIALS)


@pytest.mark.parametrize(("tool", "values"), EACH)
def test_a_preset_sets_parameters_of_its_tool_to_allowed_values(tool, values):
    validate(registry().tools[tool], values)


@pytest.mark.parametrize(("tool", "values"), EACH)
def test_a_preset_sets_only_what_differs_from_the_defaults(tool, values):
    fields = registry().tools[tool].parameters.model_fields
    assert values
    assert not [name for name, value in values.items() if fields[name].default == value]


@pytest.mark.parametrize(("tool", "values"), [each for each in EACH if each.values[0] in MATERIALS])
def test_colours_of_a_preset_are_those_of_real_surfaces(tool, values):
    """Albedo of what is no metal lies between that of coal and of fresh snow."""
    albedos = [value for name, value in values.items() if isinstance(value, tuple) and name != "metal_color"]
    assert all(min(albedo) >= 0.06 and max(albedo) <= 0.93 for albedo in albedos)
