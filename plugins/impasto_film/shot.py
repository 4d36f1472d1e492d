"""Repaints a shot with any recipe, so that paint moves with the painted surfaces.

Keyframes are painted first. Their paint is carried along the motion vectors, forwards and backwards. Only parts that
get no paint from either side are painted anew. New paint is matched in colour to the carried paint, and blended in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import Cancelled, FileError, Message, ParameterError
from impasto.host import NOBODY, Host
from impasto.io.decode import read_metadata, read_picture
from impasto.io.metadata import metadata_of
from impasto.options import DEFAULT, RunOptions
from impasto.plugins.registry import registry
from impasto.recipe import GROUP, Recipe, Step
from impasto.running.inputs import SOURCE
from impasto.running.runner import run
from impasto.surface.contrast import with_contrast
from impasto.system.locks import held
from impasto.system.transaction import stage
from impasto.system.untrusted import excerpt, is_there, resolve
from impasto.texture import Maps
from impasto.tools import Result

from .blending import FramePaint
from .carrying import CarriedPaint, PaintedFrame, without_specks
from .footage import frame_at, painted_color, painted_name, read_colors, write_painted
from .frames import asked_frames, first_names
from .memory import moving_objects
from .motion import Motion
from .passes import ShotFrame
from .preparation import remove_frames

KEYFRAMES_APART = 8
"""Frames from one keyframe to the next. A longer distance takes less time, but more parts are in no keyframe."""
STROKES_PX = 1024
"""Longer side of frames; in smaller ones, strokes are as large as there, or twice as large: dots of 2 px are grain."""
LOCK_NAME = "shot"
KEPT_BYTES, PER_COLOR = 2**28, 6
"""Memory limit of the frames that are kept to carry paint backwards, and memory of a frame relative to its colours,
without the passes of its file."""


@dataclass
class Shot:
    """A shot that is being repainted. recipe: paints the picture of a frame. inputs: the recipe's other inputs.

    frames: multilayer EXR, or pictures, whose motion is estimated. keyframes: pictures of frames painted by hand.
    frame_step: paint and write every n-th frame; paint is carried through the frames between. options, host: for runs
    of the recipe. carried, before: paint of the last keyframe, and the keyframe. moved: indices of moving objects.
    """

    frames: Mapping[int, Path]
    recipe: Recipe
    inputs: Mapping[str, Any]
    keyframes: Mapping[int, Path] = field(default_factory=dict)
    frame_step: int = 1
    options: RunOptions = DEFAULT
    host: Host = NOBODY
    carried: CarriedPaint | None = None
    before: ShotFrame | None = None
    cache: dict[int, ShotFrame] = field(default_factory=dict)
    moved: set[float] = field(default_factory=set)
    record: Recipe | None = None
    painted: int = 0
    mended: dict[int, str] = field(default_factory=dict)

    def repaint(self, numbers: Sequence[int], folder: Path) -> Iterator[tuple[Path, bool, np.ndarray]]:
        """Repaint frames, of which the last is a keyframe. Yield each file, whether it is new, and its colours.

        The keyframe is painted first. Then its paint is carried backwards, to fill gaps in the frames before. An
        existing file is used as it is. Raise FileError if a frame cannot be used, or a file has other settings.
        """
        key = numbers[-1]
        older = self._carried_forwards(numbers)
        newer, after = self._keyframe(key) or older[key], None
        for index, number in reversed(list(enumerate(numbers, 1))):
            frame, share = self._frame(number), index / len(numbers) if key in self.keyframes else 0.0
            if after is None:
                self.carried, self.before = newer, frame
            else:
                sought = without_specks(older[number].is_empty)
                newer = newer.carry(Motion(frame.reversed, after.reversed), None if share else sought)
                newer.recall(frame, self.moved, sought)
            after = frame
            paint = FramePaint(frame, older.pop(number), newer, share)
            if number not in self._asked_frames:
                continue
            out, film = folder / painted_name(self.frames[number]), self._film(frame, key)
            is_new = not self._is_done(out, film)
            written = self._write(out, paint, film) if is_new else self._existing_color(out, frame)
            newer.paint(number, (paint.fresh_weight > 0) | newer.oldest(), PaintedFrame.of(written, frame))
            yield out, is_new, written
        if self.carried is not None:
            self.carried.keep(newer.paintings)

    def _keyframe(self, number: int) -> CarriedPaint | None:
        """Paint of a frame that was painted by hand, or None. Raise FileError if the painting has another size."""
        if number not in self.keyframes:
            return None
        frame, path = self._frame(number), self.keyframes[number]
        color = read_colors(path)["base_color"].pixels
        if color.shape != frame.color.shape:
            height, width = frame.size_px
            raise FileError("{} is not {}x{} px like its frame", "paint over the frame", excerpt(path), width, height)
        paint = CarriedPaint.nothing(frame.size_px)
        paint.paint(number, paint.is_empty, PaintedFrame.of(color, frame))
        return paint

    def _frame(self, number: int) -> ShotFrame:
        """A frame of the shot. Raise Cancelled if the user has cancelled."""
        if self.host.is_cancelled():
            raise Cancelled
        if number not in self.cache:
            frame = self.cache[number] = frame_at(self.frames, number)
            if frame.mended_px:
                self.mended[number] = f"{self.frames[number].name} ({frame.mended_px:,})"
            stored = frame.passes.nbytes if frame.passes is not None else 0
            while len(self.cache) > max(KEPT_BYTES // (PER_COLOR * frame.color.nbytes + stored), 1):
                del self.cache[next(iter(self.cache))]
        return self.cache[number]

    def _carried_forwards(self, numbers: Sequence[int]) -> dict[int, CarriedPaint]:
        """The last keyframe's paint, carried forwards to each frame."""
        found: dict[int, CarriedPaint] = {}
        carried, before = self.carried, self.before
        for number in numbers:
            frame = self._frame(number)
            if carried is None or before is None:
                carried = CarriedPaint.nothing(frame.size_px)
            elif before.size_px == frame.size_px:
                motion = Motion(frame, before)
                self.moved |= moving_objects(motion)
                carried = carried.carry(motion)
                carried.recall(frame, self.moved)
            else:
                height, width = frame.size_px
                message = "{} has {}x{} px, unlike the frames before"
                raise FileError(message, "render it again", excerpt(self.frames[number]), width, height)
            found[number], before = carried, frame
        return found

    def _write(self, out: Path, paint: FramePaint, film: str) -> np.ndarray:
        """Write a painted frame, and return its rounded colours, from which a resumed shot would continue, too.

        Raise FileError if it cannot be written.
        """
        color = self._painting(paint)
        metadata = metadata_of(self.record or self.recipe, film=film)
        with stage([out]) as parts:
            return write_painted(parts[out], paint.frame, color, metadata)

    def _painting(self, paint: FramePaint) -> np.ndarray:
        """The colours (H, W, 3) of a frame: carried paint, and new paint in the gaps."""
        if not paint.fresh_weight.any():
            return paint.color()
        result = paint_frame(paint.frame, self.recipe, self.inputs, self.options, self.host)
        self.record, self.painted = result.recipe, self.painted + 1
        return paint.with_fresh(result.maps["base_color"].pixels)

    @cached_property
    def _asked_frames(self) -> Collection[int]:
        return asked_frames(self.frames, self.frame_step)

    @cached_property
    def _settings(self) -> bytes:
        """The recipe, the hashes of its inputs and of the keyframes, and the frame step, as JSON."""
        hashes = {name: input_.sha256() for name, input_ in self.inputs.items()}
        painted = {number: read_picture(path).sha256() for number, path in self.keyframes.items()}
        return json.dumps([self.recipe.to_dict(), hashes, painted, self.frame_step], sort_keys=True).encode()

    def _fingerprint(self, frame: ShotFrame) -> str:
        """SHA-256 of the settings and a frame."""
        digest = hashlib.sha256(self._settings)
        motion = () if frame.is_estimated else (frame.to_previous, frame.to_next, frame.index)
        places = () if frame.position is None else (frame.position,)
        for values in (frame.color, frame.opacity, *motion, *places):
            digest.update(np.ascontiguousarray(values).data)
        return digest.hexdigest()

    def _is_done(self, out: Path, film: str) -> bool:
        """Whether a frame's file exists with this record. Raise FileError if settings or the render have changed."""
        if not is_there(out):
            return False
        metadata = read_metadata(out)
        found = metadata.get("film")
        if found is None or "recipe" not in metadata or found.partition(" ")[0] != film.partition(" ")[0]:
            raise self._mismatch(out)
        self.record = Recipe.from_dict(metadata["recipe"])
        return found == film

    def _existing_color(self, out: Path, frame: ShotFrame) -> np.ndarray:
        """The colours (H, W, 3) of a frame's existing file. Raise FileError if it has another size."""
        color = painted_color(out)
        if color.shape != frame.color.shape:
            raise self._mismatch(out)
        return color

    def _mismatch(self, out: Path) -> FileError:
        message = "{} was made with other settings, or from another render"
        return FileError(message, "choose another folder, or replace all frames with --force", excerpt(out))

    def _film(self, frame: ShotFrame, key: int) -> str:
        """Record of a frame: its fingerprint, the keyframes that it depends on, and whether its motion is estimated."""
        return f"{self._fingerprint(frame)} {min(self.frames)}-{key}" + (" estimated" if frame.is_estimated else "")


