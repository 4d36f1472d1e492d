# SPDX-License-Identifier: GPL-3.0-or-later
"""Live preview of the active material's layers, all run at the size of the picture, from the changed one on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy

from ..bridge.inputs import Input
from ..bridge.target import active_material
from ..core.errors import ParameterError
from ..engine import engine
from ..jobs.session import connect, jobs
from ..parameters.properties import LAYERS
from ..tools.live import Live
from .request import LayersRequest, why_incomplete

if TYPE_CHECKING:
    from ..core.engine.client import Client

DELAY_S = 0.02
"""Pause after a change: pictures come soon, and a newer one takes the place of the one before."""


def why_no_preview(context: bpy.types.Context) -> str:
    """Reason why there can be no preview of the layers; empty if there can."""
    busy = f"Impasto is busy: {jobs.shown_task.label}" if jobs.shown_task else ""
    return engine.why_none() or busy or why_incomplete(context)


def preview_inputs(context: bpy.types.Context) -> tuple[Callable[[], Client], LayersRequest, dict[str, Input]]:
    """Client, request and inputs of the preview, for a task's work."""
    material = active_material(context)
    if material is None:
        raise ParameterError("the active object has no material", "choose a new material, or add one")
    request = LayersRequest.of(context, material)
    return connect(), request, request.read_inputs()


live = Live(LAYERS, "impasto", why_no_preview, preview_inputs, delay_s=DELAY_S, runs_small=True)
register, unregister = live.register, live.unregister
