"""The allowed parts of external generators, as `allowed.toml` lists them."""

from __future__ import annotations

import tomllib
from pathlib import Path

_LISTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
ALLOWED = {kind: {part: frozenset(names.split()) for part, names in parts.items()} for kind, parts in _LISTS.items()}
"""Names that a file may use, by format and kind of part."""
MOST_ELEMENTS = 2**28
"""Largest tensor while running, in elements: 1 GiB of float32."""
