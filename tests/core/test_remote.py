"""An engine on another machine, over a real ssh server on loopback: nothing is mocked but the network."""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ssh_server import Server, served, serving
from worker_jobs import CHECKER, recipe, wait_until

from impasto import Recipe, Step, read_maps, write_maps
from impasto.about import VERSION
from impasto.engine.client import WORKER, Client
from impasto.engine.remote import Remote
from impasto.engine.requests import JobInput
from impasto.errors import Cancelled, FileError, ParameterError, ProtocolError, WorkerError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("ssh")) as made:
        yield made


@pytest.fixture
def path(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ssh that knows the server, before all others."""
    monkeypatch.setenv("PATH", f"{server.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def farm(path: None, engine_with_misbehaving: Path, tmp_path: Path) -> Iterator[Client]:
    made = Client(Remote.of(f"ssh://farm{engine_with_misbehaving}"), tmp_path / "remote.log")
    yield made
    made.close()


def fails(host: str, python: object, tmp_path: Path) -> WorkerError:
    client = Client(Remote.of(f"ssh://{host}{python}"), tmp_path / "log")
    with pytest.raises(WorkerError) as caught:
        client.submit(CHECKER).wait()
    client.close()
    return caught.value


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("ssh://farm", ["farm", "--", "python3 -P -m impasto.engine.worker"]),
        (
            "ssh://me@Farm:2222/opt/im pasto/py",
            ["-p", "2222", "me@Farm", "--", "'/opt/im pasto/py' -P -m impasto.engine.worker"],
        ),
        ("ssh://[::1]/~/venv/bin/python", ["::1", "--", "~/venv/bin/python -P -m impasto.engine.worker"]),
    ],
)
def test_an_address_becomes_a_command_without_a_prompt(address, command):
    made = Remote.of(address).command(*WORKER)
    assert made[:2] == ["ssh", "-T"]
    assert made[-len(command) :] == command
    assert "BatchMode=yes" in made


def test_a_wrong_address_is_refused():
    wrong = (
        "farm|http://farm|ssh://|ssh://-oProxyCommand=x|ssh://-l@farm|ssh://a b|ssh://farm:99999|ssh://me:secret@farm"
    )
    for address in wrong.split("|"):
        with pytest.raises(ParameterError, match="ssh://user@host"):
            Remote.of(address)


@served
class TestServed:
    @pytest.mark.essential
    def test_it_makes_the_same_pixels_as_the_engine_here(self, farm, client, photo):
        there, here = (one.submit(CHECKER, {"source": photo}).wait() for one in (farm, client))
        assert np.array_equal(there.maps["base_color"].pixels, here.maps["base_color"].pixels)
        assert there.recipe.to_json() == here.recipe.to_json()

    @pytest.mark.slow
    def test_a_folder_of_maps_is_sent_as_one(self, farm, photo, tmp_path):
        from impasto import Maps

        maps = Maps.from_arrays({"base_color": photo["base_color"].pixels, "roughness": np.full((48, 64, 1), 0.5)})
        write_maps(maps, tmp_path / "wall", "wall")
        (tmp_path / "wall" / "previews").mkdir()
        answer = farm.submit(Recipe((Step("tint"),)), {"source": tmp_path / "wall"}).wait()
        assert set(answer.maps) == {"base_color", "roughness"}
        assert answer.recipe.inputs["source"]["sha256"] == read_maps(tmp_path / "wall").sha256()
        (tmp_path / "notes.png").write_text("no picture")
        with pytest.raises(FileError, match=r"notes\.png") as caught:
            farm.submit(CHECKER, {"source": tmp_path / "notes.png"}).wait()
        assert "impasto-" not in caught.value.message, "a path there"

    @pytest.mark.essential
    def test_a_cut_connection_ends_its_jobs_with_a_remedy_and_the_next_one_connects_again(self, farm, server):
        job = farm.submit(recipe("slow", seconds=30))
        wait_until(lambda: job.fraction > 0.01)
        workers = running_workers()
        assert workers
        server.cut()
        with pytest.raises(WorkerError, match=r"connection to farm was lost.*try again"):
            job.wait()
        wait_until(lambda: not workers & running_workers())
        second = farm.submit(recipe("slow", seconds=30))
        wait_until(lambda: second.fraction > 0.01)
        second.cancel()
        with pytest.raises(Cancelled):
            second.wait()
        assert farm.submit(CHECKER).wait().size_px == (48, 64)

    def test_an_unknown_host_key_is_never_accepted(self, path, tmp_path):
        error = fails("stranger", sys.executable, tmp_path)
        assert "host key of stranger is unknown" in error.message
        assert "ssh stranger" in error.remedy
        assert "nobody does not answer" in fails("nobody", sys.executable, tmp_path).message

    def test_a_password_is_never_asked_for(self, path, tmp_path):
        began = time.monotonic()
        error = fails("locked", sys.executable, tmp_path)
        assert "asks for a password" in error.message
        assert "ssh-copy-id locked" in error.remedy
        assert time.monotonic() - began < 20

    def test_a_python_that_is_missing_or_has_no_impasto_is_named(self, path, tmp_path):
        assert "no /nowhere/python on farm" in fails("farm", "/nowhere/python", tmp_path).message
        bare = tmp_path / "bare"
        bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
        bare.chmod(0o755)
        error = fails("farm", bare, tmp_path)
        assert "has no impasto" in error.message
        assert VERSION in error.remedy

    def test_another_version_is_refused(self, path, tmp_path):
        old = tmp_path / "old"
        old.write_text('#!/bin/sh\necho \'{"type": "hello", "protocol": 2, "version": "0.0.1"}\'\ncat > /dev/null\n')
        old.chmod(0o755)
        error = fails("farm", old, tmp_path)
        assert isinstance(error, ProtocolError)
        assert f"has impasto 0.0.1, this is {VERSION}" in error.message

    @pytest.mark.slow
    def test_training_data_are_not_sent(self, farm, tmp_path):
        with pytest.raises(ParameterError, match=r"impasto train.*farm"):
            farm.submit(Recipe((Step("train-torus", {}, {"dataset": "data"}),)), {"data": JobInput(path=tmp_path)})

    @pytest.mark.slow
    def test_the_command_makes_files_there(self, path, impasto, engine_with_misbehaving, photo, tmp_path):
        (picture,) = write_maps(photo, tmp_path / "in", "photo")
        there = impasto(
            "maps", picture, "--out", tmp_path / "there", "--engine", f"ssh://farm{engine_with_misbehaving}", "--json"
        )
        here = impasto("maps", picture, "--out", tmp_path / "here", "--json")
        assert there.returncode == 0, there.stderr
        assert len(json.loads(there.stdout)["files"]) == len(json.loads(here.stdout)["files"]) > 3
        for file in (tmp_path / "here").iterdir():
            assert (tmp_path / "there" / file.name).read_bytes() == file.read_bytes()
        failed = impasto("maps", picture, "--out", tmp_path / "out", "--engine", "ssh://stranger")
        assert (failed.returncode, "host key" in failed.stderr) == (WorkerError.exit_code, True)
        assert not (tmp_path / "out").exists()


def running_workers() -> set[int]:
    """Process ids of engines that an ssh server started."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            parents = (Path(f"/proc/{parent}/cmdline")).read_bytes()
        except OSError:
            continue
        if b"impasto.engine.worker" in command and b"ssh" not in command.partition(b"\0")[0] and b"sshd" in parents:
            found.add(int(process.name))
    return found
