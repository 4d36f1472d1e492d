"""Recipes for the tests of the worker, waiting with a limit, and processes that run."""

import contextlib
import time

import psutil

from impasto import Recipe, Step

CHECKER = Recipe((Step("checker", {"width_px": 64, "height_px": 48}),), 3)


def recipe(tool: str, **parameters) -> Recipe:
    return Recipe((Step(tool, parameters),))


def wait_until(condition, limit_s: float = 120.0) -> None:
    ended = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < ended, "waited too long"
        time.sleep(0.01)


def processes(*words: str, below: int | None = None) -> list[psutil.Process]:
    """Processes that a process, or this one, has started, whose commands have all these words."""
    found = []
    for process in psutil.Process(below).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended since it was listed
            if all(word in " ".join(process.cmdline()) for word in words):
                found.append(process)
    return found


def is_alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False
