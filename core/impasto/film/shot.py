"""A shot repainted by any recipe, so that paint stays on what it was painted on.

Keyframes are painted, and their paint is carried along the motion vectors, forwards and backwards. Only what neither
has is painted anew, by the recipe, with the colours of what is carried, and blended in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
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
from .carrying import HALO, CarriedPaint, Painting

KEYFRAMES_APART = 8
"""Frames from one keyframe to the next: more take less time, and leave more that neither of two keyframes shows."""
FEATHER_PX = 8.0
"""Width of the blend from one paint to another."""
SPECK_PX, LEAST_NEW = 2, 0.002
"""Half the width of a part, and share of a frame, that are worth painting: less waits, with its neighbours' paint."""
LEAST_OVERLAP = 0.1
"""Share of a frame that must be carried, far from outlines and their halos, for its colours to be compared."""


@dataclass
class FramePaint:
    """Paint of a frame: carried from the keyframe before it, and from the one after it."""

    frame: RenderedFrame
    older: CarriedPaint
    newer: CarriedPaint

    @cached_property
    def newer_weight(self) -> np.ndarray:
        """Weight (H, W) of the paint from after: 1 where there is none from before."""
        return _weight(self.older.is_empty, self.frame)

    @cached_property
    def fresh_weight(self) -> np.ndarray:
        """Weight (H, W) of paint of its own: 1 in parts with none from before or after, if they are worth painting."""
        weight = _weight(self.older.is_empty & self.newer.is_empty, self.frame)
        return weight if (weight == 1).mean() >= LEAST_NEW else np.zeros_like(weight)

    @property
    def is_certain(self) -> np.ndarray:
        """Whether a pixel (H, W) has paint, far from outlines and their halos."""
        is_far = self.frame.outlines_px > HALO * max(self.frame.size_px)
        return is_far & ~(self.older.is_empty & self.newer.is_empty)

    def color(self) -> np.ndarray:
        """Colours (H, W, 3) of the carried paint; pixels without paint have that beside the nearest."""
        color, weight = self.older.filled().gathered("color", self.frame.color), self.newer_weight[..., None]
        if weight.any():
            color += weight * (self.newer.filled().gathered("color", color) - color)
        return color.clip(0, 1)


