"""Checks of the behaviour that every tool must have. `impasto plugins check` runs them, and so do our tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..atlas.mesh import Mesh
from ..declarations import check_tool
from ..descriptions import MESH
from ..errors import Cancelled, ImpastoError, ModelError
from ..host import Host
from ..parameters import SizeParameters, properties_of
from ..recipe import Recipe, Step
from ..running.runner import run
from ..surface.heights import normal_from_slopes, slopes_from_height
from ..texture import MAP_CHANNELS, Maps
from ..tools import Result, Tool, describe, validate

Make = Callable[..., Maps]
"""`make(subject, seed=0, is_cancelled=…)`: the tool's result for a subject."""
ODD_SIZES_PX = ((1, 1), (8, 8), (3, 500), (97, 61))
RELIEF_PX = 5.0
GREYS = (0.0, 0.5, 1.0)
ENOUGH_S = 0.25
"""Time after which a run with extreme parameters is cancelled."""
LONGEST_S = 1.0
"""Limit of the time between two reports of progress: twice the documented limit."""
SIDE_PX = 24
MOST_PX = 256
"""Limit of extreme lengths in pixels, since longer ones only take more time."""
DRAWN = 6
"""Number of random combinations of extreme parameters."""


@dataclass(frozen=True)
class BehaviourFinding:
    """Outcome of one check of a tool. It passed if there is no `problem`, and no reason why it was `skipped`."""

    tool: str
    behaviour: str
    problem: str = ""
    skipped: str = ""


def picture(height: int, width: int, seed: int = 0) -> Maps:
    """Test picture: a base colour with broad shapes and noise."""
    rng = np.random.default_rng(seed)
    smooth = np.add.outer(np.sin(np.arange(height) / 4), np.cos(np.arange(width) / 5))[..., None] / 6
    return Maps.from_arrays({"base_color": np.clip(0.5 + smooth + 0.2 * rng.random((height, width, 3)), 0, 1)})


def corner() -> Mesh:
    """Test mesh: two walls of one metre around a corner, whose UV islands halve the texture."""
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1)], np.float32).reshape(2, 3, 2)
    across, up = square[..., 0], square[..., 1]
    walls = np.stack([across, 0 * up, up], 2), np.stack([1 + 0 * up, across, up], 2)
    uvs = np.concatenate([square * (0.5, 1), 1 - square * (0.5, 1)])  # the second is upside down
    return Mesh(np.concatenate(walls), uvs.astype(np.float32), "corner")


def maker(tool: Tool, parameters: Mapping[str, Any] | None = None) -> Make:
    """A function that runs the tool, with a test picture for each required input, and a test mesh for one."""
    needed = [item.name for item in tool.inputs if item.required and item.kind != MESH]
    step = Step(tool.name, dict(parameters or {}), {name: name for name in needed})
    others: dict[str, Maps | Mesh] = {
        name: with_needs(tool, picture(40, 56, seed=index + 1)) for index, name in enumerate(needed)
    }
    if any(item.kind == MESH for item in tool.inputs):
        others[MESH] = corner()

    def make(subject: Maps, seed: int = 0, is_cancelled: Callable[[], bool] = lambda: False) -> Maps:
        inputs = {"source": with_needs(tool, subject), **others}
        return run(Recipe((step,), seed), inputs, host=Host(is_cancelled=is_cancelled)).maps

    return make


def with_needs(tool: Tool, maps: Maps) -> Maps:
    """Maps with those that the tool needs: brightness for maps of one channel, and normals from it."""
    if not maps or set(tool.needs) <= set(maps):
        return maps
    height = maps["base_color"].pixels.mean(2)
    heights = {name: height for name in tool.needs if MAP_CHANNELS[name] == 1}
    if "normal" in tool.needs:
        heights["normal"] = normal_from_slopes(RELIEF_PX * slopes_from_height(height))
    return maps.with_arrays({name: array for name, array in heights.items() if name not in maps})


def takes_sets(tool: Tool) -> bool:
    """Whether the tool refuses test pictures, since it needs several related pictures, or a certain form."""
    return any(item.least > 1 for item in tool.inputs) or not tool.takes_any_picture


