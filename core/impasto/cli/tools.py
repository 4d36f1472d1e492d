"""The commands that run a tool on pictures: `generate`, `seamless`, `maps` and `apply`."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..descriptions import FROM_PHOTOGRAPHS
from ..errors import FileError
from ..io.map_files import tiles_in
from ..library.tensors import SUFFIX
from ..matchers import Match
from ..plugins.registry import registry
from ..recipe import Recipe, Step
from ..system.untrusted import excerpt
from ..texture import LARGE_PX, is_large
from ..tools import SizeParameters, Tool, by_rank, validate
from .glb import is_glb
from .matchers import add_matchers, add_more_like
from .options import (
    add_command,
    add_inputs,
    add_parameters,
    add_seed,
    given_inputs,
    given_parameters,
    parse_json,
    parse_size,
    unused_options,
)
from .output import add_output, carry_out, result_name
from .sources import SOURCE_HELP, SOURCES_HELP, add_preparation, named_sources, preparing_steps
from .terminal import Terminal

APPLIED = ("filter", "estimator")
"""Kinds of tools for `apply`, which change one picture."""
PX_BYTES = 225
"""Bytes of memory for each pixel of a seamless picture that is made in one piece: 5.1 GB for 5000x4500."""


def add_generate(commands: Any) -> None:
    """`impasto generate TOOL --out DIR`, with a subparser for each generator and matcher, and for more of the same."""
    text = "generate a material with a generator, or from a phrase or a picture with a matcher"
    parser = commands.add_parser("generate", help=text, description=text[0].upper() + text[1:] + ".")
    tools = parser.add_subparsers(metavar="TOOL|MATCHER", required=True)
    for tool in by_rank(registry().tools.values()):
        if tool.kind == "generator":
            one = add_command(tools, tool.name, tool.description, tool.example or _generator_example(tool), _run_on_one)
            one.add_argument("--source", type=Path, metavar="IMAGE", help=SOURCE_HELP)
            _add_tool_options(one, tool, estimator="none" if tool.makes_all_maps else _usual_estimator())
    add_matchers(tools)
    add_more_like(tools)


def _usual_estimator() -> str:
    """Default tool for the maps that a generator does not make; "none" if no plugin has one."""
    return next((tool.name for tool in registry().tools_for("maps")), "none")


def _generator_example(tool: Tool) -> str:
    fields = tool.parameters.model_fields
    starts_from = "--source brick.jpg " if tool.needs_source or tool.needs else ""
    model = "--model my-wall " if "model" in fields else ""
    return (
        starts_from
        + model
        + ("--size 1024x1024 " if "width_px" in fields else "")
        + _inputs_example(tool)
        + "--out textures"
    )


def _inputs_example(tool: Tool) -> str:
    return "".join(f"--{item.name.replace('_', '-')} {item.name}.png " for item in tool.inputs if item.required)


def add_seamless(commands: Any) -> None:
    """`impasto seamless IMAGE… --out DIR`."""
    text = "make seamless materials of pictures, of any size; --estimator none: the pictures alone"
    for tool in registry().tools_for("seamless")[:1]:
        _add_on_images(commands, "seamless", tool, text, "brick.jpg --size 2048x2048 ", _usual_estimator())


def add_maps(commands: Any) -> None:
    """`impasto maps IMAGE… --out DIR`."""
    text = "estimate the maps of pictures: height, normal, roughness, occlusion"
    for tool in registry().tools_for("maps")[:1]:
        _add_on_images(commands, "maps", tool, text, "wall.png ")


def add_apply(commands: Any) -> None:
    """`impasto apply TOOL IMAGE… --out DIR`, with a subparser for each filter and estimator."""
    text = "change pictures by a filter, or estimate their maps by an estimator"
    parser = commands.add_parser("apply", help=text, description=text[0].upper() + text[1:] + ".")
    tools = parser.add_subparsers(metavar="TOOL", required=True)
    for tool in by_rank(registry().tools.values()):
        if tool.kind in APPLIED:
            example = tool.example or f"brick.jpg {_inputs_example(tool)}"
            _add_on_images(tools, tool.name, tool, tool.description, example)


def _add_on_images(commands: Any, name: str, tool: Tool, text: str, example: str, estimator: str = "none") -> None:
    parser = add_command(commands, name, text, f"{example}--out textures", _run_on_each)
    parser.add_argument("sources", type=Path, nargs="+", metavar="IMAGE", help=SOURCES_HELP)
    _add_tool_options(parser, tool, estimator)


def _add_tool_options(parser: argparse.ArgumentParser, tool: Tool, estimator: str) -> None:
    parser.set_defaults(tool=tool)
    if "width_px" in tool.parameters.model_fields:
        parser.add_argument("--size", type=parse_size, metavar="WxH", help="size in pixels (default: the source's)")
    add_seed(parser)
    add_inputs(parser, tool)
    if tool.kind == "generator":
        _add_estimator(parser, estimator)
    else:
        parser.set_defaults(estimator="none")
    add_preparation(parser)
    if tool.task in FROM_PHOTOGRAPHS:
        text = "leave shadows in a photograph; otherwise those that are found are removed first"
        parser.add_argument("--keep-light", action="store_true", help=text)
    add_output(parser, can_stream=tool.kind == "generator")
    add_parameters(parser, tool)


def _add_estimator(parser: argparse.ArgumentParser, default: str) -> None:
    names = sorted(name for name, tool in registry().tools.items() if tool.kind == "estimator")
    text = f"tool for the missing maps (default: {default}; none where the result is written tile by tile)"
    parser.add_argument("--estimator", choices=[*names, "none"], help=text)
    parser.set_defaults(usual_estimator=default)
    text = """the estimator's parameters, such as '{"relief": 0.5}'"""
    parser.add_argument("--estimator-parameters", type=parse_json, default={}, metavar="JSON", help=text)


