# SPDX-License-Identifier: GPL-3.0-or-later
"""A bake as it was asked for, from options to images and materials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..jobs.task import Report
from . import results
from .checks import BakeOptions
from .maps import BakedMap


@dataclass(frozen=True)
class Plan:
    """What is to become of what is baked. notes: what the user should know of it."""

    options: BakeOptions
    targets: Sequence[results.Target]
    folder: Path | None
    replaces: bool
    notes: Sequence[str]

    def save(self, baked: list[list[BakedMap]]) -> list[list[BakedMap]]:
        """The maps, which are also written as files where they are wanted."""
        for maps in baked if self.folder else ():
            results.save(maps, self.folder, replace=self.replaces)
        return baked

    def put(self, baked: list[list[BakedMap]]) -> Report:
        """Make images and materials of the maps."""
        return results.put(list(zip(baked, self.targets, strict=True)), self.notes)
