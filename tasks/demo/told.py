"""What a part of the demo says, in lines that whoever runs it can show, and for how long each took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    """One line."""
    print(f"demo: {text}", flush=True)


@contextmanager
def told(text: str) -> Iterator[None]:
    """Say what is done while it is done."""
    print(f"demo begins: {text}", flush=True)
    yield
    print("demo ends: ", flush=True)
