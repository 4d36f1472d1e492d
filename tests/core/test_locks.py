"""Two processes that make the same thing: the second is refused, and nothing is overwritten unasked."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from impasto import Maps, Recipe, Step, run
from impasto.data.dataset import dataset_of
from impasto.errors import FileError
from impasto.library.models import ModelLibrary
from impasto.plugins.registry import registry
from impasto.running.runner import run_to_files
from impasto.running.streaming import Sink
from impasto.system.locks import PREFIX, held
from impasto.system.transaction import replace_files

pytestmark = pytest.mark.usefixtures("misbehaving")
TOLD = r"is being made by process \d+ on .* since \d\d:\d\d; wait until that is done"
HOLDING = """
import sys
from pathlib import Path
from impasto.system.locks import held
with held(Path(sys.argv[1])):
    print("holds", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another(target: Path) -> Iterator[None]:
    """Another thread holds the lock, as far as locks go another process."""
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with held(target):
            holds.set()
            done.wait(30)

    other = threading.Thread(target=hold)
    other.start()
    holds.wait(10)
    try:
        yield
    finally:
        done.set()
        other.join()


def test_who_comes_second_is_told_who_was_first_until_that_one_is_dead(tmp_path):
    target = tmp_path / "new" / "wall"
    command = [sys.executable, "-P", "-c", HOLDING, target]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        with pytest.raises(FileError, match=rf"wall is being made by process {running.pid} on .* since \d\d:\d\d"):
            held(target).__enter__()
        running.kill()
    with held(target):
        pass
    assert not target.parent.exists() or list(target.parent.iterdir()) == []


def test_a_lock_can_be_held_again_in_one_thread_and_leaves_nothing(tmp_path):
    with held(tmp_path / "new" / "wall"), held(tmp_path / "new" / "wall"):
        assert (tmp_path / "new").exists()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / f"{PREFIX}wall.lock").write_text("{}")  # of a dead process
    replace_files({tmp_path / "a.png": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("tile_by_tile", [False, True])
def test_the_second_run_into_a_folder_under_one_name_is_told(tile_by_tile, tmp_path):
    recipe, sink = Recipe((Step("blotches", {"width_px": 32, "height_px": 32}),)), Sink(tmp_path, "wall")
    with held_by_another(tmp_path / "wall"):
        with pytest.raises(FileError, match=TOLD):
            run_to_files(recipe, {}, sink, tile_by_tile=tile_by_tile)
        assert run_to_files(recipe, {}, Sink(tmp_path, "other")).paths
    assert run_to_files(recipe, {}, sink, tile_by_tile=tile_by_tile).paths
    with pytest.raises(FileError, match="is there already"):
        run_to_files(recipe, {}, Sink(tmp_path, "wall", replace=False), tile_by_tile=tile_by_tile)


def test_the_second_training_installation_or_download_under_one_name_is_told(tmp_path):
    recipe = Recipe((Step("learn", {"name": "wall", "steps": 1}, {"dataset": "dataset"}),))
    inputs = {"dataset": dataset_of(Maps.from_arrays({"base_color": np.random.default_rng(0).random((64, 64, 3))}))}
    with held_by_another(ModelLibrary(tmp_path).path("wall")), pytest.raises(FileError, match=TOLD):
        run(recipe, inputs, models_folder=tmp_path)
    (file,) = run(recipe, inputs, models_folder=tmp_path).models
    assert file == ModelLibrary(tmp_path).path("wall")
    library = ModelLibrary(tmp_path / "library")
    with held_by_another(library.path("wall")), pytest.raises(FileError, match=TOLD):
        library.install(file)
    assert library.install(file).name == "wall"
    weights = registry().weights_library(tmp_path)
    with held_by_another(weights.path("squeezenet")), pytest.raises(FileError, match=TOLD):
        weights.download("squeezenet")
