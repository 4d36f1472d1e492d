"""Results of steps that are kept, so that a recipe that has changed is computed from the changed step on.

Each is kept by the hash of all that it was made of. A host that runs recipes again and again owns the `KeptSteps`.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np

from ..context import Context
from ..data.prepare import maps_at_scale
from ..texture import Maps
from ..tools import Result, model_parameter
from .steps import ReadyStep

EVENTS = ("on_model", "on_exemplar", "on_weights", "on_note", "on_decision")
"""Callbacks of a context by which a tool says more than its result: said again with a result that was kept."""


@dataclass(frozen=True)
class MadeStep:
    """Result of a step, the seconds that it took to compute, and what its tool said: events of a context."""

    result: Result
    seconds: float
    events: tuple[tuple[str, Any], ...] = ()


class KeptSteps:
    """Results of steps by their keys, up to `limit_bytes` of pixels; those that were not used for longest go first."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        """Bytes of all pixels that are kept; those of maps that several steps share count once."""
        self._steps: OrderedDict[str, MadeStep] = OrderedDict()
        self._uses: Counter[int] = Counter()  # of arrays, by their ids

    def find(self, key: str) -> MadeStep | None:
        """The step that is kept by a key, if it is."""
        if key in self._steps:
            self._steps.move_to_end(key)
        return self._steps.get(key)

    def keep(self, key: str, made: MadeStep) -> None:
        """Keep a step, unless it alone is too large."""
        if sum({id(pixels): pixels.nbytes for pixels in _arrays(made)}.values()) > self.limit_bytes:
            return
        if (former := self._steps.pop(key, None)) is not None:
            self._count(former, -1)
        self._steps[key] = made
        self._count(made, 1)
        while self.size_bytes > self.limit_bytes:
            self._count(self._steps.popitem(last=False)[1], -1)

    def _count(self, made: MadeStep, uses: Literal[1, -1]) -> None:
        """Count a step's pixels in, or out."""
        for pixels in _arrays(made):
            before = self._uses[id(pixels)]
            self._uses[id(pixels)] += uses
            if not before or not self._uses[id(pixels)]:
                self.size_bytes += uses * pixels.nbytes
            if not self._uses[id(pixels)]:
                del self._uses[id(pixels)]


def shrunk(maps: Maps, scale: float, kept: KeptSteps | None) -> Maps:
    """Maps of an input at a scale up to 1, which are kept, since a large one is shrunk again for each preview."""
    if scale == 1 or kept is None:
        return maps_at_scale(maps, scale)
    key = sha256(repr((_identity(maps), maps.sheet, scale)).encode()).hexdigest()
    made = kept.find(key) or MadeStep(Result(maps_at_scale(maps, scale)), 0.0)
    kept.keep(key, made)
    return made.result.maps


@dataclass
class Making:
    """A run of steps in turn. seconds, reused: of each, as in `Result`. preview_px: longer side of all their results.

    Neither trainers' results are kept, nor those on a mesh, whose canvas several steps share.
    """

    kept: KeptSteps | None = None
    preview_px: int | None = None
    seconds: list[float] = field(default_factory=list)
    reused: list[bool] = field(default_factory=list)
    _key: str = ""

    def result(self, step: ReadyStep, subject: Maps, context: Context) -> Result:
        """The result of the next step: what was kept, or else computed now."""
        context = replace(context, on_decision=step.on_decision)
        whole = ""
        if self.kept and context.mesh is None and step.tool.kind != "trainer":
            whole = _key_of(step, self._key or repr((_identity(subject), self.preview_px)), context)
            self._key = _key_of_masked(step, whole)
        made = self._found(self._key, context) if whole else None
        is_reused = made is not None
        if made is None:
            made, is_reused = self._made(step, subject, context, whole)
        self.seconds.append(made.seconds)
        self.reused.append(is_reused)
        return made.result

    def _made(self, step: ReadyStep, subject: Maps, context: Context, whole: str) -> tuple[MadeStep, bool]:
        """The result, and whether all of it but its mask was kept. whole: key of the result without its mask."""
        made = self._found(whole, context) if step.mask else None
        is_reused = made is not None
        if made is None:
            made = _made(step, subject, context, self.preview_px)
            self._keep(whole, made, context)
        if step.mask and made.result.maps:
            started = perf_counter()
            blended = step.blend(subject, made.result, context)
            made = replace(made, result=blended, seconds=made.seconds + perf_counter() - started)
            self._keep(self._key if whole else "", made, context)
        return made, is_reused

    def _found(self, key: str, context: Context) -> MadeStep | None:
        """The step that is kept by a key, which says again what its tool said."""
        found = self.kept.find(key) if self.kept and key else None
        for event, value in found.events if found else ():
            getattr(context, event)(value)
        return found

    def _keep(self, key: str, made: MadeStep, context: Context) -> None:
        if self.kept and key and not context.is_stopped():
            self.kept.keep(key, made)


def _made(step: ReadyStep, subject: Maps, context: Context, preview_px: int | None) -> MadeStep:
    """The result of a step with its time, and what was said meanwhile."""
    events: list[tuple[str, Any]] = []

    def recorder(name: str) -> Callable[[Any], None]:
        tell = getattr(context, name)

        def record(value: Any) -> None:
            events.append((name, value))
            tell(value)

        return record

    listening: dict[str, Any] = {name: recorder(name) for name in EVENTS}
    own = replace(step, on_decision=listening["on_decision"])
    started = perf_counter()
    result = own.apply(subject, replace(context, **listening))
    if preview_px and result.maps:
        result = replace(result, maps=maps_at_scale(result.maps, min(1.0, preview_px / max(result.maps.size_px))))
    return MadeStep(result, perf_counter() - started, tuple(events))


def _arrays(made: MadeStep) -> list[np.ndarray]:
    return [texture.pixels for texture in made.result.maps.values()]


def _key_of(step: ReadyStep, before: str, context: Context) -> str:
    """Hash of all that a step's result depends on. before: that of what comes before it."""
    seeds: Any = step.rng.bit_generator.seed_seq
    folders = [context.models.folder] if model_parameter(step.tool) else []
    folders += [context.weights.folder] if step.tool.weights else []
    facts = (
        before,
        step.tool.name,
        step.parameters.model_dump_json(),
        sorted((name, _identity(value)) for name, value in step.inputs.items()),
        (seeds.entropy, seeds.spawn_key),
        (context.device, context.precision, context.enough_px),
        list(map(_state_of, folders)),
    )
    return sha256(repr(facts).encode()).hexdigest()


def _key_of_masked(step: ReadyStep, whole: str) -> str:
    """Hash of a step's result with its mask, from that of the whole result."""
    if step.mask is None:
        return whole
    return sha256(repr((whole, step.mask, _identity(step.image))).encode()).hexdigest()


def _identity(given: Any) -> Any:
    """Facts that tell an input, a subject or a tuple of them from every other one; None if it is empty."""
    if isinstance(given, tuple):
        return tuple(map(_identity, given))
    about = ("name", "width_m", "height_range_m")
    return (given.sha256(), *(getattr(given, name, None) for name in about)) if given else None


def _state_of(folder: Path) -> int:
    """A number that changes when a file is added to a folder, removed or replaced; 0 without a folder."""
    return folder.stat().st_mtime_ns if folder.is_dir() else 0
