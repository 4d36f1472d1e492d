"""The commands for models: `impasto train`, and `impasto models` for the library."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, FileError, ModelError, ParameterError
from ..library.models import CHECKPOINT_SUFFIX, DATA_SUFFIXES, REPORT_SUFFIX, Model
from ..plugins.registry import registry
from ..recipe import Recipe, Step
from ..system.interruption import Stop
from ..system.transaction import replace_files
from ..system.untrusted import is_there
from ..tools import Input, Result, Tool, by_rank, validate
from . import tables
from .data import DATA_HELP, add_licence, write_data_files
from .options import add_command, add_device, add_parameters, add_seed, given_parameters, parse_metres, unused_options
from .sources import SOURCE, add_colorspace, color_space_of, color_spaces_of
from .terminal import Terminal

if TYPE_CHECKING:
    from ..data.dataset import Dataset
    from ..ranks import Ranks


def add_train(commands: Any) -> None:
    """`impasto train TOOL DATA --name NAME`, with a subparser for each trainer."""
    text = "train a model on your own picture"
    parser = commands.add_parser("train", help=text, description=text[0].upper() + text[1:] + ".")
    tools = parser.add_subparsers(metavar="TOOL", required=True)
    for tool in by_rank(registry().tools.values()):
        if tool.kind == "trainer":
            _add_trainer(tools, tool)


def _add_trainer(tools: Any, tool: Tool) -> None:
    one = add_command(tools, tool.name, tool.description, tool.example or "wall.jpg --name my-wall", _train)
    one.set_defaults(tool=tool)
    one.add_argument("data", type=Path, metavar="DATA", help=DATA_HELP)
    for item in _datasets(tool)[1:]:
        one.add_argument(f"--{item.name}", dest=f"input_{item.name}", type=Path, metavar="DATA", help=item.description)
    one.add_argument("--out", type=Path, metavar="DIR", help="folder for the model (default: your library)")
    add_licence(one)
    add_colorspace(one)
    one.add_argument("--width-m", type=parse_metres, metavar="METRES", help="real-world width of a picture in metres")
    add_seed(one)
    add_device(one)
    text = "write a report beside the model, which takes up to a minute (default: --report)"
    one.add_argument("--report", action=argparse.BooleanOptionalAction, default=True, help=text)
    add_parameters(one, tool)


def _datasets(tool: Tool) -> list[Input]:
    """The trainer's inputs that are datasets. The first is DATA, and others have an option each."""
    return [item for item in tool.inputs if item.kind == "dataset"]


def _train(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from ..ranks import launched

    with launched(arguments.device) as ranks:
        if ranks.count > 1 and not arguments.tool.may_use_ranks:
            raise ParameterError("{} trains in one process", "start it without torchrun", arguments.tool.name)
        _train_in(ranks, arguments, terminal if ranks.is_first else Terminal(quiet=True))


def _train_in(ranks: Ranks, arguments: argparse.Namespace, terminal: Terminal) -> None:
    """Train in this process. Only the first of several processes writes files and reports the result."""
    from ..host import Host
    from ..options import RunOptions
    from ..running.runner import run
    from ..training.reporting import add_report

    parameters = given_parameters(arguments, arguments.tool)
    for sentence in unused_options(arguments, arguments.tool):
        terminal.warn(sentence)
    names = [item.name for item in _datasets(arguments.tool)]
    others = {name: path for name in names[1:] if (path := getattr(arguments, f"input_{name}"))}
    inputs = {name: name for name in (*names[:1], *others)}
    spaces = color_spaces_of(arguments, {SOURCE, *others})
    recipe = Recipe((Step(arguments.tool.name, parameters, inputs),), arguments.seed)
    chosen: Any = validate(arguments.tool, parameters)
    path = registry().model_library(arguments.out).path(chosen.name)
    stop = Stop()
    try:
        with ranks.held(path), _data_beside(path, ranks), terminal.progress(in_json=True) as on_progress:
            dataset = _read(arguments.data, spaces.get(SOURCE, ""), arguments, terminal, on_progress)
            if ranks.is_first:
                _write_data(path, dataset, chosen)
            beside = {
                name: _read(data, spaces.get(name, ""), arguments, terminal, on_progress)
                for name, data in others.items()
            }
            options = RunOptions(device=arguments.device, models_folder=arguments.out)
            host = Host(on_progress=on_progress, is_cancelled=stop.is_set)
            result = run(recipe, {**dict.fromkeys(names[:1], dataset), **beside}, options, host)
            if arguments.report and ranks.is_first:
                result = add_report(result, dataset, arguments.device, host)
    except Cancelled:
        message = "stopped; what was learned is kept, and the same command goes on from there"
        raise stop.cancellation(message) from None
    if ranks.is_first:
        terminal.report_files([*result.models, *result.reports], {"": result})


@contextlib.contextmanager
def _data_beside(path: Path, ranks: Ranks) -> Iterator[None]:
    """A training whose data files are removed at the end, unless there is a model or a checkpoint next to them."""
    try:
        yield
    finally:
        if ranks.is_first and not (is_there(path) or is_there(path.with_suffix(CHECKPOINT_SUFFIX))):
            for file in map(path.with_suffix, DATA_SUFFIXES):
                with contextlib.suppress(OSError):
                    file.unlink()


def _write_data(path: Path, dataset: Dataset, parameters: Any) -> None:
    """Write the manifest and the preview sheet of the training data beside the future model at `path`."""
    if not is_there(path):  # an existing model keeps its files: the trainer will refuse to replace it
        manifest, preview = map(path.with_suffix, DATA_SUFFIXES)
        write_data_files(dataset, manifest, preview, crop_px=getattr(parameters, "crop_px", 128))


def _read(data: Path, color_space: str, arguments: argparse.Namespace, terminal: Terminal, on_progress: Any) -> Dataset:
    """A dataset that fits the trainer's parameters."""
    from ..data.dataset import read_dataset, settings_for

    parameters: Any = validate(arguments.tool, given_parameters(arguments, arguments.tool))
    dataset = read_dataset(
        data,
        licence=arguments.licence,
        width_m=arguments.width_m,
        color_space=color_space,
        on_progress=on_progress,
        **settings_for(parameters),
    )
    terminal.note_dataset(dataset)
    dataset.check(getattr(parameters, "crop_px", 1))
    return dataset


def add_models(commands: Any) -> None:
    """`impasto models list|show|report|install|remove`, and actions of plugins. Without an action, it lists."""
    parser = add_command(
        commands, "models", "list, show, judge, install, export or remove models", "show my-brick", _list
    )
    actions = parser.add_subparsers(metavar="ACTION")
    add_command(actions, "list", "list the models: yours, and the bundled ones", "", _list)
    show = add_command(actions, "show", "show a model's card: what it learned from, and how well", "my-brick", _show)
    _add_report(actions)
    install = add_command(
        actions,
        "install",
        "copy a model, or a generator of another framework, into your library",
        "my-brick.safetensors",
        _install,
    )
    remove = add_command(actions, "remove", "delete a model from your library", "my-brick", _remove)
    show.add_argument("model", metavar="NAME", help="name of a model in your library")
    show.add_argument("--preview", type=Path, metavar="FILE", help="write the model's thumbnail: .png, .jpg or .webp")
    install.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="a .safetensors file with a model card, or a generator as .onnx or .keras",
    )
    remove.add_argument("model", metavar="NAME", help="name of a model in your library")


