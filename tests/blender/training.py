"""Training of models in tests, by the operator."""

from __future__ import annotations

import bpy


def train(name: str, **given: object) -> None:
    """Train a model of this name for two steps, unless the parameters say else."""
    given.setdefault("parameters", '{"steps": 2}')
    assert bpy.ops.impasto.train(tool="learn", name=name, **given) == {"FINISHED"}