@dataclass
class Shot:
    """A shot that is repainted. recipe: from a frame's picture to its painting. inputs: the recipe's others.

    how: as for `run`, such as its device. The state is that after the last keyframe.
    """

    recipe: Recipe
    inputs: Mapping[str, Any]
    is_cancelled: Callable[[], bool] | None = None
    how: Mapping[str, Any] = field(default_factory=dict)
    carried: CarriedPaint | None = None
    before: RenderedFrame | None = None
    first: int | None = None
    record: Recipe | None = None
    painted: int = 0

    def repaint(self, frames: Mapping[int, Path], folder: Path) -> Iterator[Path]:
        """Repaint the frames up to the next keyframe, which is the last of them, and yield each file that is there.

        The keyframe is painted first, then its paint is carried backwards to where the frames before it have none. A
        file that is there is gone on from. FileError if a frame cannot be used, or a file was made otherwise.
        """
        *_, key = frames
        self.first = key if self.first is None else self.first
        older = self._carried_forwards(frames)
        newer, after = older[key], None
        for number in reversed(list(frames)):
            frame = self._frame(frames[number])
            if after is not None:
                newer = newer.carry(frame.reversed, after.reversed)
            paint, out = FramePaint(frame, older.pop(number), newer), folder / frames[number].name
            if not self._is_done(out, frame, key):
                color = self._painting(paint)
                metadata = metadata_of(self.record, film=f"{self._asked(frame)} {self.first}-{key}")
                with stage([out]) as parts:
                    write_repainted(parts[out], frames[number], color, metadata)
            written = read_frame(out).color  # as it was rounded, so that a shot that goes on is the same
            newer.paint(number, (paint.fresh_weight > 0) | newer.oldest(), Painting.of(written, frame))
            if after is None:
                self.carried, self.before = newer, frame
            after = frame
            yield out

    def _frame(self, path: Path) -> RenderedFrame:
        """A frame of the shot. Cancelled if it was, meanwhile."""
        if self.is_cancelled is not None and self.is_cancelled():
            raise Cancelled
        return read_frame(path)

    def _carried_forwards(self, frames: Mapping[int, Path]) -> dict[int, CarriedPaint]:
        """The paint of the keyframe before, carried to each frame."""
        found: dict[int, CarriedPaint] = {}
        carried, before = self.carried, self.before
        for number, path in frames.items():
            frame = self._frame(path)
            if carried is None or before is None:
                carried = CarriedPaint.nothing(frame.size_px)
            elif before.size_px == frame.size_px:
                carried = carried.carry(frame, before)
            else:
                height, width = frame.size_px
                raise FileError(f"{excerpt(path)} has {width}x{height} px, unlike the frames before", "render it again")
            found[number], before = carried, frame
        return found

    def _painting(self, paint: FramePaint) -> np.ndarray:
        """The colours (H, W, 3) of a frame: carried, and of its own where there is nothing to carry."""
        color, weight, frame = paint.color(), paint.fresh_weight, paint.frame
        if not weight.any():
            return color
        maps = Maps.from_arrays({"base_color": frame.color, "opacity": frame.opacity})
        result = run(self.recipe, {SOURCE: maps, **self.inputs}, is_cancelled=self.is_cancelled, **self.how)
        if "base_color" not in result.maps or result.maps.size_px != frame.size_px:
            raise ParameterError("the recipe changes the size of its picture", "leave out what sets or changes a size")
        self.record, self.painted = result.recipe, self.painted + 1
        fresh, known = result.maps["base_color"].pixels, paint.is_certain
        if known.mean() >= LEAST_OVERLAP:
            fresh = like(fresh, fresh[known], color[known])
        return color + weight[..., None] * (fresh - color)

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

    def _is_done(self, out: Path, frame: RenderedFrame, key: int) -> bool:
        """Whether a frame's file is there, with these keyframes. FileError if it is of other settings or renders."""
        if not is_there(out):
            return False
        metadata = read_metadata(out)
        asked, _, keyframes = metadata.get("film", "").partition(" ")
        if asked != self._asked(frame):
            message = f"{excerpt(out)} was made with other settings, or of another render"
            raise FileError(message, "choose another folder, or replace all frames with --force")
        self.record = Recipe.from_dict(metadata["recipe"])
        return keyframes == f"{self.first}-{key}"


def keyframe_spans(frames: Mapping[int, Path]) -> list[dict[int, Path]]:
    """The first frame, then spans of frames that end with a keyframe, the last frame too."""
    numbers = list(frames)
    bounds = [0, *range(1, len(numbers), KEYFRAMES_APART), len(numbers)]
    return [{number: frames[number] for number in numbers[low:high]} for low, high in pairwise(bounds)]


def _weight(empty: np.ndarray, frame: RenderedFrame) -> np.ndarray:
    """Weight (H, W) of other paint: 1 in parts without paint that are no specks, less beside them on their surface."""
    padded = binary_opening(np.pad(empty, SPECK_PX, mode="edge"), iterations=SPECK_PX)
    new = padded[SPECK_PX:-SPECK_PX, SPECK_PX:-SPECK_PX] & empty
    if not new.any():
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
    if any((folder / path.name).resolve() == path.resolve() for path in frames.values()):
        raise FileError(f"{excerpt(folder)} holds the frames themselves", "choose another folder")
    shot, done = Shot(recipe, inputs, is_cancelled, how), 0
    try:
        for span in keyframe_spans(frames):
            for _ in shot.repaint(span, folder):
                done += 1
                if on_progress is not None:
                    on_progress(done / len(frames), f"{done} frames, {shot.painted} painted, the others carried")
    except Cancelled as stop:
        if not done or stop.args:
            raise
        message = f"cancelled; {done} of {len(frames)} frames are there, and the same command goes on"
        raise Cancelled(message) from None
    return [folder / path.name for path in frames.values()]
