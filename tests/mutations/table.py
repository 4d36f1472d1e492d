"""All mutations: edits of the code (edits.toml), then changes of the bundled models."""

from __future__ import annotations

import tomllib
from pathlib import Path

from .mutation import Edit, Mutation
from .shipped import SHIPPED

EDITS = tomllib.loads(Path(__file__).with_name("edits.toml").read_text(encoding="utf-8"))
MUTATIONS: tuple[Mutation, ...] = (
    *(
        Mutation(name, row["breaks"], row["file"], Edit(row["old"], row["new"]), tuple(row["tests"]))
        for name, row in EDITS.items()
    ),
    *SHIPPED,
)
