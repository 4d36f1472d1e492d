"""The filter `marks` and motifs: each kind shows, wraps around, and grows with its amount."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from impasto import Maps
from impasto.context import Context
from impasto.surface.wrapping import seam_z
from impasto.tools import validate
from impasto_procedural import impasto_tools
from impasto_procedural.canvas import Canvas
from impasto_procedural.motifs import MOTIFS, motif_color
from impasto_procedural.traces import TRACES

TOOLS = {tool.name: tool for tool in impasto_tools()}


def applied(name: str, subject: Maps | None = None, **parameters: object) -> Maps:
    """Result of a tool; of `plastic` without a subject, 96 texels wide."""
    context = Context(rng=np.random.default_rng(3))
    return TOOLS[name].apply(subject or Maps(), validate(TOOLS[name], parameters), {}, context)


@pytest.fixture(scope="module")
def plastic() -> Maps:
    return applied("plastic", width_px=96, height_px=96, color=(0.5, 0.4, 0.3), width_m=0.3)


@pytest.mark.parametrize("kind", sorted(TRACES))
def test_marks_show_grow_and_wrap_around(kind, plastic):
    none, few, many = (applied("marks", plastic, kind=kind, size_m=0.06, amount=amount) for amount in (0.0, 0.3, 1.0))
    changes = [np.abs(one["base_color"].pixels - plastic["base_color"].pixels).mean() for one in (none, few, many)]
    assert changes[0] < 1e-3
    assert changes[1] > 2e-3
    assert (changes[1] <= changes[2] + 0.01) == (kind != "peeling-paint")  # what has peeled is no paint
    assert max(seam_z(many["height"].pixels)) < 4


def test_streaks_begin_wherever_there_is_none_above():
    bricks = applied("bricks", width_px=64, height_px=64)
    assert np.isfinite(applied("marks", bricks, kind="streaks")["base_color"].pixels).all()


@pytest.mark.parametrize("kind", sorted(MOTIFS))
def test_a_motif_has_all_its_colours_and_repeats_with_the_canvas(kind):
    canvas = Canvas((96, 128), 1.0, seed=5)
    colors = tuple(canvas.color(color) for color in ((0.9, 0.1, 0.1), (0.1, 0.9, 0.1), (0.1, 0.1, 0.9)))
    here = motif_color(canvas, kind, 0.25, colors)
    has_third = kind in ("tartan", "flowers", "oriental", "camouflage")
    for channel in range(3 if has_third else 2):
        assert float((here.argmax(0) == channel).float().mean()) > 0.02
    canvas.y_m, canvas.x_m = canvas.y_m + canvas.height_m, canvas.x_m + canvas.width_m
    assert float((motif_color(canvas, kind, 0.25, colors) - here).abs().mean()) < 0.01
    assert torch.isfinite(here).all()
