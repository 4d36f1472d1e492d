"""A guard of quality, on data of the repository's own: the default tools against what says nothing.

Maps are estimated from the base colour of procedural materials, whose true maps are known. Pictures are repainted and
judged by an encoder that the stylizer does not use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from random_weights import context_with_weights
from style_judging import Judge, recolored

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.plugins.registry import registry
from impasto_judge.maps import normal_figures
from impasto_judge.relief import control_estimates, correlation
from impasto_style.shared.architectures import load_encoder

data = pytest.importorskip("skimage.data")

MATERIALS = ("bricks", "cobbles", "gravel", "ceramic-tiles", "stone-wall", "bark")
SIDE_PX = 256


@pytest.fixture(scope="module")
def truths() -> list[Maps]:
    size = {"width_px": SIDE_PX, "height_px": SIDE_PX}
    return [run(Recipe((Step(name, size),), 1), None, RunOptions(device="cpu")).maps for name in MATERIALS]


def map_figures(truths: list[Maps], estimate: Callable[[Maps], Maps]) -> Mapping[str, float]:
    """Means over the materials; a flat surface has slopes that are correlated with nothing."""
    rows = []
    for truth in truths:
        made = estimate(Maps({"base_color": truth["base_color"]}))
        found = normal_figures(made["normal"].pixels, truth["normal"].pixels)
        roughness, true = made["roughness"].pixels, truth["roughness"].pixels
        rows.append(
            {
                "slopes": found["slope_correlation"] or 0.0,
                "angle": found["normal_degrees"] / found["flat_degrees"],
                "roughness": float(np.abs(roughness - true).mean()),
                "rough_places": correlation(roughness, true) or 0.0,
            }
        )
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def are_good_maps(figures: Mapping[str, float]) -> bool:
    """Measured: slopes 0.69, angle 0.82 of a flat surface's, roughness off by 0.19 with a correlation of 0.47."""
    is_relief = figures["slopes"] > 0.6 and figures["angle"] < 0.9
    return is_relief and figures["roughness"] < 0.23 and figures["rough_places"] > 0.35


@pytest.mark.essential
def test_estimated_maps_are_nearer_to_the_truth_than_those_that_say_nothing(truths):
    """Luminance as height has slopes of 0.19 and an angle of 0.99: bricks are darker than their mortar."""
    usual = registry().tools_for("maps")[0].name
    figures = map_figures(
        truths, lambda photo: run(Recipe((Step(usual),)), {"source": photo}, RunOptions(device="cpu")).maps
    )
    assert are_good_maps(figures), figures
    for name in ("flat", "luminance", "gradients"):
        control = map_figures(truths, lambda photo, name=name: control_estimates(photo["base_color"].pixels)[name])
        assert not are_good_maps(control), name
        assert control["slopes"] < figures["slopes"] - 0.2, name
        assert control["roughness"] > figures["roughness"] + 0.04, name


PAIRS = {
    "coffee like stars": lambda: (data.coffee()[:320, 100:420], data.hubble_deep_field()[:384, :384]),
    "a cat like tissue": lambda: (data.chelsea()[:288, 80:368], data.immunohistochemistry()[:384, :384]),
}
"""Pictures and styles; both are halved."""


@pytest.mark.essential
@pytest.mark.parametrize("pair", PAIRS)
def test_a_repainted_picture_has_the_style_beyond_its_colours_and_is_still_the_picture(pair):
    """Measured: a score of 0.70 and 0.97, where the palette alone has 0; a distance of 0.38 and 0.22."""
    picture, style = (one[::2, ::2].astype(np.float32) / 255 for one in PAIRS[pair]())
    judge = Judge(load_encoder("style-encoder", context_with_weights()), picture, style)
    given = {name: Maps.from_arrays({"base_color": one}) for name, one in (("source", picture), ("style", style))}
    usual = registry().tools_for("stylize")[0].name
    painted = (
        run(Recipe((Step(usual, {}, {"style": "style"}),)), given, RunOptions(device="cpu")).maps["base_color"].pixels
    )

    def is_good(result: np.ndarray) -> bool:
        found = judge.judge(result)
        return found.above_recoloring > 0.5 and found.content < 0.45

    assert is_good(painted), judge.judge(painted)
    controls = {
        "untouched": picture,
        "its palette": recolored(picture, style),
        "blank": np.full_like(picture, 0.5),
        "the style alone": style[: picture.shape[0], : picture.shape[1]],
    }
    for name, control in controls.items():
        assert not is_good(control), name
