"""Messages about running commands, and errors that the user can fix."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class BuildError(Exception):
    """An error that the user can fix; the message says how."""


@dataclass
class Apart:
    """Seconds of a task that are not its own, and are printed apart."""

    downloads_s: float = 0.0


@contextmanager
def step(text: str) -> Iterator[Apart]:
    """Report a task while it runs, with a moving bar on a terminal that no other thread writes to, and its duration."""
    started, ended, apart = time.monotonic(), threading.Event(), Apart()

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
        yield apart
    finally:
        ended.set()
        if drawing.ident:
            drawing.join()
            print("\r\033[K", end="")
    downloads = f", and {apart.downloads_s:.1f} s of downloads" if apart.downloads_s else ""
    print(f"{text}: {time.monotonic() - started - apart.downloads_s:.1f} s{downloads}", flush=True)