def declaration_problem(tool: Tool, make: Make) -> str:
    """Problem that prevents a host from drawing the tool, or the tool from running with its defaults."""
    check_tool(tool)
    if validate(tool, {}) != tool.parameters():
        return "its defaults are not what its parameter model gives"
    return "" if describe(tool)["description"][:1].isupper() else "its description does not begin with a capital letter"


def repetition_problem(tool: Tool, make: Make) -> str:
    """Problem of a tool whose results differ for one seed, or that modifies its subject."""
    subject = picture(72, 88)
    before = subject.sha256()
    if make(subject, seed=11).sha256() != make(subject, seed=11).sha256():
        return "two runs with one seed differ: draw chance from context.rng only"
    return "" if subject.sha256() == before else "it changes its subject in place"


def emptiness_problem(tool: Tool, make: Make) -> str:
    """Problem of a tool whose new maps are all constant, although the picture has texture."""
    color = picture(72, 88)["base_color"].pixels.copy()
    color[30:40, 50:60] = (0.8, 0.1, 0.1)  # for tools that look for details that stand out
    subject = with_needs(tool, Maps.from_arrays({"base_color": color}))
    pixels = {name: texture.pixels for name, texture in make(subject).items()}
    changed = [name for name in pixels if name not in subject or not np.array_equal(pixels[name], subject[name].pixels)]
    is_empty = changed and not any(np.ptp(pixels[name], (0, 1)).any() for name in changed)
    return f"{' and '.join(changed)} of a picture with texture is of one value" if is_empty else ""


def odd_size_problem(tool: Tool, make: Make) -> str:
    """Problem of the result for a subject of one pixel, a narrow one, or one with odd sides."""
    return _first_problem(tool, make, (picture(*size) for size in ODD_SIZES_PX))


def one_color_problem(tool: Tool, make: Make) -> str:
    """Problem of the result for a subject of one colour."""
    return _first_problem(tool, make, (Maps.from_arrays({"base_color": np.full((64, 64, 3), grey)}) for grey in GREYS))


def _first_problem(tool: Tool, make: Make, subjects: Iterable[Maps]) -> str:
    pairs = ((make(subject), subject.size_px) for subject in subjects)
    return next(filter(None, (_map_problem(maps, own if tool.keeps_size else maps.size_px) for maps, own in pairs)), "")


def extreme_problem(tool: Tool, make: Make) -> str:
    """Problem with parameters at the ends of their ranges. They may be refused, but must not crash or leave [0, 1].

    Raise ModelError if all combinations need models or weights that are not installed.
    """
    combinations = list(extremes(tool))
    missing: list[ModelError] = []
    for parameters in combinations:
        ends_s = time.monotonic() + ENOUGH_S
        subject = picture(SIDE_PX, SIDE_PX)
        try:
            result = maker(tool, parameters)(subject, is_cancelled=lambda ends_s=ends_s: time.monotonic() > ends_s)
        except ModelError as error:
            missing.append(error)
            continue
        except (Cancelled, ImpastoError):
            continue
        except Exception as error:  # noqa: BLE001  any failure is a finding
            return f"{parameters} ends in {type(error).__name__}: {error}"
        if problem := _map_problem(result, result.size_px):
            return f"{problem}, with {parameters}"
    if len(missing) == len(combinations):
        raise missing[0]
    return ""


def cancellation_problem(tool: Tool, make: Make) -> str:
    """Problem of a tool that goes on for `LONGEST_S` after it was cancelled at its first report of progress."""
    looks: list[None] = []

    def is_cancelled() -> bool:
        looks.append(None)
        return len(looks) > 1

    with _time(tool) as seconds:
        try:
            make(picture(128, 128), is_cancelled=is_cancelled)
        except Cancelled:
            is_deaf = any(one > LONGEST_S for one in seconds)
            return "it goes on when cancelled: call context.progress while it works" if is_deaf else ""
    return "it ends as if it had not been cancelled"


