"""Fixtures: an environment with the misbehaving plugin, in this process and in a real worker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="no engine here: run `python build.py test`")

from impasto import Maps
from impasto.batch.engines import local_engines
from impasto.cli.main import main
from impasto.engine.client import Client
from impasto.plugins.registry import GROUP, Registry, load_plugins, registry

sys.path.insert(0, str(Path(__file__).parents[2]))  # with `tasks` and `build.py`
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "misbehaving"))
from forking import CAN_FORK, ForkedCommand

from install import make_distribution, make_engine, site_packages


@pytest.fixture(scope="session")
def with_misbehaving(engine_with_misbehaving: Path) -> Registry:
    """The registry with the misbehaving and the broken plugin, which takes long to load."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site_packages(engine_with_misbehaving)))
        return load_plugins(entry_points(group=GROUP))


@pytest.fixture
def misbehaving(
    engine_with_misbehaving: Path, with_misbehaving: Registry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The misbehaving and the broken plugin in this process, in a registry that a test may change."""
    own = {name: dict(known) for name, known in vars(with_misbehaving).items() if isinstance(known, dict)}
    before = registry()
    monkeypatch.syspath_prepend(str(site_packages(engine_with_misbehaving)))
    for known in (replace(with_misbehaving, **own), before):
        monkeypatch.setattr("impasto.plugins.registry.load_plugins", lambda _, known=known: known)
        registry.cache_clear()
        assert registry() is known
        if known is not before:
            yield


@pytest.fixture(scope="session")
def worker_command(engine_with_misbehaving: Path) -> list[str]:
    """A command that starts a real worker with the misbehaving plugin."""
    return [str(engine_with_misbehaving), "-P", "-m", "impasto.engine.worker"]


@pytest.fixture
def client(worker_command: list[str], tmp_path: Path) -> Iterator[Client]:
    """A client of a worker of its own."""
    made = Client(worker_command, tmp_path / "worker.log")
    yield made
    made.close()


@pytest.fixture(scope="module")
def engines(worker_command: list[str]) -> Iterator[Executor]:
    """An executor for `impasto.batch.make`, with two engines that have the misbehaving plugin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("impasto.batch.engines.COMMAND", worker_command)
        with local_engines(2) as executor:
            yield executor


@pytest.fixture(scope="session")
def shared_client(worker_command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a worker that tests share; none waits for what it logs, and one that ends it starts another."""
    made = Client(worker_command, tmp_path_factory.mktemp("shared") / "worker.log")
    yield made
    made.close()


@pytest.fixture
def photo() -> Maps:
    """A small picture with some structure."""
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[0:48, 0:64]
    waves = 0.5 + 0.25 * np.sin(rows / 3) + 0.1 * np.cos(columns / 5)
    return Maps.from_arrays({"base_color": waves[..., None] + 0.1 * rng.random((48, 64, 3))}, name="photo.png")


@pytest.fixture(scope="session")
def engine_with_misbehaving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with all that this one has, the misbehaving plugin and the broken one."""
    python = make_engine(Path(sys.executable), tmp_path_factory.mktemp("engine"))
    make_distribution(site_packages(python), "impasto-broken", {"broken": "impasto_misbehaving_broken"})
    return python


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command in this process: exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return run


def expecting(run: Callable[..., subprocess.CompletedProcess]) -> Callable[..., subprocess.CompletedProcess]:
    """The command as `run` runs it, whose exit code must be `code`, unless that is None."""

    def checked(*arguments: object, code: int | None = 0, cwd: Path | None = None) -> subprocess.CompletedProcess:
        done = run(*arguments, cwd=cwd)
        assert code in (None, done.returncode), done.stdout + done.stderr
        return done

    return checked


@pytest.fixture(scope="session")
def fresh_impasto(engine_with_misbehaving: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Run the command in a process that begins with nothing imported, as in a shell."""

    def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess:
        command = [engine_with_misbehaving, "-P", "-m", "impasto", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)

    return expecting(run)


@pytest.fixture(scope="session")
def impasto(
    engine_with_misbehaving: Path, fresh_impasto: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., subprocess.CompletedProcess]]:
    """Run the command in a process of its own, which starts with torch imported where that can be."""
    if not CAN_FORK:
        yield fresh_impasto
        return
    command = ForkedCommand(engine_with_misbehaving, tmp_path_factory.mktemp("said"))
    yield expecting(command.run)
    command.close()
