"""Runs an installed file: noise from the seed, maps in their range, and the requested size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.context import Context
from impasto.errors import ModelError
from impasto.library.models import read_model
from impasto.numerics.resampling import bilinear_resize
from impasto.surface.relief import normal_from_height, occlusion_from_height
from impasto.texture import Maps
from impasto.training.noise import NoiseField

from .card import ImportedCard, InputCard
from .reading import FILE, PROBES, ForeignFile, Runner


def picture(wanted: str, size: tuple[int, int], context: Context) -> Maps:
    """The maps (height, width) that a model makes from this step's seed."""
    found = context.find_model(wanted, "imported-model")
    context.progress(0.05, "Loading the model")
    card, source, run = _load(found.path, found.sha256())
    cells = card.cells(size)
    source.outputs(card.shapes(cells))
    context.progress(0.3, "Generating")
    field = NoiseField(int(context.rng.integers(2**31)))
    inputs = {one.name: _values(one, field, index, card, cells) for index, one in enumerate(card.inputs)}
    outputs = run(inputs)
    low, high = card.range
    values = {
        name: _channels_first((outputs[output].astype(np.float32) - low) / (high - low), card)
        for name, output in zip(card.maps, card.outputs, strict=True)
    }
    if not all(bool(torch.isfinite(value).all()) for value in values.values()):
        raise ModelError("{} gives values that are NaN or infinite", "export it again, or choose another", card.name)
    made_px = next(iter(values.values())).shape[2:]
    if tuple(made_px) != size:
        context.note("made at {}x{} px, and resampled to {}x{}", made_px[1], made_px[0], size[1], size[0])
    return _maps({name: _resize(value, size).clamp(0, 1)[0] for name, value in values.items()}, card)


@lru_cache(maxsize=2)
def _load(path: Path, _sha256: str) -> tuple[ImportedCard, ForeignFile, Runner]:
    """Card, checked source and runner of an installed file, cached by its hash."""
    model = read_model(path)
    card = ImportedCard.of(model.card)
    tensors = model.load()
    if tensors.keys() != {FILE} or tensors[FILE].dtype != np.uint8 or tensors[FILE].ndim != 1:
        raise ModelError("{} holds no file of another framework", "install it again from that file", model.name)
    data = tensors[FILE].tobytes()
    source = ForeignFile(data, card.architecture, model.name)
    source.outputs(card.shapes((PROBES[0], PROBES[0] + 1)))  # before a framework allocates memory for it
    return card, source, source.runner()


def _values(one: InputCard, field: NoiseField, stream: int, card: ImportedCard, cells: tuple[int, int]) -> np.ndarray:
    """Values of an input: its defaults, or noise from its own stream."""
    shape = card.shapes(cells)[one.name]
    if one.kind == "setting":
        return np.array([one.default], np.float32)
    sides = (1, 1) if len(shape) == 2 else shape[1:3] if card.channels_last else shape[2:]
    grid = (-(-sides[0] // one.every), -(-sides[1] // one.every))
    noise = bilinear_resize(field.normal(stream, one.channels, grid)[None], (sides[0], sides[1]))
    if len(shape) == 2:
        return noise[:, :, 0, 0].numpy()
    return np.ascontiguousarray((noise.permute(0, 2, 3, 1) if card.channels_last else noise).numpy())


def _channels_first(values: np.ndarray, card: ImportedCard) -> Tensor:
    tensor = torch.from_numpy(np.array(values))
    return tensor.permute(0, 3, 1, 2) if card.channels_last else tensor


def _resize(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (1, C, H, W) at this size, resized on the torus so that seamless maps stay seamless."""
    if tuple(values.shape[2:]) == size:
        return values
    if all(have <= want for have, want in zip(values.shape[2:], size, strict=True)):
        return bilinear_resize(values, size)
    return interpolate(values, size=size, mode="bilinear", antialias=True)


def _maps(values: Mapping[str, Tensor], card: ImportedCard) -> Maps:
    """The maps, with those that follow from height, and their size in metres."""
    tensors: dict[str, Any] = dict(values)
    known = card.texel_m is not None and card.height_range_m is not None
    if "height" in tensors and known:
        assert card.texel_m is not None
        assert card.height_range_m is not None
        height_px = tensors["height"][0] * (card.height_range_m / card.texel_m)
        tensors |= {
            "normal": normal_from_height(height_px),
            "ambient_occlusion": occlusion_from_height(height_px)[None],
        }
    maps = Maps.from_arrays({name: value.permute(1, 2, 0).numpy() for name, value in tensors.items()})
    width_m = card.texel_m * maps.size_px[1] if card.texel_m else None
    return replace(maps, name=card.name, width_m=width_m, height_range_m=card.height_range_m if known else None)
