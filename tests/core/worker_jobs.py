"""Recipes for the tests of the worker, and waiting with a limit."""

import time

from impasto import Recipe, Step

CHECKER = Recipe((Step("checker", {"width_px": 64, "height_px": 48}),), 3)


def recipe(tool: str, **parameters) -> Recipe:
    return Recipe((Step(tool, parameters),))


def wait_until(condition, limit_s: float = 120.0) -> None:
    ended = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < ended, "waited too long"
        time.sleep(0.01)
