"""Tint maps dark to dark and light to light, and leaves the structure alone."""

import numpy as np
from skimage import data

from impasto import Maps, Recipe, Step, run

GREY = Maps.from_arrays({"base_color": np.repeat(data.brick()[::4, ::4, None] / 255, 3, 2)})


def tint(source: Maps, **parameters) -> np.ndarray:
    return run(Recipe((Step("tint", parameters),)), {"source": source}).maps["base_color"].pixels


def test_the_ends_get_their_colours():
    tinted = tint(GREY, dark=(0.2, 0.05, 0.05), light=(0.9, 0.8, 0.7))
    order = np.argsort(GREY["base_color"].pixels[..., 0].ravel())
    colors = tinted.reshape(-1, 3)[order]
    tenth = len(order) // 50
    assert np.allclose(colors[:tenth].mean(0), (0.2, 0.05, 0.05), atol=0.06)  # the darkest 2 % are a bit beyond it
    assert np.allclose(colors[-tenth:].mean(0), (0.9, 0.8, 0.7), atol=0.06)


def test_lighter_stays_lighter():
    tinted = tint(GREY)
    assert np.corrcoef(tinted.mean(2).ravel(), GREY["base_color"].pixels.mean(2).ravel())[0, 1] > 0.99
