"""Changes a trained model's picture by words, with its sliders, which are directions in its latent space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from impasto.context import Models
from impasto.errors import Message
from impasto.parameters import properties_of
from impasto.plugins.registry import registry
from impasto.recipe import Step
from impasto.system.untrusted import excerpt
from impasto.tools import model_parameter

from .levels import STEPS, amount_of, within
from .reading import Reading
from .sizing import size_factor
from .vocabulary import COMPARATIVES, table

SLIDERS: Mapping[str, Sequence[str]] = table("grammar")["sliders"]
"""Names of sliders for each slot, best first."""
UPWARDS = {"lighter": 1, "warmer": 1, "duller": 1, "rougher": 1, "more_mottled": 1}
UPWARDS |= {"darker": -1, "cooler": -1, "glossier": -1, "smoother": -1, "more_uniform": -1}
"""Direction in which a comparative moves its slider."""


def slider_parameter(tool: str) -> str | None:
    """Name of the parameter with a model's sliders; None for other tools."""
    schemas = properties_of(registry().tool(tool).parameters).items()
    return next((name for name, schema in schemas if schema.get("format") == "sliders"), None)


def slider_changes(step: Step, reading: Reading, models: Models) -> tuple[dict[str, Any], list[str]]:
    """The parameters of a model's step, changed by words, and notes about words without a slider."""
    tool = registry().tool(step.tool)
    name = str(slider_parameter(step.tool))
    model = models.find(str(step.parameters.get(str(model_parameter(tool)), "")), tool.name)
    known = {about["name"]: about for about in model.description()["sliders"]}
    own: dict[str, Any] = dict(step.parameters)
    sliders: Any = own.get(name, {})
    values, missed = dict(sliders), list(reading.sizes_m)
    for slot, value in reading.slots.items():
        amount, word = amount_of(COMPARATIVES.get(value, (value,))[0])
        slider = next((one for one in SLIDERS.get(slot, ()) if one in known), None)
        schema = properties_of(tool.parameters).get("scale")
        if slot == "size" and schema:
            own["scale"] = within(schema, float(own.get("scale", schema["default"])) * size_factor(value))
        elif slider and word in UPWARDS:
            about = known[slider]
            moved = values.get(slider, about["default"]) + UPWARDS[word] * STEPS[amount]
            values[slider] = min(max(moved, about["low"]), about["high"])
        else:
            missed.append(slot)
    words = dict.fromkeys([*(reading.words.get(slot, slot) for slot in missed), *reading.undrawn, *reading.amounts])
    return {**own, name: values}, [Message("{} has no effect on {}", excerpt(word), model.label) for word in words]
