"""Source pictures of a command: one file, several, or those of a folder, and the options for preparing them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import FileError, ParameterError
from ..plugins.registry import registry
from ..recipe import Recipe, Step
from ..system.untrusted import excerpt, is_folder, read_json
from .options import add_parameters_to, given_parameters, parse_metres

PREPARE = "prepare"
"""Task of the tool that prepares a source, as a recipe's first step."""
PREFIX = "source_"
"""Prefix of its parameters' names as options."""
SCALE = "scale"
"""Its one parameter that leaves each point of a source where it is."""
SOURCE_HELP = "a picture, a folder of maps, or FILE.blend/Material/NAME"
SOURCES_HELP = (
    "pictures, folders of maps, a folder of either, NAME.<UDIM>.png for all tiles of one image, FILE.blend, or "
    "FILE.blend/Material/NAME"
)


def add_preparation(parser: argparse.ArgumentParser) -> None:
    """Add the parameters of the preparing tool, as --source-rotate, --source-crop, --source-scale, and --width-m."""
    group = parser.add_argument_group("the source, before the tool sees it")
    for tool in registry().tools_for(PREPARE)[:1]:
        add_parameters_to(group, tool, PREFIX)
    group.add_argument(
        "--width-m", type=parse_metres, metavar="METRES", help="real-world width of the whole source picture in metres"
    )


def preparing_steps(arguments: argparse.Namespace) -> tuple[Step, ...]:
    """The step that prepares the source according to the options; empty if none is given.

    ParameterError if it would move the picture away from where it lies on the mesh.
    """
    given = [(tool, given_parameters(arguments, tool, PREFIX)) for tool in registry().tools_for(PREPARE)[:1]]
    if getattr(arguments, "mesh", None) and any(parameters.keys() - {SCALE} for _, parameters in given):
        message = "a source that is turned or cropped does not lie on the mesh as before"
        raise ParameterError(message, f"leave --mesh out, or the options --{PREFIX.replace('_', '-')}…")
    return tuple(Step(tool.name, parameters) for tool, parameters in given if parameters)


def found_sources(given: Sequence[Path]) -> list[Path]:
    """The given sources, or those in given folders and .blend files. FileError if there are none."""
    from ..data.pictures import pictures_in
    from ..io.files import sources_in

    found = [source for path in given for source in (pictures_in(path) if is_folder(path) else sources_in(path))]
    if not found:
        raise FileError(f"{given[0]} contains no pictures", "give pictures, or folders of them")
    return found


def named_sources(given: Sequence[Path], name: str | None = None, has_mesh: bool = False) -> dict[str, Path]:
    """The given sources, or those in given folders, by the name of their results.

    `name` replaces the name of a single one. has_mesh: one tile stands for all of its image. ParameterError if two
    would have the same name; FileError if there are none.
    """
    from ..io.udim import with_all_tiles

    found = with_all_tiles(found_sources(given)) if has_mesh else found_sources(given)
    if name and len(found) > 1:
        message = f"--name is for one picture, and {len(found)} are given"
        raise ParameterError(message, "leave it out: each result is named after its picture")
    from ..io.files import source_name

    named: dict[str, Path] = {}
    for source in found:
        own = name or source_name(source)
        if own in named:
            message = f"{named[own]} and {source} would both become {own}_base_color and so on"
            raise ParameterError(message, "rename one of them, or use another --out for it")
        named[own] = source
    return named


def recipe_in(path: Path) -> Recipe:
    """The recipe in a file that Impasto wrote, or in JSON, without the record of its run."""
    from ..io.files import read_recipe

    if path.suffix.lower() == ".json":
        recipe = Recipe.from_dict(read_json(path, f"the recipe in {excerpt(path)}"))
    else:
        recipe = read_recipe(path)
    return replace(recipe, inputs={}, made_with={})


def add_named_inputs(parser: argparse.ArgumentParser) -> None:
    """Add --input NAME=FILE."""
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="an input by its name in the recipe (a picture, or a folder of maps); may be repeated",
    )


def named_files(given: Sequence[str]) -> dict[str, Path]:
    """Files by the names of inputs, from values of --input."""
    files = {}
    for item in given:
        name, separator, file = item.partition("=")
        if not (name and separator and file):
            raise ParameterError(
                f"--input got {excerpt(item)}", "write --input NAME=FILE, such as --input source=brick.jpg"
            )
        files[name] = Path(file)
    return files
