"""Generators that can do more with their models than run them. Subclass those that fit; hosts ask by `isinstance`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .tools import Generator

if TYPE_CHECKING:
    import numpy as np

    from .context import Context
    from .graph import Portable


class LatentGenerator(Generator):
    """A generator whose results can be mixed in the latent space of its model."""

    @abstractmethod
    def between_latents(
        self, one: Mapping[str, Any], other: Mapping[str, Any], share: float, seed: int
    ) -> Mapping[str, Any]:
        """Parameters with which a recipe goes a share of the way to the latent of another with `seed`.

        one, other: parameters of both recipes, the first of whose seed stays. {} where there is no latent between them.
        """


class ControlledGenerator(Generator):
    """A generator whose model stores part of the result, such as its mean, so that its network can be judged apart."""

    @abstractmethod
    def without_network(self, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Tensors of the same model whose network adds nothing to what it stores: its control."""


class ExportingGenerator(Generator):
    """A generator whose models can be written for other frameworks."""

    @abstractmethod
    def portable(self, model: str, context: Context) -> Portable:
        """The model of this name as a graph that other frameworks can run. ModelError if it cannot be one."""

    @abstractmethod
    def portable_inputs(self, model: str, size: tuple[int, int], context: Context) -> dict[str, np.ndarray]:
        """Values of that graph's inputs, by name, for the picture (height, width) that this step's seed gives.

        ParameterError if the graph makes no pictures of this size.
        """


class ImportingGenerator(Generator):
    """A generator that makes models of files of other programs, those with one of `model_suffixes`."""

    model_suffixes: ClassVar[tuple[str, ...]]

    @abstractmethod
    def import_model(self, file: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Tensors and card of a model from a file. ModelError if it is not one."""
