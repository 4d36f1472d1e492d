"""Trains the models that the product ships, each from the data and with the settings that its table names."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tomllib
from pathlib import Path

from .environments import BUILD, CORE, ROOT, clean_environment
from .say import BuildError, step

MODELS = ROOT / "plugins" / "impasto_gan" / "models"
TABLE = MODELS / "training.toml"
WORK = BUILD / "models"


def models(options: argparse.Namespace) -> None:
    """Train the shipped models anew from a folder of PBR sets; goes on where it was interrupted."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    unknown = sorted(set(options.names) - set(table))
    if unknown:
        raise BuildError(f"there is no shipped model {', '.join(unknown)}; there are {', '.join(table)}")
    for name in options.names or table:
        _train(name, table[name], options.data, options.out.resolve())


def _train(name: str, about: dict[str, str | int], data: Path, folder: Path) -> None:
    source, model = data / str(about["data"]), folder / f"{name}.safetensors"
    if model.exists():
        print(f"{model} is there already: remove it to train it again")
        return
    trained = WORK / f"{name}.safetensors"
    if not trained.exists():
        with step(f"Training {name}"):
            command = ["train", "train-torus", source, "--name", name, "--out", WORK, "--hold-out", "--seed", 0]
            settings = [word for key in ("label", "material", "licence", "steps") for word in (f"--{key}", about[key])]
            _run([*command, *settings, "--no-report"])
    with step(f"Judging {name} by the quarter that chose nothing"):
        _run(["evaluate", "model", trained, source, "--record", "--out", ROOT / "out" / "models" / name])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.move(trained, model)


def _run(arguments: list[object]) -> None:
    command = [CORE.ready(), "-I", "-m", "impasto", *map(str, arguments)]
    if subprocess.run(command, env=clean_environment(), check=False).returncode:
        raise BuildError("that failed; run the same again to go on")
