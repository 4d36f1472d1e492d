"""Builds the extension's zip: the add-on, the vendored core, the wheel, and what the tools are."""

from __future__ import annotations

import json
import shutil
import tomllib
import zipfile
from pathlib import Path

from .environments import BUILD, CORE, ROOT, call, clean_environment
from .locks import alone
from .manual import write_manual

from impasto.about import VERSION  # isort: skip - .locks made the core importable

VENDORED = (
    "about",
    "atlas.mesh",
    "atlas.polygons",
    "atlas.raster",
    "descriptions",
    "errors",
    "mask",
    "options",
    "recipe",
    "schemas",
    "texture",
    "udim",
    "batch.names",
    "batch.units",
    "engine.client",
    "engine.connection",
    "engine.job",
    "engine.messages",
    "engine.remote",
    "engine.wire",
    "io.assets",
    "io.datablocks",
    "io.map_files",
    "io.metadata",
    "io.ply",
    "io.signatures",
    "io.udim",
    "surface.color",
    "system.interruption",
    "system.locks",
    "system.names",
    "system.process",
    "system.transaction",
    "system.typed_json",
    "system.untrusted",
)
"""The modules of the core that the extension carries: standard library and NumPy only."""
VENDORED_DATA = ("io/assets.toml", "io/conventions.tsv", "io/signatures.toml")
DESCRIBE = """
import json, pathlib, sys
from impasto.plugins.installation import description
pathlib.Path(sys.argv[1]).write_text(json.dumps(description(), indent=1) + "\\n")
"""


def build_extension() -> Path:
    """dist/impasto-VERSION.zip: the add-on, the vendored core, the wheel and the description of the tools."""
    python, staged = CORE.ready(), BUILD / "extension"
    with alone(staged):
        return _built(python, staged)


def _built(python: Path, staged: Path) -> Path:
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(ROOT / "blender_addon", staged, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    _write_manifest(staged / "blender_manifest.toml")
    (staged / "core").mkdir()
    (staged / "core" / "__init__.py").write_text('"""Copied from impasto by build.py; edit it there."""\n')
    for name in VENDORED:
        path = Path(*name.split(".")).with_suffix(".py")
        (staged / "core" / path).parent.mkdir(exist_ok=True)
        for file in {path, path.with_name("__init__.py")} - {Path("__init__.py")}:
            shutil.copy2(ROOT / "core" / "impasto" / file, staged / "core" / file)
    for data in VENDORED_DATA:
        shutil.copy2(ROOT / "core" / "impasto" / data, staged / "core" / data)
    wheel = (
        "-I",
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--disable-pip-version-check",
        "-w",
        staged / "wheel",
        ROOT,
    )
    call([python, *wheel])
    nobodys = clean_environment(IMPASTO_MODELS=staged / "models")  # what is bundled, without this user's models
    call([python, "-I", "-c", DESCRIBE, staged / "description.json"], nobodys)
    write_manual(staged / "manual")
    target = ROOT / "dist" / f"impasto-{VERSION}.zip"
    target.parent.mkdir(exist_ok=True)
    _zip(staged, target)
    return target


def published_at() -> str:
    """Address of the folder of releases, from pyproject.toml; empty before there is one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project.get("urls", {}).get("Releases", "")


def _write_manifest(manifest: Path) -> None:
    """Complete the manifest by the version of the core, and the address where releases are published."""
    fields = {"version": VERSION, "website": published_at()}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items() if value)
    manifest.write_text(f"{lines}{manifest.read_text('utf-8')}", "utf-8")


def _zip(folder: Path, target: Path) -> None:
    """Write the archive beside its target and rename it: another process may be installing the one before."""
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                info = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(info, file.read_bytes())
    part.replace(target)