def _run_on_one(arguments: argparse.Namespace, terminal: Terminal) -> None:
    _run(arguments, terminal, None)


def _run_on_each(arguments: argparse.Namespace, terminal: Terminal) -> None:
    _run(
        arguments,
        terminal,
        dict(named_sources(arguments.sources, arguments.name, bool(arguments.mesh), arguments.maps)),
    )


def _run(arguments: argparse.Namespace, terminal: Terminal, sources: dict[str, Path | None] | None) -> None:
    """Run the recipe from the options on `sources`, or else on the value of --source."""
    parameters = given_parameters(arguments, arguments.tool)
    if getattr(arguments, "size", None):
        parameters["width_px"], parameters["height_px"] = arguments.size
    models_folder = None
    if str(parameters.get("model", "")).endswith(SUFFIX):  # a recipe holds a model's name, never a path
        file = Path(parameters["model"])
        parameters["model"], models_folder = file.stem, file.parent
    inputs, files = given_inputs(arguments, arguments.tool)
    preparing = preparing_steps(arguments)
    step = Step(arguments.tool.name, parameters, inputs)
    for sentence in unused_options(arguments, arguments.tool):
        terminal.warn(sentence)
    if sources is None:
        name = arguments.name or result_name(step, arguments.source, models_folder, arguments.engine)
        sources = {name: arguments.source}
    recipe = Recipe((*preparing, step), arguments.seed)
    matches = {name: Match(_with_maps(recipe, source, arguments, terminal)) for name, source in sources.items()}
    carry_out(matches, sources, files, arguments, terminal, models_folder=models_folder)


def _with_maps(recipe: Recipe, source: Path | None, arguments: argparse.Namespace, terminal: Terminal) -> Recipe:
    """The recipe with the chosen or default estimator. Results written tile by tile get a warning instead."""
    from ..running.streaming import should_stream

    stream, source_px, estimator = arguments.stream, _source_px(recipe, source), arguments.estimator
    if stream is None:
        stream = not arguments.mesh and not is_glb(arguments.out) and should_stream(recipe, source_px, arguments.format)
    name = excerpt(source.name) if source else arguments.tool.name
    if not estimator:
        if stream and arguments.tool.task == "seamless":
            about = "is written tile by tile, without the maps that need the whole picture: `impasto maps` makes them"
            terminal.warn(f"{name} {about}")
        estimator = "none" if stream else arguments.usual_estimator
    if not stream and arguments.tool.task == "seamless":
        _warn_of_memory(name, recipe, source_px, terminal)
    if estimator == "none":
        return recipe
    return replace(recipe, steps=(*recipe.steps, Step(estimator, arguments.estimator_parameters)))


def _source_px(recipe: Recipe, source: Path | None) -> tuple[int, int] | None:
    """(height, width) of the source; None if it is tiled, or the recipe prepares it first."""
    from ..io.files import read_size

    if source and len(recipe.steps) == 1 and not tiles_in(source):
        with suppress(FileError):  # reported when it is read
            return read_size(source)
    return None


def _warn_of_memory(name: str, recipe: Recipe, source_px: tuple[int, int] | None, terminal: Terminal) -> None:
    """Warn if the result is large and made in one piece, and name a size that takes less memory."""
    step = recipe.steps[-1]
    parameters = validate(registry().tool(step.tool), step.parameters)
    if isinstance(parameters, SizeParameters) and is_large(size_px := parameters.size_from(source_px)):
        height, width = size_px
        smaller = (LARGE_PX / (height * width)) ** 0.5
        about = f"becomes {width}x{height} px in one piece, which takes about {height * width * PX_BYTES / 1e9:.0f} GB"
        less = f"--size {int(width * smaller)}x{int(height * smaller)} takes {LARGE_PX * PX_BYTES / 1e9:.0f} GB"
        terminal.warn(f"{name} {about} of memory: {less}")
