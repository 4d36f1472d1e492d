"""The packages of the extra `impasto[interop]`, imported only where they are used."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import ModelError, PluginError
from ..system.libraries import confine_libraries
from ..system.untrusted import excerpt

REMEDY = 'install them into the engine\'s environment: pip install "impasto[interop]"'


def import_extra(name: str) -> Any:
    """The module `name` of the extra. Raise PluginError if the extra is not installed."""
    confine_libraries()
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise PluginError("models of other frameworks need packages that are missing ({})", REMEDY, error) from error


def imported_keras() -> Any:
    """Keras, by default with torch as its backend. Raise PluginError if it is not installed."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return import_extra("keras")


@contextmanager
def framework_errors(message: str, remedy: str, what: str) -> Iterator[None]:
    """Convert any error of a framework into a ModelError, since a framework's errors have no common base.

    message: has fields for `what` and for the first line of the framework's text. Use it only around calls of a
    framework, or a bug of ours would be taken for damage of the file.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(message, remedy, what, excerpt(said)) from error
