"""Exported models, run by the frameworks that they are for, without any of our code."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from impasto import Maps, Recipe, Step, run
from impasto.cli.main import main
from impasto.context import Context, step_rngs
from impasto.plugins.registry import registry

MODELS = ("bark", "bricks", "tiles", "wood", "materials")
"""Bundled models that differ in what they are made of: no lattice, rows, cells, a bond, classes."""
SEED = 7


def exported(name: str, form: str, folder: Path) -> Path:
    """The file that the command writes."""
    main(["models", "export", name, "--format", form, "--out", str(folder)])
    return folder / f"{name}.{form}"


def reference(name: str, size: tuple[int, int], seed: int = SEED) -> tuple[Maps, dict[str, np.ndarray]]:
    """The picture (height, width) of our network, and the inputs for the same in another framework."""
    tool = registry().tool("torus")
    inputs = tool.portable_inputs(name, size, Context(rng=step_rngs(seed)[0], models=registry().model_library()))
    parameters = {"model": name, "height_px": size[0], "width_px": size[1], "texture_transfer": False}
    return run(Recipe((Step("torus", parameters),), seed)).maps, inputs


def onnx_run(file: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Maps (H, W, C) by name, made by ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return {name: made[0].transpose(1, 2, 0) for name, made in zip(names, session.run(None, inputs), strict=True)}


def keras_run(file: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Maps (H, W, C) by name, made by Keras on the backend that the environment names."""
    from impasto.io.extra import imported_keras

    keras = imported_keras()
    model = keras.saving.load_model(file, compile=False)
    made = model({name: np.moveaxis(value, 1, -1) for name, value in inputs.items()}, training=False)
    return {name: keras.ops.convert_to_numpy(one)[0] for name, one in made.items()}


def differences(made: dict[str, np.ndarray], ours: Maps) -> dict[str, float]:
    """Largest difference of each map from ours."""
    return {name: float(np.abs(pixels - ours[name].pixels).max()) for name, pixels in made.items()}
