# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user asks for, from plain values to a task: a recipe, its inputs, and where the result goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from . import engine, images, materials, naming, preparation, properties, results, surfaces, weights
from .catalogue import DEFAULT_ESTIMATOR, DEFAULT_TOOL, SIZE_PARAMETERS, catalogue, has_size
from .core.errors import ParameterError
from .core.recipe import Recipe, Step
from .core.system.outside import is_there, shown
from .core.texture import LARGE_PX
from .jobs import connect
from .preparation import Preparation
from .settings import ImpastoSettings
from .tasks import Report, Task

if TYPE_CHECKING:
    from .core.engine.job import Pixels

SOURCE = "source"
Source = bpy.types.Image | bpy.types.Material | Path
Readable = Path | images.Picture
Input = Readable | Callable[[], "Path | Pixels"]


@dataclass(frozen=True)
class Request:
    """A tool with its parameters and inputs, in plain values, with the command line's names and defaults."""

    tool: str = DEFAULT_TOOL
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source: Source | None = None
    inputs: Mapping[str, Source] = field(default_factory=dict)
    width_px: int = 0
    height_px: int = 0
    seed: int = 0
    estimator: str = DEFAULT_ESTIMATOR
    estimator_parameters: Mapping[str, Any] = field(default_factory=dict)
    preparation: Preparation = field(default_factory=Preparation)
    width_m: float = 0.0
    bits: str = "8"
    name: str = ""
    out_dir: str = ""
    device: str = ""
    replace: bool = False

    def recipe(self) -> Recipe:
        """The tool, and after a generator the estimator of what it does not make."""
        tool = catalogue[self.tool]
        parameters = dict(self.parameters)
        sizes = {"width_px": self.width_px, "height_px": self.height_px}
        if has_size(tool):
            parameters.update({name: size for name, size in sizes.items() if size})
        elif any(sizes.values()):
            message = f"{self.tool} makes a result of its source's size"
            raise ParameterError(message, "leave width_px and height_px at 0")
        preparing = self.preparation.steps() if self.source is not None else []
        steps = [*preparing, Step(self.tool, parameters, {name: name for name in self.inputs})]
        in_tiles = tool.get("makes_tiles") and self.width_px * self.height_px > LARGE_PX  # an estimator needs the whole
        if tool["kind"] == "generator" and self.estimator not in ("none", "") and not in_tiles:
            steps.append(Step(catalogue[self.estimator]["name"], dict(self.estimator_parameters)))
        return Recipe(tuple(steps), self.seed)

    @property
    def scale(self) -> dict[str, float]:
        """What is known of the source's size in the world."""
        return {"width_m": self.width_m} if self.width_m > 0 else {}

    def result_name(self) -> str:
        """How the results are called: as given, or after what they are made of."""
        if self.name:
            return naming.of_parts(self.name)
        return naming.of_result(catalogue[self.tool], self.parameters, self.source, self.inputs)

    def given(self) -> dict[str, Input]:
        """The source and the other inputs, read as far as only the main thread can. ImpastoError where one cannot."""
        sources = {SOURCE: self.source, **self.inputs} if self.source is not None else dict(self.inputs)
        inputs: dict[str, Input] = {}
        for name, source in sources.items():
            inputs[name] = _read(source)
        return inputs

    def task(self, target: results.Target) -> Task:
        """The task that carries the request out. ImpastoError says what is wrong with it."""
        inputs = self.given()
        tool = catalogue[self.tool]
        options = {"bits": self.bits, "out_dir": self.out_dir, "device": self.device, "replace": self.replace}
        can_stop = tool["kind"] == "stylizer"
        return make_task(tool["label"], self.recipe(), inputs, target, scale=self.scale, can_stop=can_stop, **options)


def target_of(context: bpy.types.Context, request: Request, material: str, **look: bool) -> results.Target:
    """Where the result of a request goes; a filter's takes the place of what it was made of, and leaves other maps."""
    target = results.target_of(context, material, request.result_name(), width_m=request.width_m, **look)
    if catalogue[request.tool]["kind"] != "filter" or material == results.NONE:
        return target
    before = context.active_object.active_material if context.active_object else None
    color = surfaces.parts_of(before).get("base_color") if before else None
    is_its_own = color is not None and (material == results.ACTIVE or color.image == request.source)
    return replace(target, painted=before.session_uid) if is_its_own else target


def _read(source: Source) -> Input:
    if isinstance(source, bpy.types.Material):
        return surfaces.read(source)
    return images.read(source) if isinstance(source, bpy.types.Image) else existing(source)


