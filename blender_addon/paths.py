# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths as Blender's users write them: relative to the .blend file, or absolute."""

from __future__ import annotations

from typing import Any

import bpy

from .core.errors import ParameterError

RELATIVE: dict[str, Any] = {"options": {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5) else set()}
FOLDER_PATH, FILE_PATH = ({"subtype": kind, **RELATIVE} for kind in ("DIR_PATH", "FILE_PATH"))
"""Options of properties for paths that may begin with //; since 4.5, Blender warns about such paths without them."""


def absolute(path: str) -> str:
    """Absolute path. Raise ParameterError for a relative one in a file that was never saved."""
    if path.startswith("//") and not bpy.data.filepath:
        message = "{} is relative to a .blend file that was never saved"
        raise ParameterError(message, "save it, or give a full path", path)
    return bpy.path.abspath(path)
