"""Seams of UV islands: their visibility, and their erasure with the least change of textures.

Erasure follows "Seamless: seam erasure and seam-aware decoupling" (Liu, Ferguson, Jacobson and Gingold 2017): a sparse
least squares problem over texels near seams, which spreads the differences of both sides inwards. Visibility is
measured by steps and kinks across seams, relative to those at the same distance inside islands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates
from scipy.sparse import bmat, csr_matrix, diags, eye, kron
from scipy.sparse.linalg import cg

from ..texture import NORMAL_MAPS, Maps
from .charts import Charts, linear_map
from .gutters import frame, matched_ends, opposite
from .raster import NONE, numbered
from .sampling import in_frame, nearest_values

REACH_PX = 2.0
"""Distance over which a correction fades from a seam."""
BAND_PX = 16
"""Width of the band along seams that may change."""
SPACING_PX = 0.7
"""Distance between points of a seam at which both sides are compared."""
AROUND_PX = 8
"""Side of the squares in which differences of both sides of a seam are averaged."""
AGREEMENT = 10.0
"""Weight of the squared differences across seams, relative to that of squared slopes of the correction."""
TOLERANCE, MOST_STEPS = 0.01, 200
"""Relative residual and number of steps at which conjugate gradients stop."""
SMOOTH = np.deg2rad(30)
"""Largest angle between the faces at a seam for continuous normals, as on a sphere; edges of a cube are sharper."""
STEP_PX = 1.5
"""Distance between compared positions, in texels at the mean density of the charts."""
COMPARED_PX = 1.0
LEAST_POINTS = 16
"""Fewest points of a seam whose mean is used."""
DEPTHS = (0.5, 1.5, 2.5, 3.5)
"""Distances of compared positions from the seam, in steps."""


def erase_seams(
    maps: Maps, charts: Charts, most_step: float = 1.0, parts: Maps | None = None, reach_px: float = REACH_PX
) -> Maps:
    """Maps of a texture for these charts, in the same size, without steps across UV seams.

    most_step: largest step of `parts`, by default of the maps, that is erased, from 0 to 1 (see `_steps`); where it is
    larger, two parts of the object meet. reach_px: distance over which corrections fade.
    """
    points, seen = SeamPoints.of(charts, SPACING_PX), parts or maps
    sides = [_samples(points.places[:, side], charts.size_px) for side in (0, 1)]
    nearest = nearest_values(np.arange(charts.texels.size).reshape(charts.size_px), charts.texels)
    if most_step < 1 and seen:
        colors = (seen["base_color"] if "base_color" in seen else next(iter(seen.values()))).pixels
        first, second = (side @ colors.reshape(-1, colors.shape[2])[nearest.reshape(-1)] for side in sides)
        is_erased = _steps(first - second, points) <= most_step
        points = SeamPoints(*(values[is_erased] for values in vars(points).values()))
        sides = [side[is_erased] for side in sides]
    if not len(points.places):
        return maps
    system = _System.of(charts, points, sides, nearest, reach_px)
    changed = {}
    for name, texture in maps.items():
        erased = _normals_without_steps if name in NORMAL_MAPS else _without_steps
        changed[name] = erased(texture.pixels, system)
    return maps.with_arrays(changed)


def _steps(differences: np.ndarray, points: SeamPoints) -> np.ndarray:
    """Steps (S,) at points of seams: means of the differences (S, C) of both sides around each, so grain is no step."""
    near = np.column_stack([points.chart, points.places[:, 0] // AROUND_PX])
    _, place, count = np.unique(near, axis=0, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    means = [np.bincount(place, one)[place] for one in differences.T]
    return np.sqrt(np.square(means).mean(0)) / count[place]


def _without_steps(pixels: np.ndarray, system: _System) -> np.ndarray:
    corrected = pixels.copy()
    flat = corrected.reshape(-1, corrected.shape[2])
    flat[system.texels] = flat[system.nearest]
    flat[system.texels] += system.correction(flat)
    return corrected.clip(0, 1)


def _normals_without_steps(pixels: np.ndarray, system: _System) -> np.ndarray:
    """Corrected normals; components along the texture rotate with it, and the third follows from the unit length."""
    corrected = pixels.copy()
    flat = corrected.reshape(-1, 3)
    flat[system.texels] = flat[system.nearest]
    along = (flat[:, :2] * 2 - 1) * (1, -1)  # Y points down, as in the charts
    along = (along[system.texels] + system.correction_of_normals(along)) * (1, -1)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1)
    upwards = np.sqrt(np.maximum(1 - (along**2).sum(1, keepdims=True), 0))
    flat[system.texels] = np.concatenate([along, upwards], 1) * 0.5 + 0.5
    return corrected


@dataclass(frozen=True, eq=False)
class _System:
    """The least squares problem for a texture of N texels. texels: (U,), indices of the unknown ones.

    nearest: (U,), the nearest texels on islands, which give the initial values: samples at a seam must not show what
    lies beside its islands. first, second: (S, N), bilinear samples of both sides at points of seams. smooth: (U, U),
    penalty on slopes and sizes of the correction.
    """

    texels: np.ndarray
    nearest: np.ndarray
    first: csr_matrix
    second: csr_matrix
    points: SeamPoints
    smooth: csr_matrix

    @classmethod
    def of(
        cls, charts: Charts, points: SeamPoints, sides: Sequence[csr_matrix], nearest: np.ndarray, reach_px: float
    ) -> _System:
        seen = np.zeros(charts.size_px, bool)
        seen.reshape(-1)[np.concatenate([side.indices for side in sides])] = True
        label = charts.chart[charts.texels.reshape(-1)[nearest]]
        is_near = distance_transform_edt(~seen) <= BAND_PX
        mask = (is_near & (charts.texels != NONE)) | seen
        return cls(np.flatnonzero(mask), nearest[mask], sides[0], sides[1], points, _smoothness(mask, label, reach_px))

    def correction(self, values: np.ndarray) -> np.ndarray:
        """Correction (U, C) for the values (N, C) of all texels."""
        difference = (self.first - self.second)[:, self.texels]
        return _solution(difference, (self.second - self.first) @ values, self.smooth)

    def correction_of_normals(self, vectors: np.ndarray) -> np.ndarray:
        """Correction (U, 2) for components (N, 2) of normals along the texture, at seams where the mesh is smooth."""
        is_smooth = self.points.bend <= SMOOTH
        first, second = (side[is_smooth] for side in (self.first, self.second))
        turns, unknown = self.points.turns[is_smooth], self.texels
        turned = bmat([[diags(turns[:, row, column]) @ second[:, unknown] for column in (0, 1)] for row in (0, 1)])
        difference = kron(eye(2), first[:, unknown]) - turned
        seen = linear_map(second @ vectors, turns) - first @ vectors
        found = _solution(difference, seen.T.reshape(-1, 1), kron(eye(2), self.smooth))
        return found.reshape(2, -1).T


def _solution(difference: csr_matrix, target: np.ndarray, smooth: csr_matrix) -> np.ndarray:
    """x (U, C) that minimises AGREEMENT |difference x - target|² + x' smooth x."""
    matrix = (AGREEMENT * (difference.T @ difference) + smooth).tocsr()
    scale = diags(1 / matrix.diagonal())
    right = AGREEMENT * (difference.T @ target)
    found = (cg(matrix, one, rtol=TOLERANCE, maxiter=MOST_STEPS, M=scale)[0] for one in right.T)
    return np.stack(list(found), 1)


