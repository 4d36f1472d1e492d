"""Style transfer: a picture, or a material's maps, repainted in the style of other pictures.

Importing this package does not load torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from impasto import hookimpl
from impasto.library.weights import Weights
from impasto.tools import Tool

from .catalogue import CATALOGUE
from .tools import style_tools

if TYPE_CHECKING:
    import numpy as np

    from impasto.context import Context


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return style_tools()


@hookimpl
def impasto_models() -> Path:
    """Folder of the bundled encoder."""
    return Path(__file__).with_name("models")


@hookimpl
def impasto_weights() -> tuple[Weights, ...]:
    """Published weights of networks whose features describe a style."""
    return CATALOGUE


@hookimpl
def impasto_encode(patches: np.ndarray, context: Context) -> np.ndarray | None:
    """Features of patches from the best installed network; None if none is installed."""
    from .shared.features import patch_features

    return patch_features(patches, context)
