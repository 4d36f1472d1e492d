"""A trained generator as a graph for other frameworks, and the inputs for one of our pictures.

Values that depend on position (phases of a lattice, the mean unit cell) are inputs of the graph. So other frameworks
need only convolutions, and pictures may have any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from impasto.errors import Message, ParameterError
from impasto.graph import Graph, GraphInput, Portable, sides_problem
from impasto.patterns.lattice import TorusRegion, full_region
from impasto.texture import MAP_CHANNELS
from impasto.training.layers import SLOPE

from .cells.unit_cell import LEAST_VARIANCE
from .generate import COMPONENT_STREAM, GLOBAL_STREAM, HEIGHT_MARGIN, Choice, Synthesis
from .model import TorusModel
from .network import BROAD_CELLS, BROAD_CHANNELS, GLOBAL_CHANNELS, LOCAL_CHANNELS, STYLE_CHANNELS, Stage


def portable_of(model: TorusModel) -> Portable:
    """The model's graph, from noise to the maps of its card, in [0, 1] and the same as from `torus`.

    Normals and occlusion are left out, since they follow from the height.
    """
    graph = _GraphOf(model).build()
    surfaces = model.card.surfaces
    about = {"classes": list(model.card.classes), "texel_m": surfaces[0].texel_m}
    if "height" in model.card.maps and surfaces[0].height_range_m is not None:
        about["height_range_m"] = surfaces[0].height_range_m * (1 + 2 * HEIGHT_MARGIN)
    return Portable(graph, {name: value for name, value in about.items() if value})


@dataclass
class _GraphOf:
    """The graph of a model, built stage by stage."""

    model: TorusModel

    def build(self) -> Graph:
        """The whole graph."""
        network = self.model.network
        self.graph = graph = Graph(network.cell_px)
        style = self._style()
        x = graph.add("join", *self._grids())
        maps = ""
        for index, stage in enumerate(network.stages):
            x, maps = self._stage(index, stage, x, maps, style)
        self._outputs(maps)
        return self.graph

    def _grids(self) -> tuple[str, str]:
        """The two coarsest grids of noise."""
        cell_px = self.model.network.cell_px
        grid = self._input("grid", LOCAL_CHANNELS, cell_px, "normal", "white noise: the layout")
        description = (
            f"white noise for every {BROAD_CELLS}th row and column, enlarged bilinearly on the torus: broad drifts"
        )
        broad = GraphInput("broad", BROAD_CHANNELS, cell_px, "normal", description, every=BROAD_CELLS)
        return grid, self.graph.add_input(broad)

    def _input(self, name: str, channels: int, pixel: int, kind: str, description: str) -> str:
        return self.graph.add_input(GraphInput(name, channels, pixel, kind, description))  # type: ignore[arg-type]

    def _style(self) -> str:
        """Node of the style (B, 32)."""
        network, graph = self.model.network, self.graph
        x = self._input("latent", GLOBAL_CHANNELS, 0, "normal", "the whole picture's variant of the material")
        if network.classes is not None:
            description = "weight of each class; they add up to 1"
            first_alone = tuple(float(not index) for index in range(network.classes.num_embeddings))
            classes = self._setting("classes", description, first_alone)
            x = graph.add("join", x, graph.dense(classes, _array(network.classes.weight.T)))
        first, second = (layer for layer in network.mapping if isinstance(layer, nn.Linear))
        x = graph.add("leaky_relu", graph.dense(x, _array(first.weight), _bias(first)), amount=SLOPE)
        style = graph.dense(x, _array(second.weight), _bias(second))
        if not self.model.card.sliders:
            return style
        description = f"positions of the sliders {', '.join(str(slider['name']) for slider in self.model.card.sliders)}"
        sliders = self._setting("sliders", description, slider_defaults(self.model))
        return graph.add("add", style, graph.dense(sliders, _array(self.model.sliders[:, :STYLE_CHANNELS].T)))

    def _setting(self, name: str, description: str, default: tuple[float, ...]) -> str:
        return self.graph.add_input(GraphInput(name, len(default), 0, "setting", description, default))

    def _stage(self, index: int, stage: Stage, x: str, maps: str, style: str) -> tuple[str, str]:
        """Nodes of a stage's features and maps."""
        graph, pixel = self.graph, self.model.network.cell_px >> index
        x = graph.convolution(graph.wrap(x, 1), _array(stage.convolution.weight), _bias(stage.convolution))
        (scale, shift), (scale_bias, shift_bias) = _halves(stage.style.weight), _halves(stage.style.bias)
        x = graph.add("multiply", x, graph.add("as_map", graph.dense(style, scale, 1 + scale_bias)))
        x = graph.add("add", x, graph.add("as_map", graph.dense(style, shift, shift_bias)))
        if not stage.is_first:
            x = graph.double(x)
        noise = self._input(f"noise_{index}", stage.noise_channels, pixel, "normal", "white noise: detail of this size")
        x = self._modulate(stage.noise.weight, x, noise)
        if stage.condition is not None:
            description = "phases of the pattern, and noise for each of its cells"
            condition = self._input(f"pattern_{index}", stage.condition.in_channels, pixel, "position", description)
            x = self._modulate(stage.condition.weight, x, condition)
        x = graph.add("leaky_relu", x, amount=SLOPE)
        for residual in stage.residuals:
            changed = graph.convolution(graph.wrap(x, 1), _array(residual.weight), _bias(residual))
            x = graph.add("add", graph.add("leaky_relu", changed, amount=SLOPE), x)
        gains = _array(stage.gains)
        own = graph.convolution(x, _array(stage.head.weight) * gains[..., None], _bias(stage.head) * gains.ravel())
        return x, graph.add("add", own, graph.double(maps)) if maps else own

    def _modulate(self, weight: Tensor, x: str, by: str) -> str:
        """x (1 + gain) + added, both mixtures of `by`."""
        added, gain = _halves(weight)
        scaled = self.graph.add("multiply", x, self.graph.convolution(by, gain, np.ones(len(gain))))
        return self.graph.add("add", scaled, self.graph.convolution(by, added))

    def _outputs(self, maps: str) -> None:
        """Pixels of each map from standardised values (Standardisation.inverse, UnitCell.forward)."""
        graph, card, unit_cell = self.graph, self.model.card, self.model.unit_cell
        values = self._unstandardise(maps)
        if unit_cell is not None:
            values = self._scale_bands(values, 0)
            description = "the mean of all cells of the pattern, and their differences"
            values = graph.add("add", values, self._input("cells", card.channels, 1, "position", description))
        first = 0
        for name in card.maps:
            chosen = np.eye(card.channels)[first : first + MAP_CHANNELS[name], :, None, None]
            bias = np.zeros(len(chosen))
            if name == "height":
                chosen, bias = chosen / (1 + 2 * HEIGHT_MARGIN), bias + HEIGHT_MARGIN / (1 + 2 * HEIGHT_MARGIN)
            graph.outputs[name] = graph.add("clip", graph.convolution(values, chosen, bias))
            first += MAP_CHANNELS[name]

    def _unstandardise(self, maps: str) -> str:
        """Pixels from standardised values; for several classes, their weighted mean."""
        graph, mixed = self.graph, ""
        surfaces = self.model.standardisations
        if len(surfaces) == 1:
            inverse, mean = torch.linalg.inv(surfaces[0].matrix.cpu()), surfaces[0].mean
            return graph.convolution(maps, _array(inverse)[..., None, None], _array(mean).ravel())
        inverses = torch.stack([torch.linalg.inv(one.matrix.cpu()) for one in surfaces])  # (classes, C, C)
        means = torch.stack([one.mean.ravel().cpu() for one in surfaces])  # (classes, C)
        channels = means.shape[1]
        for column in range(channels):  # columns of the inverse, weighted by the classes, times their channel
            weights = graph.add("as_map", graph.dense("classes", _array(inverses[:, :, column].T)))
            one = np.zeros((channels, channels, 1, 1))
            one[:, column] = 1
            part = graph.add("multiply", graph.convolution(maps, one), weights)
            mixed = graph.add("add", mixed, part) if mixed else part
        return graph.add("add", mixed, graph.add("as_map", graph.dense("classes", _array(means.T))))

    def _scale_bands(self, x: str, band: int) -> str:
        """x with each of its bands multiplied by the root of its variance at each phase (UnitCell._scale_bands)."""
        assert self.model.unit_cell is not None
        if band >= len(self.model.unit_cell.variances):
            return x
        graph, channels = self.graph, self.model.card.channels
        below = graph.add("halve", x)
        negative = -np.eye(channels)[..., None, None]
        detail = graph.add("add", x, graph.convolution(graph.double(below), negative))
        description = "strength of this band of detail at each phase of the pattern"
        strength = self._input(f"strength_{band}", channels, 1 << band, "position", description)
        coarser = graph.double(self._scale_bands(below, band + 1))
        return graph.add("add", coarser, graph.add("multiply", detail, strength))


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()


