"""Makes an engine for tests that also has the misbehaving tools: a venv that adds to the given engine's packages.

No pip and no network: a folder with the module and the metadata that a wheel would have.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

HERE = Path(__file__).parent


def install_into(site: Path, folder: Path = HERE) -> None:
    """Put a folder's plugin and its dist-info into `site`, so that its entry point is found there."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    about = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = "".join(f"{name} = {value}\n" for name, value in project["entry-points"]["impasto"].items())
    (about / "entry_points.txt").write_text(f"[impasto]\n{points}")
    for module in folder.glob("impasto_*.py"):
        shutil.copy2(module, site)


def make_engine(engine: Path, folder: Path) -> Path:
    """A Python in `folder` that sees all that `engine` sees, and the misbehaving tools; takes about 0.1 s."""
    subprocess.run([engine, "-P", "-m", "venv", "--without-pip", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = site_packages(python)
    (site / "engine.pth").write_text(f"import site; site.addsitedir({str(site_packages(engine))!r})\n")
    install_into(site)
    return python


def site_packages(python: Path) -> Path:
    """Folder in which `python` looks for installed packages."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-I", "-c", ask], check=True, capture_output=True, text=True)
    return Path(done.stdout.strip())
