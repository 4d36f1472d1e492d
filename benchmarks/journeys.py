"""The modules that run in each of the four journeys of the architecture's page: `python build.py bench --journeys`.

Each is travelled for real, in processes whose profiler writes down the modules in which a function runs: the command,
Blender, and the worker that Blender starts. Prints the modules in the order in which they are reached first.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

RECORDED = Path(__file__).with_name("recorded.py")
IN_BLENDER = Path(__file__).with_name("journeys_in_blender.py")
PICTURE_PX = 128


def journeys() -> dict[str, list[str]]:
    """Modules that run in each journey, by its name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = write_picture(folder / "gravel.png")
        seamless = ["seamless", picture, "--size", "128x128", "--out", folder / "out"]
        train = ["train", "train-torus", picture, "--name", "gravel", "--steps", 2, "--canvas-px", 64, "--crop-px", 48]
        return {
            "photo → files": on_the_command_line(folder / "photo", seamless),
            "panel → material": in_blender(folder / "panel", "generate", picture),
            "slider → picture": in_blender(folder / "slider", "slide", picture),
            "data → model": on_the_command_line(folder / "data", [*train, "--out", folder / "models"]),
        }


def write_picture(path: Path) -> Path:
    """A corner of scikit-image's photograph of gravel."""
    from PIL import Image
    from skimage import data

    Image.fromarray(data.gravel()[:PICTURE_PX, :PICTURE_PX]).convert("RGB").save(path)
    return path


def on_the_command_line(folder: Path, arguments: list[object]) -> list[str]:
    """Run the command and record its modules."""
    folder.mkdir()
    command = [sys.executable, "-P", RECORDED, folder / "modules", "-m", "impasto", *arguments]
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return lines(folder / "modules")


def in_blender(folder: Path, action: str, picture: Path) -> list[str]:
    """Run the journey in Blender's module with the built extension, and record the worker too."""
    folder.mkdir()
    engine = folder / "engine"
    engine.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P "{RECORDED}" "{folder / "modules"}" "$@"\n')
    engine.chmod(0o755)
    environment = {**os.environ, "IMPASTO_ENGINE": str(engine), "BLENDER_USER_RESOURCES": str(folder / "profile")}
    command = [os.environ["IMPASTO_BLENDER"], "-P", IN_BLENDER, folder / "modules", action, picture]
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, check=False)
    if done.returncode or "DONE" not in done.stdout:
        sys.exit(f"{action} failed in Blender:\n{(done.stdout + done.stderr)[-4000:]}")
    return lines(folder / "modules")


def lines(file: Path) -> list[str]:
    """The lines without repetitions: a module may run in Blender and in the worker."""
    return list(dict.fromkeys(file.read_text("utf-8").splitlines()))


def main() -> None:
    for name, modules in journeys().items():
        folders = Counter(str(Path(module).parent) for module in modules)
        print(f"{name}: {len(modules)} modules")
        for folder, count in folders.items():
            print(f"  {folder} {count}: {', '.join(Path(m).stem for m in modules if str(Path(m).parent) == folder)}")


if __name__ == "__main__":
    main()
