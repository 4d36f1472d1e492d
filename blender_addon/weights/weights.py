# SPDX-License-Identifier: GPL-3.0-or-later
"""Published weights in the catalogue: which a tool lacks, and the terms of a download."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..core.errors import ParameterError, choices
from ..core.system.untrusted import excerpt
from ..engine.catalogue import catalogue

OFFLINE = "Blender is offline: turn on Preferences, System, Network, Allow Online Access, or install from a file"


def weights_called(name: str) -> Mapping[str, Any]:
    """Weights of this name. ParameterError lists the known names."""
    for item in catalogue.weights:
        if item["name"] == name:
            return item
    known = choices(name, (item["name"] for item in catalogue.weights), "the preferences")
    raise ParameterError(f"there are no weights called {excerpt(name)}", f"{known}; or refresh the tools")


def missing_for(tool: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Weights that the values of a tool's parameters name, if they are not installed; else empty."""
    chosen = [value for value in parameters.values() if value in tool.get("weights", ())]
    return [item for name in chosen for item in catalogue.weights if item["name"] == name and not item["installed"]]


def weights_poll_message(tool: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Reason why a tool cannot run without weights; empty if it can."""
    lacks = missing_for(tool, parameters)
    return f"{tool['label']} needs weights: download them, install them from a file, or choose another" if lacks else ""


def terms(item: Mapping[str, Any]) -> str:
    """Size and licence of a download."""
    size = f"{item['bytes'] / 2**20:.0f} MB, " if item["bytes"] else ""
    return f"{size}licence {item['licence']}"


def download_poll_message() -> str:
    """Reason why nothing can be downloaded now; empty if it can."""
    return "" if bpy.app.online_access else OFFLINE
