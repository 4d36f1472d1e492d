"""The channels of a stored picture that are its colour and its opacity."""

from __future__ import annotations

from typing import Any

SHORT = {"red": "r", "green": "g", "blue": "b", "alpha": "a"}
SETS = (("r", "g", "b"), ("x", "y", "z"), ("y",))
"""Channel names of colour, of a normal pass, and of luminance alone, in order of preference."""


def choose_channels(spec: Any, most: int) -> tuple[tuple[int, ...], int | None]:
    """Indexes of the colour channels (1 or `most`) and of opacity (None if there is none).

    Of an EXR's layers, the one called Combined is used, or else the first with colour.
    """
    names = [name.lower() for name in spec.channelnames]
    found = _layer_channels(names) if most == 3 else None
    if found is not None:
        return found
    channels = tuple(range(most)) if spec.nchannels >= most else (0,)
    return channels, spec.alpha_channel if spec.alpha_channel not in (-1, *channels) else None


def rank(spec: Any) -> int:
    """Preference for a part of a file by its channels: the index of the first set in `SETS` that it has; 0 is best."""
    names = [name.lower() for name in spec.channelnames]
    layers = _layers(names)
    return next((i for i, wanted in enumerate(SETS) if any(set(wanted) <= layer.keys() for layer in layers)), len(SETS))


def _layer_channels(names: list[str]) -> tuple[tuple[int, ...], int | None] | None:
    layers = _layers(names)
    for wanted in SETS:
        for layer in layers:
            if set(wanted) <= layer.keys():
                return tuple(layer[name] for name in wanted), layer.get("a")
    return None


def _layers(names: list[str]) -> list[dict[str, int]]:
    """Index by name of the channels of each layer: "combined.r" is r of combined."""
    layers: dict[str, dict[str, int]] = {}
    for index, name in enumerate(names):
        layer, _, channel = name.rpartition(".")
        layers.setdefault(layer, {})[SHORT.get(channel, channel)] = index
    return [layers[name] for name in sorted(layers, key=lambda name: (bool(name), not name.endswith("combined")))]