def _bias(layer: nn.Conv2d | nn.Linear) -> np.ndarray:
    assert layer.bias is not None
    return _array(layer.bias)


def _halves(tensor: Tensor) -> tuple[np.ndarray, np.ndarray]:
    first, second = _array(tensor).reshape(2, len(tensor) // 2, *tensor.shape[1:])
    return first, second


def slider_defaults(model: TorusModel) -> tuple[float, ...]:
    """Default of each slider of a model."""
    return tuple(float(slider.get("default", 0.0)) for slider in model.card.sliders)


def inputs_of(model: TorusModel, size: tuple[int, int], seed: int) -> dict[str, np.ndarray]:
    """Values of the graph's inputs, float32, for the picture (height, width) that `torus` makes from this seed.

    Raise ParameterError if the sides are not multiples of a cell, or hold no whole periods of the pattern.
    """
    problem = sides_problem(size, model.network.cell_px)
    moved = torch.tensor(slider_defaults(model)) @ model.sliders.cpu()
    synthesis = Synthesis(model, Choice(size, seed, moved=moved))
    if not problem and synthesis.torus != size:
        problem = Message("{} has no whole periods in {}x{} px", model.card.name, size[1], size[0])
    if problem:
        height, width = synthesis.torus
        raise ParameterError(problem, "choose the size {}x{}", width, height)
    with torch.inference_mode():
        tensors = {**_noise(synthesis), **_positional(synthesis)}
    return {name: np.ascontiguousarray(values.float().cpu().numpy()) for name, values in tensors.items()}


def _noise(synthesis: Synthesis) -> dict[str, Tensor]:
    """Random inputs, and the classes' weights."""
    network, noise = synthesis.model.network, synthesis.noise
    cells = _region(synthesis, network.cell_px).full
    grid, broad = network.start(noise, cells).features.split([LOCAL_CHANNELS, BROAD_CHANNELS], 1)
    latent = noise(GLOBAL_STREAM, GLOBAL_CHANNELS, full_region((1, 1)))[:, :, 0, 0]
    tensors = {"latent": latent, "grid": grid, "broad": broad}
    for index, stage in enumerate(network.stages):
        tensors[f"noise_{index}"] = noise(index, stage.noise_channels, _region(synthesis, network.cell_px >> index))
    if network.classes is not None:
        tensors["classes"] = torch.tensor([synthesis.weights])
    if synthesis.model.card.sliders:
        tensors["sliders"] = torch.tensor([slider_defaults(synthesis.model)])
    return tensors


def _positional(synthesis: Synthesis) -> dict[str, Tensor]:
    """Inputs that follow from the lattice: each stage's conditioning, unit cells, and the strengths of their bands."""
    network, unit_cell, lattice = synthesis.model.network, synthesis.model.unit_cell, synthesis.lattice
    tensors = {
        f"pattern_{index}": synthesis.condition(_region(synthesis, network.cell_px >> index))
        for index, stage in enumerate(network.stages)
        if stage.condition is not None
    }
    if unit_cell is None:
        return tensors
    region = _region(synthesis, 1)
    nothing = torch.zeros(1, synthesis.model.card.channels, *region.full, device=synthesis.model.device)
    tensors["cells"] = unit_cell(
        nothing, lattice, region, 0, synthesis.cell_noise(COMPONENT_STREAM), synthesis.cell_shift
    )
    for band, variance in enumerate(unit_cell.variances):
        values = variance(lattice, _region(synthesis, 1 << band), 1 << band)
        tensors[f"strength_{band}"] = values.clamp(min=LEAST_VARIANCE).sqrt()[None]
    return tensors


def _region(synthesis: Synthesis, pixel: int) -> TorusRegion:
    """The whole torus, in pixels of this width."""
    return full_region((synthesis.torus[0] // pixel, synthesis.torus[1] // pixel))
