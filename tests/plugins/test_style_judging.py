"""Judging style: a picture without it scores 0, a piece of it 1, its palette alone nothing above recolouring."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from random_weights import random_encoder
from scipy.ndimage import gaussian_filter

from impasto.errors import ParameterError

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from style_judging import Judge

data = pytest.importorskip("skimage.data")

PICTURE = data.coffee()[:320, 100:420].astype(np.float32)[::2, ::2] / 255
STYLE = data.hubble_deep_field()[:384, :384].astype(np.float32)[::2, ::2] / 255
STITCHES = data.brick()[:384, :384, None].repeat(3, 2).astype(np.float32)[::2, ::2] / 255 * (0.9, 0.6, 0.4)
STYLES = {"stars": STYLE, "bricks": STITCHES.astype(np.float32)}


@pytest.fixture(scope="module", params=sorted(STYLES))
def judged(request) -> tuple[Judge, np.ndarray]:
    return Judge(random_encoder("squeezenet"), PICTURE, STYLES[request.param]), STYLES[request.param]


def fitted(style: np.ndarray) -> np.ndarray:
    """The style repeated over a picture of PICTURE's size."""
    height, width = PICTURE.shape[:2]
    return np.tile(style, (2, 2, 1))[:height, :width]


def test_the_picture_itself_has_nothing_of_the_style_and_the_style_itself_is_about_one(judged):
    judge, style = judged
    found = judge.judge(PICTURE)
    assert (found.gram, found.sliced, found.content) == pytest.approx((0, 0, 0), abs=1e-5)
    found = judge.judge(fitted(style))
    for score in (found.gram, found.sliced):
        assert 0.85 < score < 1.45  # above 1: the whole style holds both halves, of which one judges the other
    assert found.content > 0.1
    assert found.above_recoloring > 0.1  # random weights see colours more than shapes: the palette alone has 0.9


def test_the_more_a_style_is_blurred_the_less_of_it_is_there(judged):
    judge, style = judged
    scores = [judge.judge(fitted(gaussian_filter(style, (sigma, sigma, 0)))) for sigma in (0, 1, 3)]
    grams = [score.gram for score in scores]
    sliced = [score.sliced for score in scores]
    assert grams == sorted(grams, reverse=True)
    assert sliced == sorted(sliced, reverse=True)


@pytest.mark.parametrize(
    ("style", "message"),
    [(STYLE[:40], "too small"), (PICTURE, "as near to the style")],
    ids=["small", "the picture"],
)
def test_what_cannot_be_judged_is_refused(style, message):
    with pytest.raises(ParameterError, match=message):
        Judge(random_encoder("squeezenet"), PICTURE, style)
