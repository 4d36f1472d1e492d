"""Whatever pattern is found in a picture of whatever size, a model is trained on it and makes pictures of any size."""

import numpy as np
import pytest
import torch
from materials import bond, bricks, dots, surface, tiles

from impasto import Maps
from impasto.data.dataset import dataset_of
from impasto.patterns.lattice import Lattice, full_region
from impasto_gan.torus.generate import Choice, Synthesis
from impasto_gan.torus.parameters import TrainTorusParameters
from impasto_gan.torus.prepare import _fitting, prepare
from impasto_gan.torus.train import TorusTraining

CANVAS_PX, CELL_PX = 96, 32
WIDE_PX = 200
"""A period of which no canvas holds a whole one: canvases are at most half as large again as `CANVAS_PX`."""
PATTERNS = {
    "nothing": lambda side: surface(side)["base_color"].pixels,
    "rows": bricks,
    "many rows": lambda side: bricks(side, 12),
    "wide rows": lambda side: bricks(side, WIDE_PX),
    "tiles": lambda side: tiles(side - side % 32 + 32),
    "wide tiles": lambda side: tiles(side - side % WIDE_PX + WIDE_PX, WIDE_PX),
    "bond": bond,
    "oblique": dots,
    "stripes": lambda side: stripes(side),
    "wide and oblique": lambda side: dots(side, 100),
}


def stripes(side: int) -> np.ndarray:
    """Stripes at an angle, (side, side, 3)."""
    y, x = np.mgrid[:side, :side]
    grain = 0.07 * np.random.default_rng(0).standard_normal((side, side, 3))
    return np.clip(0.2 + 0.5 * ((y * np.cos(0.7) + x * np.sin(0.7)) / 24 % 1 < 0.3)[..., None] + grain, 0, 1)


ALONG = 1.09 * 24
"""Square of the length of a wave vector of the oblique dots, over one of its components."""
CASES = [
    ("nothing", (711, 511), []),
    ("rows", (711, 511), [(1 / 32, 0)]),
    ("many rows", (256, 256), [(1 / 12, 0)]),
    ("wide rows", (711, 511), []),
    ("wide rows", (1100, 420), None),
    ("tiles", (256, 256), [(1 / 32, 0), (0, 1 / 32)]),
    ("wide tiles", (711, 511), []),
    ("wide tiles", (1100, 420), None),
    ("bond", (711, 511), [(1 / 32, 0), (0, 1 / 64)]),
    ("oblique", (711, 511), [(1 / ALONG, 0.3 / ALONG), (0.3 / ALONG, -1 / ALONG)]),
    ("stripes", (711, 511), None),
    ("wide and oblique", (1100, 420), []),
]
"""Patterns, sizes and the wave vectors that are learned; None where any will do."""


def training_on(pixels: np.ndarray, tell=lambda note: None, **how) -> TorusTraining:
    """A tiny training on a picture, after three steps."""
    parameters = TrainTorusParameters(**{"canvas_px": CANVAS_PX, "crop_px": 48, "batch": 2, "width": 0.125, **how})
    dataset = dataset_of(Maps.from_arrays({"base_color": pixels}))
    data = prepare(dataset, parameters.canvas_px, parameters.crop_px, CELL_PX, False, "cpu", tell)
    training = TorusTraining(data, parameters, 0, "cpu", "float32")
    for _ in range(3):
        losses = training.step()
        training.done += 1
    assert all(bool(loss.isfinite()) for loss in losses.values())
    return training


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "size", "learned"), CASES, ids=lambda value: str(value) if value else "")
def test_any_pattern_is_learned_and_made_at_any_size(pattern, size, learned):
    """Rows have their period from the start; of others, a network that took three steps draws nothing yet."""
    pixels = PATTERNS[pattern](max(size))[: size[0], : size[1]]
    training = training_on(pixels)
    lattice = training.data.lattice
    if learned is not None:
        assert np.allclose(lattice.wave_vectors, np.reshape(learned, (-1, 2)), rtol=0.01, atol=1e-4)
    for made_px in ((64, 64), (40, 300), (128, 96)):
        synthesis = Synthesis(training.model, Choice(made_px))
        with torch.inference_mode():
            made = synthesis.maps(full_region(made_px))[:3].mean(0).numpy()
        assert made.shape == made_px
        assert abs(made.mean() - pixels.mean()) < 0.15
        for axis in (0, 1) if learned and lattice.has_rows else ():
            if rows := round(synthesis.lattice.frequency(axis) * synthesis.torus[axis]):
                power = np.abs(np.fft.rfft(made.mean(1 - axis))) ** 2
                assert power[rows::rows].sum() > 0.6 * power[1:].sum()


def test_a_canvas_is_never_smaller_than_its_crops():
    """Rows of 100 px fit 192 px best, and crops have 240 px."""
    assert min(training_on(bricks(256, 100), crop_px=240, canvas_px=384, batch=1).data.canvas) == 256


def test_a_pattern_wider_than_the_canvas_is_left_out_and_the_user_told():
    said = []
    training = training_on(bricks(711, WIDE_PX)[:, :300], said.append)
    assert not training.data.lattice.is_regular
    assert len(said) == 1
    assert "is too small for its pattern, whose period is not learned" in said[0]


def test_of_tiles_wider_than_the_canvas_along_one_axis_the_rows_are_learned():
    said = []
    tiles_of = torch.tensor([[0.0, 1 / 300], [1 / 20, 0.0]])
    fitting = _fitting(Lattice(tiles_of), lambda one: one.torus_size((96, 96), 128, CELL_PX), said.append)
    assert torch.equal(fitting.wave_vectors, tiles_of[1:])
    assert len(said) == 1


def test_the_exemplar_of_tiles_is_not_kept_since_pieces_do_not_follow_their_joints():
    assert training_on(PATTERNS["tiles"](256)).exemplar() is None
    assert training_on(PATTERNS["rows"](256)).exemplar() is not None
