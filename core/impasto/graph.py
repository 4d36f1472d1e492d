"""A generator as a graph of a few plain operations, which can be written as ONNX or Keras files.

Tensors are maps (B, C, H, W) or vectors (B, C). H and W are not fixed, so the files make pictures of any size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .errors import Message

Operation = Literal[
    "convolution", "dense", "as_map", "wrap", "crop", "double", "halve", "leaky_relu", "clip", "add", "multiply", "join"
]
Kind = Literal["normal", "setting", "position"]


@dataclass(frozen=True)
class GraphInput:
    """An input: a map of `channels`, or a vector. pixel: width of a map's pixel in the picture; 0 for a vector.

    kind: "normal" for standard normal noise; "setting" for a vector that users choose, with its `default`; "position"
    for values that follow from the model, the picture's size and the seed. description: a clause for the card.
    every: spacing, in rows and columns, of the grid on which noise is drawn before bilinear enlargement on the torus.
    """

    name: str
    channels: int
    pixel: int
    kind: Kind
    description: str
    default: tuple[float, ...] = ()
    every: int = 1

    @property
    def is_vector(self) -> bool:
        """Whether the input is a vector, without height and width."""
        return self.pixel == 0

    def to_dict(self) -> dict[str, object]:
        """The input as JSON for the card."""
        about = {"name": self.name, "channels": self.channels, "pixel": self.pixel, "kind": self.kind}
        default = {"default": list(self.default)} if self.default else {}
        every = {"every": self.every} if self.every > 1 else {}
        return {**about, **default, **every, "description": self.description}

    def shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        """Shape for one picture (height, width): (1, channels), or (1, channels, h, w)."""
        if self.is_vector:
            return (1, self.channels)
        return (1, self.channels, size[0] // self.pixel, size[1] // self.pixel)


@dataclass(frozen=True)
class Node:
    """An operation on the nodes `inputs`. amount: pixels to wrap or crop on each side, or the slope of a leaky ReLU.

    as_map: a vector as a map of one pixel. halve: means of 2x2 pixels. clip: to [0, 1]. join: along the channels.
    weight: (outputs, inputs, k, k) of a convolution, (outputs, inputs) of a dense layer; bias: (outputs,).
    """

    operation: Operation
    inputs: tuple[str, ...]
    amount: float = 0
    weight: np.ndarray | None = field(default=None, repr=False)
    bias: np.ndarray | None = field(default=None, repr=False)

    @property
    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """Weight and bias, both float32, of a convolution or dense layer."""
        assert self.weight is not None
        bias = np.zeros(len(self.weight)) if self.bias is None else self.bias
        return self.weight.astype(np.float32), bias.astype(np.float32)


@dataclass
class Graph:
    """Inputs, nodes in order of computation, and outputs. outputs: node of each map (B, channels, H, W), in [0, 1].

    cell_px: both sides of a picture are multiples of this length.
    """

    cell_px: int
    inputs: dict[str, GraphInput] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def add_input(self, described: GraphInput) -> str:
        """Add an input, and return its name."""
        self.inputs[described.name] = described
        return described.name

    def add(
        self,
        operation: Operation,
        *inputs: str,
        amount: float = 0,
        weight: np.ndarray | None = None,
        bias: np.ndarray | None = None,
    ) -> str:
        """Add a node, and return its name. Of two maps that are added or multiplied, one may have a single pixel."""
        name = f"{operation}_{len(self.nodes)}"
        self.nodes[name] = Node(operation, inputs, amount, weight, bias)
        return name

    def convolution(self, x: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        """A convolution without padding, weight (outputs, inputs, k, k)."""
        return self.add("convolution", x, weight=weight, bias=bias)

    def dense(self, x: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        """weight (outputs, inputs) times a vector, plus bias."""
        return self.add("dense", x, weight=weight, bias=bias)

    def wrap(self, x: str, margin: int) -> str:
        """A circularly padded map."""
        return self.add("wrap", x, amount=margin)

    def double(self, x: str) -> str:
        """A map on a torus, enlarged bilinearly by two."""
        return self.add("crop", self.add("double", self.wrap(x, 1)), amount=2)


@dataclass(frozen=True)
class Portable:
    """A model that can be written in other formats: its graph, and facts about its maps for the card of the file."""

    graph: Graph
    about: Mapping[str, object] = field(default_factory=dict)

    def card(self, name: str) -> dict[str, object]:
        """The card beside an exported file, as JSON."""
        return {
            **self.about,
            "name": name,
            "cell_px": self.graph.cell_px,
            "range": [0.0, 1.0],
            "inputs": [one.to_dict() for one in self.graph.inputs.values()],
            "maps": list(self.graph.outputs),
        }


def sides_problem(sides: Sequence[int], cell_px: int) -> str:
    """Reason why no picture can have these sides; "" if one can."""
    wrong = [side for side in sides if side % cell_px or side < 2 * cell_px]
    message = "sides are multiples of {} px from {} px, and {} is not"
    return Message(message, cell_px, 2 * cell_px, wrong[0]) if wrong else ""
