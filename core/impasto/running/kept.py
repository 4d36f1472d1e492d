"""Results of steps that are kept, so that a recipe that has changed is computed from the changed step on.

Each is kept by the hash of all that it was made of. A host that runs recipes again and again owns the `KeptSteps`.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..context import Context
from ..data.prepare import maps_at_scale
from ..texture import Maps
from ..tools import Result, model_parameter
from .steps import Apply, ReadyStep

EVENTS = ("on_loaded", "on_note")
"""Callbacks of a context by which a tool says more than its result: said again with a result that was kept."""


@dataclass(frozen=True)
class MadeStep:
    """Result of a step, and what its tool said: events of a context."""

    result: Result
    events: tuple[tuple[str, tuple[Any, ...]], ...] = ()


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
    made = kept.find(key) or MadeStep(Result(maps_at_scale(maps, scale)))
    kept.keep(key, made)
    return made.result.maps


def remembered(apply: Apply, kept: KeptSteps | None) -> Apply:
    """A step's result that was kept by its key, and what its tool said of it; or else computed now, and kept."""
    if kept is None:
        return apply

    def apply_once(step: ReadyStep, subject: Maps, context: Context) -> Result:
        if not step.key:
            return apply(step, subject, context)
        key = _with_mask(step.key, step)
        if found := kept.find(key):
            for event, values in found.events:
                getattr(context, event)(*values)
            return replace(found.result, reused=(True,))
        events: list[tuple[str, tuple[Any, ...]]] = []
        listening: dict[str, Any] = {name: _recorder(name, context, events) for name in EVENTS}
        result = apply(step, subject, replace(context, **listening))
        if not context.is_stopped():
            kept.keep(key, MadeStep(result, tuple(events)))
        return result

    return apply_once


def _recorder(name: str, context: Context, events: list[tuple[str, tuple[Any, ...]]]) -> Callable[..., None]:
    """A callback of the context, whose calls are added to events."""
    tell = getattr(context, name)

    def record(*values: Any) -> None:
        events.append((name, values))
        tell(*values)

    return record


def _arrays(made: MadeStep) -> list[np.ndarray]:
    return [texture.pixels for texture in made.result.maps.values()]


def chained(before: ReadyStep | None, step: ReadyStep, subject: Maps, context: Context, preview_px: int | None) -> str:
    """Key of a step's result without its mask: a hash of all that this depends on; "" for a trainer's, never kept.

    before: the step before it, with its key; without one, the subject itself. preview_px: longer side of all results.
    """
    if step.tool.kind == "trainer":
        return ""
    seeds: Any = step.rng.bit_generator.seed_seq
    folders = [context.models.folder] if model_parameter(step.tool) else []
    folders += [context.weights.folder] if step.tool.weights else []
    facts = (
        _with_mask(before.key, before) if before and before.key else repr((_identity(subject), preview_px)),
        step.tool.name,
        step.parameters.model_dump_json(),
        sorted((name, _identity(value)) for name, value in step.inputs.items()),
        (seeds.entropy, seeds.spawn_key),
        (context.device, context.precision, context.enough_px, len(step.members)),
        list(map(_state_of, folders)),
    )
    return sha256(repr(facts).encode()).hexdigest()


def _with_mask(key: str, step: ReadyStep) -> str:
    """Key of a step's result with its mask, from that of the whole result."""
    if step.mask is None:
        return key
    return sha256(repr((key, step.mask, _identity(step.image))).encode()).hexdigest()


def _identity(given: Any) -> Any:
    """Facts that tell an input, a subject or a tuple of them from every other one; None if it is empty."""
    if isinstance(given, tuple):
        return tuple(map(_identity, given))
    about = ("name", "width_m", "height_range_m")
    return (given.sha256(), *(getattr(given, name, None) for name in about)) if given else None


def _state_of(folder: Path) -> int:
    """A number that changes when a file is added to a folder, removed or replaced; 0 without a folder."""
    return folder.stat().st_mtime_ns if folder.is_dir() else 0
