"""Frames arrive as they were sent; malformed ones end in an error within seconds, nobody waits, the next job works."""

import io
import json
import pickle
import re
import subprocess
import sys
import time
from concurrent.futures import wait
from pathlib import Path

import numpy as np
import pytest
from hostile.frames import ANSWERS, BROKEN, RECIPE, REQUESTS, done, frame, job

from impasto import Recipe, Step
from impasto.about import VERSION
from impasto.engine.client import Client
from impasto.engine.messages import Failure, JobInput, frame_of, reply_of
from impasto.engine.wire import ARRAY, PROTOCOL, read_frame, write_frame
from impasto.errors import Message, ParameterError, ProtocolError, WorkerError, error_fields, error_from_name

FAKE = """
import json, pathlib, sys, time
first, answer, good = pathlib.Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])
out = sys.stdout.buffer
is_first = not first.exists()
first.touch()
out.write(b'{"type": "hello", "protocol": PROTOCOL, "version": "VERSION"}\\n')
out.flush()
for count, line in enumerate(sys.stdin.buffer, 1):
    if is_first and count < int(sys.argv[4]):
        continue
    name = str(json.loads(line)["id"]).encode()
    out.write((answer if is_first else good).replace(b'"ID"', name))
    out.flush()
""".replace("VERSION", VERSION).replace("PROTOCOL", str(PROTOCOL))
"""A worker that answers each request with the same bytes, and with good ones once it was started anew."""


def fake_worker(tmp_path: Path, answer: bytes, *, waits_for: int = 1, **how: float) -> Client:
    """The client of one that answers from its request `waits_for` on."""
    texts = [answer.hex(), done().hex(), str(waits_for)]
    return Client(
        [sys.executable, "-I", "-S", "-c", FAKE, str(tmp_path / "first"), *texts],
        tmp_path / "log",
        **how,
    )


@pytest.mark.parametrize("case", ANSWERS)
def test_a_malformed_answer_ends_every_job_with_an_error_and_the_next_one_works(case, tmp_path):
    client = fake_worker(tmp_path, ANSWERS[case], waits_for=2)
    started = time.monotonic()
    first = client.submit(RECIPE)
    second = client.describe()
    for waiting in (first, second):
        with pytest.raises(ProtocolError) as caught:
            waiting.result(10)
        assert caught.value.remedy
    assert client.submit(RECIPE).result(10).recipe == RECIPE
    assert time.monotonic() - started < 10
    client.close()


@pytest.mark.parametrize(
    "begun", [b'{"type": "pro', frame(b"abc", type="news", id="ID", preview={ARRAY: ["|u1", [512, 512, 3]]})]
)
def test_cancelling_ends_a_worker_frozen_within_an_answer(begun, tmp_path):
    client = fake_worker(tmp_path, begun, grace_s=0.3)
    job = client.submit(RECIPE)
    assert not wait([job], 0.5).done
    job.cancel()
    assert wait([job], 10).done
    assert client.submit(RECIPE).result(10)
    client.close()


def test_a_worker_without_a_timely_hello_is_given_up(tmp_path):
    code = 'print(\'{"type": "cancelled", "id": 1}\', flush=True); input()'
    with pytest.raises(ProtocolError, match="hello"):
        Client([sys.executable, "-I", "-S", "-c", code], tmp_path / "log").submit(RECIPE).result(10)
    command = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]
    client = Client(command, tmp_path / "log", start_s=0.3)
    with pytest.raises(WorkerError, match="did not start within"):
        client.describe().result(10)
    assert client.pid is None


@pytest.mark.skipif(sys.platform == "win32", reason="a process group is POSIX's")
def test_children_of_a_dead_worker_do_not_block_the_client(tmp_path):
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


def test_a_job_that_cannot_be_sent_fails_alone(shared_client):
    for name, value, why in (("source", float("nan"), "finite"), (ARRAY, 1.0, "stands for arrays")):
        with pytest.raises(ProtocolError, match=why):
            shared_client.submit(RECIPE, {name: Path("a.png")}, scale={"width_m": value}).result(10)
    given = JobInput(arrays={"base_color": np.full((4, 4, 3), np.nan, np.float32)})
    with pytest.raises(ParameterError, match="base_color has pixels"):
        shared_client.submit(RECIPE, {"source": given}).result(60)
    assert shared_client.submit(RECIPE).result(60)


