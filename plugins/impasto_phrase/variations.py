"""Variations of a material: random changes of what the phrase leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from impasto.parameters import properties_of
from impasto.plugins.registry import registry

from .levels import within
from .palettes import jitter

SIZES_VARY, SHARES_VARY = 0.12, 0.1
"""Deviations in a variation: relative for sizes, absolute for parameters with the range 0 to 1."""
COLORS_SAID = 0.4
"""Share of the usual deviation for colours named in the phrase."""
SAID = ("wear", "dirt", "moss", "wetness", "width_m")
"""Parameters that only the phrase sets."""


def vary(tool: str, parameters: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The parameters, with random changes of those that the phrase leaves open, and small ones of its colours."""
    rng = np.random.default_rng([seed, 0x9E3779B9])
    result = dict(parameters)
    for name, schema in properties_of(registry().tool(tool).parameters).items():
        draw = rng.standard_normal(3)
        default = schema["default"]
        if schema.get("format") == "color":
            share = COLORS_SAID if name in parameters else 1.0
            result[name] = jitter(parameters.get(name, default), draw, share)
        elif name in parameters or schema.get("type") != "number" or name in SAID:
            continue
        elif name.endswith("_m"):
            result[name] = within(schema, default * float(np.exp(SIZES_VARY * draw[0])))
        elif default > 0:
            result[name] = within(schema, default + SHARES_VARY * float(draw[0]))
    return result
