"""Guided patch synthesis: labels and guides that the layout follows, and several photographs in one result."""

from __future__ import annotations

import numpy as np
import pytest

from impasto import Maps
from impasto.context import Context
from impasto.errors import ParameterError
from impasto_synthesis.patch_synthesis import PatchSynthesis
from impasto_synthesis.patch_synthesis.parameters import PatchSynthesisParameters

SIDE = 64
RED, GREEN, BLUE = (0.7, 0.2, 0.1), (0.2, 0.6, 0.2), (0.1, 0.2, 0.8)


def surface(tone: tuple[float, float, float], seed: int, shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """A coloured, grainy picture (H, W, 3)."""
    grain = np.random.default_rng(seed).normal(0, 0.05, (*shape, 1))
    return (np.float32(tone) + grain).clip(0, 1).astype(np.float32)


def picture(pixels: np.ndarray) -> Maps:
    return Maps.from_arrays({"base_color": pixels})


def disc(size: int = SIDE) -> np.ndarray:
    """A mask (size, size, 1), which wraps, of a disc whose centre is the corner."""
    y, x = (np.mgrid[:size, :size] + size / 2) % size - size / 2
    return (np.hypot(y, x) < 0.3 * size).astype(np.float32)[..., None]


def made(source: np.ndarray | Maps, notes: list[str] | None = None, seed: int = 0, **given) -> Maps:
    inputs = {name: given.pop(name) for name in ("guide", "labels", "others", "mask", "leave_out") if name in given}
    subject = source if isinstance(source, Maps) else picture(source)
    context = Context(rng=np.random.default_rng(seed), on_note=(notes if notes is not None else []).append)
    return PatchSynthesis().apply(
        subject, PatchSynthesisParameters(**{"even_light": 0.0, "quality": "quick"} | given), inputs, context
    )


def share(pixels: np.ndarray, tone: tuple[float, float, float], where: np.ndarray | None = None) -> float:
    """Share of pixels, of those `where` a mask is white, whose hue is that of the tone."""
    is_tone = pixels.argmax(2) == int(np.argmax(tone))
    return float(is_tone[where[..., 0] > 0.5].mean() if where is not None else is_tone.mean())


def two_surfaces() -> tuple[np.ndarray, np.ndarray]:
    """Red and green stripes, and their labels in black and white."""
    is_green = (np.mgrid[:SIDE, :SIDE][1] // 16 % 3 == 1)[..., None]
    source = np.where(is_green, surface(GREEN, 1), surface(RED, 2))
    return source, np.repeat(is_green.astype(np.float32), 3, 2)


@pytest.mark.slow
def test_labels_are_followed_where_the_guide_has_them() -> None:
    source, labels = two_surfaces()
    guide = disc(32)  # of another size, and without colour
    given = {"guide": picture(np.repeat(guide, 3, 2)), "labels": picture(labels), "pattern": "stochastic"}
    shown = made(source, **given, strictness=1.0)["base_color"].pixels
    assert share(shown, GREEN, disc()) > 0.9  # borders fall between pixels of the guide
    assert share(shown, RED, 1 - disc()) > 0.9
    assert share(made(source)["base_color"].pixels, GREEN, disc()) < 0.8  # without guidance it is left to chance


def test_light_parts_of_a_guide_get_the_light_parts_of_the_photograph() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    light = 0.5 + 0.15 * np.sin(2 * np.pi * y / 32 + np.sin(2 * np.pi * x / 64))
    source = (light[..., None] + np.random.default_rng(0).normal(0, 0.03, (SIDE, SIDE, 1))).clip(0, 1)
    source = np.repeat(source, 3, 2).astype(np.float32)
    guide = Maps.from_arrays({"opacity": 0.4 + 0.1 * disc()})  # of low contrast: only the order of its values counts
    shown = made(source, guide=guide, strictness=1.0, pattern="stochastic")["base_color"].pixels[..., 0]
    inside = disc()[..., 0] > 0
    assert shown[inside].mean() - shown[~inside].mean() > 0.1  # the source's deviation is 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("weight", "low", "high"), [((), 0.4, 0.6), ((0.25,), 0.12, 0.28), ((0.0,), 0.0, 0.02)])
def test_another_photograph_is_shown_by_its_weight(weight: tuple[float, ...], low: float, high: float) -> None:
    other = picture(surface(BLUE, 3, (70, 120)))  # of another size
    shown = made(surface(RED, 2), others=(other,), weight=weight)["base_color"].pixels
    assert low <= share(shown, BLUE) <= high
    assert share(shown, BLUE) + share(shown, RED) == 1  # nothing of the gap between the sources


@pytest.mark.slow
def test_each_photograph_is_shown_where_its_mask_is_white() -> None:
    others = (picture(surface(GREEN, 1)), picture(surface(BLUE, 3)))
    masks = (Maps.from_arrays({"opacity": disc()}), None)
    shown = made(surface(RED, 2), others=others, mask=masks, weight=(1.0, 1.0))["base_color"].pixels
    assert share(shown, GREEN, disc()) > 0.9
    assert share(shown, GREEN, 1 - disc()) < 0.05
    assert 0.3 < share(shown, BLUE, 1 - disc()) < 0.7  # the rest is mixed by weight


@pytest.mark.slow
def test_maps_that_not_all_photographs_have_are_left_out_and_named() -> None:
    height = np.full((SIDE, SIDE, 1), 0.5, np.float32)
    rich = Maps.from_arrays({"base_color": surface(RED, 2), "roughness": height, "height": height})
    poor = Maps.from_arrays({"base_color": surface(BLUE, 3), "height": height})
    notes: list[str] = []
    assert set(made(rich, notes, others=(poor,))) == {"base_color", "height"}
    assert notes == ["left out roughness, which not all of the photographs have"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"labels": picture(surface(RED, 1))}, "without a guide"),
        ({"labels": picture(np.zeros((8, 8, 3), np.float32)), "guide": picture(surface(RED, 1))}, "one colour"),
        (
            {name: picture(surface(RED, 1)) for name in ("labels", "guide")} | {"others": (picture(surface(BLUE, 1)),)},
            "both",
        ),
        ({"others": (Maps.from_arrays({"height": disc()}),)}, "no map in common"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(given: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        made(surface(RED, 2), **given)
