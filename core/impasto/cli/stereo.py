"""The command `impasto stereo`: maps from photographs of one surface under several lights."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import Message, ParameterError
from ..matchers import Match
from ..plugins.registry import registry
from ..recipe import MAX_VALUES, Recipe, Step, name_inputs
from ..system.names import usable_name
from ..tools import Tool
from .options import add_command, add_parameters_to, given_parameters, unused_options
from .output import add_output, carry_out
from .terminal import Terminal

PER_PHOTO = {"angles": "clock", "elevations": "light_elevation"}
"""Options with a number for each photograph, and the parameters of the tool that they set."""
EXAMPLE = "north.jpg east.jpg south.jpg west.jpg --angles 12 3 6 9 --out textures"
ANGLES = """
--angles says where the light of each photograph stood, as hours on a clock that lies on the picture: 12 above, 3 to
the right, 6 below, 4.5 for half past four. Guesses are enough. Without --angles and without --ball, the lights are
found from the photographs alone; add --inverted if bumps come out as dents.
"""


def add_stereo(commands: Any) -> None:
    """Add `impasto stereo PHOTO… --angles HOUR… --out DIR`, if a tool measures relief."""
    for tool in registry().tools_for("stereo")[:1]:
        _add_stereo(commands, tool)


def _add_stereo(commands: Any, tool: Tool) -> None:
    text = "measure the maps of a surface from photographs under several lights"
    parser = add_command(commands, "stereo", text, EXAMPLE, _stereo)
    parser.epilog = f"{parser.epilog}\n{ANGLES}"
    help_ = "photographs from one place, each with the light elsewhere, 3 to 16"
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTO", help=help_)
    help_ = "clock angle of each photograph's light: 12 above, 3 to the right"
    parser.add_argument("--angles", type=float, nargs="+", metavar="HOUR", help=help_)
    help_ = "measured angle of each light above the surface, in degrees; the angles then count as measured, too"
    parser.add_argument("--elevations", type=float, nargs="+", metavar="DEGREES", help=help_)
    add_output(parser, can_stream=False)
    own = parser.add_argument_group(f"parameters of {tool.name}")
    add_parameters_to(own, tool, leave_out=tuple(PER_PHOTO.values()))
    parser.set_defaults(tool=tool, width_m=None)


def _stereo(arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Run the command."""
    if len(arguments.photos) > MAX_VALUES:
        raise ParameterError("{} photographs are given", "give at most {}", len(arguments.photos), MAX_VALUES)
    parameters = given_parameters(arguments, arguments.tool)
    for option, parameter in PER_PHOTO.items():
        if value := getattr(arguments, option):
            if len(value) != len(arguments.photos):
                message = Message("--{} has {} numbers for {} photographs", option, len(value), len(arguments.photos))
                raise ParameterError(message, "give one for each photograph, in their order")
            parameters[parameter] = value
    if arguments.angles:
        parameters["clock"] = [hour or 12.0 for hour in arguments.angles]  # 0:00 is 12:00
    parameters.setdefault("lights", _lights(arguments))
    for sentence in unused_options(arguments, arguments.tool):
        terminal.warn(sentence)
    inputs, files = name_inputs({arguments.tool.inputs[0].name: arguments.photos})
    name = arguments.name or usable_name(arguments.photos[0].stem)
    recipe = Recipe((Step(arguments.tool.name, parameters, inputs),))
    carry_out({name: Match(recipe)}, {name: None}, files, arguments, terminal)


def _lights(arguments: argparse.Namespace) -> str:
    """Value of the parameter `lights` that follows from the options."""
    if arguments.parameter_ball:
        return "ball"
    if not arguments.angles:
        return "unknown"
    return "measured" if arguments.elevations else "clock"
