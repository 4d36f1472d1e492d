"""Servers that drip or stall: a download gives them up in time, and keeps what came."""

import contextlib
import socket
import threading
import time

import pytest

from impasto.errors import ModelError
from impasto.library import download
from impasto.library.download import fetch


@pytest.fixture
def dripping():
    """Starts a server that sends these bytes at once, then a byte every twentieth of a second for ever; its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip(connection: socket.socket, begin: bytes) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            connection.sendall(begin)
            while not ended.wait(0.05):
                connection.sendall(b"a")

    def accept(begin: bytes) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(listening.accept()[0], begin), daemon=True).start()

    def start(begin: bytes) -> str:
        threading.Thread(target=accept, args=(begin,), daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/net.pth"

    yield start
    ended.set()
    listening.close()


def test_a_server_that_drips_its_answer_is_given_up(dripping, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "ANSWER_LIMIT_S", 0.5)
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"no connection to 127\.0\.0\.1"):
        fetch(dripping(b"HTTP/1.1 200 OK\r\nX: "), tmp_path / "net.part", 1000, "")
    assert time.monotonic() - started < 5


def test_a_file_that_drips_is_given_up_and_what_came_is_kept(dripping, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PACE_S", 0.5)
    started = time.monotonic()
    told = []
    with pytest.raises(ModelError, match=r"too slow: \d+ bytes.*goes on"):
        fetch(dripping(b"HTTP/1.1 200 OK\r\n\r\n"), tmp_path / "net.part", 10**6, "", told.append)
    assert time.monotonic() - started < 5
    assert (tmp_path / "net.part").stat().st_size > 3
    assert len(told) > 3, "each byte is told as it comes, so that a cancel is heeded"


def test_a_file_that_stalls_is_given_up(dripping, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT_S", 0.01)
    with pytest.raises(ModelError):
        fetch(dripping(b"HTTP/1.1 200 OK\r\n\r\n"), tmp_path / "net.part", 10**6, "")
