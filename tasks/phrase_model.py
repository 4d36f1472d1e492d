"""Trains the model of phrases: on drawn and on real map sets with captions; goes on where it was interrupted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .environments import BUILD, CORE, ROOT, clean_environment
from .messages import BuildError, step

TABLE = ROOT / "plugins" / "impasto_phrase" / "stackgan" / "training.toml"
WORK = BUILD / "models"
PARAMETERS = ("label", "licence", "steps", "stage-one-steps", "longest-px", "batch")
"""Settings of the table that are passed on as they are."""
UNSEEN_SEED, UNSEEN_COUNT = 1, 4
"""Seed and number of the sets of each procedural material that the model is judged by."""
JUDGE = ROOT / "benchmarks" / "stackgan.py"


def train_phrases(name: str, about: Mapping[str, Any], data: Path, folder: Path) -> None:
    """Draw and gather the sets, write captions, train both stages, and judge by sets that it never saw."""
    model = folder / f"{name}.safetensors"
    if model.exists():
        print(f"{model} is there already: remove it to train it again")
        return
    learned, unseen = WORK / f"{name}.data", WORK / f"{name}.unseen"
    drawn = ("captions", "draw", "--side-px", about["side_px"])
    with step("Drawing procedural materials"):
        _run(*drawn, "--count", about["drawn"], "--out", learned)
        _run(*drawn, "--count", UNSEEN_COUNT, "--seed", UNSEEN_SEED, "--out", unseen / "drawn")
    with step("Writing captions of the map sets"):
        copy_sets(about, data, learned, unseen / "real", CORE.ready())
        for place in (learned, unseen / "real"):
            _run("captions", "write", place)
    trained = WORK / f"{name}.safetensors"
    if not trained.exists():
        with step(f"Training {name}"):
            settings = [word for key in PARAMETERS for word in (f"--{key}", about[key])]
            where = ("--name", name, "--out", WORK, "--seed", 0, "--no-report")
            _run("train", "train-stackgan", learned, *settings, *where)
    with step(f"Judging {name} by captions and sets that it never saw"):
        command = [CORE.ready(), JUDGE, unseen / "drawn", unseen / "real", "--model", name, "--models", WORK]
        _call([*command, "--out", ROOT / "out" / "models" / name])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.move(trained, model)


def copy_sets(about: Mapping[str, Any], data: Path, learned: Path, held_out: Path, python: Path) -> None:
    """Copy each set that has a label into the folder of its label, of those to learn from or of those held out.

    python: that of the core, which leaves out sets that show one of those held out under another name.
    """
    labels: Mapping[str, str] = about["labels"]
    folders = sorted(path for path in data.glob("*/*") if path.is_dir())
    judges = [folder for folder in folders if folder.name in about["held_out"]]
    seen = shows_judge(python, [folder for folder in folders if folder not in judges], judges)
    for folder in folders:
        prefix = max((one for one in labels if folder.name.startswith(one)), key=len, default="")
        if (label := labels.get(prefix, "")) and folder not in seen:
            place = held_out if folder in judges else learned
            shutil.copytree(folder, place / label / folder.name, dirs_exist_ok=True)


def shows_judge(python: Path, sets: Sequence[Path], judges: Sequence[Path] = ()) -> list[Path]:
    """Sets that show a judge or, without judges, a set before them; python is that of the core."""
    given = {str(path.absolute()): path for path in sets}
    command = [python, "-P", "-m", "tasks.judges", *given]
    command += ["--judges", *(path.absolute() for path in judges)] if judges else []
    environment = clean_environment(PYTHONPATH=ROOT)
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BuildError("the sets could not be compared with those that judge")
    for line in done.stdout.splitlines():
        print(f"not learned, since it shows what judges: {line}")
    return [given[line] for line in done.stdout.splitlines()]


def _run(*arguments: object) -> None:
    _call([CORE.ready(), "-I", "-m", "impasto", *arguments])


def _call(command: Sequence[object]) -> None:
    if subprocess.run([str(word) for word in command], env=clean_environment(), check=False).returncode:
        raise BuildError("that failed; run the same again to go on")
