"""The user's folders, by the conventions of each platform."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def user_folder(kind: str) -> Path:
    """The user's folder of "models", "weights" or "cache": that in IMPASTO_MODELS and so on, or the platform's.

    A cache may be deleted at any time; the others are kept and backed up with the user's data.
    """
    if chosen := os.environ.get(f"IMPASTO_{kind.upper()}"):
        return Path(chosen)
    if kind == "cache":
        return platformdirs.user_cache_path("impasto", appauthor=False, opinion=False)
    return platformdirs.user_data_path("impasto", appauthor=False) / kind
