"""`impasto prepare`, which shows training data before training, and the files that document a model's data."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..system.transaction import replace_files
from .options import add_command, numbers
from .sources import add_colorspace, color_space_of
from .terminal import Terminal

if TYPE_CHECKING:
    from ..data.dataset import Dataset

DATA_HELP = "a photograph, a PBR set, a folder of them, a folder of class folders, or contact sheets with index.json"


def add_prepare(commands: Any) -> None:
    """`impasto prepare DATA --out DIR`."""
    text = "see what a training would learn from: which pictures are used, which are left out, and why"
    parser = add_command(commands, "prepare", text, "walls --licence CC0-1.0 --out looked-at", _prepare)
    parser.add_argument("data", type=Path, metavar="DATA", help=DATA_HELP)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for manifest.json, preview.png")
    add_licence(parser)
    parser.add_argument(
        "--longest-px", type=int, default=1024, metavar="N", help="shrink to this longer side (default: 1024)"
    )
    parser.add_argument(
        "--smallest-px", type=int, default=64, metavar="N", help="leave out what has a shorter side (default: 64)"
    )
    parser.add_argument(
        "--crop-px", type=int, default=128, metavar="N", help="size of the crops on the preview sheet (default: 128)"
    )
    four = numbers("left,top,right,bottom, such as 0.1,0.1,0.9,0.9", 4)
    whole = (0.0, 0.0, 1.0, 1.0)
    parser.add_argument("--crop", type=four, default=whole, metavar="L,T,R,B", help="the part of each to use")
    add_colorspace(parser)


def add_licence(parser: argparse.ArgumentParser) -> None:
    """Add `--licence`."""
    text = "licence of the files that no SOURCES.tsv lists (default: unknown); the model's card keeps it"
    parser.add_argument("--licence", default="unknown", metavar="NAME", help=text)


def _prepare(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from ..data.dataset import read_dataset

    with terminal.progress() as on_progress:
        dataset = read_dataset(
            arguments.data,
            licence=arguments.licence,
            longest_px=arguments.longest_px,
            smallest_px=arguments.smallest_px,
            crop=arguments.crop,
            color_space=color_space_of(arguments),
            on_progress=on_progress,
        )
        paths = arguments.out / "manifest.json", arguments.out / "preview.png"
        write_data_files(dataset, *paths, crop_px=arguments.crop_px)
    terminal.say({"files": paths, "manifest": dataset.manifest()}, paths)
    terminal.note_dataset(dataset)


def write_data_files(
    dataset: Dataset, manifest: Path, preview: Path, crop_px: int = 128, longest_px: int | None = None
) -> None:
    """Write the manifest and the preview sheet of a dataset, both or none."""
    from ..data.sheets import preview_sheet

    text = json.dumps(dataset.manifest(), indent=1, ensure_ascii=False) + "\n"
    contents = {manifest: text.encode(), preview: preview_sheet(dataset, crop_px, longest_px)}
    replace_files(contents)
