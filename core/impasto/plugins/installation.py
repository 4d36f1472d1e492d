"""Description of this installation for hosts, and the findings of `impasto doctor`.

The doctor must run even if a package is missing. So third-party packages are imported where they are used.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..about import VERSION
from ..descriptions import EngineDescription, PluginDescription
from ..errors import ImpastoError

PACKAGES = (
    *("torch", "kornia", "numpy", "scipy", "pillow", "pluggy", "pydantic", "safetensors", "OpenImageIO"),
    *("platformdirs", "psutil", "rich"),
)


def description() -> EngineDescription:
    """Tools with their parameters' JSON Schemas, matchers, models, weights, formats and plugins; loads no torch."""
    from ..matchers import describe_matcher
    from ..tools import by_group, describe
    from .registry import registry

    known = registry()
    return {
        "version": VERSION,
        "python": platform.python_version(),
        "tools": [describe(tool) for tools in by_group(known.tools.values()).values() for tool in tools],
        "matchers": [
            describe_matcher(item) for item in sorted(known.matchers.values(), key=lambda item: (item.rank, item.name))
        ],
        **known.model_library().catalogue(),
        "weights": known.weights_library().catalogue(),
        "formats": [{"name": item.name, "label": item.label} for item in known.exporters.values()],
        "plugins": [
            PluginDescription(**{name: getattr(plugin, name) for name in PluginDescription.__annotations__})  # type: ignore[typeddict-item]
            for plugin in known.plugins
        ],
    }


def findings() -> dict[str, Any]:
    """Versions, devices and plugins, and `problems` and `warnings`, each with its description and `remedy`."""
    packages = {name: _version(name) for name in PACKAGES}
    problems = [
        {"what": f"{name} is not installed", "remedy": f"{sys.executable} -I -m pip install {name}"}
        for name, found in packages.items()
        if found is None
    ]
    tools: list[str] = []
    plugins: list[PluginDescription] = []
    devices: list[dict[str, str]] = []
    try:
        described = description()
        tools, plugins = [tool["name"] for tool in described["tools"]], described["plugins"]
        devices = _devices()
    except ImportError as error:
        problems.append({"what": f"cannot import {error.name}: {error}", "remedy": "install the packages above again"})
    except ImpastoError as error:
        problems.append({"what": error.message, "remedy": error.remedy})
    broken = [plugin for plugin in plugins if plugin["error"]]
    problems += [{"what": f"plugin {one['name']}: {one['error']}", "remedy": one["remedy"]} for one in broken]
    return {
        "impasto": VERSION,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "packages": packages,
        "devices": devices,
        "plugins": plugins,
        "tools": tools,
        "problems": problems,
        "warnings": list(_warnings()),
    }


def _warnings() -> Iterator[dict[str, str]]:
    """Warnings if Python can load modules from the current folder before ours."""
    if not sys.flags.safe_path and Path(sys.argv[0]).name == "__main__.py":
        yield {
            "what": "after python -m, Python looks into the current folder first, and runs an impasto that lies there",
            "remedy": "write impasto, or python -P -m impasto",
        }
    folders = [] if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if folders != [""] and {"", "."} & set(folders):
        yield {
            "what": "PYTHONPATH has an empty entry, or a dot: Python takes modules from the current folder first",
            "remedy": "remove that entry",
        }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _devices() -> list[dict[str, str]]:
    import torch

    from ..device import available_devices

    known = {"mps": "Apple GPU", "cpu": f"{torch.get_num_threads()} threads"}
    return [{"name": one, "label": known.get(one) or torch.cuda.get_device_name(one)} for one in available_devices()]
