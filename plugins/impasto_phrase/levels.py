"""Parameter values for words of degree, such as "some", "much" and "more"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .vocabulary import table

LEVELS = {"no": 0.0, "little": 0.22, "some": 0.5, "much": 0.85}
OF_SLOT: Mapping[str, Mapping[str, float]] = table("grammar")["levels"]
ABOVE_DEFAULT = 0.2
"""Smallest difference between "some" and the default, so that it is visible."""
LEVEL_STEP = 0.2
"""Change of a parameter with the range 0 to 1 by "more"."""
STEPS = {"a_little_": 0.5, "": 1.0, "much_": 2.0}
"""Number of steps of a comparative, by its amount."""


def amount_of(value: str) -> tuple[str, str]:
    """The amount of a comparative, and the comparative; ("", value) for others."""
    amount = next((amount for amount in ("a_little_", "much_") if value.startswith(amount)), "")
    return amount, value.removeprefix(amount)


def level(slot: str, schema: Mapping[str, Any], word: str) -> float:
    """Value of a parameter for "no", "little", "some" or "much"."""
    if schema.get("type") == "boolean":
        return float(word != "no")
    value = OF_SLOT.get(slot, {}).get(word, LEVELS[word])
    default = schema["default"]
    if word == "little" and default > 0:
        value = min(value, default)
    elif word in ("some", "much") and slot not in OF_SLOT:
        value = max(value, default + ABOVE_DEFAULT)
    return min(max(value, schema.get("minimum", 0)), schema.get("maximum", 1))


def move_by_steps(schema: Mapping[str, Any], value: float, steps: float) -> float:
    """A parameter's value, moved by steps within its limits."""
    if schema.get("type") == "boolean":
        return float(steps > 0)
    return min(max(value + LEVEL_STEP * steps, schema.get("minimum", 0)), schema.get("maximum", 1))


def within(schema: Mapping[str, Any], value: float) -> float:
    """The nearest value within a parameter's limits, rounded."""
    return round(min(max(value, schema.get("minimum", value)), schema.get("maximum", value)), 5)
