"""A shot repainted by any recipe, frame by frame, so that paint stays on what it was painted on.

Paint is carried along the motion vectors; only what was not seen before, has changed, or would be stretched is painted
anew, by the recipe, with the colours of what is carried, and blended in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import binary_opening, distance_transform_edt

from ..errors import Cancelled, FileError, ParameterError
from ..io.decode import read_metadata
from ..io.metadata import metadata_of
from ..io.passes import OUTLINE_PX, RenderedFrame, read_frame, write_repainted
from ..recipe import Recipe
from ..running.inputs import SOURCE
from ..running.runner import run
from ..system.transaction import stage
from ..system.untrusted import excerpt, is_there
from ..texture import Maps
from .carrying import HALO, NONE, CarriedPaint, Painting
from .motion import is_known

FEATHER_PX = 8.0
"""Width of the blend from what is painted anew to what is carried."""
SPECK_PX, LEAST_NEW = 2, 0.002
"""Half the width of a part, and share of a frame, that are worth painting: less waits, with its neighbours' paint."""
LEAST_OVERLAP = 0.1
"""Share of a frame that must be carried, far from outlines and their halos, for its colours to be compared."""


@dataclass
class Shot:
    """A shot that is repainted. recipe: from a frame's picture to its painting. inputs: the recipe's others.

    how: as for `run`, such as its device. The state is that after the last frame.
    """

    recipe: Recipe
    inputs: Mapping[str, Any]
    how: Mapping[str, Any] = field(default_factory=dict)
    carried: CarriedPaint | None = None
    before: RenderedFrame | None = None
    record: Recipe | None = None
    painted: int = 0

    def repaint(self, number: int, path: Path, out: Path) -> None:
        """Repaint the next frame into the file `out`, or go on from that file if it is there.

        FileError if the frame cannot be used, or the file was made otherwise.
        """
        frame = read_frame(path)
        if self.before is not None and self.before.size_px != frame.size_px:
            height, width = frame.size_px
            raise FileError(f"{excerpt(path)} has {width}x{height} px, unlike the frames before", "render it again")
        carried = CarriedPaint.nothing(frame.size_px)
        if self.carried is not None and self.before is not None:
            carried = self.carried.carry(frame, is_known(frame, self.before))
        weight = _weight(carried.number == NONE, frame)
        if is_there(out):
            self._check(out, frame)
            self.record = Recipe.from_dict(read_metadata(out)["recipe"])
        else:
            color = self._painting(frame, carried, weight)
            with stage([out]) as parts:
                write_repainted(parts[out], path, color, metadata_of(self.record, film=self._asked(frame)))
        written = read_frame(out).color  # as it was rounded, so that a shot that goes on is the same
        carried.paint(number, (weight > 0) | carried.oldest(), Painting.of(written, frame))
        self.carried, self.before = carried, frame

    def _painting(self, frame: RenderedFrame, carried: CarriedPaint, weight: np.ndarray) -> np.ndarray:
        """The colours (H, W, 3) of the frame: carried, and painted anew by this weight."""
        if not weight.any():
            return carried.filled().gathered("color", frame.color).clip(0, 1)
        maps = Maps.from_arrays({"base_color": frame.color, "opacity": frame.opacity})
        result = run(self.recipe, {SOURCE: maps, **self.inputs}, **self.how)
        if "base_color" not in result.maps or result.maps.size_px != frame.size_px:
            raise ParameterError("the recipe changes the size of its picture", "leave out what sets or changes a size")
        self.record, self.painted = result.recipe, self.painted + 1
        fresh = result.maps["base_color"].pixels
        known = (carried.number != NONE) & (frame.outlines_px > HALO * max(frame.size_px))
        old = carried.filled().gathered("color", fresh).clip(0, 1)
        if known.mean() >= LEAST_OVERLAP:
            fresh = like(fresh, fresh[known], old[known])
        return old + weight[..., None] * (fresh - old)

    @cached_property
    def _settings(self) -> bytes:
        """The recipe and the hashes of its inputs."""
        hashes = {name: given.sha256() for name, given in self.inputs.items()}
        return json.dumps([self.recipe.to_dict(), hashes], sort_keys=True).encode()

    def _asked(self, frame: RenderedFrame) -> str:
        """SHA-256 of the recipe, its inputs and a frame."""
        digest = hashlib.sha256(self._settings)
        for values in (frame.color, frame.opacity, frame.to_previous, frame.to_next, frame.index):
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    def _check(self, out: Path, frame: RenderedFrame) -> None:
        if read_metadata(out).get("film") != self._asked(frame):
            message = f"{excerpt(out)} was made with other settings, or of another render"
            raise FileError(message, "choose another folder, or replace all frames with --force")


def _weight(empty: np.ndarray, frame: RenderedFrame) -> np.ndarray:
    """Weight (H, W) of what is painted: 1 in parts without paint that are worth it, less beside on their surface."""
    padded = binary_opening(np.pad(empty, SPECK_PX, mode="edge"), iterations=SPECK_PX)
    new = padded[SPECK_PX:-SPECK_PX, SPECK_PX:-SPECK_PX] & empty
    if new.mean() < LEAST_NEW:
        return np.zeros(new.shape, np.float32)
    distance, nearest = distance_transform_edt(~new, return_indices=True)
    apart = np.abs(frame.to_previous - frame.to_previous[tuple(nearest)]).max(-1)
    is_same = (frame.index == frame.index[tuple(nearest)]) & (apart <= OUTLINE_PX)
    return np.where(is_same, 1 - distance / FEATHER_PX, 0).clip(0, 1).astype(np.float32)


def like(fresh: np.ndarray, here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) moved and scaled so that those `here` get the mean and deviation of those `there` (N, 3)."""
    scale = (there.std(0) + 1e-3) / (here.std(0) + 1e-3)
    return ((fresh - here.mean(0)) * scale + there.mean(0)).clip(0, 1).astype(np.float32)


def repaint_shot(
    frames: Mapping[int, Path],
    recipe: Recipe,
    inputs: Mapping[str, Any],
    folder: Path,
    *,
    on_progress: Callable[[float, str], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    **how: Any,
) -> list[Path]:
    """Repaint the frames into files of the same names in a folder; those that are there are gone on from.

    frames: multilayer EXR by number, see `frames_of`. recipe: of any tools that keep the size of their picture. inputs:
    its inputs beside the picture. how: as for `run`. Cancelled keeps the frames that are done.
    """
    shot = Shot(recipe, inputs, {"is_cancelled": is_cancelled, **how})
    paths: list[Path] = []
    try:
        for number, path in frames.items():
            if is_cancelled is not None and is_cancelled():
                raise Cancelled
            if on_progress is not None:
                on_progress(len(paths) / len(frames), f"Frame {number}, {shot.painted} painted, the others carried")
            out = folder / path.name
            if out.resolve() == path.resolve():
                raise FileError(f"{excerpt(out)} is the frame itself", "choose another folder")
            shot.repaint(number, path, out)
            paths.append(out)
    except Cancelled as stop:
        if not paths or stop.args:
            raise
        message = f"cancelled; {len(paths)} of {len(frames)} frames are there, and the same command goes on"
        raise Cancelled(message) from None
    return paths
