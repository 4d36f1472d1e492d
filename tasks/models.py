"""Trains the bundled models, each from the data and with the settings in their table.

One of them learns many materials at once, from map sets and from procedural materials, which have layouts without end;
the others start from it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import phrase_model
from .environments import BUILD, CORE, ROOT, clean_environment
from .messages import BuildError, step
from .phrase_model import shows_judge

MODELS = ROOT / "plugins" / "impasto_gan" / "models"
TABLE = MODELS / "training.toml"
WORK = BUILD / "models"
PARAMETERS = ("label", "material", "licence", "steps", "batch", "from")
"""Settings of the table that are passed on as they are."""
SEEDS = (0, 1)
"""Seeds of the sets of a procedural material."""


def models(options: argparse.Namespace) -> None:
    """Train the bundled models anew from a folder of PBR sets, or others by name; goes on where it was interrupted."""
    table, phrases = (tomllib.loads(path.read_text(encoding="utf-8")) for path in (TABLE, phrase_model.TABLE))
    unknown = sorted(set(options.names) - {*table, *phrases})
    if unknown:
        raise BuildError(f"there is no model {', '.join(unknown)}; there are {', '.join([*table, *phrases])}")
    for name in options.names or table:
        if options.pack:
            _pack(name, table[name], options.data, options.out.resolve())
        elif name in phrases:
            phrase_model.train_phrases(name, phrases[name], options.data, options.out.resolve())
        else:
            _train(name, table[name], options.data, options.out.resolve())


def _train(name: str, about: Mapping[str, Any], data: Path, folder: Path) -> None:
    model = folder / f"{name}.safetensors"
    if model.exists():
        print(f"{model} is there already: remove it to train it again")
        return
    trained = WORK / f"{name}.safetensors"
    source = gathered(about, data, WORK / f"{name}.data", CORE.ready())
    if not trained.exists():
        with step(f"Training {name}"):
            command = ["train", "train-torus", source, "--name", name, "--out", WORK, "--hold-out", "--seed", 0]
            settings = [word for key in PARAMETERS if key in about for word in (f"--{key}", about[key])]
            _run([*command, *settings, "--no-report", "--no-keep-exemplar"])
    brief = [] if isinstance(about["data"], str) else ["--brief"]
    with step(f"Judging {name} by the quarter that chose nothing"):
        _run(["evaluate", "model", trained, source, "--record", *brief, "--out", ROOT / "out" / "models" / name])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.move(trained, model)
    _pack(name, about, data, folder)


def _pack(name: str, about: Mapping[str, Any], data: Path, folder: Path) -> None:
    """Make a model smaller, and keep what it learned beside it, unless it learned many materials."""
    with step(f"Packing {name}"):
        packed = [folder / f"{name}.safetensors", *([data / about["data"]] if isinstance(about["data"], str) else [])]
        command = [CORE.ready(), "-P", "-m", "tasks.pack_model", *packed]
        if subprocess.run(command, cwd=ROOT, env=clean_environment(PYTHONPATH=ROOT), check=False).returncode:
            raise BuildError("it could not be packed")


def gathered(about: Mapping[str, Any], data: Path, folder: Path, python: Path) -> Path:
    """The folder, with the map set of the table, or a folder of each class with one, and procedural materials.

    A part of each set judges, so no other set may show the same: python, that of the core, leaves it out.
    """
    if isinstance(about["data"], str):
        shutil.copytree(data / about["data"], folder / about["data"], dirs_exist_ok=True)
        return folder
    seen = shows_judge(python, [data / source for source in about["data"].values()])
    for label, source in about["data"].items():
        if data / source not in seen:
            shutil.copytree(data / source, folder / label / source, dirs_exist_ok=True)
    for tool in about["procedural"]:
        for seed in SEEDS:
            made = folder / f"procedural {tool}" / f"set{seed}"
            if not made.exists():
                _run(["generate", tool, "--size", "1024x1024", "--seed", seed, "--out", made])
    return folder


def _run(arguments: list[object]) -> None:
    command = [CORE.ready(), "-I", "-m", "impasto", *map(str, arguments)]
    if subprocess.run(command, env=clean_environment(), check=False).returncode:
        raise BuildError("that failed; run the same again to go on")
