"""Trains the models that the product ships, each from the data and with the settings that its table names.

`then` is a second stage of so many steps: it goes on from the first one's average with new discriminators.
"""

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
    common = ["train", "train-torus", source, "--out", WORK, "--hold-out", "--licence", about["licence"]]
    common += ["--label", about["label"], "--material", about["material"]]
    steps = {name: about["steps"]} if "then" not in about else {f"{name}-first": about["steps"], name: about["then"]}
    stages = {stage: WORK / f"{stage}.safetensors" for stage in steps}
    start: list[object] = []
    for seed, stage in enumerate(stages):
        if not stages[stage].exists():
            with step(f"Training {stage}"):
                _run([*common, "--name", stage, "--steps", steps[stage], "--seed", seed, *start])
        start = ["--from", stage]
    with step(f"Judging {name} by the half that it did not learn"):
        _run(["evaluate", stages[name], source, "--record", "--out", ROOT / "out" / "models" / name])
    shutil.copyfile(stages[name], model)
    for path in stages.values():
        path.unlink()


def _run(arguments: list[object]) -> None:
    command = [CORE.ready(), "-m", "impasto", *map(str, arguments)]
    if subprocess.run(command, env=clean_environment(), check=False).returncode:
        raise BuildError("that failed; run the same again to go on")
