"""Source pictures of a command: one file, several, or those of a folder, and the options for preparing them."""

from __future__ import annotations

import argparse
import atexit
import json
import shutil
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from ..descriptions import PREPARE
from ..errors import FileError, ParameterError, did_you_mean
from ..plugins.registry import registry
from ..recipe import Recipe, Step
from ..system.untrusted import excerpt, is_folder, is_there, read_json
from .glb import NEW, in_gltf, is_glb
from .options import add_parameters_to, given_parameters, parse_metres

SOURCE = "source"
PREFIX = "source_"
"""Prefix of the options for the parameters of that tool."""
SCALE = "scale"
"""The one parameter of that tool that does not move the points of a source."""
MAP_HELP = (
    "the file of a map that its name does not reveal, as normal=FILE, roughness=FILE:g, roughness=FILE:1-a or "
    "normal=FILE:directx; MAP= leaves one out; may be repeated"
)
SOURCE_HELP = "a picture, a folder of maps, or FILE.blend/Material/NAME (or FILE.glb/Material/NAME)"
SOURCES_HELP = (
    "pictures, folders of maps, a folder of either, NAME.<UDIM>.png for all tiles of one image, FILE.glb or FILE.blend "
    "for all its materials, or FILE.glb/Material/NAME"
)


def add_maps(group: argparse._ActionsContainer) -> None:
    """Add --map MAP=FILE[:CHANNEL]."""
    group.add_argument("--map", action="append", default=[], dest="maps", metavar="MAP=FILE", help=MAP_HELP)


def add_preparation(parser: argparse.ArgumentParser) -> None:
    """Add --map, --width-m, and the parameters of the preparing tool, such as --source-rotate, --source-crop."""
    group = parser.add_argument_group("the source, before the tool sees it")
    add_maps(group)
    for tool in registry().tools_for(PREPARE)[:1]:
        add_parameters_to(group, tool, PREFIX)
    group.add_argument(
        "--width-m", type=parse_metres, metavar="METRES", help="real-world width of the whole source picture in metres"
    )


def preparing_steps(arguments: argparse.Namespace) -> tuple[Step, ...]:
    """The step that prepares the source according to the options; empty without such options.

    Raise ParameterError if it would move the picture on its mesh.
    """
    steps = [(tool, given_parameters(arguments, tool, PREFIX)) for tool in registry().tools_for(PREPARE)[:1]]
    on_mesh = getattr(arguments, "mesh", None) or is_glb(arguments.out)
    on_mesh = on_mesh or (arguments.tool.kind not in NEW and any(map(in_gltf, getattr(arguments, "sources", ()))))
    if on_mesh and any(parameters.keys() - {SCALE} for _, parameters in steps):
        message = "a source that is turned or cropped does not lie on the mesh as before"
        raise ParameterError(message, "leave --mesh out, or the options --{}…", PREFIX.replace("_", "-"))
    return tuple(Step(tool.name, parameters) for tool, parameters in steps if parameters)


def found_sources(paths: Sequence[Path]) -> list[Path]:
    """The given sources, or those in given folders and .blend files. Raise FileError if there are none."""
    from ..data.pictures import pictures_in
    from ..io.files import sources_in

    found = [source for path in paths for source in (pictures_in(path) if is_folder(path) else sources_in(path))]
    if not found:
        raise FileError("{} contains no pictures", "give pictures, or folders of them", paths[0])
    return found


def named_sources(
    paths: Sequence[Path], name: str | None = None, has_mesh: bool = False, maps: Sequence[str] = ()
) -> dict[str, Path]:
    """The given sources, or those in given folders, by the name of their results.

    name: of the result of a single source. has_mesh: the file of one UDIM tile stands for the whole image. maps: values
    of --map, for a single source. Raise ParameterError if two would have the same name, FileError if there are none.
    """
    from ..io.udim import with_all_tiles

    found = with_all_tiles(found_sources(paths)) if has_mesh else found_sources(paths)
    if name and len(found) > 1:
        message = "--name is for one picture, and {} are given"
        raise ParameterError(message, "leave it out: each result is named after its picture", len(found))
    from ..io.files import source_name
    from ..system.names import usable_name

    named: dict[str, Path] = {}
    for source in found:
        own = name or source_name(source)
        if own in named and source.suffix:
            own = usable_name(source.stem)  # photographs called leaf_color_1.jpg, leaf_color_2.jpg
        if own in named:
            message = "{} and {} would both become {}_base_color and so on"
            raise ParameterError(message, "rename one of them, or use another --out for it", named[own], source, own)
        named[own] = source
    if not maps:
        return named
    if len(named) > 1:
        raise ParameterError("--map is for one source, and {} are given", "give each by itself", len(named))
    ((own, source),) = named.items()
    if in_gltf(source):
        raise ParameterError("--map is for files, and a GLB holds its maps", "leave it out, or give a folder of maps")
    return {own: _with_maps(source, maps)}


