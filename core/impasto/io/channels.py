"""Choice of the stored channels that are a picture's colour and opacity."""

from __future__ import annotations

from typing import Any

SHORT = {"red": "r", "green": "g", "blue": "b", "alpha": "a"}
SETS = (("r", "g", "b"), ("x", "y", "z"), ("y",))
"""Names of the channels of colour, of a normal pass, and of luminance alone, in order of preference."""
MAIN = ("combined", "beauty", "rgba", "rgb", "color")
"""Ends of the name of an EXR's layer or part that is the picture itself."""


def choose_channels(spec: Any, most: int) -> tuple[tuple[int, ...], int | None]:
    """Indexes of the colour channels (1 or `most`) and of opacity (None if there is none).

    If an EXR has several layers, the one without a name is used, else one named as in `MAIN`, else the first with
    colour.
    """
    found = _best_layer(spec)[1] if most == 3 else None
    if found is not None:
        return found
    channels = tuple(range(most)) if spec.nchannels >= most else (0,)
    return channels, spec.alpha_channel if spec.alpha_channel not in (-1, *channels) else None


def rank(spec: Any) -> tuple[int, bool]:
    """Sort key of a part, the best first: the first of `SETS` that it has, and whether its name is not in `MAIN`."""
    name = spec.get_string_attribute("oiio:subimagename").lower()
    return _best_layer(spec)[0], bool(name) and not name.endswith(MAIN)


def short_name(channel: str) -> str:
    """The last part of a channel's name, abbreviated: "r" for "Combined.Red"."""
    last = channel.lower().rpartition(".")[2]
    return SHORT.get(last, last)


def _best_layer(spec: Any) -> tuple[int, tuple[tuple[int, ...], int | None] | None]:
    """The index of the first set in `SETS` that a layer has, and the indexes of its channels and opacity.

    A channel "combined.r" is r of the layer "combined".
    """
    found: dict[str, dict[str, int]] = {}
    for index, name in enumerate(spec.channelnames):
        found.setdefault(name.lower().rpartition(".")[0], {})[short_name(name)] = index
    in_order = sorted(found, key=lambda name: (bool(name), not name.endswith(MAIN), name.startswith("crypto")))
    for place, wanted in enumerate(SETS):
        for channels in (found[name] for name in in_order):
            if set(wanted) <= channels.keys():
                return place, (tuple(channels[name] for name in wanted), channels.get("a"))
    return len(SETS), None
