"""Patterns that follow the directions of a mesh within its charts: places on a plane whose axis up is the direction.

The least squares solution of a sparse system, as for parametrizations aligned with a field (Bommes et al. 2009).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from .canvas import ChartCanvas
from .charts import Charts, linear_map
from .gutters import centres
from .raster import NONE
from .sampling import nearest_values
from .unrolling import spanning_tree

LEAST_COTANGENT, MOST_COTANGENT = 0.01, 100.0
LEAST_LENGTH = 0.1
"""Length along a triangle of its direction below which it has none."""
MOST_DISTORTION = 0.1
"""Distortion above which a chart is turned as a whole instead."""
TIED = 1e-8
"""Weight of the places on the unrolled object, relative to that of the directions: they only decide on shifts."""


def pattern_places(canvas: ChartCanvas) -> tuple[np.ndarray, np.ndarray]:
    """Place (H, W, 2) of each texel of a canvas on the plane of a pattern, in metres, and its turn (H, W, 2, 2) there.

    The turns are of vectors from the plane to the chart. Charts are continued at the seams of the spanning tree. Those
    whose directions no pattern can follow without being distorted are turned as a whole.
    """
    charts = canvas.charts
    turn, is_bent = _turns(charts), np.ones(len(charts.matrices), bool)
    places = _places(charts, turn, is_bent)
    is_bent = _distortion(charts, places, turn) < MOST_DISTORTION
    if not is_bent.all():
        turn = np.where(is_bent[charts.chart], turn, 1)
        places = _places(charts, turn, is_bent)
    triangle = nearest_values(canvas.texels, canvas.texels)
    corners = linear_map(charts.corners, canvas.matrices[charts.chart][:, None]) + canvas.offsets[charts.chart][:, None]
    edges = corners[:, 1:] - corners[:, :1]
    is_sound = np.abs(np.linalg.det(edges)) > 1e-9
    slopes = np.linalg.inv(np.where(is_sound[:, None, None], edges, np.eye(2)))
    slopes = (slopes @ (places[:, 1:] - places[:, :1])[..., None])[..., 0]  # by x and y, (T, 2)
    away = centres(canvas.size_px) - corners[triangle, 0]
    found = places[triangle, 0] + (away * slopes[triangle]).sum(-1)
    back = np.stack([np.stack([turn.real, turn.imag], 1), np.stack([-turn.imag, turn.real], 1)], 1)
    return np.stack([found.real, found.imag], -1), back[triangle]


def _turns(charts: Charts) -> np.ndarray:
    """Rotation (T,), complex, of each triangle from its chart to the plane, on which its direction points up."""
    directions = charts.mesh.directions
    assert directions is not None
    edges, in_space = (places[:, 1:] - places[:, :1] for places in (charts.in_metres, charts.mesh.positions))
    is_sound = np.abs(np.linalg.det(edges)) > 1e-30
    tangents = np.linalg.inv(np.where(is_sound[:, None, None], edges, np.eye(2))) @ in_space  # (T, 2, 3)
    mean = directions.mean(1, dtype=float)
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    x, y = (tangents @ mean[..., None])[..., 0].T
    along, has_any = x + 1j * y, is_sound & (np.hypot(x, y) > LEAST_LENGTH)
    return np.where(has_any, -1j * np.abs(along) / np.where(has_any, along, 1), 1)


def _distortion(charts: Charts, places: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Mean squared difference (I,) of edges on the plane from turned ones, relative to their squared length."""
    own = charts.chart == charts.mesh.islands
    flat = charts.in_metres[own] @ (1, 1j)
    edges, found = (np.roll(one, -1, 1) - one for one in (flat, places[own]))
    off = (np.abs(found - turn[own, None] * edges) ** 2).sum(1), (np.abs(edges) ** 2).sum(1)
    total, length = (np.bincount(charts.chart[own], one, len(charts.matrices)) for one in off)
    return total / np.maximum(length, 1e-30)


def _places(charts: Charts, turn: np.ndarray, is_bent: np.ndarray) -> np.ndarray:
    """Places (T, 3), complex, of corners on the plane, with the least squared distance of their edges from turned ones.

    Weighted by cotangents (Pinkall and Polthier 1993). is_bent: charts (I,) that go on across their seams.
    """
    own = np.flatnonzero((charts.chart == charts.mesh.islands) & (charts.chart != NONE))
    flat = charts.in_metres[own] @ (1, 1j)
    point = _joined_points(charts, is_bent)[own]
    count = int(point.max()) + 1
    rows, columns, weights, wanted = [], [], [], []
    for corner in range(3):
        first, second = (corner + 1) % 3, (corner + 2) % 3
        one, other = flat[:, first] - flat[:, corner], flat[:, second] - flat[:, corner]
        product = one.conj() * other
        cotangent = product.real / np.maximum(np.abs(product.imag), 1e-30)
        rows.append(point[:, first])
        columns.append(point[:, second])
        weights.append(cotangent.clip(LEAST_COTANGENT, MOST_COTANGENT))
        wanted.append(turn[own] * (flat[:, second] - flat[:, first]))
    row, column, weight, edge = (np.concatenate(one) for one in (rows, columns, weights, wanted))
    links = coo_matrix((weight, (row, column)), (count, count)).tocsr()
    links = links + links.T
    right = np.zeros(count, complex)
    np.add.at(right, column, weight * edge)
    np.add.at(right, row, -weight * edge)
    total = np.asarray(links.sum(1)).ravel()
    number = np.maximum(np.bincount(point.reshape(-1), minlength=count), 1)
    mean = np.bincount(point.reshape(-1), flat.real.reshape(-1), count) / number + 1j * (
        np.bincount(point.reshape(-1), flat.imag.reshape(-1), count) / number
    )
    tie = TIED * total.mean()
    system = (diags(total + tie) - links).tocsc()
    solved = spsolve(system, np.stack([right.real + tie * mean.real, right.imag + tie * mean.imag], 1))
    found = np.zeros((len(charts.mesh), 3), complex)
    found[own] = (solved @ (1, 1j))[point]
    return found


def _joined_points(charts: Charts, is_bent: np.ndarray) -> np.ndarray:
    """Number of the point of each corner (T, 3): its UV point, or one for both sides of a seam that charts cross."""
    mesh = charts.mesh
    pairs, _, tree = spanning_tree(charts)
    is_joined = np.asarray((tree + tree.T)[pairs[:, 0], pairs[:, 1]] > 0).ravel()
    is_joined &= is_bent[pairs].all(1)
    joined = {(int(a), int(b)) for a, b in pairs[is_joined]}
    first, second = mesh.seams
    islands = np.sort(np.stack([charts.chart[first // 3], charts.chart[second // 3]], 1), 1)
    wanted = np.array([(int(a), int(b)) in joined for a, b in islands], bool)
    (a, b), (a2, b2) = (mesh.half_edges(mesh.points, edges[wanted]) for edges in (first, second))
    is_turned = mesh.half_edges(mesh.vertices, first[wanted])[0] != mesh.half_edges(mesh.vertices, second[wanted])[0]
    rows, columns = np.concatenate([a, b]), np.concatenate([np.where(is_turned, b2, a2), np.where(is_turned, a2, b2)])
    count = int(mesh.points.max()) + 1
    return connected_components(coo_matrix((np.ones(len(rows)), (rows, columns)), (count, count)), directed=False)[1][
        mesh.points
    ]
