"""A cache of the results of steps, so that a changed recipe is computed only from the changed step on.

The key of a result is a hash of everything that it depends on. A `StepCache` belongs to the host.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..context import Context
from ..data.prepare import maps_at_scale
from ..texture import Maps
from ..tools import Result, model_parameter
from .steps import Apply, ReadyStep

EVENTS = ("on_loaded", "on_note")
"""Callbacks of a context through which a tool reports more than its result. A cached result repeats these calls."""


@dataclass(frozen=True)
class CachedStep:
    """Result of a step, and the calls that its tool made: name and arguments of a callback of the context."""

    result: Result
    events: tuple[tuple[str, tuple[Any, ...]], ...] = ()


class StepCache:
    """Results of steps by their keys, up to `limit_bytes` of pixels. The least recently used results go first."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._steps: OrderedDict[str, CachedStep] = OrderedDict()

    @property
    def size_bytes(self) -> int:
        """Bytes of all pixels in the cache. Arrays that steps share count once, which `cachetools` cannot do."""
        return _size_bytes(*self._steps.values())

    def get(self, key: str) -> CachedStep | None:
        """The step with this key, if the cache has it."""
        if key in self._steps:
            self._steps.move_to_end(key)
        return self._steps.get(key)

    def put(self, key: str, step: CachedStep) -> None:
        """Add a step, unless it alone is too large."""
        if _size_bytes(step) > self.limit_bytes:
            return
        self._steps[key] = step
        self._steps.move_to_end(key)
        while self.size_bytes > self.limit_bytes:
            self._steps.popitem(last=False)


def _size_bytes(*steps: CachedStep) -> int:
    arrays = {id(one.pixels): one.pixels for step in steps for one in step.result.maps.values()}
    return sum(pixels.nbytes for pixels in arrays.values())


def shrunk(maps: Maps, scale: float, cache: StepCache | None) -> Maps:
    """Maps of an input at a scale up to 1. The cache avoids shrinking a large input again for each preview."""
    return kept(maps, scale, lambda: Result(maps_at_scale(maps, scale)), None if scale == 1 else cache).maps


def kept(maps: Maps, settings: object, make: Callable[[], Result], cache: StepCache | None) -> Result:
    """What `make` returns for maps of an input with certain settings, which the cache keeps for the next preview."""
    if cache is None:
        return make()
    key = sha256(repr((_identity(maps), maps.sheet, settings)).encode()).hexdigest()
    step = cache.get(key) or CachedStep(make())
    cache.put(key, step)
    return step.result


def remembered(apply: Apply, cache: StepCache | None) -> Apply:
    """A step that takes its result, and the reports of its tool, from the cache, and otherwise runs and fills it."""
    if cache is None:
        return apply

    def apply_once(step: ReadyStep, subject: Maps, context: Context) -> Result:
        if not step.key:
            return apply(step, subject, context)
        key = _key_with_mask(step.key, step)
        if cached := cache.get(key):
            for event, values in cached.events:
                getattr(context, event)(*values)
            return replace(cached.result, reused=(True,))
        events: list[tuple[str, tuple[Any, ...]]] = []
        listening: dict[str, Any] = {name: _recorder(name, context, events) for name in EVENTS}
        result = apply(step, subject, replace(context, **listening))
        if not context.is_stopped():
            cache.put(key, CachedStep(result, tuple(events)))
        return result

    return apply_once


def _recorder(name: str, context: Context, events: list[tuple[str, tuple[Any, ...]]]) -> Callable[..., None]:
    """A callback of the context that also appends each call to `events`."""
    callback = getattr(context, name)

    def record(*values: Any) -> None:
        events.append((name, values))
        callback(*values)

    return record


def step_key(before: ReadyStep | None, step: ReadyStep, subject: Maps, context: Context, preview_px: int | None) -> str:
    """Key of a step's result without its mask, a hash of everything that it depends on. "" for trainers: not cached.

    before: the step before it, with its key; if there is none, the subject itself is hashed. preview_px: longer side of
    all results.
    """
    if step.tool.kind == "trainer":
        return ""
    seeds: Any = step.rng.bit_generator.seed_seq
    folders = [context.models.folder] if model_parameter(step.tool) else []
    folders += [context.weights.folder] if step.tool.weights else []
    facts = (
        _key_with_mask(before.key, before) if before and before.key else repr((_identity(subject), preview_px)),
        step.tool.name,
        step.parameters.model_dump_json(),
        sorted((name, _identity(value)) for name, value in step.inputs.items()),
        (seeds.entropy, seeds.spawn_key),
        (context.device, context.precision, context.enough_px, len(step.members)),
        list(map(_last_change, folders)),
    )
    return sha256(repr(facts).encode()).hexdigest()


def _key_with_mask(key: str, step: ReadyStep) -> str:
    """Key of a step's masked result, from the key of its result without the mask."""
    if step.mask is None:
        return key
    return sha256(repr((key, step.mask, _identity(step.image))).encode()).hexdigest()


def _identity(value: Any) -> Any:
    """Hash, name and scale of an input or a subject, or of each in a tuple. None if it is empty."""
    if isinstance(value, tuple):
        return tuple(map(_identity, value))
    about = ("name", "width_m", "height_range_m")
    return (value.sha256(), *(getattr(value, name, None) for name in about)) if value else None


def _last_change(folder: Path) -> int:
    """Time when a file was last added to a folder, removed or replaced, in nanoseconds. 0 without a folder."""
    return folder.stat().st_mtime_ns if folder.is_dir() else 0
