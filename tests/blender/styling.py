"""Repainting in tests: the operator, and what came of it."""

from __future__ import annotations

import json
import time

import bpy
import numpy as np

LIMIT_S = 120.0
RED = (200, 40, 20)
"""Mean colour of the fixture `style`, in steps of 8 bits."""


def stylize(**given) -> set[str]:
    parameters = given.pop("parameters", {})
    return bpy.ops.impasto.stylize(
        **{"tool": "flat", "style": "red.png", "parameters": json.dumps(parameters), **given}
    )


def made() -> dict:
    """The report of the last result that scripts get."""
    return json.loads(bpy.context.window_manager.impasto_made)


def wait_until(condition) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def recipe_of(item) -> dict:
    return json.loads(item["impasto_recipe"])


def behind(material, socket: str):
    """The image node that is joined to a socket of the Principled BSDF."""
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    return shader.inputs[socket].links[0].from_node


def settle(jobs, live=None) -> np.ndarray | None:
    """Tick, as the timers do, until nothing is due and no task runs; the picture of the preview then."""
    while live and live.tick():
        time.sleep(0.01)
    wait_until(lambda: not (jobs.tasks and (jobs.tick() or jobs.tasks)))
    return live and live.pixels
