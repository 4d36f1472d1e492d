"""Makes dist/release: the extension, the wheel, their checksums, and the repository that Blender installs from."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from .environments import BUILD, CORE, NEWEST_BPY, ROOT, bpy_environment, call, clean_environment, packages
from .extension import build_extension, published_at
from .locks import alone
from .messages import BuildError, step

from impasto.about import VERSION  # isort: skip - .locks made the core importable

RELEASE = ROOT / "dist" / "release"
EARLIER = "earlier"
"""The folder of older versions: Blender's tool lists every zip beside the index, and only one is to be offered."""
PAGE = Path(__file__).with_name("release.html")
"""Template of the repository's page: Blender's tool fills ${body} and ${date}."""
RAISE = "raise VERSION in core/impasto/about.py"


def release(_: argparse.Namespace) -> None:
    """Make the folder to publish, dist/release, from what is committed: zip, wheel, checksums, Blender's repository."""
    check_committed(ROOT, VERSION)
    blender = bpy_environment(NEWEST_BPY).ready()
    CORE.ready()
    with step("Building the extension"):
        built = build_extension()
    with tempfile.TemporaryDirectory(prefix="release-", dir=BUILD) as folder, step("Installing the wheel by itself"):
        check_wheel(wheel_of(built, Path(folder)), tools_of(built))
    publish(built, RELEASE, blender)
    print(f"{RELEASE}: the folder to publish, as it is, at {published_at() or 'any address'}")


def check_committed(checkout: Path, version: str) -> None:
    """BuildError unless a checkout is as committed, and no other commit has the version's tag."""
    if changed := _git(checkout, "status", "--porcelain"):
        raise BuildError(f"a release is made of what is committed: commit or stash these changes\n{changed}")
    if _git(checkout, "tag", "--list", f"v{version}"):
        tagged, head = (_git(checkout, "rev-list", "-n", "1", name) for name in (f"v{version}", "HEAD"))
        if tagged != head:
            raise BuildError(f"version {version} is tagged at {tagged[:7]}, and this is {head[:7]}: {RAISE}")


def _git(checkout: Path, *arguments: str) -> str:
    """Output of git in a checkout; BuildError where it fails or is not there."""
    try:
        done = subprocess.run(["git", "-C", checkout, *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BuildError("a release is made of what is committed: install git") from error
    if done.returncode:
        raise BuildError(f"a release is made from a checkout of git: {done.stderr.strip()}")
    return done.stdout.strip()


def wheel_of(built: Path, folder: Path) -> Path:
    """Copy the wheel that an extension carries into a folder; its path there."""
    with zipfile.ZipFile(built) as archive:
        (name,) = [name for name in archive.namelist() if name.startswith("wheel/") and name.endswith(".whl")]
        target = folder / Path(name).name
        target.write_bytes(archive.read(name))
    return target


def tools_of(built: Path) -> set[str]:
    """Names of the tools that an extension describes."""
    with zipfile.ZipFile(built) as archive:
        return {tool["name"] for tool in json.loads(archive.read("description.json"))["tools"]}


def check_wheel(wheel: Path, tools: set[str], base: Path | None = None) -> None:
    """BuildError unless a wheel, installed in an environment of its own, has this version and these tools.

    What it needs is installed too, or taken from the environment of the Python `base`.
    """
    with tempfile.TemporaryDirectory(prefix="wheel-", dir=wheel.parent) as folder:
        call([base or sys.executable, "-I", "-m", "venv", folder])
        programs = Path(folder, "Scripts" if os.name == "nt" else "bin")
        if base:  # a folder named here is searched, and the .pth in it, of a checkout that is installed there, is not
            (packages(programs / "python") / "base.pth").write_text(f"{packages(base)}\n")
        needs = ["--force-reinstall", "--no-deps"] if base else ["-c", ROOT / "constraints.txt"]
        call([programs / "python", "-I", "-m", "pip", "install", "-q", "--disable-pip-version-check", *needs, wheel])
        said, listed = (_output([programs / "impasto", *words]) for words in (["--version"], ["tools", "--json"]))
    found = {tool["name"] for tool in json.loads(listed)["tools"]}
    if said.strip() != f"impasto {VERSION}" or found != tools:
        raise BuildError(f"{wheel.name} says {said.strip()!r}, and its tools differ by {sorted(found ^ tools)}")


def _output(command: list[str | Path]) -> str:
    """Standard output of a command; BuildError with its errors where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean_environment())
    if done.returncode:
        raise BuildError(f"{' '.join(map(str, command))} failed:\n{done.stderr[-4000:]}")
    return done.stdout


def publish(built: Path, folder: Path, blender: Path) -> None:
    """Put an extension and its wheel into a folder as its newest version, and write checksums and Blender's repository.

    `blender` is a Python with bpy, whose tool writes index.json and index.html. The folder is replaced as a whole.
    BuildError where it has the version with other content, or a newer one.
    """
    tool = next(packages(blender).glob("bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    call([blender, "-I", tool, "validate", built])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with alone(folder), tempfile.TemporaryDirectory(prefix="release-", dir=folder.parent) as beside:
        new = Path(beside, "new")
        shutil.copytree(folder, new) if folder.exists() else new.mkdir()
        _add(built, new)
        (wheel,), page = new.glob("*.whl"), Path(beside, "page.html")
        page.write_text(PAGE.read_text("utf-8").replace("{wheel}", wheel.name), "utf-8")
        call([blender, "-I", tool, "server-generate", "--repo-dir", new, "--html", "--html-template", page])
        (new / "SHA256SUMS").write_text(_checksums(new), newline="\n")
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)


def _add(built: Path, folder: Path) -> None:
    """Copy an extension and its wheel into a repository's folder; what it had moves to EARLIER. BuildError."""
    if newer := [path.name for path in folder.rglob("*.zip") if _version(path) > _version(built)]:
        raise BuildError(f"{built.name} is older than {', '.join(newer)}, which was released: {RAISE}")
    with tempfile.TemporaryDirectory() as new:
        for path in (Path(shutil.copy2(built, new)), wheel_of(built, Path(new))):
            before = folder / path.name
            if before.exists() and before.read_bytes() != path.read_bytes():
                said = f"{path.name} was released with other content"
                raise BuildError(f"{said}: {RAISE}; if nobody has that release, remove {RELEASE} instead")
        for path in (*folder.glob("*.zip"), *folder.glob("*.whl")):
            if not Path(new, path.name).exists():
                (folder / EARLIER).mkdir(exist_ok=True)
                path.rename(folder / EARLIER / path.name)
        for path in Path(new).iterdir():  # not copytree, which copies the rights of a temporary folder
            shutil.copy2(path, folder)


def _checksums(folder: Path) -> str:
    """Lines for `sha256sum --check`, of each zip and wheel below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".zip", ".whl"))
    sums = ((hashlib.sha256(path.read_bytes()).hexdigest(), path.relative_to(folder).as_posix()) for path in files)
    return "".join(f"{digest}  {name}\n" for digest, name in sums)


def _version(built: Path) -> tuple[int, ...]:
    """Version in the name of an extension's zip, to compare; BuildError unless it is three numbers."""
    found = re.fullmatch(r"impasto-(\d+)\.(\d+)\.(\d+)\.zip", built.name)
    if not found:
        raise BuildError(f"{built.name} has no version of three numbers, which Blender asks for: {RAISE}")
    return tuple(map(int, found.groups()))
