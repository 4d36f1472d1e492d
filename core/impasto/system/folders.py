"""The user's folders, by the conventions of each platform.

Not by platformdirs: it would move the cache on Windows, and be a dependency in place of ten lines.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_folder(kind: str) -> Path:
    """The user's folder of "models", "weights" or "cache": that in IMPASTO_MODELS and so on, or the platform's.

    A cache may be deleted at any time; the others are kept and backed up with the user's data.
    """
    if chosen := os.environ.get(f"IMPASTO_{kind.upper()}"):
        return Path(chosen)
    is_cache = kind == "cache"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / ("Caches" if is_cache else "Application Support")
    else:
        variable, usual = ("XDG_CACHE_HOME", ".cache") if is_cache else ("XDG_DATA_HOME", ".local/share")
        base = Path(os.environ.get(variable) or Path.home() / usual)
    return base / "impasto" / ("" if is_cache else kind)
