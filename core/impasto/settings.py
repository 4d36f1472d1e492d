"""Named settings of tools: values of some parameters under a name, for `--settings NAME` and Blender's presets.

The file `settings.toml` of a plugin's package has a table for each tool and name:

    [bricks."Old wall"]
    about = "Chipped and sooty."
    wear = 0.6
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .descriptions import SettingsDescription
from .errors import ParameterError, PluginError, choices
from .system.untrusted import excerpt

FILE = "settings.toml"
ABOUT = "about"


@cache
def settings_in(package: str) -> Mapping[str, list[SettingsDescription]]:
    """The named settings of a package's tools, by tool. Raise PluginError if its file cannot be read."""
    where = getattr(sys.modules.get(package), "__file__", None)
    if where is None or not (path := Path(where).with_name(FILE)).is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            tool: [
                {"name": name, "about": values[ABOUT], "values": {key: values[key] for key in values if key != ABOUT}}
                for name, values in named.items()
            ]
            for tool, named in found.items()
        }
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        message = "{} of {} cannot be read ({})"
        raise PluginError(message, 'write [tool."Name"] with `about`', FILE, package, error) from error


def values_called(tool: str, settings: list[SettingsDescription], name: str) -> dict[str, Any]:
    """Values of the settings of this name, in any case, with spaces or hyphens. Raise ParameterError without any."""
    if not has_settings(settings, name):
        remedy = choices(name, [one["name"] for one in settings], f"`impasto tools {tool}`")
        raise ParameterError("{} has no settings called {}", remedy, tool, excerpt(name))
    return next(dict(one["values"]) for one in settings if _plain(one["name"]) == _plain(name))


def has_settings(settings: list[SettingsDescription], name: str) -> bool:
    """Whether some of the settings have this name."""
    return any(_plain(one["name"]) == _plain(name) for one in settings)


def _plain(name: str) -> str:
    return name.casefold().replace("-", " ").replace("_", " ").strip()
