"""Charts of an object on one plane, so that a pattern continues across seams: unrolled, or along directions.

Directions of a mesh give each point of its charts a position on a plane on which they all point up: the least squares
solution of a sparse system, as for parametrizations aligned with a field (Bommes et al. 2009).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree
from scipy.sparse.linalg import spsolve

from .canvas import ChartCanvas
from .charts import Charts, linear_map, slopes_of
from .gutters import centres
from .mesh import unit_vectors
from .raster import NONE
from .sampling import nearest_values
from .seams import SeamPoints

TURNED = 10.0
"""Approximate factor by which a seam counts less if upright charts meet at a right angle; 2 if one is upside down."""
SPACING_PX = 2.0
TOLERANCE = 0.02
"""Misfit of two charts along their seam, relative to its length, at which a seam counts half."""
LEAST_COTANGENT, MOST_COTANGENT = 0.01, 100.0
LEAST_LENGTH = 0.1
"""Least length of a direction after projection on its triangle."""
MOST_DISTORTION = 0.1
"""Distortion above which a chart is rotated as a whole instead."""
TIED = 1e-8
"""Weight of positions on the unrolled object, relative to that of directions: they only determine shifts."""


def unrolled_charts(charts: Charts, turn: float = 0.0) -> Charts:
    """The charts on one plane, which is rotated clockwise by an angle in degrees.

    Charts meet at the seams of a spanning tree, which prefers long seams whose sides fit and where both charts are
    upright. In each connected part, the largest chart stays upright and keeps its position in space, so that patterns
    continue from part to part, too.
    """
    count = len(charts.matrices)
    turns, offsets = np.ones(count, complex), np.zeros(count, complex)
    pairs, joints, tree = spanning_tree(charts)
    _, part = connected_components(tree, directed=False)
    area = np.bincount(charts.chart[charts.texels[charts.texels != NONE]], minlength=count)
    index = {(int(i), int(j)): number for number, (i, j) in enumerate(pairs)}
    in_space = _places_in_space(charts)
    for number in range(part.max() + 1):
        own = np.flatnonzero(part == number)
        first = own[area[own].argmax()]
        offsets[first] = in_space[first]
        order, before = breadth_first_order(tree, first, directed=False)
        for chart in order[1:]:
            parent = before[chart]
            if (parent, chart) in index:
                turn_here, offset = joints[index[parent, chart]]
            else:
                turn_here, offset = joints[index[chart, parent]]
                turn_here, offset = 1 / turn_here, -offset / turn_here
            turns[chart] = turns[parent] * turn_here
            offsets[chart] = turns[parent] * offset + offsets[parent]
    whole = np.exp(1j * np.deg2rad(turn))
    turns, offsets = turns * whole, offsets * whole
    rotations = np.stack([np.stack([turns.real, -turns.imag], 1), np.stack([turns.imag, turns.real], 1)], 1)
    return replace(charts, matrices=rotations @ charts.matrices, offsets=np.stack([offsets.real, offsets.imag], 1))


def spanning_tree(charts: Charts) -> tuple[np.ndarray, np.ndarray, csr_matrix]:
    """Pairs (P, 2) of charts with a seam, turn and offset (P, 2) from the second to the first, and the tree (I, I)."""
    pairs, joints, weights = _joints(charts, SeamPoints.of(charts, SPACING_PX))
    count = len(charts.matrices)
    return pairs, joints, minimum_spanning_tree(coo_matrix((1 / weights, pairs.T), shape=(count, count)))


def _places_in_space(charts: Charts) -> np.ndarray:
    """Offset (I,) of each chart, as x + iy, to its position in space, seen along the normal of the chart."""
    own = charts.chart == charts.mesh.islands
    chart, flat = charts.chart[own], charts.in_metres[own]
    positions, weights = charts.mesh.positions[own].astype(float), charts.mesh.areas[own]
    count = len(charts.matrices)

    def means(values: np.ndarray) -> np.ndarray:
        total = np.zeros((count, *values.shape[1:]))
        np.add.at(total, chart, weights.reshape(-1, *[1] * (values.ndim - 1)) * values)
        return total / np.maximum(np.bincount(chart, weights, count), 1e-30).reshape(-1, *[1] * (values.ndim - 1))

    axes = unit_vectors(means(slopes_of(flat, positions, 1e-30)), 1e-9)
    offset = (axes @ means(positions.mean(1))[..., None])[..., 0] - means(flat.mean(1))
    return offset[:, 0] + 1j * offset[:, 1]


def _joints(charts: Charts, points: SeamPoints) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (P, 2) of charts with a seam, turn and offset (P, 2) from the second to the first, and weights (P,).

    The rigid motion minimises the squared distance between both sides of the seam (Kabsch 1976). Charts with directions
    are not rotated.
    """
    first, second = points.chart.T
    is_pair = first != second
    first, second = first[is_pair], second[is_pair]
    sides = []
    for side, chart in enumerate((first, second)):
        x, y = linear_map(points.places[is_pair, side], charts.matrices[chart]).T
        sides.append(x + 1j * y)
    is_swapped = first > second
    one, other = np.where(is_swapped, sides[1], sides[0]), np.where(is_swapped, sides[0], sides[1])
    ordered = np.stack([np.minimum(first, second), np.maximum(first, second)], 1)
    pairs, which = np.unique(ordered, axis=0, return_inverse=True)
    which = which.reshape(-1)
    number = np.bincount(which, minlength=len(pairs)).astype(float)

    def mean(z: np.ndarray) -> np.ndarray:
        return (np.bincount(which, z.real, len(pairs)) + 1j * np.bincount(which, z.imag, len(pairs))) / number

    centre, other_centre = mean(one), mean(other)
    x, y = one - centre[which], other - other_centre[which]
    covariance = mean(x * y.conj())
    turn = np.where(np.abs(covariance) > 0, covariance / np.maximum(np.abs(covariance), 1e-30), 1)
    turn = np.where(charts.is_directed[pairs].all(1), 1, turn)
    misfit = np.sqrt(mean(np.abs(x - turn[which] * y) ** 2).real)
    length = np.sqrt(12 * mean(np.abs(x) ** 2).real)  # of a straight line with this deviation
    weights = np.maximum(length, 1e-9) / (1 + misfit / np.maximum(TOLERANCE * length, 1e-9))
    weights /= 1 + (TURNED * np.abs(turn**2 - 1) + np.abs(turn - 1)) / 2
    return pairs, np.stack([turn, centre - turn * other_centre], 1), weights


