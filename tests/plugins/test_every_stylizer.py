"""Behaviour of all our stylizers: seeds, strength, masks, colours, sizes, relief, stopping, and refusals.

Those that need weights get some of the right layout, in which colours are handed through; how good their pictures are
is measured elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from quick import QUICK
from restyling import COFFEE, color, left_half, oklab, right_half
from skimage import data

from impasto import Host, Maps, Recipe, RunOptions, Step, run
from impasto.errors import ParameterError
from impasto.plugins.registry import registry
from impasto.recipe import name_inputs
from impasto.surface.wrapping import seam_z
from impasto_style.shared.controls import StyleParameters

STYLIZERS = sorted(name for name, tool in registry().tools.items() if issubclass(tool.parameters, StyleParameters))
pytestmark = pytest.mark.usefixtures("small_weights")


def every_stylizer(test: Callable) -> Callable:
    """For each of them; two by default."""
    return pytest.mark.register("name", 2)(pytest.mark.parametrize("name", STYLIZERS)(test))


CAT = Maps.from_arrays({"base_color": data.chelsea()[::6, :300:6] / 255}, name="cat.png")  # 50x50


def paint(
    name: str, subject: Maps = COFFEE, style: Maps | list[Maps] = CAT, seed: int = 0, how: dict | None = None, **given
) -> Maps:
    """The subject, repainted; given are inputs, alone or several, and parameters; `how` is for `Host`."""
    values = {"style": style} | {key: given.pop(key) for key in ("mask", "start") if key in given}
    inputs, named = name_inputs({key: [one] if isinstance(one, Maps) else one for key, one in values.items()})
    recipe = Recipe((Step(name, QUICK.get(name, {}) | given, inputs),), seed)
    return run(recipe, {"source": subject, **named}, RunOptions("cpu"), Host(**(how or {}))).maps


@cache
def painted(name: str, style: str = "") -> Maps:
    """The subject in the style of CAT, WARM or COLD as it is painted by default, for several tests."""
    return paint(name, style={"warm": WARM, "cold": COLD}.get(style, CAT))


def distance(one: Maps, other: Maps) -> float:
    return float(np.abs(color(one) - color(other)).mean())


def stripes(*colors: tuple[float, float, float]) -> Maps:
    """A style of slanted stripes in these colours."""
    rows, columns = np.mgrid[0:48, 0:48]
    return Maps.from_arrays({"base_color": np.array(colors)[(rows + columns) // 4 % len(colors)]})


WARM, COLD = stripes((0.9, 0.5, 0.2), (0.7, 0.2, 0.1)), stripes((0.2, 0.4, 0.9), (0.1, 0.7, 0.8))


@pytest.mark.essential
@every_stylizer
def test_a_picture_is_repainted_and_a_seed_makes_it_again(name):
    before = COFFEE.sha256(), CAT.sha256()
    first, again = (paint(name, seed=3, start_from="noise") for _ in range(2))
    assert first.sha256() == again.sha256()
    assert (COFFEE.sha256(), CAT.sha256()) == before
    assert first.size_px == COFFEE.size_px
    assert distance(first, COFFEE) > 0.02
    assert distance(first, paint(name, seed=4, start_from="noise")) > 1e-5


@pytest.mark.slow
@pytest.mark.any_numpy
@every_stylizer
def test_less_strength_is_nearer_to_the_picture(name):
    assert distance(paint(name, strength=0.0), COFFEE) == 0
    assert distance(paint(name, strength=0.3), COFFEE) < distance(painted(name), COFFEE)


@every_stylizer
def test_pixels_outside_the_mask_stay_identical(name):
    made = paint(name, mask=left_half(100, 150))
    assert (color(made) == color(COFFEE))[:, 39:].all()
    assert np.abs(color(made) - color(COFFEE))[:, :36].mean() > 0.02


@pytest.mark.slow
@every_stylizer
def test_each_style_is_painted_where_its_mask_is(name):
    made = paint(name, style=[WARM, COLD], mask=[left_half(), right_half()])
    red_over_blue = (color(made)[..., 0] - color(made)[..., 2]).mean(0)
    assert red_over_blue[:33].mean() > 0.1 > -0.1 > red_over_blue[42:].mean()


@pytest.mark.slow
@pytest.mark.any_numpy
@every_stylizer
def test_a_mixture_of_two_styles_lies_between(name):
    warm, cold = painted(name, "warm"), painted(name, "cold")
    mixed = paint(name, style=[WARM, COLD])
    axis = oklab(cold).mean(0) - oklab(warm).mean(0)
    place = (oklab(mixed).mean(0) - oklab(warm).mean(0)) @ axis / (axis @ axis)
    assert 0.15 < place < 0.85
    little = paint(name, style=[WARM, COLD], weight=[1, 0.2])
    assert (oklab(little).mean(0) - oklab(warm).mean(0)) @ axis / (axis @ axis) < place


@every_stylizer
def test_the_pictures_colours_are_kept_where_asked_for(name):
    made = paint(name, color="picture", style=COLD)
    assert np.allclose(oklab(made).mean(0), oklab(COFFEE).mean(0), atol=0.015)
    assert distance(made, COFFEE) > 0.01


@pytest.mark.essential
@pytest.mark.any_numpy
@every_stylizer
def test_seamless_pictures_stay_seamless_with_a_note(name):
    rng = np.random.default_rng(0)
    spectrum = np.fft.rfft2(rng.standard_normal((3, 64, 64)))
    frequency = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64)[None])
    tile = np.fft.irfft2(spectrum * np.exp(-((frequency / 0.1) ** 2)), s=(64, 64)).transpose(1, 2, 0)
    subject = Maps.from_arrays({"base_color": np.clip(0.5 + 0.2 * tile / tile.std(), 0, 1)})
    assert max(seam_z(color(subject))) < 3
    recipe = Recipe((Step(name, QUICK.get(name, {}), {"style": "style"}),))
    made = run(recipe, {"source": subject, "style": CAT}, RunOptions(device="cpu"))
    assert all(-4 < z < 3 for z in seam_z(color(made.maps)))
    assert made.notes == ("its opposite borders fit together, so it was repainted as a texture without seams",)
    assert run(recipe, {"source": COFFEE, "style": CAT}, RunOptions(device="cpu")).notes == (
        "its opposite borders do not fit together, so it was repainted as a single picture",
    )


@pytest.mark.any_numpy
@every_stylizer
@pytest.mark.parametrize("size", [(8, 8), (9, 70)], ids=str)
def test_styles_of_odd_sizes_are_used(name, size):
    grey = np.repeat(np.random.default_rng(0).random((*size, 1)), 3, 2)
    assert np.isfinite(color(paint(name, style=Maps.from_arrays({"base_color": grey})))).all()


@pytest.mark.essential
@every_stylizer
def test_a_larger_result_goes_on_from_the_given_one(name):
    """Nearer to a start that faces the other way, where nothing holds the picture's own shapes."""
    start = Maps.from_arrays({"base_color": color(COFFEE)[:, ::-1]})
    shown: list[Maps] = []
    alone = paint(name, longest_px=113, preservation=0.0)
    larger = paint(name, start=start, longest_px=113, preservation=0.0, how={"on_preview": shown.append})
    assert larger.size_px == (75, 113)
    assert shown
    enlarged = color(start)[np.arange(75) * 50 // 75][:, np.arange(113) * 75 // 113]
    away = [np.abs(color(made) - enlarged).mean() for made in (larger, alone)]
    assert away[0] < away[1] - 0.01


@pytest.mark.any_numpy
@every_stylizer
def test_progress_rises_and_previews_come_before_the_end(name):
    told: list[tuple[float, str]] = []
    shown: list[Maps] = []
    paint(name, how={"on_progress": lambda *said: told.append(said), "on_preview": shown.append})
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len({message for _, message in told}) > 1
    assert shown
    for preview in shown:
        assert preview.size_px == COFFEE.size_px
        assert np.isfinite(color(preview)).all()


@pytest.mark.any_numpy
@every_stylizer
def test_a_stopped_job_keeps_what_is_painted(name):
    of_whole: list[float] = []
    of_stopped: list[float] = []
    whole = paint(name, how={"on_progress": lambda fraction, _: of_whole.append(fraction)})
    how = {"on_progress": lambda fraction, _: of_stopped.append(fraction), "is_stopped": lambda: True}
    stopped = paint(name, how=how)
    assert of_stopped[-2] < 0.5 < of_whole[-2]  # the last one is always 1
    assert len(of_stopped) < 0.75 * len(of_whole)
    assert distance(stopped, whole) > 1e-3
    assert stopped.size_px == whole.size_px
    assert np.isfinite(color(stopped)).all()


@every_stylizer
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mask": [None, None, left_half()]}, "more values for mask than for style: 'mask-3' belongs to none"),
        ({"style": [CAT, COFFEE], "weight": [1, 1, 1]}, "weight has 3 numbers for 2 of the input style"),
        ({"weight": [11]}, "weight.0 got 11"),
        ({"start": [CAT, CAT]}, "takes one start, got 2"),
        ({"strength": 1.5}, "strength got 1.5"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_inputs_are_refused_at_once(name, given, said):
    with pytest.raises(ParameterError, match=said):
        paint(name, **given)


@every_stylizer
def test_without_weights_a_stylizer_paints_and_names_what_is_missing(name, monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(tmp_path))
    recipe = Recipe((Step(name, QUICK.get(name, {}), {"style": "style"}),))
    result = run(recipe, {"source": COFFEE, "style": CAT}, RunOptions(device="cpu"))
    assert result.maps.size_px == COFFEE.size_px
    missing = registry().tools[name].weights[:1]
    assert [note.split()[2] for note in result.notes if "not installed" in note] == list(missing)


@pytest.mark.parametrize("name", [name for name in STYLIZERS if registry().tools[name].weights])
def test_the_recipe_names_the_weights(name):
    recipe = Recipe((Step(name, QUICK.get(name, {}), {"style": "style"}),))
    made_with = run(recipe, {"source": COFFEE, "style": CAT}, RunOptions(device="cpu")).recipe.made_with
    assert set(made_with["weights"]) == {"vgg19-small"}
