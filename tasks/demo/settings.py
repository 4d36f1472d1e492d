"""Phrases of the demo, and its parameters that are not their tools' defaults, which it names."""

from __future__ import annotations

from collections.abc import Mapping

PHRASE = "red knitted wool with cream stripes"
"""Phrases of the README's strip."""
PAINTED_PX = {"cat": 448, "bricks": 512}
"""Longer side of what is repainted, which saves time."""
SETTINGS: Mapping[str, Mapping[str, float]] = {
    "patch-synthesis": {"variation": 0.0},
    "patches-style": {"relief": 1.0},
}
"""Large pieces, of smaller ones some bricks would be cut; strokes that stand out."""


def settings_text() -> str:
    """`patch-synthesis` variation 0, …"""
    return "; ".join(
        f"{tool} with " + ", ".join(f"{name} {value:g}" for name, value in given.items())
        for tool, given in SETTINGS.items()
    )
