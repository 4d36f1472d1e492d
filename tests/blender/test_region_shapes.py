"""Shapes of regions as masks, and the view that shows a picture shifted or repeated: arithmetic without Blender."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.any_blender


@pytest.fixture
def shapes(extension):
    return extension.region.shapes


def test_a_stroke_is_round_and_wraps_where_it_shall(shapes):
    mask = np.zeros((20, 30), bool)
    shapes.stroke(mask, (10, 10), (20, 10), 3, True, False)
    assert mask[10, 8:22].all()
    assert mask.sum() == pytest.approx(10 * 6 + np.pi * 9, rel=0.05)
    shapes.stroke(mask, (10, 10), (20, 10), 3, False, False)
    assert not mask.any()
    shapes.stroke(mask, (29, 0), (29, 0), 3, True, False)
    assert not mask[-3:].any()
    assert not mask[:, :3].any()
    shapes.stroke(mask, (29, 20), (29, 20), 3, True, True)
    assert mask[[-1, 0, 0, -1], [0, 0, -1, -1]].all()
    assert mask.sum() == pytest.approx(np.pi * 9, rel=0.15)


def test_a_polygon_is_filled_by_the_even_odd_rule(shapes):
    inside = shapes.polygon((10, 10), [(2, 1), (7, 1), (7, 6), (2, 6)])
    assert inside.sum() == inside[1:6, 2:7].sum() == 25
    twice = [(2, 1), (7, 1), (7, 6), (2, 6)] * 2
    assert not shapes.polygon((10, 10), twice).any()
    around = shapes.polygon((10, 10), [(8, 8), (12, 8), (12, 12), (8, 12)], wraps=True)
    assert around.sum() == 16
    assert around[[9, 0, 1], [9, 0, 9]].all()


def test_triangles_have_the_pixels_whose_centres_they_hold(shapes):
    corners = np.float32([[(0, 0), (8, 0), (0, 8)], [(8, 0), (8, 8), (0, 8)]])
    found = shapes.triangles((8, 8), corners, np.int32([1, 2]))
    assert set(np.unique(found)) == {1, 2}
    assert (found[0, 0], found[7, 7]) == (1, 2)
    assert (shapes.triangles((8, 8), corners + np.float32((16, 8)), np.int32([1, 2])) == found).all(), (
        "a texture repeats"
    )
    assert not shapes.triangles((8, 8), np.zeros((1, 3, 2)), np.int32([1])).any()
    assert not shapes.triangles((8, 8), np.zeros((0, 3, 2)), np.zeros(0, np.int32)).any()


def test_a_margin_grows_over_the_borders_and_not_into_others(extension):
    labels = np.zeros((6, 6), int)
    labels[0, 0], labels[0, 3] = 1, 2
    grown = extension.bridge.mesh_masks.grow(labels, 1)
    assert grown[5, 0] == grown[0, 5] == grown[1, 0] == grown[0, 1] == 1
    assert grown[0, 3] == grown[0, 2] == 2


def test_islands_are_faces_that_share_points(extension):
    rows, columns = np.divmod(np.arange(300), 100)
    faces = np.repeat(np.arange(300), 2)
    points = np.stack([rows * 101 + columns, rows * 101 + columns + 1], 1).ravel()  # three chains of 100 faces
    assert (extension.bridge.meshes.component_numbers(points, faces) == rows + 1).all()


def test_a_shifted_view_meets_the_borders_in_the_middle(extension):
    view = extension.region.view
    plain = view.View((100.0, 100.0), (50.0, 20.0))
    assert plain.to_image((50, 20), (10, 20)) == (0, 10)
    assert plain.to_image((150, 120), (10, 20)) == (20, 0)
    shifted = view.View((100.0, 100.0), (50.0, 20.0), is_shifted=True)
    x, y = shifted.to_image((100, 70), (10, 20))
    assert (x % 20, y % 10) == (0, 0)
    assert [part for _, part in shifted.tiles((200, 200))] == [
        (0.5, 0.5, 1.0, 1.0),
        (0.0, 0.5, 0.5, 1.0),
        (0.5, 0.0, 1.0, 0.5),
        (0.0, 0.0, 0.5, 0.5),
    ]
    repeated = view.View((100.0, 100.0), (50.0, 20.0), repeats=True)
    assert len(repeated.tiles((200, 200))) == 9
    assert len(view.View((0.1, 0.1), (0.0, 0.0), repeats=True).tiles((2000, 2000))) <= 64**2
