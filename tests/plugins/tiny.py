"""Models that took two steps, for tests of what does not depend on how well a model has learned."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from foreign import onnx_noise
from materials import surface

from impasto import Host, Maps, Recipe, Result, RunOptions, Step, run
from impasto.data.dataset import Dataset, dataset_of
from impasto.inspection.behaviour import picture
from impasto.plugins.registry import registry

TINY = {
    "train-torus": {"steps": 2, "canvas_px": 96, "crop_px": 48, "batch": 1, "width": 0.125},
    "train-vae": {"steps": 2, "crop_px": 80, "batch": 1, "width": 8},
    "train-stackgan": {"steps": 2, "stage_one_steps": 1, "crop_px": 64, "batch": 2, "width": 0.125},
    "train-gan": {"steps": 2, "batch": 2, "width": 16},
    "train-conditional-gan": {"steps": 2, "batch": 2, "width": 16},
    "train-progressive-gan": {"steps": 2, "batch": 2, "width": 16, "crop_px": 32},
    "train-fast-style": {"steps": 2, "crop_px": 64, "batch": 1, "width": 4, "longest_px": 128, "lessons": 1},
}


def train_tiny(
    trainer: str, folder: Path, parameters: Mapping[str, int] | None = None, device: str = "auto", **how: Any
) -> Result:
    """Train a model of the trainer's name, for two steps unless `parameters` say else; `how` is for `Host`."""
    takes_dataset = any(item.kind == "dataset" for item in registry().tool(trainer).inputs)
    given = {"dataset": two_classes()} if takes_dataset else {"source": picture(128, 128)}
    inputs = {"dataset": "dataset"} if takes_dataset else {}
    step = Step(trainer, {**TINY[trainer], "name": trainer, **(parameters or {})}, inputs)
    return run(Recipe((step,)), given, RunOptions(device, folder), Host(**how))


def learned(trainer: str, folder: Path, dataset: Dataset, parameters: Mapping[str, Any], seed: int = 1) -> Result:
    """The result of a trainer on a dataset, by the processor."""
    recipe = Recipe((Step(trainer, parameters, {"dataset": "dataset"}),), seed)
    return run(recipe, {"dataset": dataset}, RunOptions("cpu", folder))


def generated(tool: str, folder: Path, source: Maps | None = None, seed: int = 0, **parameters: Any) -> Result:
    """The result of a generator with a model of a folder, by the processor."""
    given = {} if source is None else {"source": source}
    return run(Recipe((Step(tool, parameters),), seed), given, RunOptions("cpu", folder))


def cancelled_after(steps: int) -> dict[str, Any]:
    """A cancel button for `run` that is pressed once so many steps were begun."""
    begun: list[str] = []
    return {
        "on_progress": lambda fraction, message: begun.append(message) if message.startswith("Step") else None,
        "is_cancelled": lambda: len(begun) >= steps,
    }


def install_foreign(folder: Path) -> None:
    """Install a small generator of another framework into a folder."""
    tensors, card = registry().tool("imported-model").import_model(onnx_noise(folder / "foreign.onnx"))
    (folder / "foreign.onnx").unlink()
    registry().model_library(folder).add(tensors, card)


def two_classes() -> Dataset:
    """A picture of each of two classes, with a caption."""
    one, other = (
        dataset_of(surface(128, seed), label=str(seed), licence="CC0-1.0", captions=[f"{color} stones"])
        for seed, color in enumerate(("grey", "red"))
    )
    return replace(one, samples=(*one.samples, *other.samples))