def _with_maps(source: Path, maps: Sequence[str]) -> Path:
    """A set file with the maps of the source and those from --map. It is removed when the process ends.

    Raise ParameterError if one is wrong, FileError if a file is missing.
    """
    from ..io.map_files import SET_FILE, MapSource, parse_source, set_at

    found = set_at(source)
    sources = dict(found.maps) if found else {"base_color": MapSource(source)}
    for item in maps:
        map_, separator, text = item.partition("=")
        if not separator:
            message = "--map got {}"
            raise ParameterError(message, "write --map MAP=FILE, such as --map normal=brick_n.png", excerpt(item))
        sources.pop(map_, None)
        if text:
            sources[map_] = parsed = parse_source(map_, text)
            if not is_there(parsed.file):
                raise FileError("cannot read {}: no such file", "check its name", excerpt(parsed.file))
    texts = {map_: replace(one, file=one.file.absolute()).text(map_) for map_, one in sources.items()}
    folder = Path(mkdtemp(prefix="impasto-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / f"{source.name.removesuffix(SET_FILE)}{SET_FILE}"
    file.write_text(json.dumps(texts), encoding="utf-8")
    return file


def recipe_in(path: Path) -> Recipe:
    """The recipe in a file that Impasto wrote, or in JSON, without the record of its run."""
    from ..io.files import read_recipe

    if path.suffix.lower() == ".json":
        recipe = Recipe.from_dict(read_json(path, f"the recipe in {excerpt(path)}"))
    else:
        recipe = read_recipe(path)
    return replace(recipe, inputs={}, made_with={})


def add_colorspace(parser: argparse.ArgumentParser) -> None:
    """Add --colorspace."""
    text = (
        "colour space of the source, or of another input as INPUT=NAME, in place of what its file says: a name that "
        "OpenColorIO knows, such as sRGB, 'Display P3', ACEScg, 'Linear Rec.2020' or Non-Color; may be repeated"
    )
    parser.add_argument("--colorspace", action="append", default=[], metavar="NAME", help=text)


def color_spaces_of(arguments: argparse.Namespace, inputs: Collection[str]) -> dict[str, str]:
    """Names of colour spaces by input. Raise ParameterError for an unknown colour space or input."""
    from ..io.color_spaces import check_color_space

    found = {}
    for assignment in arguments.colorspace:
        before, is_named, name = assignment.rpartition("=")
        input_ = before if is_named else SOURCE
        if input_ not in inputs:
            remedy = did_you_mean(input_, inputs) + "give that input, or leave the colour space out"
            raise ParameterError("--colorspace is for the input {}, which was not given", remedy, excerpt(input_))
        check_color_space(name)
        found[input_] = name
    return found


def color_space_of(arguments: argparse.Namespace) -> str:
    """Colour space of the source, for a command without other inputs; "" to take it from the file."""
    return color_spaces_of(arguments, {SOURCE}).get(SOURCE, "")


def add_named_inputs(parser: argparse.ArgumentParser) -> None:
    """Add --input NAME=FILE."""
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="an input by its name in the recipe (a picture, or a folder of maps); may be repeated",
    )


def named_files(texts: Sequence[str]) -> dict[str, Path]:
    """Files by the names of inputs, from values of --input."""
    files = {}
    for item in texts:
        name, separator, file = item.partition("=")
        if not (name and separator and file):
            message = "--input got {}"
            raise ParameterError(message, "write --input NAME=FILE, such as --input source=brick.jpg", excerpt(item))
        files[name] = Path(file)
    return files
