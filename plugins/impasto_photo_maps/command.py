"""`impasto maps --show-lights`: a sheet of the relief under eight lights."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from impasto.cli.options import given_parameters
from impasto.cli.sources import SOURCE, color_spaces_of, named_sources
from impasto.cli.terminal import Terminal
from impasto.device import choose_device
from impasto.errors import FileError
from impasto.system.untrusted import is_there
from impasto.tools import Result

from .lights import SIDE_PX, pictures_of_relief

GAP_PX = 4


def add_lights(parser: argparse.ArgumentParser) -> None:
    """Add --show-lights to `impasto maps`."""
    text = (
        "write a sheet instead: the relief under eight lights, each where it comes from; choose a --light-azimuth by it"
    )
    parser.add_argument("--show-lights", action="store_true", help=text)
    parser.set_defaults(run=partial(_maps, parser.get_default("run")))


def _maps(maps: Callable[..., None], arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Write sheets of lights if the options ask for them, or else maps as usual."""
    from impasto.io.files import read_maps
    from impasto.surface.thumbnail import cell, grid
    from impasto.system.transaction import replace_files

    if not arguments.show_lights:
        maps(arguments, terminal)
        return
    parameters = given_parameters(arguments, arguments.tool)
    sources = named_sources(arguments.sources, arguments.name)
    paths = {name: arguments.out / f"{name}_lights.png" for name in sources}
    for path in paths.values():
        if is_there(path) and not arguments.force:
            raise FileError("{} is there already", "choose another --out or --name, or add --force", path)
    space = color_spaces_of(arguments, {SOURCE}).get(SOURCE, "")
    results: dict[str, Result] = {}
    with terminal.progress() as on_progress:
        for index, (name, source) in enumerate(sources.items()):
            on_progress(index / len(sources), name)
            photograph = read_maps(source, color_space=space)
            reliefs, notes = pictures_of_relief(photograph, parameters, choose_device(arguments.device))
            results[name] = Result(notes=notes)
            cells = [cell(_caption(azimuth), relief, SIDE_PX) for azimuth, relief in reliefs.items()]
            replace_files({paths[name]: grid(cells, 3, GAP_PX)})
    terminal.report_files(list(paths.values()), results)


def _caption(azimuth: float) -> str:
    return "unknown" if azimuth < 0 else f"{azimuth:.0f}"
