# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's handlers of events: modules declare theirs as pairs of the event's name and a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import bpy

Handler = tuple[str, Callable[..., None]]


def add(handlers: Iterable[Handler]) -> None:
    """Have Blender call each function at its event."""
    for event, handler in handlers:
        getattr(bpy.app.handlers, event).append(handler)


def remove(handlers: Iterable[Handler]) -> None:
    """Undo `add`."""
    for event, handler in handlers:
        getattr(bpy.app.handlers, event).remove(handler)