def make_task(
    label: str,
    recipe: Recipe,
    inputs: Mapping[str, Input],
    target: results.Target,
    *,
    scale: Mapping[str, float],
    bits: str = "8",
    out_dir: str = "",
    device: str = "",
    replace: bool = False,
    can_stop: bool = False,
    then: Callable[[results.Made], Sequence[str]] | None = None,
) -> Task:
    """A task that has the worker run the recipe and puts what it makes where `target` says.

    device: as in the preferences where it is empty. replace: files of this name, which otherwise get a number.
    can_stop: it can end early and keep what there is. then(made): more to do on the main thread; what it returns is
    added to the report.
    """
    connected, device = connect(), device or engine.preferences().device
    deliver = {"as": "encoded", "format": "png" if bits == "8" else "png16"}
    folder = Path(absolute(out_dir)) if out_dir else None

    def work(task: Task) -> results.Made:
        client = connected()
        if folder:
            name = naming.of_files(target.name)
            name = name if replace else naming.free(folder, name)
            deliver.update({"as": "files", "folder": str(folder), "name": name, "replace": replace})
        sent = {name: ready(given) for name, given in inputs.items()}
        return results.Made.of(task.wait_for(client.submit(recipe, sent, deliver=deliver, device=device, scale=scale)))

    def apply(made: results.Made) -> Report:
        return results.put(made, target, then(made) if then else ())

    return Task(label, work, apply, can_stop=can_stop)


def from_scene(context: bpy.types.Context) -> Request:
    """What the scene's settings ask for."""
    settings = context.scene.impasto
    tool = catalogue[settings.tool]
    estimator = catalogue[settings.estimator] if settings.estimator in catalogue else None  # noqa: SIM401  it has no get
    size = {name: getattr(settings, name) for name in SIZE_PARAMETERS} if has_size(tool) else {}
    return Request(
        tool=settings.tool,
        parameters=properties.parameters_of(context.scene, tool),
        source=chosen_source(settings),
        inputs=properties.images_of(context.scene, tool),
        seed=settings.seed,
        estimator=settings.estimator,
        estimator_parameters=properties.parameters_of(context.scene, estimator) if estimator else {},
        preparation=preparation.from_settings(settings),
        width_m=settings.width_m * materials.unit_m(),
        bits=settings.bits,
        **size,
    )


def chosen_source(settings: ImpastoSettings) -> Source | None:
    """The file or image that the panel is set to."""
    if settings.source_kind == "IMAGE":
        return settings.image
    if settings.source_kind == "FILE" and settings.filepath:
        return Path(absolute(settings.filepath))
    return None


def find_source(text: str) -> Source:
    """An image of this name, or else a path. Only a file that exists is a path: a wrong name says so."""
    return bpy.data.images.get(text) or Path(absolute(text))


def image_called(name: str) -> bpy.types.Image:
    """The image of this name. ParameterError where there is none."""
    image = bpy.data.images.get(name)
    if image is None:
        raise ParameterError(f"there is no image called {name!r}", "see bpy.data.images for those that there are")
    return image


def absolute(path: str) -> str:
    """An absolute path. ParameterError for a relative one in a file that was never saved."""
    if path.startswith("//") and not bpy.data.filepath:
        message = f"{path} is relative to a .blend file that was never saved"
        raise ParameterError(message, "save it, or give a full path")
    return bpy.path.abspath(path)


def what_is_missing(context: bpy.types.Context) -> str:
    """Why the scene's settings cannot be carried out; empty where they can."""
    settings = context.scene.impasto
    if settings.tool not in catalogue:
        return "Choose a tool"
    tool = catalogue[settings.tool]
    lacking = weights.why_missing(tool, properties.parameters_of(context.scene, tool))
    if lacking := lacking or why_no_model(context, tool):
        return lacking
    needs_source = tool["needs"] or tool["kind"] != "generator" or settings.source_kind != "NONE"
    is_enough = properties.model_parameter(tool) and not tool["needs"]  # what was learned makes textures from nothing
    if needs_source and not is_enough and chosen_source_is_empty(settings):
        return "Choose a source: a file, or an image of this .blend"
    chosen = properties.images_of(context.scene, tool)
    missing = [item["name"] for item in tool["inputs"] if item["required"] and item["name"] not in chosen]
    if missing:
        return f"Choose an image for {', '.join(missing)}"
    has_material = context.active_object is not None and context.active_object.active_material is not None
    return "The active object has no material" if settings.material == results.ACTIVE and not has_material else ""


def why_no_model(context: bpy.types.Context, tool: Mapping[str, Any]) -> str:
    """Why a tool that runs models cannot; empty where it can, or runs none."""
    parameter, group = properties.model_parameter(tool), properties.group_of(context.scene, tool)
    if parameter is None or properties.chosen_model(group, tool):
        return ""
    if name := getattr(group, properties.identifier(parameter)):
        return f"There is no model called {name}: choose another"
    return f"{tool['label']} needs a model that you trained: see Train"


def chosen_source_is_empty(settings: ImpastoSettings) -> bool:
    return not {"FILE": settings.filepath, "IMAGE": settings.image, "NONE": None}[settings.source_kind]


def existing(path: Path) -> Path:
    """The path. ParameterError where there is nothing."""
    if not is_there(path):
        raise ParameterError(f"there is no image and no file called {shown(path)}", "check the name")
    return path


def ready(given: Input) -> Path | Pixels:
    """An input as the worker takes it; for any thread."""
    if isinstance(given, images.Picture):
        return given.to_pixels()
    return given() if callable(given) else given
