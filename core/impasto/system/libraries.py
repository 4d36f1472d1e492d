"""Settings of libraries that we use, so that they send nothing, and write into our cache instead of the home folder.

A library reads its variable when it is imported, so all variables are set before any plugin is loaded.
"""

from __future__ import annotations

import os

from .folders import user_folder

OPT_OUTS = {"ORT_DISABLE_TELEMETRY": "1"}
"""ONNX Runtime would otherwise give this computer an identifier, and report each session to Microsoft."""
FOLDERS = ("KERAS_HOME", "TORCHINDUCTOR_CACHE_DIR")
"""Keras would write settings to the home folder, and PyTorch would create a folder in the temporary one."""


def confine_libraries() -> None:
    """Set the variables that the user has not set."""
    for name, value in {**OPT_OUTS, **_folders()}.items():
        os.environ[name] = os.environ.get(name) or value


def _folders() -> dict[str, str]:
    """Variables in FOLDERS, set to a folder in our cache; none if it cannot be made, as PyTorch would then fail."""
    try:
        folder = user_folder("cache").absolute() / "libraries"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError, RuntimeError):  # not allowed, a NUL in its name, or a user without a home folder
        return {}
    return dict.fromkeys(FOLDERS, str(folder))
