"""Fixtures of the plugins' tests: published weights' layouts, filled so that tests need no published file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

pytest.importorskip("torch", reason="no engine here: run `python build.py test`")

import pretend_gpu  # noqa: F401  PyTorch must know its device before anything is differentiated
from random_weights import write_small_weights
from tiny import TINY, install_foreign, train_tiny

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path += [str(ROOT), str(ROOT / "benchmarks")]
Value = TypeVar("Value", Path, str)


@pytest.fixture(scope="session")
def small_weights_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that holds the distilled VGG19 alone: encoders and decoders of its layout."""
    folder = tmp_path_factory.mktemp("weights")
    write_small_weights(folder)
    return folder


@pytest.fixture(scope="module")
def small_weights(small_weights_folder: Path) -> Iterator[Path]:
    """`small_weights_folder` as the library of weights of this module's tests."""
    yield from _in_environment("IMPASTO_WEIGHTS", small_weights_folder)


@pytest.fixture(scope="session")
def tiny_models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that holds a model for each tool that needs one."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        be_quick(patch)
        find_one_slider(patch)
        for trainer in TINY:
            train_tiny(trainer, folder)
    install_foreign(folder)
    return folder


@pytest.fixture(scope="module")
def tiny_models(tiny_models_folder: Path) -> Iterator[Path]:
    """`tiny_models_folder` as the library of models of this module's tests."""
    yield from _in_environment("IMPASTO_MODELS", tiny_models_folder)


def _in_environment(variable: str, value: Value) -> Iterator[Value]:
    """The value, which this variable has meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(variable, str(value))
        yield value


def find_one_slider(patch: pytest.MonkeyPatch) -> None:
    """Trainings of torus find a slider along the first axis: to find the best ones takes most of a short training."""
    import torch

    from impasto_gan.torus import train

    def first_axis(model):
        return torch.eye(model.axes)[:1], [{"name": "some", "label": "Some", "low": -3, "high": 3, "default": 0}]

    patch.setattr(train, "find_sliders", first_axis)


@pytest.fixture(scope="module")
def one_slider() -> Iterator[None]:
    """Trainings of this module's tests find one slider."""
    with pytest.MonkeyPatch.context() as patch:
        find_one_slider(patch)
        yield


@pytest.fixture(scope="module")
def one_precision() -> Iterator[str]:
    """Trainings and generators compute in single precision, whatever the computer prefers."""
    yield from _in_environment("IMPASTO_PRECISION", "float32")


def be_quick(patch: pytest.MonkeyPatch) -> None:
    """Give trainings of fast styles a teacher that hardly works, and lessons hardly larger than crops."""
    patch.setattr("impasto_style.fast.data.TEACHER_STEPS", 2)
    patch.setattr("impasto_style.fast.train.LESSON", 1.5)


@pytest.fixture(scope="module")
def quick_teacher() -> Iterator[None]:
    """Trainings of fast styles are quick, as `be_quick` makes them."""
    with pytest.MonkeyPatch.context() as patch:
        be_quick(patch)
        yield
