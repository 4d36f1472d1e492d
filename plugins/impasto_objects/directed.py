"""Positions on the plane of a pattern that follows the directions of a mesh.

Directions give each point of its charts a position on a plane on which they all point up: the least squares solution of
a sparse system, as for parametrizations aligned with a field (Bommes et al. 2009).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

from impasto.atlas.canvas import ChartCanvas
from impasto.atlas.charts import NONE, Charts, linear_map, slopes_of
from impasto.atlas.gutters import centres
from impasto.atlas.sampling import nearest_values
from impasto.atlas.unrolling import joined_points, turns_upwards

LEAST_COTANGENT, MOST_COTANGENT = 0.01, 100.0
MOST_DISTORTION = 0.1
"""Distortion above which a chart is rotated as a whole instead."""
TIED = 1e-8
"""Weight of positions on the unrolled object, relative to that of directions: they only determine shifts."""


def pattern_places(canvas: ChartCanvas) -> tuple[np.ndarray, np.ndarray]:
    """Position (H, W, 2) of each canvas texel on the plane of a pattern, in metres, and rotation (H, W, 2, 2).

    Rotations map vectors from the plane to the chart. Charts continue across the seams of the spanning tree. A chart
    whose directions would distort every pattern is rotated as a whole.
    """
    charts = canvas.charts
    turn, is_bent = turns_upwards(charts), np.ones(len(charts.matrices), bool)
    places = _places(charts, turn, is_bent)
    is_bent = _distortion(charts, places, turn) < MOST_DISTORTION
    if not is_bent.all():
        turn = np.where(is_bent[charts.chart], turn, 1)
        places = _places(charts, turn, is_bent)
    triangle = nearest_values(canvas.texels, canvas.texels)
    corners = linear_map(charts.corners, canvas.matrices[charts.chart][:, None]) + canvas.offsets[charts.chart][:, None]
    slopes = slopes_of(corners, places[..., None], 1e-9)[..., 0]
    away = centres(canvas.size_px) - corners[triangle, 0]
    found = places[triangle, 0] + (away * slopes[triangle]).sum(-1)
    back = np.stack([np.stack([turn.real, turn.imag], 1), np.stack([-turn.imag, turn.real], 1)], 1)
    return np.stack([found.real, found.imag], -1), back[triangle]


def _distortion(charts: Charts, places: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Mean squared difference (I,) between edges on the plane and rotated edges, relative to their squared length."""
    own = charts.chart == charts.mesh.islands
    flat = charts.in_metres[own] @ (1, 1j)
    edges, found = (np.roll(one, -1, 1) - one for one in (flat, places[own]))
    off = (np.abs(found - turn[own, None] * edges) ** 2).sum(1), (np.abs(edges) ** 2).sum(1)
    total, length = (np.bincount(charts.chart[own], one, len(charts.matrices)) for one in off)
    return total / np.maximum(length, 1e-30)


def _places(charts: Charts, turn: np.ndarray, is_bent: np.ndarray) -> np.ndarray:
    """Positions (T, 3), complex, of corners on the plane, whose edges are as close as possible to rotated edges.

    Least squares, weighted by cotangents (Pinkall and Polthier 1993). is_bent: (I,), charts that continue across seams.
    """
    own = np.flatnonzero((charts.chart == charts.mesh.islands) & (charts.chart != NONE))
    flat = charts.in_metres[own] @ (1, 1j)
    point = joined_points(charts, is_bent)[own]
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
