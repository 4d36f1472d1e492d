"""The packages of the extra `impasto[interop]`, imported only where they are used."""

from __future__ import annotations

import importlib
import os
from typing import Any

from ..errors import PluginError

REMEDY = 'install them into the engine\'s environment: pip install "impasto[interop]"'


def imported(name: str) -> Any:
    """The module `name` of the extra, with submodules. PluginError if the extra is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise PluginError(f"models of other frameworks need packages that are missing ({error})", REMEDY) from error


def imported_keras() -> Any:
    """Keras, with torch as its backend unless the environment names another. PluginError if it is not installed."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return imported("keras")