def keyframe_spans(numbers: Sequence[int], painted: Collection[int] = (), frame_step: int = 1) -> list[Sequence[int]]:
    """Spans of frame numbers, each of which ends with a keyframe.

    Keyframes are the frames painted by hand, or else the first frame. After the last of these, the written frames
    have a keyframe about every `KEYFRAMES_APART` frames, and at their end.
    """
    bounds = [0, *(place for place, number in enumerate(numbers, 1) if number in painted)]
    if len(bounds) == 1:
        bounds.append(1)
    positions = range(1, len(numbers) + 1, frame_step)
    later = [place for place in positions if place > bounds[-1]]
    apart = -(-KEYFRAMES_APART // frame_step)
    bounds += [*later[apart - 1 : -1 : apart], *later[-1:]]
    return [numbers[low:high] for low, high in pairwise(bounds)]


def paint_frame(
    frame: ShotFrame, recipe: Recipe, inputs: Mapping[str, Any], options: RunOptions = DEFAULT, host: Host = NOBODY
) -> Result:
    """Paint one frame without its neighbours; objects keep their contrast with what lies around them.

    Arguments: see `repaint_shot`. Raise ParameterError if the recipe changes the size.
    """
    maps = Maps.from_arrays({"base_color": frame.color, "opacity": frame.opacity})
    recipe = replace(recipe, steps=tuple(_with_strokes_px(step, max(frame.size_px)) for step in recipe.steps))
    result = run(recipe, {SOURCE: maps, **inputs}, options, replace(host, on_progress=NOBODY.on_progress))
    if "base_color" not in result.maps or result.maps.size_px != frame.size_px:
        raise ParameterError("the recipe changes the size of its picture", "leave out what sets or changes a size")
    is_shown = (frame.opacity[..., 0] > 0) & any(registry().tool(step.tool).kind == "stylizer" for step in recipe.steps)
    color = with_contrast(result.maps["base_color"].pixels, frame.color, frame.index, is_shown)
    return replace(result, maps=result.maps.with_arrays({"base_color": color}))


def _with_strokes_px(step: Step, longest_px: int) -> Step:
    """The step with strokes for a frame of this longer side, unless it has their size."""
    takes = step.tool != GROUP and "strokes_px" in registry().tool(step.tool).parameters.model_fields
    if longest_px >= STROKES_PX or not takes or {"strokes", "strokes_px"} & step.parameters.keys():
        return step
    return replace(step, parameters={**step.parameters, "strokes_px": min(STROKES_PX, 2 * longest_px)})


def repaint_shot(
    frames: Mapping[int, Path],
    recipe: Recipe,
    inputs: Mapping[str, Any],
    folder: Path,
    options: RunOptions = DEFAULT,
    host: Host = NOBODY,
    *,
    keyframes: Mapping[int, Path] | None = None,
    frame_step: int = 1,
    replaces: bool = False,
    on_frame: Callable[[np.ndarray, bool], None] = lambda color, is_new: None,
    on_note: Callable[[str], None] = lambda text: None,
) -> list[Path]:
    """Repaint frames into files of the same names. Existing frames are kept, and the shot resumes after them.

    frames: multilayer EXR, or pictures, by number, see `frames_of`. recipe: any tools that keep the size of their
    picture. inputs: the recipe's inputs other than the picture. keyframes: pictures of frames painted by hand, by
    number. frame_step: write every n-th frame. replaces: remove existing frames first. on_frame: called with the
    colours of each frame, and whether it is new. on_note: called with notes for the user. options, host: for runs of
    the recipe; the host also gets the progress of the shot. If the user cancels, finished frames are kept. Raise
    FileError if another process repaints a shot into this folder.
    """
    paths = [folder / painted_name(path) for path in asked_frames(frames, frame_step).values()]
    if {resolve(path) for path in paths} & {resolve(path) for path in frames.values()}:
        raise FileError("{} holds the frames themselves", "choose another folder", excerpt(folder))
    painted = {number: path for number, path in (keyframes or {}).items() if number in frames}
    shot, done = Shot(frames, recipe, inputs, painted, frame_step, options, host), 0
    with held(folder / LOCK_NAME):
        if replaces:
            remove_frames(paths)
        try:
            for numbers in keyframe_spans(list(frames), painted, frame_step):
                for _, is_new, color in shot.repaint(numbers, folder):
                    done += 1
                    on_frame(color, is_new)
                    said = Message("{} frames, {} painted, the others carried", done, shot.painted)
                    host.on_progress(done / len(paths), said)
        except Cancelled as stop:
            if not done or stop.args:
                raise
            message = "cancelled; {} of {} frames are done, and the same command resumes the shot"
            raise Cancelled(Message(message, done, len(paths))) from None
    if shot.mended:
        names = first_names(list(shot.mended.values()))
        on_note(Message("pixels that are NaN or infinite got the values of those beside them: {}", names))
    return paths
