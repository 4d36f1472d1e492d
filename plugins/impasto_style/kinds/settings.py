"""Settings of `patches-style` for each kind of style; this module does not import torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["auto", "none", "oil", "pointillism", "ink", "watercolor", "print", "gold", "pencil"]

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "oil": {"relief": 0.6},
    "pointillism": {"detail": 1.5, "relief": 0.3},
    "ink": {"detail": 1.5},
    "watercolor": {"detail": 0.7},
    "print": {"variety": 0.4},
    "gold": {"strokes": 0.6, "relief": 0.5},
    "pencil": {"strokes": 0.7, "detail": 1.3},
}
"""Parameters that differ from the defaults, by kind; relief applies only to materials."""
LABELS = {
    "oil": "an oil painting",
    "pointillism": "a pointillist painting",
    "ink": "an engraving or ink drawing",
    "watercolor": "a watercolour painting",
    "print": "a flat print",
    "gold": "gold and ornament",
    "pencil": "a pencil drawing",
}
"""Names of the kinds, as notes show them."""
