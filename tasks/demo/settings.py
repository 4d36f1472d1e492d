"""Phrases and sizes of the demo; all other parameters are their tools' defaults."""

from __future__ import annotations

PHRASE = "red knitted wool with cream stripes"
"""Phrases of the README's strip."""
PAINTED_PX = {"cat": 448, "bricks": 512}
"""Longer side of what is repainted, which saves time."""
