"""Judging style: a picture without it scores 0, a piece of it 1, its palette alone nothing above recolouring."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from random_weights import random_encoder
from safetensors.torch import load_file
from scipy.ndimage import gaussian_filter

from impasto.errors import ParameterError
from impasto_style.shared.architectures import ARCHITECTURES
from impasto_style.shared.encoder import Encoder

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from style_judging import Judge, content_distance, read_heads, recolored

data = pytest.importorskip("skimage.data")

WEIGHTS = Path(__file__).parents[3] / "shared" / "data" / "weights"
FILES = {
    "squeezenet": WEIGHTS / "squeezenet1_1_features_fp16.safetensors",
    "vgg19-normalised": WEIGHTS / "vgg19_normalised_relu3_1_fp16.safetensors",
}
HEADS = WEIGHTS / "lpips_v0.1_squeeze_linear.safetensors"
PICTURE = data.coffee()[:320, 100:420].astype(np.float32)[::2, ::2] / 255
STYLE = data.hubble_deep_field()[:384, :384].astype(np.float32)[::2, ::2] / 255
STITCHES = data.brick()[:384, :384, None].repeat(3, 2).astype(np.float32)[::2, ::2] / 255 * (0.9, 0.6, 0.4)
STYLES = {"stars": STYLE, "bricks": STITCHES.astype(np.float32)}


def real_encoder(name: str) -> Encoder:
    if not FILES[name].exists():
        pytest.skip(f"needs {FILES[name].name}")
    return Encoder(ARCHITECTURES[name], {key: tensor.float() for key, tensor in load_file(FILES[name]).items()})


@pytest.fixture(scope="module", params=["random", "squeezenet", "vgg19-normalised"])
def encoder(request) -> Encoder:
    if request.param == "random":
        return random_encoder("squeezenet")
    return real_encoder(request.param)


@pytest.fixture(scope="module", params=sorted(STYLES))
def judged(request, encoder) -> tuple[Judge, np.ndarray]:
    return Judge(encoder, PICTURE, STYLES[request.param]), STYLES[request.param]


def fitted(style: np.ndarray) -> np.ndarray:
    """The style repeated over a picture of PICTURE's size."""
    height, width = PICTURE.shape[:2]
    return np.tile(style, (2, 2, 1))[:height, :width]


def test_the_picture_itself_has_nothing_of_the_style(judged):
    judge, _ = judged
    found = judge.judge(PICTURE)
    assert (found.gram, found.sliced, found.content) == pytest.approx((0, 0, 0), abs=1e-5)


def test_the_style_itself_is_about_one_and_far_from_the_picture(judged):
    judge, style = judged
    found = judge.judge(fitted(style))
    for score in (found.gram, found.sliced):
        assert 0.85 < score < 1.45  # above 1: the whole style holds both halves, of which one judges the other
    assert found.content > 0.1
    assert found.above_recoloring > 0.1  # random weights see colours more than shapes: the palette alone has 0.9


def test_a_piece_that_no_judge_has_seen_is_about_one(encoder):
    """The right half of the field of stars, judged by its left half."""
    left, right = STYLE[:, :96], STYLE[:, 96:]
    found = Judge(encoder, PICTURE, left).judge(fitted(right))
    assert 0.5 < found.gram < 1.5
    assert 0.5 < found.sliced < 1.5


def test_recoloring_wins_nothing_over_itself(judged):
    judge, style = judged
    found = judge.judge(recolored(PICTURE, style))
    assert found.above_recoloring == pytest.approx(0, abs=1e-5)


def test_noise_is_no_style(judged):
    judge, _ = judged
    noise = np.random.default_rng(0).random(PICTURE.shape, np.float32)
    assert judge.judge(noise).above_recoloring < 0


def test_the_more_a_style_is_blurred_the_less_of_it_is_there(judged):
    judge, style = judged
    scores = [judge.judge(fitted(gaussian_filter(style, (sigma, sigma, 0)))) for sigma in (0, 1, 3)]
    grams = [score.gram for score in scores]
    sliced = [score.sliced for score in scores]
    assert grams == sorted(grams, reverse=True)
    assert sliced == sorted(sliced, reverse=True)


def test_half_way_to_the_style_is_between(judged):
    judge, style = judged
    found = judge.judge((PICTURE + fitted(style)) / 2)
    assert 0 < found.sliced < judge.judge(fitted(style)).sliced


def test_content_is_farther_the_more_is_changed(encoder):
    slightly, wholly = (gaussian_filter(PICTURE, (sigma, sigma, 0)) for sigma in (1, 4))
    distances = [content_distance(encoder, one, PICTURE) for one in (PICTURE, slightly, wholly)]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances[0] < distances[1] < distances[2] < 1


def test_heads_weigh_the_channels():
    if not HEADS.exists():
        pytest.skip(f"needs {HEADS.name}")
    encoder, heads = real_encoder("squeezenet"), read_heads(HEADS)
    blurred = gaussian_filter(PICTURE, (2, 2, 0))
    darker = 0.8 * PICTURE
    near, far = (content_distance(encoder, one, PICTURE, heads) for one in (darker, blurred))
    assert 0 < near < far < 1  # people see blur sooner than less light, which LPIPS was made to say


def test_judging_again_says_the_same(encoder):
    one, other = (Judge(encoder, PICTURE, STYLE).judge(fitted(STYLE)) for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("style", "message"),
    [(STYLE[:40], "too small"), (PICTURE, "as near to the style")],
    ids=["small", "the picture"],
)
def test_what_cannot_be_judged_is_refused(style, message):
    with pytest.raises(ParameterError, match=message):
        Judge(random_encoder("squeezenet"), PICTURE, style)


def test_pictures_of_two_sizes_are_not_compared():
    with pytest.raises(ParameterError, match="cannot be compared"):
        content_distance(random_encoder("squeezenet"), PICTURE, STYLE)
