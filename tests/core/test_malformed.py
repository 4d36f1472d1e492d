"""Malformed answers and requests: each ends in an error within seconds, nobody waits, and the next job works."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from impasto.client import Client
from impasto.errors import ParameterError, ProtocolError, WorkerError
from impasto.job import Pixels
from impasto.recipe import Recipe, Step
from impasto.wire import MAX_ARRAY_BYTES, MAX_FRAME_BYTES, FrameReader, write_frame

RECIPE = Recipe((Step("checker", {"width_px": 8, "height_px": 8}),))
DONE = {
    "type": "done",
    "id": "ID",
    "recipe": RECIPE.to_dict(),
    "figures": {},
    "notes": [],
    "models": [],
    "name": "",
    "size_px": None,
    "width_m": None,
    "height_range_m": None,
}
FAKE = """
import json, pathlib, sys, time
first, answer, good = pathlib.Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])
out = sys.stdout.buffer
is_first = not first.exists()
first.touch()
out.write(b'{"type": "hello", "protocol": 2}\\n')
out.flush()
for line in sys.stdin.buffer:
    name = str(json.loads(line)["id"]).encode()
    out.write((answer if is_first else good).replace(b'"ID"', name))
    out.flush()
"""
"""A worker that answers each request with the same bytes, and with good ones once it was started anew."""


def frame(**fields) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def done(**changed) -> bytes:
    fields = {name: value for name, value in (DONE | changed).items() if value is not ...}
    return json.dumps(fields).encode() + b"\n"


def pixels(dtype: str, *shape: int, name: str = "preview") -> list[dict]:
    return [{"name": name, "dtype": dtype, "shape": shape}]


TOOL = {
    "name": "x",
    "kind": "filter",
    "label": "X",
    "description": "",
    "needs": [],
    "weights": [],
    "inputs": [],
    "parameters": {},
}
DESCRIPTION = {"version": "1", "tools": [], "models": [], "damaged_models": [], "weights": [], "plugins": []}


def described(**changed) -> bytes:
    return frame(type="described", id="ID", description=DESCRIPTION | changed)


ANSWERS = {
    "no JSON": b"Welcome!\n",
    "no object": b"[1, 2]\n",
    "not Unicode": b'{"type": "\xff"}\n',
    "nested": b'{"type": ' + b"[" * 9999 + b"]" * 9999 + b"}\n",
    "not a number": b'{"type": "progress", "id": "ID", "fraction": NaN, "message": ""}\n',
    "a long number": b'{"type": "progress", "id": "ID", "fraction": 1' + b"0" * 5000 + b', "message": ""}\n',
    "an empty line": b"\n",
    "no type": frame(id="ID"),
    "unknown type": frame(type="surprise", id="ID"),
    "type is a number": frame(type=3, id="ID"),
    "type is a list": frame(type=["done"], id="ID"),
    "no id": frame(type="progress", fraction=0.5, message=""),
    "id is text": frame(type="cancelled", id="seven"),
    "id is null": frame(type="cancelled", id=None),
    "id is a list": frame(type="done", id=[1]),
    "id is true": frame(type="cancelled", id=True),
    "id is negative": frame(type="cancelled", id=-1),
    "hello without a protocol": frame(type="hello"),
    "another protocol": frame(type="hello", protocol=99),
    "no fraction": frame(type="progress", id="ID", message=""),
    "fraction is text": frame(type="progress", id="ID", fraction="half", message=""),
    "no message": frame(type="progress", id="ID", fraction=0.5),
    "message is a number": frame(type="progress", id="ID", fraction=0.5, message=3),
    "no preview": frame(type="preview", id="ID"),
    "preview by another name": frame(type="preview", id="ID", arrays=pixels("|u1", 1, 1, 3, name="x")) + b"abc",
    "preview of floats": frame(type="preview", id="ID", arrays=pixels("<f4", 1, 1, 3)) + b"abcd" * 3,
    "flat preview": frame(type="preview", id="ID", arrays=pixels("|u1", 3)) + b"abc",
    "empty preview": frame(type="preview", id="ID", arrays=pixels("|u1", 0, 1, 3)),
    "no state": frame(type="state", id="ID"),
    "unknown state": frame(type="state", id="ID", state="asleep"),
    "state is an object": frame(type="state", id="ID", state={}),
    "no description": frame(type="described", id="ID"),
    "description is a list": frame(type="described", id="ID", description=[]),
    "tools are an object": described(tools={}),
    "a tool is text": described(tools=["x"]),
    "a tool without a name": described(tools=[{name: TOOL[name] for name in TOOL if name != "name"}]),
    "a tool's input is text": described(tools=[TOOL | {"inputs": ["style"]}]),
    "a tool's parameters are a list": described(tools=[TOOL | {"parameters": []}]),
    "a parameter is a number": described(tools=[TOOL | {"parameters": {"properties": {"x": 3}}}]),
    "a model is null": described(models=[None]),
    "error without a text": frame(type="error", id="ID", error="WorkerError"),
    "error of numbers": frame(type="error", id="ID", error=1, message=2, remedy=3),
    "error about no job": frame(type="error", id=None, error="ProtocolError", message="what?", remedy="none"),
    "no recipe": done(recipe=...),
    "recipe is a list": done(recipe=[]),
    "recipe without steps": done(recipe={"steps": []}),
    "no models": done(models=...),
    "models are numbers": done(models=[1]),
    "paths are text": done(paths="a"),
    "figures are text": done(figures={"seam": "good"}),
    "notes are an object": done(notes={}),
    "name is null": done(name=None),
    "size is text": done(size_px="8x8"),
    "size of three": done(size_px=[1, 2, 3]),
    "size of zero": done(size_px=[0, 0]),
    "width is negative": done(width_m=-1),
    "height range is text": done(height_range_m="1"),
    "a map by another name": done(arrays=pixels("|u1", 1, name="../x")) + b"a",
    "an empty map": done(arrays=pixels("|u1", 0, name="height")),
    "arrays are a number": done(arrays=3),
    "an array is text": done(arrays=["height"]),
    "an array of objects": done(arrays=pixels("|O", 1, name="height")),
    "an array without a shape": done(arrays=[{"name": "height", "dtype": "<f4"}]),
    "a negative array": done(arrays=pixels("<f4", -1, name="height")),
    "a huge array": done(arrays=pixels("<f4", 2**40, 2**40, name="height")),
    "huge arrays together": done(arrays=[pixels("|u1", MAX_ARRAY_BYTES, name=name)[0] for name in map(str, range(64))]),
    "two arrays of one name": done(arrays=pixels("|u1", 1, name="height") * 2) + b"ab",
    "too many arrays": done(arrays=[pixels("|u1", 0, name=str(index))[0] for index in range(65)]),
    "pixels where a line should be": b"\x00\xff" * 4096 + b"\n",
}


def fake_worker(tmp_path: Path, answer: bytes, **how: float) -> Client:
    texts = [answer.hex(), done().hex()]
    return Client([sys.executable, "-I", "-S", "-c", FAKE, str(tmp_path / "first"), *texts], tmp_path / "log", **how)


@pytest.mark.parametrize("case", ANSWERS)
def test_a_malformed_answer_ends_every_job_with_an_error_and_the_next_one_works(case, tmp_path):
    client = fake_worker(tmp_path, ANSWERS[case])
    started = time.monotonic()
    first = client.submit(RECIPE)
    second = client.describe()
    for job in (first, second):
        with pytest.raises(ProtocolError) as caught:
            job.result(10)
        assert caught.value.remedy
    assert client.submit(RECIPE).result(10).recipe == RECIPE
    assert time.monotonic() - started < 10
    client.close()


def test_an_answer_before_hello_is_refused(tmp_path):
    code = 'print(\'{"type": "cancelled", "id": 1}\', flush=True); input()'
    client = Client([sys.executable, "-I", "-S", "-c", code], tmp_path / "log")
    with pytest.raises(ProtocolError, match="hello"):
        client.submit(RECIPE).result(10)


@pytest.mark.parametrize(
    "begun", [b'{"type": "pro', frame(type="preview", id="ID", arrays=pixels("|u1", 512, 512, 3)) + b"abc"]
)
def test_an_answer_that_stalls_half_way_is_given_up(begun, tmp_path):
    client = fake_worker(tmp_path, begun, stall_s=0.3)
    with pytest.raises(ProtocolError, match="stopped in the middle of a frame"):
        client.submit(RECIPE).result(10)
    assert client.submit(RECIPE).result(10)
    client.close()


def test_a_worker_that_never_says_hello_is_given_up(tmp_path):
    command = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]
    client = Client(command, tmp_path / "log", start_s=0.3)
    with pytest.raises(WorkerError, match="did not start within"):
        client.describe().result(10)
    assert client.pid is None


@pytest.mark.skipif(sys.platform == "win32", reason="a process group is POSIX's")
def test_a_process_that_a_dead_worker_left_behind_holds_nobody_up(tmp_path):
    code = (
        "import subprocess, sys, time\n"
        "sleeping = [sys.executable, '-I', '-S', '-c', 'import time; time.sleep(30)']\n"
        "subprocess.Popen(sleeping, start_new_session=True)\n"
    )
    client = Client([sys.executable, "-I", "-S", "-c", code], tmp_path / "log")
    started = time.monotonic()
    with pytest.raises(WorkerError, match="the worker died"):
        client.describe().result(10)
    assert time.monotonic() - started < 8


def test_a_job_that_cannot_be_sent_fails_alone(client):
    with pytest.raises(ProtocolError, match="finite"):
        client.submit(RECIPE, {"source": Path("a.png")}, scale={"width_m": float("nan")}).result(10)
    assert client.submit(RECIPE).result(60)


@pytest.fixture(scope="module")
def wire(worker_command):
    """A real worker, to which anything can be said: `say(bytes)` returns the header of the next answer."""
    running = subprocess.Popen(worker_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    reader = FrameReader(running.stdout)
    assert reader.read()[0]["type"] == "hello"

    def say(sent: bytes) -> dict:
        running.stdin.write(sent)
        running.stdin.flush()
        while (header := reader.read()[0])["type"] in ("state", "progress", "preview"):
            pass
        return header

    say.process = running
    yield say
    running.stdin.close()
    assert running.wait(15) == 0


JOB = {"type": "job", "id": 7, "recipe": RECIPE.to_dict()}
SOURCE = {"inputs": {"source": {}}}


def job(**changed) -> bytes:
    return frame(**{name: value for name, value in (JOB | changed).items() if value is not ...})


def source(dtype: str, *shape: int, content: bytes = b"", name: str = "source/base_color") -> bytes:
    return job(**SOURCE, arrays=pixels(dtype, *shape, name=name)) + content


REQUESTS = {
    "no JSON": (b"Welcome!\n", "Welcome", None),
    "no object": (b"[1]\n", r"\[1\]", None),
    "an empty line": (b"\n", "JSON", None),
    "no type": (job(type=...), "type", 7),
    "unknown type": (job(type="dance"), "dance", 7),
    "type is a list": (job(type=[]), "type", 7),
    "no id": (job(id=...), "id", None),
    "id is text": (job(id="seven"), "id.*seven", None),
    "id is true": (job(id=True), "id.*True", None),
    "id is huge": (job(id=10**30), "id", None),
    "no recipe": (job(recipe=...), "recipe", 7),
    "recipe is text": (job(recipe="quilt"), "recipe", 7),
    "recipe without steps": (job(recipe={}), "steps", 7),
    "a step is a number": (job(recipe={"steps": [3]}), "step", 7),
    "inputs are a list": (job(inputs=[]), "inputs", 7),
    "an input is text": (job(inputs={"source": "a.png"}), "inputs.source", 7),
    "a path is a number": (job(inputs={"source": {"path": 3}}), "path", 7),
    "a path is empty": (job(inputs={"source": {"path": ""}}), "path", 7),
    "a path with NUL": (job(inputs={"source": {"path": "a\0"}}), "path", 7),
    "a width is negative": (job(inputs={"source": {"width_m": -1}}), "width_m", 7),
    "a width is text": (job(inputs={"source": {"width_m": "1"}}), "width_m", 7),
    "a licence is a list": (job(inputs={"source": {"licence": []}}), "licence", 7),
    "deliver is text": (job(deliver="arrays"), "deliver", 7),
    "deliver as a wish": (job(deliver={"as": "wish"}), "deliver.as", 7),
    "deliver without as": (job(deliver={}), "deliver.as", 7),
    "files without a folder": (job(deliver={"as": "files", "name": "x"}), "folder", 7),
    "format is a number": (job(deliver={"as": "encoded", "format": 3}), "format", 7),
    "a preview of nothing": (job(deliver={"as": "preview", "longest_px": 0}), "longest_px", 7),
    "device is a number": (job(device=0), "device", 7),
    "detach is text": (job(detach="yes"), "detach", 7),
    "supersedes is a list": (job(supersedes=[1]), "supersedes", 7),
    "arrays are an object": (job(arrays={}), "arrays", 7),
    "an array without a name": (job(arrays=[{"dtype": "<f4", "shape": [1]}]), "name", 7),
    "floats of 64 bits": (source("<f8", 2, 2, 3, content=bytes(96)), "f8", 7),
    "an array of objects": (source("|O", 1), "dtype", 7),
    "a negative size": (source("<f4", -1, 4, 3), "shape", 7),
    "a size is text": (job(arrays=[{"name": "a", "dtype": "<f4", "shape": ["1"]}]), "shape", 7),
    "five dimensions": (source("<f4", 1, 1, 1, 1, 1), "shape", 7),
    "a huge array": (source("<f4", 2**40, 2**20), "bytes", 7),
    "a huge empty array": (source("<f4", 0, 2**40, 2**40), "bytes", 7),
    "huge arrays together": (
        job(arrays=[pixels("|u1", MAX_ARRAY_BYTES, name=f"source/{index}")[0] for index in range(64)]),
        "together",
        7,
    ),
    "two arrays of one name": (
        job(**SOURCE, arrays=pixels("|u1", 1, 1, 3, name="source/base_color") * 2) + b"abcdef",
        "two arrays",
        7,
    ),
    "an array of no input": (source("|u1", 1, 1, 3, content=b"abc", name="other/base_color"), "other", 7),
    "an array of no map": (source("|u1", 1, 1, 3, content=b"abc", name="source/x"), "source/x", 7),
    "one dimension": (source("|u1", 3, content=b"abc"), "shape", 7),
    "no pixels": (source("|u1", 0, 0, 3), "shape", 7),
    "not a number": (source("<f4", 1, 1, 3, content=np.float32([0, np.nan, 0]).tobytes()), "not a number", 7),
    "infinite": (source("<f2", 1, 1, 3, content=np.float16([0, np.inf, 0]).tobytes()), "infinite", 7),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_a_malformed_request_is_answered_and_the_worker_goes_on(case, wire):
    import re

    sent, said, id_ = REQUESTS[case]
    answer = wire(sent)
    assert (answer["type"], answer["id"]) == ("error", id_)
    assert answer["error"] in ("ProtocolError", "ParameterError")
    assert re.search(said, answer["message"])
    assert answer["remedy"]
    assert wire(frame(type="cancel", id=99) + job(id=8))["id"] == 8


def test_the_total_is_enough_for_the_maps_of_a_surface_and_more():
    assert MAX_FRAME_BYTES >= 4096**2 * 4 * (14 + 4)


def test_an_id_that_is_in_use_is_refused_and_its_job_goes_on(wire):
    slow = Recipe((Step("slow", {"seconds": 0.6, "width_px": 8, "height_px": 8}),))
    answer = wire(job(id=5, recipe=slow.to_dict()) + job(id=5))
    assert (answer["type"], answer["id"]) == ("error", 5)
    assert "id 5" in answer["message"]
    assert wire(b"")["type"] == "done"


def test_pixels_that_are_not_finite_are_named_to_who_sent_them(client):
    given = Pixels({"base_color": np.full((4, 4, 3), np.nan, np.float32)})
    with pytest.raises(ParameterError, match="source/base_color has pixels"):
        client.submit(RECIPE, {"source": given}).result(60)
    assert client.submit(RECIPE).result(60)


def test_the_client_refuses_what_no_frame_carries(tmp_path):
    import io

    quarter = np.broadcast_to(np.uint8(0), (4096, 4096, 4, 4))
    with pytest.raises(ProtocolError, match="together"):
        write_frame(io.BytesIO(), {}, {str(index): quarter for index in range(8)})
