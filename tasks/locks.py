"""Locks: only one `build.py` at a time makes a target, and others wait until it is made."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .messages import BuildError

sys.path.append(str(Path(__file__).resolve().parents[1] / "core"))
from impasto.errors import FileError
from impasto.system.locks import held


@contextmanager
def alone(target: Path) -> Iterator[None]:
    """Hold the lock for making `target`, which ends with this process, however it ends. BuildError if it cannot be."""
    with ExitStack() as stack:
        try:
            stack.enter_context(held(target))
        except FileError as error:
            print(f"Waiting: {error.message}", flush=True)
            try:
                stack.enter_context(held(target, wait_s=math.inf))
            except FileError as refused:
                raise BuildError(str(refused)) from refused
        yield
