"""Messages of a part of the demo, in lines that its caller can show, with durations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def print_line(text: str) -> None:
    """One line."""
    print(f"demo: {text}", flush=True)


@contextmanager
def task(text: str, made: Path | None = None) -> Iterator[None]:
    """Report a task while it runs, and then where its result is."""
    print(f"demo begins: {text}", flush=True)
    yield
    print("demo ends: ", flush=True)
    if made:
        print_line(f"  {made}")
