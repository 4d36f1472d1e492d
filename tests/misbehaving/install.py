"""Makes an engine for tests that also has the misbehaving tools: a venv that adds to the given engine's packages.

No pip and no network: a folder with the module and the metadata that a wheel would have.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent


def install_into(site: Path, folder: Path = HERE) -> None:
    """Put a folder's plugin and its dist-info into `site`, so that its entry point is found there."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    write_metadata(site, project["name"], project["version"], project["entry-points"]["impasto"])
    for module in folder.glob("impasto_*.py"):
        shutil.copy2(module, site)


def make_engine(engine: Path, folder: Path, plugins: Sequence[Path] = (HERE,)) -> Path:
    """A Python in `folder` that sees all that `engine` sees, and some plugins; takes about 0.1 s."""
    subprocess.run([engine, "-P", "-m", "venv", "--without-pip", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = site_packages(python)
    (site / "engine.pth").write_text(f"import site; site.addsitedir({str(site_packages(engine))!r})\n")
    for plugin in plugins:
        install_into(site, plugin)
    return python


def hide_our_plugins(python: Path) -> None:
    """Put metadata without entry points before those of Impasto: this Python then has the core without our tools."""
    version = _output(python, "import importlib.metadata; print(importlib.metadata.version('impasto'))")
    write_metadata(site_packages(python), "impasto", version, {})


def site_packages(python: Path) -> Path:
    """Folder in which `python` looks for installed packages."""
    return Path(_output(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))


def _output(python: Path, code: str) -> str:
    return subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def make_distribution(folder: Path, name: str, points: Mapping[str, str]) -> Path:
    """An installed-looking distribution in `folder`, which is then put on a path."""
    write_metadata(folder, name, "1.0", points)
    return folder


def write_metadata(site: Path, name: str, version: str, points: Mapping[str, str]) -> None:
    """Write the dist-info of a distribution with these entry points."""
    about = site / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = "".join(f"{point} = {module}\n" for point, module in points.items())
    (about / "entry_points.txt").write_text(f"[impasto]\n{lines}")
