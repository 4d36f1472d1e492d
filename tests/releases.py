"""Releases to test with: the built extension under other versions, published into folders."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from tasks.release import VERSION

NEWER = "99.0.0"
UPDATING = Path(__file__).with_name("updating.py")


def with_version(built: Path, folder: Path, version: str) -> Path:
    """The same extension of another version, in a folder: its manifest, and what the add-on says of itself, change."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"impasto-{version}.zip"
    with zipfile.ZipFile(built) as archive, zipfile.ZipFile(target, "w") as changed:
        for info in archive.infolist():
            content = archive.read(info)
            if info.filename in ("blender_manifest.toml", "core/about.py"):
                pattern = rb'^(version|VERSION) = "[^"]+"'
                content = re.sub(pattern, rb'\1 = "%s"' % version.encode(), content, flags=re.MULTILINE)
            info.filename = re.sub(r"^(wheel/impasto)-[^-]+", rf"\1-{version}", info.filename)
            changed.writestr(info, content)
    return target


def check_updated(seen: dict) -> None:
    """AssertionError unless Blender, by what `updating.py` saw, installed the built version and updated it to NEWER."""
    for name, version in (("installed", VERSION), ("updated", NEWER)):
        numbers = [int(number) for number in version.split(".")]
        expected = {"version": version, "manifest": numbers, "enabled": True, "registered": True}
        assert seen[name] == expected, (name, seen[name], expected)
    assert seen["kept"], "an update removed the engine's folder"
    zips = [path for path in seen["asked"] if path.endswith(".zip")]
    assert zips == [f"/impasto-{VERSION}.zip", f"/impasto-{NEWER}.zip"], zips