@dataclass(frozen=True, eq=False)
class SeamPoints:
    """Points along seams: positions (S, 2, 2), in texels, on the first and the second side.

    chart: (S, 2), chart of each side. inwards: (S, 2, 2), directions into the charts, in metres. turns: (S, 2, 2),
    rotations of normals from the second side to the first. bend: (S,), angle between the faces of both sides.
    """

    places: np.ndarray
    chart: np.ndarray
    inwards: np.ndarray
    turns: np.ndarray
    bend: np.ndarray

    @classmethod
    def of(cls, charts: Charts, spacing_px: float) -> SeamPoints:
        """Points with about this spacing, in texels."""
        mesh, corners = charts.mesh, charts.in_metres
        first, second = mesh.seams
        has_area = (charts.chart[first // 3] != NONE) & (charts.chart[second // 3] != NONE)
        edges, others = first[has_area], second[has_area]
        (a, b), (a2, b2) = matched_ends(mesh, corners, edges, others)
        here = frame(a, b, a - opposite(corners, edges))
        there = frame(a2, b2, opposite(corners, others) - a2)
        own, other = charts.chart[edges // 3], charts.chart[others // 3]
        turns = charts.turns[own].swapaxes(1, 2) @ here @ there.swapaxes(1, 2) @ charts.turns[other]
        ends = np.stack([*np.stack(matched_ends(mesh, charts.corners, edges, others))], 1)  # (2 ends, 2 sides, …)
        lengths = np.linalg.norm(ends[1] - ends[0], axis=-1).max(0)
        count = np.maximum(np.ceil(lengths / spacing_px).astype(int), 1)
        which, number = numbered(count)
        along = ((number + 0.5) / count[which])[None, :, None]
        places = (1 - along) * ends[0][:, which] + along * ends[1][:, which]
        inwards = np.stack([-here[..., 1], there[..., 1]], 1)
        cosine = (mesh.normals[edges // 3] * mesh.normals[others // 3]).sum(1)
        bend = np.arccos(np.abs(cosine).clip(0, 1))  # a face may be inside out
        return cls(places.swapaxes(0, 1), np.stack([own, other], 1)[which], inwards[which], turns[which], bend[which])


def _samples(places: np.ndarray, size_px: tuple[int, int]) -> csr_matrix:
    """Bilinear weights (S, N) of texels for samples at positions (S, 2), which wrap around."""
    height, width = size_px
    x, y = (places - 0.5).T
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across, down = x - left, y - top
    rows, columns, weights = [], [], []
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        rows.append(np.arange(len(places)))
        columns.append((top + dy) % height * width + (left + dx) % width)
        weights.append((across if dx else 1 - across) * (down if dy else 1 - down))
    entries = np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))
    return csr_matrix(entries, shape=(len(places), height * width))


def _smoothness(mask: np.ndarray, label: np.ndarray, reach_px: float) -> csr_matrix:
    """Matrix (U, U) of squared slopes of a correction within islands, and of its squares, for a mask (H, W)."""
    index = np.full(mask.shape, NONE)
    index[mask] = np.arange(int(mask.sum()))
    count = int(mask.sum())
    pairs = []
    everywhere, later, earlier = slice(None), slice(1, None), slice(None, -1)
    for here, there in (((everywhere, later), (everywhere, earlier)), ((later,), (earlier,))):
        both = mask[here] & mask[there] & (label[here] == label[there])
        pairs.append(np.stack([index[here][both], index[there][both]]))
    one, other = np.concatenate(pairs, 1)
    ones = np.ones(len(one))
    edges = csr_matrix((ones, (one, other)), shape=(count, count))
    edges = edges + edges.T
    return (diags(np.asarray(edges.sum(1)).ravel() + reach_px**-2) - edges).tocsr()


@dataclass(frozen=True)
class SeamJumps:
    """Means over all seams of a map, relative to the same means inside: 1 for a texture without visible seams.

    color: difference between both sides. gradient: difference between the slopes on both sides and across. z: excess of
    the difference over those next to it, as a z-score among such differences within islands; below 3 if seamless.
    """

    color: float
    gradient: float
    z: float


def seam_jumps(maps: Maps, charts: Charts, where: np.ndarray | None = None) -> dict[str, SeamJumps]:
    """Jumps of maps across the UV seams of a mesh with these charts; empty if it has no seams.

    where: mask (H, W) of texels to compare, on both sides of seams; all by default.
    """
    points = SeamPoints.of(charts, COMPARED_PX)
    texels = charts.texels if where is None else np.where(where, charts.texels, NONE)
    values = {
        name: _along(texture.pixels, charts, texels, points, name in NORMAL_MAPS) for name, texture in maps.items()
    }
    return {name: _jumps(*found) for name, found in values.items() if len(found[0])}


def _along(
    pixels: np.ndarray, charts: Charts, texels: np.ndarray, points: SeamPoints, is_normal: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values (S, 4, C) at `DEPTHS` on both sides of points whose islands are deep enough, and the seams of the points.

    texels: (H, W), texels to compare. Seams (S,) are numbers of pairs of islands.
    """
    triangles = charts.texels[charts.texels != NONE]
    step_m = STEP_PX * float(charts.texel_areas[charts.chart[triangles]].mean()) ** 0.5
    sides, height, width = [], *charts.size_px
    is_inside = (points.bend <= SMOOTH) if is_normal else np.ones(len(points.places), bool)
    for side in (0, 1):
        chart = points.chart[:, side]
        inwards = linear_map(points.inwards[:, side], np.linalg.inv(charts.matrices)[chart]) * step_m
        places = points.places[:, side, None] + inwards[:, None] * np.array(DEPTHS)[:, None]  # (S, 4, 2)
        x, y = np.floor(places).astype(int).transpose(2, 0, 1)
        seen = texels[y % height, x % width]
        is_inside &= ((seen != NONE) & (charts.chart[seen] == chart[:, None])).all(1)
        where = (places - 0.5)[..., ::-1].transpose(2, 0, 1)
        values = [map_coordinates(channel, where, order=1, mode="grid-wrap") for channel in pixels.transpose(2, 0, 1)]
        sides.append(np.stack(values, -1))
    first, second = sides
    second = in_frame(second, points.turns[:, None]) if is_normal else second
    _, seam = np.unique(np.sort(points.chart[is_inside], 1), axis=0, return_inverse=True)
    return first[is_inside], second[is_inside], seam.reshape(-1)


def _jumps(first: np.ndarray, second: np.ndarray, seam: np.ndarray) -> SeamJumps:
    """Jumps between values (S, 4, C) on both sides of seams (S,), in order from the seam inwards."""
    inside = _mean(first[:, 1] - first[:, 2], second[:, 1] - second[:, 2])
    bends = (values[:, 1] - 2 * values[:, 2] + values[:, 3] for values in (first, second))
    across = (one[:, 1] - 2 * one[:, 0] + other[:, 0] for one, other in ((first, second), (second, first)))
    color = _mean(first[:, 0] - second[:, 0]) / max(inside, 1e-6)
    return SeamJumps(color, _mean(*across) / max(_mean(*bends), 1e-6), _z(first, second, seam))


def _z(first: np.ndarray, second: np.ndarray, seam: np.ndarray) -> float:
    """Mean spike at seams (S,), as a z-score among spikes within islands; 0 if too few seams are long enough.

    A spike is the mean difference of neighbours along a seam, minus that of the neighbours on both sides.
    """
    line = np.concatenate([first[:, ::-1], second], 1)  # across the seam, (S, 8, C)
    steps = np.linalg.norm(np.diff(line, axis=1), axis=2)
    count = np.bincount(seam)
    means = np.stack([np.bincount(seam, step) / count for step in steps.T], 1)[count >= LEAST_POINTS]  # (seams, 7)
    spikes = means[:, 1:-1] - (means[:, :-2] + means[:, 2:]) / 2
    inside = spikes[:, [0, 4]]  # spikes that do not include the step across the seam
    if len(spikes) < 2:
        return 0.0
    return float((spikes[:, 2].mean() - inside.mean()) / max(float(inside.std()), 1e-6))


def _mean(*differences: np.ndarray) -> float:
    """Mean length of differences (S, C)."""
    return float(np.mean([np.linalg.norm(one, axis=1) for one in differences]))
