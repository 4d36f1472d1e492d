"""Panoramas close at their sides and poles; cube faces agree along their edges, and give the panorama back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data

from impasto import Maps, Recipe, Result, Step, run
from impasto.errors import ParameterError
from impasto_shapes.cube import PLACES, layout_of
from impasto_shapes.panorama import sides_meet
from impasto_shapes.sphere import FACES, face_directions, panorama_directions

HEIGHT = 64


def made(tool: str, subject: Maps, **parameters) -> Result:
    return run(Recipe((Step(tool, parameters),)), {"source": subject})


def smooth(directions: torch.Tensor) -> np.ndarray:
    """Colours (h, w, 3) that are smooth on the sphere, of directions (h, w, 3) of any length."""
    d = torch.nn.functional.normalize(directions, dim=-1)
    waves = torch.sin(3 * d + torch.roll(2 * d, 1, -1) + torch.tensor([0.0, 1.0, 2.0]))
    return (0.5 + 0.4 * waves).numpy()


def sky(height: int = HEIGHT) -> Maps:
    """A true panorama."""
    rows, columns = torch.arange(height) + 0.5, torch.arange(2 * height) + 0.5
    color = smooth(panorama_directions(rows, columns, height, 2 * height))
    return Maps.from_arrays({"base_color": color, "height": color[..., 0]}, width_m=3.0)


def view() -> Maps:
    """A photograph of which neither sides nor poles meet."""
    return Maps.from_arrays({"base_color": data.coffee()[60:260:2, 60:460:2] / 255})


def faces_of(maps: Maps, layout: str) -> dict[str, np.ndarray]:
    (rows, _), places = PLACES[layout]
    pixels = maps["base_color"].pixels
    side = pixels.shape[0] // rows
    return {
        name: pixels[row * side : (row + 1) * side, column * side : (column + 1) * side]
        for name, (row, column) in zip(FACES, places, strict=True)
    }


@pytest.mark.parametrize("layout", PLACES)
def test_faces_show_their_direction_and_the_panorama_comes_back(layout):
    sheet = made("cube-faces", sky(), layout=layout, face_px=32).maps
    assert layout_of(sheet.size_px) == layout
    place = (torch.arange(32) + 0.5) / 16 - 1
    v, u = torch.meshgrid(place, place, indexing="ij")
    for index, face in enumerate(faces_of(sheet, layout).values()):
        assert np.abs(face - smooth(face_directions(index, u, v))).max() < 0.01
    again = made("panorama-from-cube", sheet)
    assert again.maps.size_px == sky().size_px
    for name in ("base_color", "height"):
        assert np.abs(again.maps[name].pixels - sky()[name].pixels).max() < 0.02
    assert layout in again.notes[0]
    assert again.maps.width_m is None


def test_a_photograph_becomes_a_panorama_that_closes():
    before = view()["base_color"].pixels
    assert not sides_meet(before)
    result = made("close-panorama", view(), overlap=0.1)
    after = result.maps["base_color"].pixels
    assert after.shape == before.shape
    assert sides_meet(after)
    for row in (0, -1):
        assert after[row].std(0).max() < 0.15 * before[row].std(0).max()
    middle = slice(20, 80)
    assert np.abs(after[middle].mean() - before[middle].mean()) < 0.03


def test_a_true_panorama_stays_as_it_is():
    result = made("close-panorama", sky())
    assert result.notes == ("the sides meet already",)
    assert np.abs(result.maps["base_color"].pixels - sky()["base_color"].pixels).max() < 0.05
    untouched = made("close-panorama", sky(), poles=0).maps["base_color"].pixels
    assert np.array_equal(untouched, sky()["base_color"].pixels)


def test_six_faces_may_be_pictures_of_their_own():
    sheet = made("cube-faces", sky(), face_px=16).maps
    faces = [Maps.from_arrays({"base_color": face}) for face in faces_of(sheet, "row").values()]
    names = [f"face{index}" for index in range(1, 6)]
    recipe = Recipe((Step("panorama-from-cube", {}, {"others": names}),))
    others = dict(zip(names, faces[1:], strict=True))
    again = run(recipe, {"source": faces[0], **others}).maps
    whole = made("panorama-from-cube", sheet).maps
    assert np.array_equal(again["base_color"].pixels, whole["base_color"].pixels)
    with pytest.raises(ParameterError, match="no squares of 128 px"):
        run(recipe, {"source": sky(), **others})


def test_a_sheet_without_six_squares_is_refused():
    with pytest.raises(ParameterError, match=r"50x40 px is no sheet of six square faces.*6:1"):
        made("panorama-from-cube", Maps.from_arrays({"base_color": np.zeros((40, 50, 3))}))
