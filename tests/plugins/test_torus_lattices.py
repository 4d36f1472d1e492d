"""Whatever pattern is found in a picture of whatever size, a model is trained on it and makes pictures of any size."""

import numpy as np
import pytest
import torch
from materials import bond, bricks, dots, surface, tiles

from impasto import Maps
from impasto.data.dataset import dataset_of
from impasto.regularity.lattice import Lattice
from impasto.regularity.region import full_region
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


SIZES = [(256, 256), (711, 511)]
GRID = [(pattern, size) for pattern in PATTERNS for size in SIZES]
GRID += [(pattern, (1100, 420)) for pattern in PATTERNS if "wide" in pattern]


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


@pytest.mark.parametrize(("pattern", "size"), GRID, ids=lambda value: str(value))
def test_any_pattern_is_learned_and_made_at_any_size(pattern, size):
    training = training_on(PATTERNS[pattern](max(size))[: size[0], : size[1]])
    for made_px in ((64, 64), (40, 300), (128, 96)):
        with torch.inference_mode():
            made = Synthesis(training.model, Choice(made_px)).maps(full_region(made_px))
        assert bool(made.isfinite().all())


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
