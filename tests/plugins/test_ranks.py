"""Trainings in several processes: the same result as in one, resumed by another number, ended together."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from materials import bricks
from PIL import Image
from test_every_training import two_classes
from tiny import cancelled_after
from torch import distributed, multiprocessing

from impasto import Maps
from impasto.context import Context
from impasto.data.dataset import dataset_of
from impasto.errors import Cancelled, ParameterError, WorkerError
from impasto.ranks import Ranks
from impasto.training.loop import train
from impasto_gan.torus.parameters import TrainTorusParameters
from impasto_gan.torus.prepare import prepare
from impasto_gan.torus.train import TorusTraining

STEPS = 6
SIZES = {"canvas_px": 96, "crop_px": 48, "batch": 3, "width": 0.125, "augment": 0.9}
"""Three pictures, which two processes share unevenly."""
MATERIALS = {
    "bricks": lambda: dataset_of(Maps.from_arrays({"base_color": bricks()})),
    "classes": two_classes,
}


def take_part(rank: int, count: int, folder: Path, material: str, begun: int, last_step: int, rounding: float) -> None:
    """Train in one of `count` processes, up to a step, and save all state; first weights differ by a relative error."""
    torch.set_num_threads(1)
    if count > 1:
        meeting = f"file://{folder}/meeting-{count}"
        distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=count)
    data = prepare(MATERIALS[material](), 96, 48, 32, False, "cpu")
    training = TorusTraining(data, TrainTorusParameters(**SIZES, steps=STEPS), 5, "cpu", "float32")
    training.discriminators.augmentation.probability.fill_(0.5)
    random = torch.Generator().manual_seed(1)
    for weight in training.networks["generator"].parameters():
        weight.data *= 1 + rounding * torch.randn(weight.shape, generator=random)
    steps = last_step - begun
    stop = cancelled_after(steps) if rank == count - 1 and last_step < STEPS else {}
    try:
        train(training, folder / "it.checkpoint", {"seed": 5}, Context(**stop))
    except Cancelled:
        assert last_step < STEPS
    assert training.done == last_step
    np.savez(folder / f"{rank}.npz", **training.tensors())
    if count > 1:
        distributed.destroy_process_group()


def trained(folder: Path, material: str, *parts: tuple[int, int], rounding: float = 0.0) -> list[dict[str, np.ndarray]]:
    """State of each process after a training in parts, each of a number of processes up to a step."""
    folder.mkdir()
    for begun, (count, last_step) in zip((0, *(step for _, step in parts)), parts, strict=False):
        arguments = (count, folder, material, begun, last_step, rounding)
        if count == 1:
            take_part(0, *arguments)
        else:
            multiprocessing.spawn(take_part, arguments, nprocs=count)
    return [dict(np.load(folder / f"{rank}.npz")) for rank in range(parts[-1][0])]


def difference(state: dict[str, np.ndarray], other: dict[str, np.ndarray], of: str) -> float:
    """Relative distance between two trainings: of their "weight"s, or of the "exp_avg_sq" of gradients."""
    a, b = (np.concatenate([one[name].ravel() for name in state if name.endswith(of)]) for one in (state, other))
    return float(np.linalg.norm(a - b) / np.linalg.norm(a))


def check_same(state: dict[str, np.ndarray], other: dict[str, np.ndarray], rounded: dict[str, np.ndarray]) -> None:
    """Gradients are the same but for six steps' rounding; the part of a process alone would differ by half or more.

    Adam turns the rounding of gradients near 0 into whole steps, so weights differ as they do in a training of one
    process whose first weights are rounded otherwise, or, by how a processor sums, a little more.
    """
    assert 0 < difference(state, rounded, "weight") < 0.01
    assert difference(state, other, "exp_avg_sq") < 1e-3
    assert difference(state, other, "weight") < 1e-3 + 3 * difference(state, rounded, "weight")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("material", "parts"),
    [("bricks", [(2, STEPS)]), ("classes", [(1, 2), (2, 4), (1, STEPS)])],
    ids=["in two", "in one, then in two, then in one"],
)
def test_several_processes_learn_the_same_as_one(material, parts, tmp_path):
    (alone,) = trained(tmp_path / "alone", material, (1, STEPS))
    (rounded,) = trained(tmp_path / "rounded", material, (1, STEPS), rounding=1e-7)
    states = trained(tmp_path / "parts", material, *parts)
    check_same(alone, states[0], rounded)
    assert all(np.array_equal(states[0][name], states[-1][name]) for name in alone)


def test_a_batch_has_a_picture_for_each_process():
    assert [Ranks(rank, 3).rows(7) for rank in range(3)] == [slice(0, 2), slice(2, 4), slice(4, 7)]
    Ranks(0, 3).check(3)
    with pytest.raises(ParameterError, match="raise --batch"):
        Ranks(0, 3).check(2)


@pytest.fixture(scope="module")
def picture(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "wall.png"
    Image.fromarray((bricks() * 255).astype(np.uint8)).save(path)
    return path


def command(trainer: str, picture: Path, folder: Path, *options: str) -> list[str]:
    sizes = ["--steps=4", "--canvas-px=96", "--crop-px=48", "--width=0.125"] if trainer == "train-torus" else []
    return ["-m", "impasto", "train", trainer, f"{picture}", "--name=tiny", f"--out={folder}", *sizes, *options]


def launched(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The ended torchrun of two processes, which need no name of this machine that its resolver knows."""
    torchrun = [sys.executable, "-P", "-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1"]
    how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = subprocess.Popen([*torchrun, "--nproc-per-node=2", *arguments], start_new_session=True, **how)
    try:
        said, complaints = started.communicate(timeout=300)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)  # its processes hold the pipes, even if it has ended
    return subprocess.CompletedProcess(started.args, started.returncode, said, complaints)


@pytest.mark.slow
def test_torchrun_trains_one_model(picture, tmp_path):
    result = launched(*command("train-torus", picture, tmp_path, "--json"))
    assert result.returncode == 0, result.stderr
    *_, written = map(json.loads, result.stdout.splitlines())
    assert [Path(file).name for file in written["files"]] == ["tiny.safetensors", "tiny.report.html"]
    assert result.stdout.count("tiny.safetensors") == 1
    assert not list(tmp_path.glob("*.checkpoint"))


@pytest.mark.slow
def test_a_killed_process_ends_the_others_with_an_error(picture, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    arguments = [sys.executable, "-P", *command("train-torus", picture, tmp_path, "--json", "--steps=1000000")]
    first, second = (
        subprocess.Popen(arguments, env={**os.environ, **place, "RANK": str(rank)}, **how) for rank in (0, 1)
    )
    try:
        while not re.search(r"Step (?!1 )\d", line := first.stdout.readline()):  # some steps are not told
            assert line, first.stderr.read()
        second.kill()
        said = first.communicate(timeout=120)
    finally:
        for process in (first, second):
            process.kill()
            process.communicate()
    assert first.returncode == WorkerError.exit_code
    assert "process 1 of 2 has lost the others" in "".join(said)
    assert "Traceback" not in "".join(said)


@pytest.mark.slow
def test_other_trainers_refuse_torchrun(picture, tmp_path):
    result = launched(*command("train-gan", picture, tmp_path))
    assert result.returncode == 1
    assert "train-gan trains in one process\n  start it without torchrun" in result.stderr
    assert not list(tmp_path.iterdir())
