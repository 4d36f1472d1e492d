"""Makes a folder that tries to be run: modules by the names of all that Python and Impasto import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGES = ("numpy", "scipy", "torch", "kornia", "pydantic", "pluggy", "PIL", "safetensors", "OpenImageIO", "skimage")
PACKAGES += ("platformdirs", "psutil", "rich", "shtab")
OURS = (
    "impasto_synthesis",
    "impasto_finish",
    "impasto_gan",
    "impasto_style",
    "impasto_classroom",
    "impasto_photo_maps",
)
AT_START = ("sitecustomize", "usercustomize")
EVIL = "impasto_evil"
MARKER = "was-run.txt"


def set_traps(folder: Path, *, is_safe_path: bool = True) -> Path:
    """Fill the folder; returns the file that whatever is run there appends its name to.

    is_safe_path: False for `python -m impasto`, where Python itself imports what it needs for -m, and finds impasto,
    before the first line of Impasto.
    """
    marker = folder / MARKER
    names = {*sys.stdlib_module_names, *PACKAGES, *OURS, *AT_START, EVIL} - set(sys.builtin_module_names)
    if not is_safe_path:
        ask = [sys.executable, "-I", "-c", "import importlib.util, runpy, sys; print(*sys.modules)"]
        names -= set(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split())
    for name in names:
        _trap(folder / f"{name}.py", marker)
    if is_safe_path:
        (folder / "impasto").mkdir()
        for name in ("__init__", "__main__", "cli", "engine", "system"):
            _trap(folder / "impasto" / f"{name}.py", marker)
    about = folder / f"{EVIL}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {EVIL}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[impasto]\nevil = {EVIL}\n")
    return marker


def _trap(path: Path, marker: Path) -> None:
    path.write_text(f"open({str(marker)!r}, 'a').write({path.stem!r} + '\\n')\nraise ImportError('a trap')\n")
