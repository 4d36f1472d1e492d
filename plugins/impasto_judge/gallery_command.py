"""`impasto evaluate gallery`: results of several tools for all photographs of folders, on one page."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto.cli.options import add_command, add_device, add_seed, parse_size
from impasto.cli.terminal import Terminal
from impasto.errors import FileError, ParameterError
from impasto.system.names import usable_name
from impasto.system.untrusted import excerpt, files_in, is_folder, parse_json, shorten

FIELDS = ("source", "method", "seconds", "cpu_seconds", "figures", "missed", "notes", "sheet", "error", "remedy")
"""Fields of an entry that the JSON answer has."""


def add_gallery(kinds: Any) -> None:
    """Add `impasto evaluate gallery FOLDER… --tools TOOL… --out DIR`."""
    text = "show what tools make of all photographs of a folder, side by side: tiled, on a ball, with figures"
    example = "photos --tools TOOL TOOL:model=my-wall --out gallery"
    parser = add_command(kinds, "gallery", text, example, _gallery)
    text = "folders of photographs, of folders of maps, or of such folders; also single ones"
    parser.add_argument("sources", type=Path, nargs="+", metavar="FOLDER", help=text)
    text = "a tool, or TOOL:NAME=VALUE,… with parameters, in which {name} stands for the photograph's name"
    parser.add_argument("--tools", nargs="+", required=True, metavar="TOOL", help=text)
    text = "folder for index.html, gallery.json and the pictures; what it has already is not made again"
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=text)
    text = "size of the results in pixels (default: 512)"
    parser.add_argument("--size", type=parse_size, default=(512, 512), metavar="WxH", help=text)
    text = "measure each result beside its photograph, which takes longer than most tools (default: --figures)"
    parser.add_argument("--figures", action=argparse.BooleanOptionalAction, default=True, help=text)
    add_seed(parser)
    add_device(parser)


def _gallery(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from . import tables
    from .gallery import PAGE, GalleryMethod, make_gallery

    methods = [GalleryMethod(text, *_tool_and_parameters(text)) for text in dict.fromkeys(arguments.tools)]
    width, height = arguments.size
    with terminal.progress() as on_progress:
        entries = make_gallery(
            _sources_by_name(arguments.sources),
            methods,
            arguments.out,
            size_px=(height, width),
            seed=arguments.seed,
            figures=arguments.figures,
            device=arguments.device,
            on_progress=on_progress,
        )
    failed = [entry for entry in entries if entry.error]
    for entry in failed:
        terminal.print_error(f"{entry.source}, {shorten(entry.method)}: {entry.error}", entry.remedy)
    results, page = [{name: getattr(one, name) for name in FIELDS} for one in entries], arguments.out / PAGE
    terminal.say({"page": page, "results": results}, [*tables.gallery(entries), page])
    if failed:
        sys.exit(FileError.exit_code)


def _tool_and_parameters(text: str) -> tuple[str, dict[str, Any]]:
    """Tool and parameters from a text such as "torus:model=my-wall,variation=0.5"."""
    tool, _, text_of_parameters = text.partition(":")
    remedy = "TOOL:NAME=VALUE, such as TOOL:model=my-wall"
    return tool, parse_settings(filter(None, text_of_parameters.split(",")), "--tools", remedy)


def parse_settings(texts: Iterable[str], option: str, form: str) -> dict[str, Any]:
    """Values by name, parsed as JSON if they are valid, else as text: variation=0.8, material=brick.

    Raise ParameterError for a text that is not NAME=VALUE. option, form: for the message, the option and its form.
    """
    settings: dict[str, Any] = {}
    for item in texts:
        name, separator, value = item.partition("=")
        if not (name and separator):
            raise ParameterError("{} got {}", "write {}", option, excerpt(item), form)
        try:
            settings[name] = parse_json(value, name)
        except FileError:
            settings[name] = value
    return settings


def _sources_by_name(paths: Sequence[Path]) -> Mapping[str, Path]:
    """The sources by name; equal names get their folders' names as well. Raise FileError if there are none."""
    from impasto.io.files import source_name

    found = list(dict.fromkeys(source for path in paths for source in _sources(path)))
    if not found:
        raise FileError("{} contains no pictures", "give pictures, or folders of them", paths[0])
    counts = Counter(map(source_name, found))
    named: dict[str, Path] = {}
    for path in found:
        name = source_name(path)
        name = name if counts[name] == 1 else usable_name(f"{path.parent.name}_{name}")
        if name in named:
            raise ParameterError("{} and {} have the same name", "rename one of them", named[name], path)
        named[name] = path
    return named


def _sources(path: Path) -> list[Path]:
    """The path itself, or the sources in and below a folder."""
    from impasto.data.pictures import pictures_in

    if not is_folder(path):
        return [path]
    if found := pictures_in(path):
        return found
    below = [item for item in files_in(path) if is_folder(item) and not item.name.startswith(".")]
    return [source for folder in below for source in _sources(folder)]