def pattern_places(canvas: ChartCanvas) -> tuple[np.ndarray, np.ndarray]:
    """Position (H, W, 2) of each canvas texel on the plane of a pattern, in metres, and rotation (H, W, 2, 2).

    Rotations map vectors from the plane to the chart. Charts continue across the seams of the spanning tree. A chart
    whose directions would distort every pattern is rotated as a whole.
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
    slopes = slopes_of(corners, places[..., None], 1e-9)[..., 0]
    away = centres(canvas.size_px) - corners[triangle, 0]
    found = places[triangle, 0] + (away * slopes[triangle]).sum(-1)
    back = np.stack([np.stack([turn.real, turn.imag], 1), np.stack([-turn.imag, turn.real], 1)], 1)
    return np.stack([found.real, found.imag], -1), back[triangle]


def _turns(charts: Charts) -> np.ndarray:
    """Rotation (T,), complex, of each triangle from its chart to the plane, where its direction points up."""
    directions = charts.mesh.directions
    assert directions is not None
    mean = unit_vectors(directions.mean(1, dtype=float), 1e-9)
    x, y = (slopes_of(charts.in_metres, charts.mesh.positions, 1e-30) @ mean[..., None])[..., 0].T
    along, has_any = x + 1j * y, np.hypot(x, y) > LEAST_LENGTH
    return np.where(has_any, -1j * np.abs(along) / np.where(has_any, along, 1), 1)


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
    """Number of the point of each corner (T, 3): its UV point, shared by both sides of a seam that is continued."""
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
