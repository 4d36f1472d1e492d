"""The context of a running tool: device, precision, random generator, progress, previews, cancellation.

Protocols declare the parts of higher storeys that tools use: libraries, and the canvas of a mesh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .descriptions import ModelDescription
from .errors import Cancelled, Message
from .texture import Maps
from .udim import TileSheet

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class FoundModel(Protocol):
    """A model of the library: a `library.models.Model`."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def card(self) -> dict[str, Any]: ...
    @property
    def licence(self) -> str: ...
    def sha256(self) -> str: ...
    def description(self) -> ModelDescription: ...
    def load(self) -> dict[str, np.ndarray]: ...
    def load_exemplar(self) -> Maps: ...


class Models(Protocol):
    """The models of the user and of plugins: a `library.models.ModelLibrary`."""

    @property
    def folder(self) -> Path: ...
    def path(self, name: str) -> Path: ...
    def find(self, wanted: str, tool: str) -> FoundModel: ...


class PublishedWeights(Protocol):
    """The weights that plugins declare: a `library.installed.WeightsLibrary`."""

    @property
    def folder(self) -> Path: ...
    def is_installed(self, name: str) -> bool: ...
    def installed_weights(self, name: str) -> Any: ...


class PaintedCharts(Protocol):
    """A picture (height, width) of a mesh's charts: an `atlas.canvas.ChartCanvas`."""

    @property
    def size_px(self) -> tuple[int, int]: ...
    @property
    def longest_px(self) -> float: ...
    def across(self, x: Tensor) -> Tensor: ...


NOTHING: Any = None
"""Stands for the libraries in the context of a tool that loads nothing."""


def _nothing(*_: object) -> None:
    pass


def step_rngs(seed: int, count: int = 1) -> list[np.random.Generator]:
    """A random generator for each of `count` steps with this seed. The first ones are the same for any count."""
    return [np.random.default_rng(sequence) for sequence in np.random.SeedSequence(seed).spawn(count)]


@dataclass(frozen=True)
class Context:
    """Context of a running tool. A tool that loops calls `progress` at least every 0.5 s.

    device: a torch device string. precision: "float32" or "bfloat16". rng: random generator of this step.
    models: the library that trainers save to and generators load from. weights: published weights that plugins declare.
    is_stopped: whether the user asked to finish early and keep the result so far; tools that improve their result
    step by step ask this. enough_px: for a preview, the longer side that is enough: a generator may make the same
    picture smaller by halving both sides, as long as the longer side keeps this length. None for a final result. mesh:
    the mesh (`atlas.mesh.Mesh`) under the subject, if it has seams. canvas: the canvas of the charts of the mesh, if
    the tool paints charts. sheet: positions of the UDIM tiles in a tiled subject. on_loaded: called with "models",
    "exemplars" or "weights", a name and a SHA-256, which the recipe records.
    """

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    device: str = "cpu"
    precision: str = "float32"
    enough_px: int | None = None
    mesh: Any = None
    canvas: PaintedCharts | None = None
    sheet: TileSheet | None = None
    models: Models = NOTHING
    weights: PublishedWeights = NOTHING
    on_progress: Callable[[float, str], None] = _nothing
    on_preview: Callable[[Maps], None] = _nothing
    on_loaded: Callable[[str, str, str], None] = _nothing
    on_note: Callable[[str], None] = _nothing
    on_decision: Callable[[Any], None] = _nothing
    is_cancelled: Callable[[], bool] = lambda: False
    is_stopped: Callable[[], bool] = lambda: False

    def progress(self, fraction: float, message: str = "", *values: object) -> None:
        """Report the fraction done, in [0, 1], and a `Message`. Raise Cancelled if the job was cancelled."""
        self.check()
        self.on_progress(min(max(fraction, 0.0), 1.0), Message(message, *values))

    def preview(self, maps: Maps) -> None:
        """Show an unfinished result; the receiver may drop it. Raise Cancelled if the job was cancelled."""
        self.check()
        self.on_preview(maps)

    def note(self, text: str, *values: object) -> None:
        """Add a note about a decision that the tool made for the user: a sentence fragment, as in `Message`."""
        self.on_note(Message(text, *values))

    def decide(self, parameters: Any) -> None:
        """Record these parameters, which include the tool's own choices, in place of the user's.

        The recipe then gives the same result again, even if a later version of the tool would choose differently.
        """
        self.on_decision(parameters)

    def check(self) -> None:
        """Raise Cancelled if the job was cancelled."""
        if self.is_cancelled():
            raise Cancelled

    def find_model(self, wanted: str, tool: str) -> FoundModel:
        """The model of this name for a tool; "" for the first model. The recipe records its hash. Raise ModelError."""
        model = self.models.find(wanted, tool)
        if wanted not in ("", model.name):
            self.note("the model {} is now called {}", wanted, model.name)
        self.on_loaded("models", model.name, model.sha256())
        return model

    def load_model(self, wanted: str, tool: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Card and tensors of the model that `find_model` returns."""
        model = self.find_model(wanted, tool)
        return model.card, model.load()

    def load_exemplar(self, model: FoundModel) -> Maps:
        """The picture that a model learned from, stored beside it. The recipe records its hash; a note names the data.

        Raise ModelError if it is missing or damaged.
        """
        exemplar = model.load_exemplar()
        self.on_loaded("exemplars", model.name, model.card["exemplar"])
        names = ", ".join(str(item["name"]) for item in model.card["data"])
        self.note("made of pieces of {} ({}), from which {} learned", names, model.licence, model.name)
        return exemplar

    def find_weights(self, names: Sequence[str]) -> str | None:
        """Name of the first of these weights that is installed; None if none is."""
        return next((name for name in names if self.weights.is_installed(name)), None)

    def load_weights(self, name: str) -> dict[str, np.ndarray]:
        """The tensors of published weights, by name; the recipe records their hash.

        Raise ModelError, with instructions for getting the weights, if they are not installed.
        """
        installed = self.weights.installed_weights(name)
        self.on_loaded("weights", installed.name, installed.sha256())
        return installed.load()

    def across_seams(self, x: Tensor) -> Tensor:
        """A picture x (B, C, h, w) of the subject, with its gutters filled by the pixels across the seams of the mesh.

        x may have any resolution. Tools that improve a picture step by step call this between steps. Gradients pass
        through. Without a mesh, x is returned as it is.
        """
        return x if self.canvas is None else self.canvas.across(x)

    def longest_px(self, size_px: Sequence[int]) -> int:
        """Longer side of a picture of this (height, width). Sizes of strokes, for example, are relative to it.

        For the canvas of a mesh: longer side of the texture, or of its largest UDIM tile, in texels of the canvas.
        """
        if self.canvas is None:
            return max(size_px)
        share = self.sheet.longest_px / max(self.sheet.size_px) if self.sheet else 1.0
        return round(share * self.canvas.longest_px * max(size_px) / max(self.canvas.size_px))

    def noise(self, *shape: int) -> torch.Tensor:
        """Standard normal noise, drawn on the CPU in float32, then moved: a seed gives the same noise on any device."""
        import torch

        return torch.from_numpy(self.rng.standard_normal(shape, np.float32)).to(self.device)
