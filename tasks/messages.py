"""Messages about running commands, and errors that the user can fix."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class BuildError(Exception):
    """An error that the user can fix; the message says how."""


@contextmanager
def step(text: str) -> Iterator[None]:
    """Report a task while it runs, with a moving bar on a terminal that no other thread writes to, and its duration."""
    started, ended = time.monotonic(), threading.Event()

    def show() -> None:
        while not ended.wait(0.2):
            elapsed = time.monotonic() - started
            position = int(elapsed * 5) % 20
            bar = ("-" * position + "=====" + "-" * (20 - position))[:24]
            print(f"\r{text} [{bar}] {elapsed:4.0f} s", end="", flush=True)

    drawing = threading.Thread(target=show, daemon=True)
    if sys.stdout.isatty() and threading.current_thread() is threading.main_thread():
        drawing.start()
    else:
        print(f"{text} …", flush=True)
    try:
        yield
    finally:
        ended.set()
        if drawing.ident:
            drawing.join()
            print("\r\033[K", end="")
    print(f"{text}: {time.monotonic() - started:.1f} s", flush=True)
