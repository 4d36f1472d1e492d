"""The commands `impasto models export` and `impasto models inputs`: models for other frameworks."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from impasto.cli.options import actions_of, add_command, add_seed, parse_size
from impasto.cli.terminal import Terminal
from impasto.context import Context, step_rngs
from impasto.errors import ModelError
from impasto.generators import ExportingGenerator
from impasto.library.models import Model
from impasto.plugins.registry import registry
from impasto.system.transaction import replace_files

FORMATS = ("onnx", "keras")
CARD_SUFFIX = ".json"
"""Suffix of a card, after the whole name of its file."""
DEFAULT_SIDE_PX = 512


def add_actions(models: argparse.ArgumentParser) -> None:
    """Add the actions to the command `models`."""
    _add_export(actions_of(models))
    _add_inputs(actions_of(models))


def _add_export(actions: Any) -> None:
    """Add `impasto models export NAME --format onnx|keras --out DIR`."""
    text = "write a model for ONNX Runtime or Keras, with a card beside it"
    parser = add_command(actions, "export", text, "bricks --format onnx --out exported", _export)
    parser.add_argument("model", metavar="NAME", help="name of a model in your library")
    parser.add_argument("--format", choices=FORMATS, required=True, help="format of the file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the file and its card")
    parser.add_argument("--force", action="store_true", help="replace existing files")


def _add_inputs(actions: Any) -> None:
    """Add `impasto models inputs NAME --size WxH --seed N --out FILE`."""
    text = "write what an exported model takes for a picture, from a seed: arrays by name (.npz)"
    parser = add_command(actions, "inputs", text, "bricks --size 512x512 --seed 7 --out bricks.npz", _inputs)
    parser.add_argument("model", metavar="NAME", help="name of a model in your library")
    default = (DEFAULT_SIDE_PX, DEFAULT_SIDE_PX)
    text = f"size of the picture (default: {DEFAULT_SIDE_PX}x{DEFAULT_SIDE_PX})"
    parser.add_argument("--size", type=parse_size, default=default, metavar="WxH", help=text)
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="order of axes (default: onnx)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the .npz file to write")
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    add_seed(parser)


def _export(arguments: argparse.Namespace, terminal: Terminal) -> None:
    model, tool = _generator(arguments.model)
    portable = tool.portable(model.name, _context(0))
    if arguments.format == "onnx":
        from .onnx_writer import onnx_bytes

        data = onnx_bytes(portable.graph)
    else:
        from .keras_writer import keras_bytes

        data = keras_bytes(portable.graph)
    known = {key: model.card[key] for key in ("label", "material", "data") if model.card.get(key)}
    card = {**known, **portable.card(model.name)}
    file = arguments.out / f"{model.name}.{arguments.format}"
    text = json.dumps(card, ensure_ascii=False, indent=1) + "\n"
    files = {file: data, file.with_name(f"{file.name}{CARD_SUFFIX}"): text.encode()}
    replace_files(files, replace=arguments.force)
    terminal.report_files(list(files), {})


def _inputs(arguments: argparse.Namespace, terminal: Terminal) -> None:
    model, tool = _generator(arguments.model)
    width, height = arguments.size
    values = tool.portable_inputs(model.name, (height, width), _context(arguments.seed))
    if arguments.format == "keras":
        values = {name: np.moveaxis(value, 1, -1) for name, value in values.items()}
    stream = io.BytesIO()
    np.savez(stream, **values)  # type: ignore[arg-type]
    replace_files({arguments.out: stream.getvalue()}, replace=arguments.force)
    terminal.report_files([arguments.out], {})


def _generator(name: str) -> tuple[Model, ExportingGenerator]:
    """The model of this name, and the tool that runs it. Raise ModelError if the tool cannot export it."""
    model = registry().model_library().by_name(name)
    tool = registry().tool(str(model.card["tool"]))
    if not isinstance(tool, ExportingGenerator):
        raise ModelError("models for {} cannot be written for other frameworks", "choose another model", tool.name)
    return model, tool


def _context(seed: int) -> Context:
    """The context of the first step of a recipe with this seed."""
    return Context(rng=step_rngs(seed)[0], models=registry().model_library())
