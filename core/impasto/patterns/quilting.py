"""Image quilting (Efros & Freeman 2001) on a torus, with minimum cuts on every side that overlaps.

Pieces are placed in rows: an FFT finds positions in the source that match the overlap best; of these, the piece with
the cheapest cuts is placed. The last piece of a row and the last row close the torus. Small pieces then cover landmarks
that are shown twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from .cuts import Bands, cut_costs
from .features import axis_of_joints, clear_lines, grain_weights, hidden_share, line_channels
from .landmarks import Landmarks
from .layout import History, PieceLayout, Pieces, Place
from .phases import OUT_OF_PHASE, Patterns
from .spectra import BlockSpectra

CANDIDATES = 16
BAND = 0.6
"""Overlap of a piece that covers a landmark, relative to the landmark's side."""
ROUNDS = 2
"""Number of times that landmarks are covered: pieces that cover one may show another."""
TWICE = 1.0
"""Penalty of a landmark that is too close to a copy; differences between pieces are about 1."""
OFF_LINE = 1 / 200
"""Distance, relative to the side of the source, by which continuous joints may miss each other at a cut."""


class Quilter:
    """Covers a torus with pieces of `features` (C, h, w).

    guide: channels of the source (G, h, w), and of the torus (G, H, W), that should agree. If lines are kept and joints
    run through the source, pieces of a row come from the same rows of it, so that no joint ends. repeated: number of
    landmarks that had to be shown twice.
    """

    def __init__(
        self,
        features: torch.Tensor,
        layout: PieceLayout,
        pattern: Patterns,
        pieces: Pieces,
        rng: np.random.Generator,
        guide: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> None:
        self.layout, self.pattern, self.variety, self.rng = layout, pattern, pieces.variety, rng
        hidden = hidden_share(features)
        grain = grain_weights(features, hidden)
        self.landmarks = Landmarks(features, layout.size) if pieces.spends_landmarks else None
        self.repeated = 0
        self.axis_of_joints = None
        if pieces.keeps_lines:
            lines = clear_lines(features)
            self.axis_of_joints = axis_of_joints(lines)
            features = torch.cat([features, line_channels(hidden, lines)]) if hidden else features
        self.torus = QuiltedTorus(features, grain, layout.size)
        self.spectra = BlockSpectra(features, layout.scale)
        _, height, width = self.spectra.features.shape
        self.grain = avg_pool2d(grain[None], layout.scale)[0]
        self.guide = guide and (BlockSpectra(guide[0], layout.scale), guide[1])
        self.history = History((height, width), layout, pattern.shortest_px)

    def cover(self) -> Iterator[float]:
        """Cover the torus, row by row; yields the fraction done."""
        rows, columns = self.layout.corners
        down, right = self.layout.overlap
        margin = down // 2, right // 2
        open_axis = self.layout.open_axis
        for r, y in enumerate(rows.tolist()):
            for c, x in enumerate(columns.tolist()):
                overlaps = {
                    "left": right * (c > 0),
                    "right": right * (c == len(columns) - 1 and open_axis != 1),
                    "top": down * (r > 0),
                    "bottom": down * (r == len(rows) - 1 and open_axis != 0),
                }
                bands = Bands(self.layout.block, {side: width for side, width in overlaps.items() if width})
                self._place((y, x), bands, margin)
                yield (r * len(columns) + c + 1) / (len(rows) * len(columns))
        yield from self._spend()

    def _place(self, corner: Place, bands: Bands, margin: Place, line: Place | None = None) -> None:
        """Place the best piece at `corner`. line: position in the source that continues joints, if known."""
        source = self._best(corner, bands, margin, line) if bands.widths else self._first(corner)
        self.torus.place(corner, source, bands)
        self.history.add(corner, source, bands.block, margin)
        if self.landmarks:
            self.landmarks.add(corner, source, bands.block, margin)

    def _spend(self) -> Iterator[float]:
        """Cover landmarks that are shown too close to each other with small pieces; yields 1."""
        if not self.landmarks:
            return
        width = round(BAND * self.landmarks.side_px)
        side = -(-(self.landmarks.side_px + 2 * width) // self.layout.scale) * self.layout.scale
        bands = Bands((side, side), dict.fromkeys(("left", "right", "top", "bottom"), width))
        for _ in range(ROUNDS if side <= min(self.layout.block) else 0):
            for place, landmark in self.landmarks.surplus(self.torus.origin):
                corner = place - side // 2
                if (axis := self.layout.open_axis) is not None:
                    corner[axis] = corner[axis].clip(0, self.layout.size[axis] - side)
                (line_y, line_x), (y, x) = (landmark - place + corner).tolist(), (corner % self.layout.size).tolist()
                self._place((y, x), bands, (width // 2, width // 2), (line_y, line_x))
                yield 1.0
        self.repeated = len(self.landmarks.surplus(self.torus.origin))

    def _first(self, corner: tuple[int, int]) -> tuple[int, int]:
        """A random position in phase with the pattern."""
        scale = self.layout.scale
        block = self.layout.block
        _, height, width = self.spectra.features.shape
        shape = (height - block[0] // scale + 1, width - block[1] // scale + 1)
        penalty = self.pattern.penalty(corner, shape, scale)
        if self.guide:
            penalty += self._unlike_guide(corner, block) * (
                1 + self.history.uses_of_blocks((block[0] // scale, block[1] // scale))
            )
        choices = np.argwhere(penalty == penalty.min())
        y, x = choices[self.rng.integers(len(choices))].tolist()
        return y * scale, x * scale

    def _best(self, corner: Place, bands: Bands, margin: Place, line: Place | None) -> Place:
        """Position in the source of the piece that fits best at `corner`."""
        scale = self.layout.scale
        rows, columns = self.torus.indices(corner, bands.block)
        known = self.torus.canvas[:, rows, columns]  # (C, b, d)
        template = avg_pool2d(known[None], scale)[0]
        mask = avg_pool2d(torch.from_numpy(bands.mask()).to(known)[None, None], scale)[0, 0]
        differences = self.spectra.differences(template, mask).cpu().numpy()
        penalty, familiar = self.history.repetition(corner, differences.shape)
        penalty += self.pattern.penalty(corner, differences.shape, scale) + self._off_line(
            corner, differences.shape, line
        )
        if self.landmarks:
            penalty += TWICE * self.landmarks.penalty(corner, differences.shape, scale, bands.block, margin)
        weight = 1 + self.variety * (2 * self.history.uses_of_blocks((mask.shape[0], mask.shape[1])) + familiar)
        unlike = self._unlike_guide(corner, bands.block) if self.guide else np.zeros_like(differences)
        differences += unlike
        block = max(2, min(mask.shape) // 8)
        ys, xs = _local_minima((differences + 1e-3) * weight + penalty, CANDIDATES, block)
        cuts = self._cut_costs(template, bands, ys, xs) + sum(mask.shape) * unlike[ys, xs]
        costs = cuts.clip(0) * weight[ys, xs] + 100 * penalty[ys, xs]  # rounding gives values below 0 for equal pieces
        good = np.flatnonzero(costs <= costs.min() * (1 + 0.2 * self.variety))
        chosen = self.rng.choice(good)
        return self._to_the_pixel(known, bands, (int(ys[chosen]) * scale, int(xs[chosen]) * scale))

    def _off_line(self, corner: Place, shape: tuple[int, int], known: Place | None) -> np.ndarray:
        """Penalties, of `shape`, of positions where joints would not continue those of the first piece in the row."""
        penalty, axis = np.zeros(shape, np.float32), self.axis_of_joints
        if axis is None or (line := known[axis] if known else self.history.line(axis, corner[axis])) is None:
            return penalty
        scale, length = self.layout.scale, self.torus.features.shape[1 + axis]
        off = np.abs(np.arange(shape[axis]) * scale - line) > max(0.6 * scale, OFF_LINE * length)
        return penalty + OUT_OF_PHASE * np.expand_dims(off, 1 - axis)

    def _unlike_guide(self, corner: Place, block: Place) -> np.ndarray:
        """Mean squared differences between the guide of pieces from each position and that of the torus at `corner`."""
        assert self.guide
        spectra, target = self.guide
        rows, columns = self.torus.indices(corner, block)
        template = avg_pool2d(target[None, :, rows, columns], self.layout.scale)[0]
        return spectra.differences(template, torch.ones_like(template[0])).cpu().numpy()

    def _cut_costs(self, template: torch.Tensor, bands: Bands, ys: np.ndarray, xs: np.ndarray) -> np.ndarray:
        """Costs (K,) of the cuts around candidate pieces at (ys, xs), both (K,), on the reduced source."""
        places = torch.from_numpy(np.stack([ys, xs])).to(template.device)
        differences = {}
        for side, wide in bands.widths.items():  # only pixels in a band are compared
            thick = max(2, wide // self.layout.scale)
            part = slice(-thick, None) if side in ("right", "bottom") else slice(thick)
            box = (slice(None), part) if side in ("left", "right") else (part, slice(None))
            pieces, grain = (_pieces(x, template.shape[1:], box, places) for x in (self.spectra.features, self.grain))
            unlike = (pieces - template[:, None, *box]).square().sum(0)
            differences[side] = (unlike * grain).cpu().numpy()
        return cut_costs(differences)

    def _to_the_pixel(self, known: torch.Tensor, bands: Bands, near: Place) -> Place:
        """The best position in the full-size source within half a reduced pixel of `near`."""
        scale, features = self.layout.scale, self.torus.features
        if scale == 1:
            return near
        stride = max(2, scale // 2)  # more pixels decide alike
        y, x = (stride * torch.from_numpy(bands.mask()[::stride, ::stride]).to(known.device).nonzero()).T
        target = known[:, y, x]  # (C, n)
        rows, columns = (
            range(max(0, start - scale // 2), min(length - block, start + scale // 2) + 1)
            for start, length, block in zip(near, features.shape[1:], bands.block, strict=True)
        )
        positions = list(product(rows, columns))
        flat, index = features.flatten(1), y * features.shape[2] + x
        pieces = (flat.index_select(1, index + top * features.shape[2] + left) for top, left in positions)
        errors = torch.stack([(piece - target).square().sum() for piece in pieces])
        return positions[int(errors.argmin())]


def _pieces(x: torch.Tensor, size: tuple[int, ...], box: tuple[slice, slice], places: torch.Tensor) -> torch.Tensor:
    """A box (C, K, b, d) of each piece of x (C, h, w); pieces begin at places (2, K), with a size (height, width)."""
    height, width = size
    windows = x.unfold(1, height, 1).unfold(2, width, 1)  # (C, h - height + 1, w - width + 1, height, width), a view
    return windows[..., *box][:, places[0], places[1]]


def _local_minima(scores: np.ndarray, count: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the `count` lowest scores (h, w), with at most one in each block of this side."""
    height, width = scores.shape
    rows, columns = -(-height // side), -(-width // side)
    padded = np.full((rows * side, columns * side), np.inf, np.float32)
    padded[:height, :width] = scores
    blocks = padded.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows * columns, side * side)
    down, right = np.divmod(blocks.argmin(1), side)
    best = np.argsort(blocks.min(1), kind="stable")[:count]
    return best // columns * side + down[best], best % columns * side + right[best]


class QuiltedTorus:
    """The unfinished result, a torus of (H, W) texels. origin: (H, W), flat indices into the source.

    canvas: (C, H, W), features of the texels that are shown. features: (C, h, w), of the source. grain: (2, h, w),
    weights of cuts that run down and across the source.
    """

    def __init__(self, features: torch.Tensor, grain: torch.Tensor, size_px: tuple[int, int]) -> None:
        self.features, self.grain = features, grain
        self.size_px = size_px
        self.canvas = features.new_zeros(features.shape[0], *size_px)
        self.origin = torch.zeros(size_px, dtype=torch.int64, device=features.device)

    def indices(self, corner: Place, block: Place) -> tuple[torch.Tensor | slice, torch.Tensor | slice]:
        """Rows and columns of the block at `corner`: slices, or indices (b, 1) and (d,) if it wraps around."""
        starts = [start % size for start, size in zip(corner, self.size_px, strict=True)]
        sides = list(zip(starts, block, self.size_px, strict=True))
        if all(start + length <= size for start, length, size in sides):
            rows, columns = (slice(start, start + length) for start, length, _ in sides)
            return rows, columns
        y, x = ((torch.arange(length, device=self.origin.device) + start) % size for start, length, size in sides)
        return y[:, None], x

    def place(self, corner: tuple[int, int], source: tuple[int, int], bands: Bands) -> None:
        """Place the block from `source` at `corner`, both (y, x), with the cheapest cuts to its neighbours."""
        rows, columns = self.indices(corner, bands.block)
        (y, x), (height, width) = source, bands.block
        old, new = self.canvas[:, rows, columns], self.features[:, y : y + height, x : x + width]  # (C, b, d)
        differences = (old - new).square().sum(0) * self.grain[:, y : y + height, x : x + width]
        mask = torch.from_numpy(bands.cut(differences.cpu().numpy())).to(self.origin.device)
        down, across = torch.arange(height, device=mask.device), torch.arange(width, device=mask.device)
        index = (y + down[:, None]) * self.features.shape[2] + x + across
        self.canvas[:, rows, columns] = torch.where(mask, new, old)
        self.origin[rows, columns] = torch.where(mask, index, self.origin[rows, columns])
