"""Settings of the libraries that we use: they send nothing, and write into our cache instead of the home folder.

Each reads its variable when it is imported, so they are set before any plugin is loaded.
"""

from __future__ import annotations

import os

from .folders import user_folder

OPT_OUTS = {"ORT_DISABLE_TELEMETRY": "1"}
"""ONNX Runtime would give this computer an identifier, and report each session to its maker."""
FOLDERS = ("KERAS_HOME", "TORCHINDUCTOR_CACHE_DIR")
"""Keras would write its settings into the home folder, and PyTorch make a folder in the temporary one."""


def confine_libraries() -> None:
    """Set the variables that the user has not set."""
    for name, value in {**OPT_OUTS, **_folders()}.items():
        os.environ[name] = os.environ.get(name) or value


def _folders() -> dict[str, str]:
    """The variables of FOLDERS with a folder in our cache; none if it cannot be made, since PyTorch would fail then."""
    try:
        folder = user_folder("cache").absolute() / "libraries"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError, RuntimeError):  # not allowed, a NUL in its name, or a user without a home folder
        return {}
    return dict.fromkeys(FOLDERS, str(folder))
