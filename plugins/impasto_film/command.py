"""`impasto stylize --film` repaints a shot, so that paint moves with the painted surfaces."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.cli.glb import is_glb
from impasto.cli.options import whole_number
from impasto.cli.stylize import repainting
from impasto.cli.terminal import Terminal
from impasto.errors import ParameterError
from impasto.recipe import Recipe
from impasto.system.interruption import Stop

if TYPE_CHECKING:
    import numpy as np

    from .passes import ShotFrame

OF_FILM = ("animation", "alone", "first", "last", "frame_step")
"""Options that need --film or --keyframes; --keyframes implies --film."""


def add_film(parser: argparse.ArgumentParser) -> None:
    """Add --film and the options of a film."""
    parser.set_defaults(run=partial(_stylize, parser.get_default("run")))
    group = parser.add_argument_group("film")
    text = (
        "PHOTO is one shot: a folder or a pattern such as street_####.exr, as Blender renders it into OpenEXR "
        "MultiLayer with the pass Vector, or pictures or a movie, whose motion is estimated; paint is carried along "
        "the motion, and the same command goes on with a shot"
    )
    group.add_argument("--film", action="store_true", help=text)
    text = (
        "folder or pattern of frames that were painted by hand, by their numbers: their paint is carried to the others"
    )
    group.add_argument("--keyframes", type=Path, metavar="FRAMES", help=text)
    for name in ("first", "last"):
        text = f"number of the {name} frame (default: the {name} there is)"
        group.add_argument(f"--{name}", type=whole_number(0), metavar="FRAME", help=text)
    text = "repaint every Nth frame; paint is carried through those between (default: 1)"
    group.add_argument("--frame-step", type=whole_number(1), metavar="N", help=text)
    text = "WebP to write, of the frames beside the painted ones"
    group.add_argument("--animation", type=Path, metavar="FILE", help=text)
    text = "with --animation: show between them each frame as it is painted alone, which takes a painting each"
    group.add_argument("--alone", action="store_const", const=True, help=text)


def _stylize(stylize: Callable[..., None], arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Repaint a film if the options ask for one, or else a picture or mesh as usual."""
    if is_film(arguments):
        stylize_film(*repainting(arguments), arguments, terminal)
    else:
        stylize(arguments, terminal)


def stylize_film(recipe: Recipe, files: Mapping[str, Path], arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Repaint the frames of a shot into files of the same names."""
    from impasto.device import keep_freed_memory
    from impasto.host import Host
    from impasto.options import RunOptions
    from impasto.running.inputs import read_input

    from .animation import before_and_after, check_animation, write_animation
    from .footage import frames_on_disk
    from .frames import asked_frames
    from .preparation import ready_keyframes
    from .shot import paint_frame, repaint_shot

    _check(arguments)
    keep_freed_memory()
    if arguments.animation:
        check_animation(arguments.animation)
    inputs = {name: read_input(name, path) for name, path in files.items()}
    stop = Stop(lambda: terminal.note("\nimpasto: ending; the frames that are done are kept"))
    options, host, step = RunOptions(arguments.device), Host(is_cancelled=stop.is_set), arguments.frame_step or 1
    with frames_on_disk(arguments.sources[0], arguments.first, arguments.last) as frames:
        wanted = asked_frames(frames, step)
        keyframes = ready_keyframes(frames, arguments.keyframes, terminal.warn)
        with terminal.progress() as on_progress:
            reporting = replace(host, on_progress=on_progress)
            paths = repaint_shot(
                frames,
                recipe,
                inputs,
                arguments.out,
                options,
                reporting,
                keyframes=keyframes,
                frame_step=step,
                replaces=bool(arguments.force),
                on_note=terminal.warn,
            )
        if arguments.animation:

            def alone(frame: ShotFrame) -> np.ndarray:
                return paint_frame(frame, recipe, inputs, options, host).maps["base_color"].pixels

            pictures = before_and_after(wanted, paths, alone if arguments.alone else None)
            write_animation(arguments.animation, pictures)
            paths.append(arguments.animation)
    terminal.report_files(paths, {})


def is_film(arguments: argparse.Namespace) -> bool:
    """Whether the options ask for a film. Raise ParameterError for a film's option that would be ignored."""
    if arguments.film or arguments.keyframes:
        return True
    if option := next((name for name in OF_FILM if getattr(arguments, name) is not None), ""):
        raise ParameterError("--{} is for a film", "add --film, or leave it out", option.replace("_", "-"))
    return False


def _check(arguments: argparse.Namespace) -> None:
    """Raise ParameterError for options that a film does not take, or that need another option."""
    if arguments.alone and not arguments.animation:
        raise ParameterError("--alone needs --animation", "add --animation, or leave --alone out")
    if len(arguments.sources) > 1:
        raise ParameterError("--film takes one shot, and {} are given", "repaint one at a time", len(arguments.sources))
    names = ("mesh", "directions", "engine", "export", "compare", "name", "width_m", "colorspace")
    options = [name for name in names if getattr(arguments, name, None)]
    options += ["out FILE.glb"] if is_glb(arguments.out) else []
    if options:
        raise ParameterError("--film does not take --{}", "leave it out", options[0].replace("_", "-"))
