"""The user's folders, by the conventions of each platform."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def user_folder(kind: str) -> Path:
    """The user's folder of "models", "weights" or "cache": from IMPASTO_MODELS and so on, or else the platform's own.

    A cache may be deleted at any time; the other two are part of the user's data, and are backed up with it.
    """
    if chosen := os.environ.get(f"IMPASTO_{kind.upper()}"):
        return Path(chosen)
    if kind == "cache":
        return platformdirs.user_cache_path("impasto", appauthor=False, opinion=False)
    return platformdirs.user_data_path("impasto", appauthor=False) / kind
