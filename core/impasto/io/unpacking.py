"""The maps in the packed pictures of engines: the inverse of `packing`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..texture import MAP_CHANNELS, Maps
from .decode import read_channels, read_picture
from .packing import PackedPicture


def unpacked_maps(path: Path, picture: PackedPicture) -> Maps:
    """The maps of which a file of a packing holds all channels, values as encoded. FileError for a damaged file."""
    if picture.layout.is_color:
        stored = np.concatenate([map_.pixels for map_ in read_picture(path).values()], axis=2)
    else:
        stored = read_channels(path)
    found: dict[str, dict[int, np.ndarray]] = {}
    for place, channel in enumerate(picture.channels[: stored.shape[2]]):  # an optional alpha may be missing
        values = stored[..., place]
        found.setdefault(channel.map_name, {}).setdefault(channel.index, 1 - values if channel.is_inverted else values)
    whole = {name: parts for name, parts in found.items() if name and len(parts) == MAP_CHANNELS[name]}
    return Maps.from_arrays(
        {name: np.stack([parts[index] for index in range(len(parts))], axis=2) for name, parts in whole.items()}
    )
