# SPDX-License-Identifier: GPL-3.0-or-later
"""Former images of materials whose maps a result replaced, for a look at before and after.

They are remembered by session ids until another file is opened: the user may delete or undo any of them meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import bpy

from ..jobs.session import jobs
from .surfaces import MapImage, MapNode
from .target import by_uid


@dataclass(frozen=True)
class _Former:
    """Session id and channel of the image of each map, in the file of this epoch."""

    file_epoch: int
    maps: Mapping[str, tuple[int, int | None]]


_former: dict[int, _Former] = {}


def keep(material: bpy.types.Material, nodes: Mapping[str, MapNode]) -> None:
    """Remember the images of these nodes as the former ones of a material."""
    maps = {name: (node.image.session_uid, node.channel) for name, node in nodes.items()}
    _former[material.session_uid] = _Former(jobs.file_epoch, maps)


def images_of(material: bpy.types.Material | None) -> dict[str, MapImage]:
    """Former images of a material by map, those that are left; none without a base colour."""
    former = _former.get(material.session_uid) if material else None
    if former is None or former.file_epoch != jobs.file_epoch:
        return {}
    found = {name: (by_uid(bpy.data.images, uid), channel) for name, (uid, channel) in former.maps.items()}
    left = {name: MapImage(image, channel) for name, (image, channel) in found.items() if image}
    return left if "base_color" in left else {}


def register() -> None:
    """Do nothing: there is nothing to remember yet."""


def unregister() -> None:
    """Forget all."""
    _former.clear()
