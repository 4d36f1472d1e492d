"""Behaviour that the finish filters share: tiles stay tiles, other maps stay in step, and a first click is seen."""

from __future__ import annotations

import numpy as np
import pytest
from finishing import SHIFT, finish, rolled, tile

from impasto import Maps
from impasto.errors import ParameterError
from impasto.plugins.registry import registry

FILTERS = {tool.name: tool for tool in registry().tools.values() if type(tool).__module__.startswith("impasto_finish.")}
ONE, OTHER = tile(seed=1), tile(seed=2)


def others_of(name: str) -> dict[str, Maps]:
    """The inputs that a filter needs besides its subject."""
    return {item.name: OTHER for item in FILTERS[name].inputs if item.required}


def variants() -> list:
    """Each filter with each choice of each of its parameters, one at a time."""
    found = []
    for name, tool in FILTERS.items():
        found.append(pytest.param(name, {}, id=name))
        for parameter, schema in tool.parameters.model_json_schema()["properties"].items():
            if parameter != "tiling":
                chosen = [choice for choice in schema.get("enum", ()) if choice != schema["default"]]
                found += [pytest.param(name, {parameter: choice}, id=f"{name}-{choice}") for choice in chosen]
    return found


@pytest.mark.parametrize(("name", "parameters"), variants())
def test_rolling_a_tile_rolls_the_result(name, parameters):
    parameters = {**parameters, **({"tiling": "tiling"} if "tiling" in FILTERS[name].parameters.model_fields else {})}
    made = finish(name, ONE, others=others_of(name), **parameters)
    others = {input_: rolled(maps) for input_, maps in others_of(name).items()}
    moved = finish(name, rolled(ONE), others=others, **parameters)
    factor = made.size_px[0] // ONE.size_px[0]
    shift = (SHIFT[0] * factor, SHIFT[1] * factor)
    for map_ in made:
        expected = np.roll(made[map_].pixels, shift, (0, 1))
        assert np.abs(moved[map_].pixels - expected).max() < 2e-3, map_


@pytest.mark.parametrize("name", FILTERS)
def test_the_first_click_changes_what_is_seen_but_keeps_the_set(name):
    made = finish(name, ONE, others=others_of(name))
    assert set(made) == set(ONE)
    assert made.width_m == ONE.width_m
    assert made.name == ONE.name
    if made.size_px == ONE.size_px:
        assert np.abs(made["base_color"].pixels - ONE["base_color"].pixels).mean() > 0.005


@pytest.mark.parametrize("name", [name for name in FILTERS if others_of(name)])
def test_a_second_input_without_a_colour_is_refused(name):
    height = Maps.from_arrays({"height": OTHER["height"].pixels})
    with pytest.raises(ParameterError, match="has no base color, only height"):
        finish(name, ONE, others=dict.fromkeys(others_of(name), height))


@pytest.mark.parametrize("name", ["sharpen", "guided-detail"])
def test_only_a_picture_that_tiles_is_changed_by_its_other_side(name):
    pixels = [ONE["base_color"].pixels.copy() for _ in range(2)]
    pixels[1][:, 48:] = OTHER["base_color"].pixels[:, 48:]
    made = {
        tiling: [finish(name, Maps.from_arrays({"base_color": x}), tiling=tiling)["base_color"].pixels for x in pixels]
        for tiling in ("single", "tiling")
    }
    apart = {tiling: np.abs(one - other)[:, :8].max() for tiling, (one, other) in made.items()}
    assert apart["single"] < 1e-5
    assert apart["tiling"] > 0.01