def _add_report(actions: Any) -> None:
    text = "open the report of a model's training in the browser, or write it anew from its data"
    parser = add_command(actions, "report", text, "my-brick", _report)
    parser.add_argument("model", metavar="NAME", help="name of a model in your library")
    parser.add_argument("data", type=Path, nargs="?", metavar="DATA", help="write it anew: what the model learned from")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: beside the model)")
    parser.add_argument("--open", action=argparse.BooleanOptionalAction, default=True, help="open it (default: --open)")
    add_colorspace(parser)
    add_device(parser)


def _report(arguments: argparse.Namespace, terminal: Terminal) -> None:
    import webbrowser

    model = registry().model_library().by_name(arguments.model)
    file = arguments.out or model.path.with_suffix(REPORT_SUFFIX)
    if arguments.data:
        if model.bundled and not arguments.out:
            raise ModelError("{} is bundled, so no report is written beside it", "add --out FILE", model.name)
        said = [_written_report(model, arguments, file, terminal)]
    elif is_there(file):
        said = []
    else:
        remedy = "`impasto models report {} DATA` writes one, DATA being what it learned from"
        raise ModelError("{} has no report", remedy, model.name, model.name)
    terminal.report_files([file], {"": Result(notes=tuple(said))})
    if arguments.open and not terminal.json:
        webbrowser.open(file.resolve().as_uri())


def _written_report(model: Model, arguments: argparse.Namespace, file: Path, terminal: Terminal) -> str:
    """The verdict of the report that was written to `file`."""
    from ..data.dataset import read_dataset

    with terminal.progress() as on_progress:
        space = color_space_of(arguments)
        data = read_dataset(arguments.data, longest_px=model.trained_px, color_space=space, on_progress=on_progress)
        return registry().write_report(model, data, file, arguments.device, on_progress)


def _list(arguments: argparse.Namespace, terminal: Terminal) -> None:
    library = registry().model_library()
    models, damaged = library.all(), library.damaged_files()
    broken = [{"file": path, "error": error.message} for path, error in damaged.items()]
    answer = {"folder": library.folder, "models": [_entry(model) for model in models], "damaged": broken}
    terminal.say(answer, tables.models(models) if models else [f"no models yet in {library.folder}"])
    for error in damaged.values():
        terminal.note(f"damaged: {error.message}\n  {error.remedy}")
    for note in [note for model in models for note in model.notes]:
        terminal.note(f"warning: {note}")


def _entry(model: Model) -> dict[str, Any]:
    about = {"name": model.name, "bytes": model.size_bytes, "bundled": model.bundled, "card": model.card}
    return about | {"notes": model.notes}


def _show(arguments: argparse.Namespace, terminal: Terminal) -> None:
    model = registry().model_library().by_name(arguments.model)
    if arguments.preview:
        _write_thumbnail(model, arguments.preview)
    terminal.say(_entry(model), tables.model(model))
    for note in model.notes:
        terminal.note(f"warning: {note}")


def _write_thumbnail(model: Model, file: Path) -> None:
    import io

    from PIL import Image

    if not model.thumbnail:
        raise ModelError("{} has no thumbnail", "train it again: its trainer gives one", model.name)
    form = Image.registered_extensions().get(file.suffix.lower())
    if form not in ("PNG", "JPEG", "WEBP"):
        raise FileError("cannot write {}: no kind of picture for a thumbnail", "name it .png, .jpg or .webp", file)
    stream = io.BytesIO()
    Image.open(io.BytesIO(model.thumbnail)).save(stream, form)
    replace_files({file: stream.getvalue()})


def _install(arguments: argparse.Namespace, terminal: Terminal) -> None:
    library, tool = registry().model_library(), registry().tool_for_file(arguments.file)
    installed = library.add(*tool.import_model(arguments.file)) if tool else library.install(arguments.file)
    terminal.report_change("installed", installed.path)


def _remove(arguments: argparse.Namespace, terminal: Terminal) -> None:
    terminal.report_change("removed", registry().model_library().remove(arguments.model))
