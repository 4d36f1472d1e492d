"""Running a command's recipes on another machine: --engine ssh://HOST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import wait
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from ..descriptions import MESH
from ..engine.client import Client
from ..engine.job import Job
from ..engine.messages import JobInput, JobResult
from ..engine.remote import Remote
from ..errors import ParameterError
from ..host import Host
from ..io.files import on_disk
from ..io.meshes import read_mesh
from ..io.ply import ply_of
from ..options import RunOptions
from ..recipe import Recipe
from ..running.inputs import SOURCE
from ..system.locks import held
from ..system.transaction import temporary_folder
from ..texture import Maps
from ..tools import Result

POLL_S = 0.1


@contextmanager
def remote_client(address: str) -> Iterator[Client]:
    """Context with a client of the engine at an address. Raise ParameterError if the address is wrong."""
    remote = Remote.of(address)
    with temporary_folder() as folder:
        client = Client(remote, folder / "engine.log")
        try:
            yield client
        finally:
            client.close()


def run_there(
    client: Client,
    recipe: Recipe,
    inputs: Mapping[str, Path],
    options: RunOptions,
    host: Host,
    *,
    width_m: float | None,
    color_spaces: Mapping[str, str],
) -> Result:
    """`run` into files on another machine.

    Inputs are sent as files, those in a .blend as maps that a Blender here makes.

    Raise WorkerError if the connection is lost.
    """
    sink = options.sink
    assert sink is not None
    scale = {"width_m": width_m} if width_m and SOURCE in inputs else None
    with ExitStack() as stack:
        stack.enter_context(held(sink.folder / sink.name))
        sent = {
            name: _mesh(path) if name == MESH else stack.enter_context(on_disk(path)) for name, path in inputs.items()
        }
        answer = _follow(client.submit(recipe, sent, options, scale=scale, color_spaces=color_spaces), host)
    return Result(Maps(), recipe=answer.recipe, paths=answer.paths, notes=answer.notes)


def _mesh(path: Path) -> JobInput:
    """The mesh in a file of any format, as PLY to send."""
    mesh = read_mesh(path)
    return JobInput(files={"mesh.ply": np.frombuffer(ply_of(mesh), np.uint8)}, name=mesh.name)


def _follow(job: Job, host: Host) -> JobResult:
    """Wait for the job's result. Meanwhile, report its progress, and stop it if the host wants that."""
    while not wait([job], POLL_S).done:
        host.on_progress(job.fraction, job.message)
        if host.is_stopped():
            job.stop()
    return job.wait()


def refuse_locals(models_folder: Path | None, stream: bool | None, export: str) -> None:
    """Raise ParameterError for options that need the files of this machine."""
    if stream:
        raise ParameterError("another machine cannot write here tile by tile", "leave out --stream")
    if export:
        message = "another machine cannot pack the files for an engine"
        raise ParameterError(message, "leave out --export, and run `impasto export` on the files afterwards")
    if models_folder is not None:
        message = "a model's file is not sent to another machine"
        raise ParameterError(message, "copy it there, run `impasto models install` on it there, and give its name")
