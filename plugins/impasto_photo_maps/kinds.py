"""Kinds of material that are distinguished, with typical values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

USUAL: Mapping[str, tuple[float, float]] = tomllib.loads(Path(__file__).with_name("kinds.toml").read_text("utf-8"))
"""Typical mean tilt in degrees and roughness of each kind."""
KINDS = tuple(USUAL)
JOINTED = ("bark", "bricks", "fabric", "paving", "roof", "stones", "tiles", "wood")
"""Kinds with joints or fibres, whose colours correlate with their relief."""
