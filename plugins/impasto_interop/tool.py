"""The tool `imported-model`; frameworks are imported only when it runs, or a file is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.context import Context
from impasto.generators import ImportingGenerator
from impasto.texture import Maps
from impasto.tools import Inputs, SizeParameters, model_field

if TYPE_CHECKING:
    import numpy as np


class ImportedParameters(SizeParameters):
    """The model, and the size of its picture."""

    model: str = model_field("Name of a model that was installed from a .keras or .onnx file; empty: the first of them")


class ImportedModel(ImportingGenerator):
    """Makes pictures with a generator that was trained elsewhere, from noise."""

    name = "imported-model"
    label = "From an imported model"
    description = "Makes a texture from noise with a model of another framework, installed from a .keras or .onnx file"
    rank = 80
    subgroup = "From a model"
    parameters = ImportedParameters
    uses_subject = False
    model_suffixes = (".keras", ".onnx")

    def apply(self, subject: Maps, parameters: ImportedParameters, inputs: Inputs, context: Context) -> Maps:
        """The file's maps at a size that it can make, resampled to the chosen size if that differs."""
        from .running import picture

        return picture(parameters.model, parameters.size_px(subject), context)

    def import_model(self, file: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The checked file as a tensor of bytes, and a card of its inputs, sizes and ranges."""
        from .reading import imported_file

        return imported_file(file)
