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
    found = _best_layer(spec)[1] if most == 3 else None
    if found is not None:
        return found
    channels = tuple(range(most)) if spec.nchannels >= most else (0,)
    return channels, spec.alpha_channel if spec.alpha_channel not in (-1, *channels) else None


def rank(spec: Any) -> int:
    """Preference for a part of a file by its channels: the index of the first set in `SETS` that it has; 0 is best."""
    return _best_layer(spec)[0]


def _best_layer(spec: Any) -> tuple[int, tuple[tuple[int, ...], int | None] | None]:
    """The index of the first set in `SETS` that a layer has, and its channels and opacity: "combined.r" is r of it."""
    found: dict[str, dict[str, int]] = {}
    for index, name in enumerate(spec.channelnames):
        layer, _, channel = name.lower().rpartition(".")
        found.setdefault(layer, {})[SHORT.get(channel, channel)] = index
    in_order = sorted(found, key=lambda name: (bool(name), not name.endswith("combined")))
    for place, wanted in enumerate(SETS):
        for channels in (found[name] for name in in_order):
            if set(wanted) <= channels.keys():
                return place, (tuple(channels[name] for name in wanted), channels.get("a"))
    return len(SETS), None