@pytest.mark.parametrize("dtype", ["<f4", "<f2", "|u1", "<u2", ">f4"])
def test_arrays_of_every_type_and_shape_arrive_and_a_part_of_one_is_refused(dtype):
    pixels = np.arange(24).astype(dtype)
    arrays = {"empty": np.zeros((0, 3), dtype), "a": pixels.reshape(2, 3, 4), "view": pixels.reshape(4, 6)[::-1, ::2]}
    write_frame(stream := io.BytesIO(), {"id": 3, "text": "grün", "path": Path("a"), "below": [arrays]})
    received = read_frame(io.BytesIO(stream.getvalue()))
    (found,) = received.pop("below")
    assert received == {"id": 3, "text": "grün", "path": "a"}
    for name, array in arrays.items():
        assert np.array_equal(found[name], array)
    with pytest.raises(ProtocolError, match="in the middle of an array"):
        read_frame(io.BytesIO(stream.getvalue()[:-1]))
    assert read_frame(io.BytesIO()) is None


@pytest.fixture(scope="module")
def wire(worker_command):
    """A real worker, to which anything can be said: `say(bytes)` returns the header of the next answer."""
    running = subprocess.Popen(worker_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert read_frame(running.stdout)["type"] == "hello"

    def say(sent: bytes) -> dict:
        running.stdin.write(sent)
        running.stdin.flush()
        while (header := read_frame(running.stdout))["type"] == "news":
            pass
        return header

    say.process = running
    yield say
    running.stdin.close()
    assert running.wait(15) == 0


@pytest.mark.essential
@pytest.mark.parametrize("case", REQUESTS)
def test_a_malformed_request_is_answered_and_the_worker_goes_on(case, wire):
    sent, said, id_ = REQUESTS[case]
    answer = wire(sent)
    assert (answer["type"], answer["id"]) == ("error", id_)
    assert answer["error"] in ("ProtocolError", "ParameterError")
    assert re.search(said, answer["message"])
    assert answer["remedy"]
    assert wire(frame(type="wish", wish="cancel", id=99) + job(id=8))["id"] == 8


@pytest.mark.parametrize("case", BROKEN)
def test_unreadable_frames_are_refused_before_allocation(case):
    sent, said, _ = BROKEN[case]
    with pytest.raises(ProtocolError, match=said) as refused:
        read_frame(io.BytesIO(sent))
    assert refused.value.remedy


def test_a_broken_frame_is_answered_and_ends_the_worker(worker_command):
    made = subprocess.run(worker_command, input=BROKEN["a huge array"][0] + job(id=8), capture_output=True, timeout=60)
    answers = [json.loads(line) for line in made.stdout.splitlines()]
    assert [(answer["type"], answer.get("id")) for answer in answers] == [("hello", None), ("error", None)]


def test_a_job_id_in_use_is_refused_and_its_job_continues(wire):
    slow = Recipe((Step("slow", {"seconds": 0.6, "width_px": 8, "height_px": 8}),))
    answer = wire(job(id=5, recipe=slow.to_dict()) + job(id=5))
    assert (answer["type"], answer["id"]) == ("error", 5)
    assert "id 5" in answer["message"]
    assert wire(b"")["type"] == "done"


def test_messages_keep_their_ids_and_values_on_the_wire_and_in_a_pickle():
    """Of an error, a note and progress; a plugin's plain text stays as it is, and no format from outside is applied."""
    error = ParameterError("no tool {!r}", "choose from {}", "brik", Message("{} and {:,} more", "oak", 1200))
    wished = {"id": 1, "fraction": 0.5, "message": {"$message": ["{:>99}", "x"]}, "warnings": ["a {plain} text"]}
    write_frame(stream := io.BytesIO(), frame_of(Failure(1, **error_fields(error))))
    write_frame(stream, {"type": "news", **wished})
    stream.seek(0)
    failure, news = (reply_of(read_frame(stream)) for _ in range(2))
    sent = error_from_name(failure.error, failure.message, failure.remedy)
    for one in (sent, pickle.loads(pickle.dumps(error))):
        assert type(one) is ParameterError
        assert str(one) == "no tool 'brik'; choose from oak and 1,200 more"
        assert (one.message.id, one.message.values) == ("no tool {}", ("'brik'",))
        assert (one.remedy.id, one.remedy.values[0].id) == ("choose from {}", "{} and {} more")
    assert (news.message, *news.warnings) == ("x", "a {plain} text")
    with pytest.raises(ProtocolError, match="must be text"):
        reply_of({**wished, "type": "news", "message": {"$message": [3]}})
