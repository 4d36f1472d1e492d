"""Imports every library that we use, runs every tool, and starts a worker: `python everything.py FOLDER`.

For test_offline, which lets no socket be opened meanwhile. Models and weights come from the libraries that are set.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
from foreign import keras_latent
from PIL import Image
from quick import QUICK
from tiny import train_tiny

from impasto.cli.main import main
from impasto.inspection.behaviour import maker, picture, takes_sets
from impasto.io.extra import import_extra, imported_keras
from impasto.plugins.registry import registry

LIBRARIES = (
    *("torch", "torch._dynamo", "torch.distributed", "kornia", "scipy", "safetensors", "OpenImageIO", "tifffile"),
    *("imagecodecs", "cv2", "dask", "distributed"),
)


def import_everything() -> None:
    """The libraries of all extras."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for name in ("h5py", "onnx", "onnxruntime"):
        import_extra(name)
    imported_keras()


def run_everything(folder: Path) -> None:
    """Every tool on a small picture; trainers take two steps."""
    for name, tool in sorted(registry().tools.items()):
        if tool.kind == "trainer":
            train_tiny(name, folder / "trained")
        elif not takes_sets(tool):
            maker(tool, QUICK.get(name))(picture(48, 48))


def command(folder: Path) -> None:
    """Models of other frameworks in both formats, and a batch, whose jobs run in a worker."""
    photo, recipe = folder / "photo.png", folder / "recipe.json"
    Image.fromarray((picture(48, 48)["base_color"].pixels * 255).astype(np.uint8)).save(photo)
    recipe.write_text(json.dumps({"steps": [{"tool": "tint"}]}))
    keras = keras_latent(folder / "latent.keras")
    lines = (
        ("models", "install", keras),
        ("generate", "imported-model", "--model", "latent", "--size", "16x16", "--out", folder / "keras"),
        ("generate", "imported-model", "--model", "foreign", "--size", "16x16", "--out", folder / "onnx"),
        ("batch", recipe, photo, "--out", folder / "batch", "--workers", 1),
        ("doctor",),
    )
    for line in lines:
        main(list(map(str, line)))


if __name__ == "__main__":
    ours = Path(sys.argv[1])
    ours.mkdir(exist_ok=True)
    registry()  # before any library, as every process of ours
    import_everything()
    run_everything(ours)
    command(ours)
