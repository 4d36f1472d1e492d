"""`impasto weights`: published weights of networks, downloaded only if the user agrees."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import Cancelled
from ..library.weights import Weights
from ..plugins.registry import registry
from ..system.interruption import Stop
from . import tables
from .options import add_command
from .terminal import Terminal

NAME_HELP = "name of weights, as in the list"


def add_weights(commands: Any) -> None:
    """`impasto weights list|show|download|install|remove`. Without an action, it lists."""
    text = "list, show, download, install or remove networks that others published"
    parser = add_command(commands, "weights", text, "download squeezenet", _list)
    actions = parser.add_subparsers(metavar="ACTION")
    add_command(actions, "list", "list the weights that tools can use, and which are installed", "", _list)
    show = add_command(actions, "show", "show licence, addresses and hashes", "vgg19", _show)
    text = "download weights and install them; an interrupted download is continued"
    download = add_command(actions, "download", text, "vgg19", _download)
    text = "install weights from the files that their authors publish (.pth, .h5 or .safetensors)"
    install = add_command(actions, "install", text, "vgg19-dcbb9e9d.pth", _install)
    remove = add_command(actions, "remove", "delete installed weights", "vgg19", _remove)
    for action in (show, download, remove):
        action.add_argument("weights", metavar="NAME", help=NAME_HELP)
    download.add_argument("--yes", action="store_true", help="agree to the download and its licence; asks otherwise")
    install.add_argument("files", type=Path, nargs="+", metavar="FILE", help="the file, or all files of several")
    install.add_argument("--name", default="", help=f"{NAME_HELP} (default: recognised by what the files hold)")


def _list(arguments: argparse.Namespace, terminal: Terminal) -> None:
    library = registry().weights_library()
    listed = library.catalogue()
    terminal.say({"folder": library.folder, "weights": listed}, tables.all_weights(listed))
    for one in listed:
        if one["error"]:
            terminal.note(f"damaged: {one['error']}")


def _show(arguments: argparse.Namespace, terminal: Terminal) -> None:
    about = registry().weights_library().about(arguments.weights)
    terminal.say(about, tables.weights(about))


def _download(arguments: argparse.Namespace, terminal: Terminal) -> None:
    library = registry().weights_library()
    weights = library.by_name(arguments.weights)
    if weights.is_downloadable and not (arguments.yes or terminal.agrees(_question(weights))):
        raise Cancelled("nothing was downloaded")
    stop = Stop()
    with terminal.progress(in_json=True) as on_progress:

        def progress(fraction: float, message: str) -> None:
            if stop.is_set():
                raise stop.cancellation("stopped; what came is kept, and the same command goes on from there")
            on_progress(fraction, message)

        installed = library.download(weights.name, progress)
    terminal.report_change("installed", installed.path)


def _question(weights: Weights) -> str:
    hosts = ", ".join(sorted({file.host for file in weights.files}))
    terms = f"licence {weights.licence}, see {weights.page}"
    return f"{weights.label}, {weights.download_size} from {hosts}\n{terms}\nDownload it?"


def _install(arguments: argparse.Namespace, terminal: Terminal) -> None:
    installed = registry().weights_library().install(arguments.files, arguments.name)
    terminal.report_change("installed", installed.path)


def _remove(arguments: argparse.Namespace, terminal: Terminal) -> None:
    terminal.report_change("removed", registry().weights_library().remove(arguments.weights))
