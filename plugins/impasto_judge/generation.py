"""Results of the judged model, with and without its network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from impasto.generators import ControlledGenerator
from impasto.library.models import Model, save_model
from impasto.options import RunOptions
from impasto.plugins.registry import registry
from impasto.recipe import Recipe, Step
from impasto.running.runner import run
from impasto.system.transaction import temporary_folder
from impasto.texture import Maps


@dataclass(frozen=True)
class Generation:
    """A model, and the settings for its results. label: the class, or ""."""

    model: Model
    label: str
    size_px: int
    parameters: Mapping[str, Any]
    device: str = "auto"

    def make(self, seed: int) -> Maps:
        """Result of the model, from a recipe of one step."""
        tool = registry().tool(str(self.model.card["tool"]))
        fields = tool.parameters.model_fields
        values: dict[str, Any] = {"model": self.model.name, "width_px": self.size_px, "height_px": self.size_px}
        values["texture_transfer"] = False  # or pieces of the data would improve the network's score
        if self.label and "material" in fields:
            values["material"] = self.label
        values = {name: value for name, value in values.items() if name in fields} | dict(self.parameters)
        recipe = Recipe((Step(tool.name, values),), seed)
        return run(recipe, None, RunOptions(device=self.device, models_folder=self.model.path.parent)).maps

    def without_network(self, seeds: Sequence[int]) -> list[Maps]:
        """Results of the model with its network switched off; [] if its tool cannot do that."""
        tool = registry().tool(str(self.model.card["tool"]))
        if not isinstance(tool, ControlledGenerator):
            return []
        tensors = tool.without_network(self.model.load())
        with temporary_folder() as folder:
            model = save_model(folder / self.model.path.name, tensors, self.model.card)
            return [replace(self, model=model).make(seed) for seed in seeds]


def network_share(generated: Sequence[Maps], without: Sequence[Maps], names: Sequence[str]) -> dict[str, float]:
    """Share of the variance of results that the network adds, by map, and "all": its mean over the maps.

    1 - V0 / V, where V is the variance of a map's pixels over a result (summed over channels, averaged over seeds),
    and V0 the variance for the same seeds without the network. 0: the network adds nothing. 1: all structure comes from
    it. Negative: it only smooths what the model stores otherwise.
    """
    if not without:
        return {}
    shares = {}
    for name in names:
        ours, stored = (
            np.mean([maps[name].pixels.var((0, 1), dtype=np.float64).sum() for maps in side])
            for side in (generated, without)
        )
        shares[name] = float(1 - stored / ours) if ours > 0 else 0.0
    return shares | {"all": float(np.mean(list(shares.values())))}
