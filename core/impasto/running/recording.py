"""The parts of the record of a run: hashes of its inputs and of the models that it loaded, and versions of packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version

from ..plugins.registry import registry
from ..texture import Maps
from ..tools import Tool
from .inputs import RecipeInput


@dataclass(frozen=True)
class RunLog:
    """Notes of the tools for the user, and the SHA-256 of each model, exemplar and weights file that they loaded."""

    notes: list[str]
    hashes: Mapping[str, dict[str, str]] = field(default_factory=lambda: {"models": {}, "exemplars": {}, "weights": {}})

    def loaded(self, kind: str, name: str, sha256: str) -> None:
        """Add a model, an exemplar or published weights; `kind` is a key of `hashes`."""
        self.hashes[kind][name] = sha256


def record_input(input_: RecipeInput) -> dict[str, str | float]:
    """Name, SHA-256, scale and colour space of an input."""
    found: dict[str, str | float] = {"name": input_.name, "sha256": input_.sha256()}
    if not isinstance(input_, Maps):
        return found
    scale = {"width_m": input_.tile_width_m, "height_range_m": input_.height_range_m}
    about = {"color_space": input_.color_space or None, **scale}
    return found | {name: value for name, value in about.items() if value is not None}


def versions_of(tools: Sequence[Tool]) -> dict[str, str]:
    """Versions of Impasto, PyTorch, NumPy, and the plugins of the tools."""
    names = {tool.name for tool in tools}
    owners = {plugin.distribution for plugin in registry().plugins if names.intersection(plugin.tools)}
    return {name: _version(name) for name in sorted({"impasto", "torch", "numpy"} | owners)}


@cache
def _version(distribution: str) -> str:
    """Version of a distribution. It is cached, since reading it takes longer than a small preview."""
    return version(distribution)
