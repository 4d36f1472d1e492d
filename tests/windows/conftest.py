"""Fixtures: a real Blender of Debian, with a window under Xvfb or without one, a photograph to work on."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="no engine here: run `python build.py test`")

from PIL import Image
from skimage import data

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]
from blender_chroot import RELEASES, Chroot, MovedSuiteError, engine_binds, prepare  # noqa: E402
from tasks.demo.photo_to_material import photograph  # noqa: E402

ENGINE = Path(os.environ.get("IMPASTO_ENGINE", sys.executable))
EXTENSION = Path(os.environ.get("IMPASTO_EXTENSION", "missing.zip"))
CACHE = Path(os.environ.get("IMPASTO_CACHE", ROOT / ".build"))
PICTURES = ROOT / "out" / "windows"
GRAVEL_DARK, GRAVEL_BRIGHT = (0.10, 0.10, 0.12), (0.88, 0.84, 0.76)
"""Colours of scikit-image's grey photograph."""
RUN_LIMIT_S = 1800
"""A scenario takes one to five minutes on two free cores, and three times that beside other work."""

LANGUAGES = {
    "/usr/share/locale/languages": """0:Complete:
0:Automatic (Automatic):DEFAULT
1:English (English):en_US
5:German (Deutsch):de_DE
8:French (Français):fr_FR
13:Simplified Chinese (简体中文):zh_HANS
"""
}
"""The languages that Blender offers: the chroots have no folder of them."""

Run = Callable[..., dict]
Size = tuple[int, int]


IN_BOTH = pytest.mark.parametrize("blender", RELEASES, indirect=True, scope="module")
"""For tests of what may differ between Blender's versions; the other tests run in the newest."""


@pytest.fixture(scope="module", params=[[*RELEASES][-1]])
def blender(request: pytest.FixtureRequest) -> Chroot:
    try:
        return prepare(request.param, CACHE / "chroots")
    except MovedSuiteError as error:
        warnings.warn(str(error), stacklevel=1)
        pytest.skip(f"Debian does not offer Blender {request.param} today")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of gravel; beside it a wall seen at an angle, with paint on it, and a folder of styles."""
    path = tmp_path_factory.mktemp("source") / "gravel.png"
    gravel = GRAVEL_DARK + data.gravel()[..., None] / 255 * np.subtract(GRAVEL_BRIGHT, GRAVEL_DARK)
    for name, pixels in ((path.name, gravel), ("wall.png", photograph()["base_color"].pixels)):
        Image.fromarray((pixels.clip(0, 1) * 255).round().astype("u1")).save(path.parent / name)
    styles = path.parent / "styles"
    styles.mkdir()
    for name in ("immunohistochemistry", "coffee", "chelsea"):
        Image.fromarray(getattr(data, name)()).resize((384, 256)).save(styles / f"{name}.png")
    return path


@pytest.fixture
def walk_through(blender: Chroot, source: Path) -> Run:
    """Run a scenario; what it recorded."""

    def run(
        scenario: str,
        size_px: Size = (1600, 1000),
        files: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> dict:
        """The options are as for `Chroot.run`."""
        out = PICTURES / f"{scenario}-{blender.name}"
        out.mkdir(parents=True, exist_ok=True)
        (out / "result.json").unlink(missing_ok=True)
        done = blender.run(
            HERE / "run.py",
            [str(out), str(source), scenario],
            binds=engine_binds(ENGINE) | {ROOT: "ro", source.parent: "ro", out: "rw", EXTENSION.parent: "ro"},
            env={"IMPASTO_ENGINE": str(ENGINE), "IMPASTO_EXTENSION": str(EXTENSION), **(env or {})},
            size_px=size_px,
            timeout_s=RUN_LIMIT_S,
            files=files,
        )
        said = (done.stdout + done.stderr)[-4000:]
        assert (out / "result.json").exists(), said
        result = json.loads((out / "result.json").read_text())
        assert result["ok"], f"{result['error']}\n{said}"
        assert done.returncode == 0, said
        return result["facts"]

    return run


@pytest.fixture
def in_background(blender: Chroot, source: Path, tmp_path: Path) -> Run:
    """Run `blender -b` with a script or a command in a folder of its own."""

    def run(*arguments: str) -> object:
        install = [
            "sh",
            "-c",
            'blender -b --command extension install-file -r user_default -e "$0" >/dev/null && exec "$@"',
        ]
        return blender.execute(
            [*install, str(EXTENSION), "blender", "-b", *arguments],
            binds=engine_binds(ENGINE) | {ROOT: "ro", source.parent: "ro", tmp_path: "rw", EXTENSION.parent: "ro"},
            env={"IMPASTO_ENGINE": str(ENGINE), "IMPASTO_OUT": str(tmp_path)},
        )

    return run