@contextmanager
def _time(tool: Tool) -> Iterator[list[float]]:
    """Durations in seconds of the tool's calls that complete while the context is active."""
    apply, seconds = tool.apply, list[float]()

    def timed(*arguments: Any) -> Maps | Result:
        started_s = time.monotonic()
        result = apply(*arguments)
        seconds.append(time.monotonic() - started_s)
        return result

    setattr(tool, "apply", timed)  # noqa: B010  mypy forbids assigning to methods
    try:
        yield seconds
    finally:
        del tool.apply


def _map_problem(result: Maps, size_px: tuple[int, int]) -> str:
    """Problem of maps whose size is not (height, width) or a multiple, or whose values leave [0, 1]."""
    for name in result:
        pixels = result[name].pixels
        times = pixels.shape[0] // size_px[0]
        if pixels.shape != (times * size_px[0], times * size_px[1], MAP_CHANNELS[name]):
            return f"{name} of a subject of {size_px} has the shape {pixels.shape}"
        if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 1:
            return f"{name} of a subject of {size_px} leaves [0, 1]"
    return ""


CHECKS: Mapping[str, Callable[[Tool, Make], str]] = {
    "any host can draw it, and it runs on its defaults": declaration_problem,
    "one seed gives one picture, and the subject is left alone": repetition_problem,
    "a picture with texture gives maps with texture": emptiness_problem,
    "odd sizes give maps in range": odd_size_problem,
    "one colour gives maps in range": one_color_problem,
    "parameters at the ends of their ranges give maps in range, or an error that says why not": extreme_problem,
    "a cancelled job ends before it is done": cancellation_problem,
}
"""Expected behaviours, each with the function that returns a tool's problem."""


def check(tool: Tool, make: Make | None = None) -> Iterator[BehaviourFinding]:
    """Findings of all checks of a tool. A trainer makes no maps, so that only its declaration is checked."""
    make = make or maker(tool)
    for behaviour, problem_of in CHECKS.items():
        if tool.kind == "trainer" and problem_of is not declaration_problem:
            continue
        if takes_sets(tool) and problem_of is not declaration_problem:
            yield BehaviourFinding(tool.name, behaviour, skipped="it needs pictures that belong together")
            continue
        try:
            yield BehaviourFinding(tool.name, behaviour, problem_of(tool, make))
        except ModelError as error:
            yield BehaviourFinding(tool.name, behaviour, skipped=error.message)
        except ImpastoError as error:
            yield BehaviourFinding(tool.name, behaviour, error.message)
        except Exception as error:  # noqa: BLE001  any failure of a plugin is a finding
            yield BehaviourFinding(tool.name, behaviour, f"{type(error).__name__}: {error}")


def extremes(tool: Tool) -> Iterator[dict[str, Any]]:
    """Parameters of a tool: all lowest, all highest, each choice with the lowest, and ends drawn at random."""
    properties = properties_of(tool.parameters)
    sides = {"width_px": SIDE_PX, "height_px": SIDE_PX} if issubclass(tool.parameters, SizeParameters) else {}
    ends = {name: found for name, schema in properties.items() if name not in sides and (found := _ends(name, schema))}
    lowest = {name: found[0] for name, found in ends.items()}
    yield {**lowest, **sides}
    yield {**{name: found[-1] for name, found in ends.items()}, **sides}
    for name in (name for name in ends if "enum" in properties[name]):
        yield from ({**lowest, name: choice, **sides} for choice in ends[name][1:])
    rng = np.random.default_rng(0)
    for _ in range(DRAWN):
        some = {name: found[rng.integers(len(found))] for name, found in ends.items() if rng.random() < 0.7}
        yield {**some, **sides}


def _ends(name: str, schema: Mapping[str, Any]) -> list[Any]:
    """The ends of a parameter's range, or its choices. Empty for texts, such as names of models."""
    if "enum" in schema:
        return list(schema["enum"])
    if schema.get("type") == "boolean":
        return [False, True]
    if schema.get("format") == "color":
        return [[0.0] * 3, [1.0] * 3]
    if schema.get("type") not in ("integer", "number"):
        return []
    ends = [schema[key] for key in ("minimum", "maximum") if key in schema]
    return [min(end, max(MOST_PX, ends[0])) for end in ends] if name.endswith("_px") else ends
