"""The tools `torus` and `train-torus`; torch is imported only when they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from impasto.context import Context
from impasto.generators import ControlledGenerator, ExportingGenerator, LatentGenerator
from impasto.texture import Maps
from impasto.tools import Input, Inputs, Result, Tile, Trainer

from .parameters import TorusParameters, TrainTorusParameters

if TYPE_CHECKING:
    import numpy as np

    from impasto.graph import Portable

HEADS = re.compile(r"^network\.stages\.\d+\.head\.")
"""Names of the tensors of the last layers, which produce all maps."""


class Torus(LatentGenerator, ControlledGenerator, ExportingGenerator):
    """Makes learned materials from noise on a torus, by circular convolutions, so that the result tiles."""

    name = "torus"
    label = "From a trained model"
    description = "Makes a seamless material of any size with a model: a bundled one, or one trained on your pictures"
    rank = 20
    subgroup = "From a model"
    task = "generate"
    parameters = TorusParameters
    inputs = (
        Input(
            "exemplar",
            "the picture or map set that results are made of, or else the one that the model learned, if it is kept",
            False,
        ),
    )
    uses_subject = False
    may_use_bfloat16 = True

    def apply(self, subject: Maps, parameters: TorusParameters, inputs: Inputs, context: Context) -> Maps:
        """The model's maps, and those derived from height; only the subject's size is used.

        With an exemplar, their detail comes from it.
        """
        from .detail import detail, exemplar_for
        from .generate import synthesis_of, whole_picture

        synthesis = synthesis_of(subject, parameters, context)
        if exemplar := exemplar_for(synthesis, parameters, inputs, context):
            return detail(synthesis, exemplar, parameters.strictness, context)
        return whole_picture(synthesis, context)

    def tiles(self, subject: Maps, parameters: TorusParameters, inputs: Inputs, context: Context) -> Iterator[Tile]:
        """The same result in tiles, for results larger than memory."""
        from .detail import detailed_tiles, exemplar_for
        from .generate import synthesis_of

        synthesis = synthesis_of(subject, parameters, context)
        if exemplar := exemplar_for(synthesis, parameters, inputs, context):
            yield from detailed_tiles(synthesis, exemplar, parameters.strictness, context)
        else:
            yield from synthesis.tiles()

    def between_latents(
        self, one: Mapping[str, Any], other: Mapping[str, Any], share: float, seed: int
    ) -> Mapping[str, Any]:
        """The blend with the other recipe's material, or else its noise; recipes that already blend keep theirs."""
        if one.get("blend") or other.get("blend"):
            return {"blend_seed": one.get("blend_seed", 1), "blend_material": one.get("blend_material", "")}
        if other.get("material") and one.get("material") != other["material"]:
            return {"material": one.get("material", ""), "blend": share, "blend_material": other["material"]}
        return {"blend": share, "blend_seed": seed}

    def without_network(self, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The tensors with zero heads, which leave only the mean, the unit cell and its components."""
        return {name: 0 * value if HEADS.search(name) else value for name, value in tensors.items()}

    def portable(self, model: str, context: Context) -> Portable:
        """The model's graph, with an input for each grid of noise."""
        from .model import load_torus
        from .portable import portable_of

        return portable_of(load_torus(model, context))

    def portable_inputs(self, model: str, size: tuple[int, int], context: Context) -> dict[str, np.ndarray]:
        """Noise, and values that follow from the lattice, for the picture that `apply` makes without an exemplar."""
        from .model import load_torus
        from .portable import inputs_of

        return inputs_of(load_torus(model, context), size, int(context.rng.integers(2**31)))


class TrainTorus(Trainer):
    """Trains a model for `torus`."""

    name = "train-torus"
    label = "Train on a material"
    description = "Learns a material from photographs or map sets, or several by class, to make them seamlessly"
    rank = 20
    parameters = TrainTorusParameters
    may_use_ranks = True
    inputs = (Input("dataset", "what it learns from: a picture, a map set, or a folder of them", kind="dataset"),)

    def apply(self, subject: Maps, parameters: TrainTorusParameters, inputs: Inputs, context: Context) -> Result:
        """The model's path and its figures. After cancelling, a checkpoint remains, from which training resumes."""
        from .train import train_torus

        return train_torus(parameters, inputs["dataset"], context)
