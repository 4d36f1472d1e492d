"""`impasto captions`: a captioned training set of procedural materials, and captions for one's own pictures."""

from __future__ import annotations

import argparse
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.cli.options import add_command, add_seed, whole_number
from impasto.errors import ParameterError, choices
from impasto.system.transaction import replace_files
from impasto.system.untrusted import excerpt

if TYPE_CHECKING:
    from impasto.data.dataset import Sample

LEARNED = ("base_color", "height", "roughness", "metallic")
CAPTIONS = 8


def add_captions(subparsers: Any) -> None:
    """Add `impasto captions draw --out DIR` and `impasto captions write DATA`."""
    text = "training data with captions: of procedural materials, or for your own pictures"
    parser = subparsers.add_parser("captions", help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.epilog = "example:\n  impasto captions write walls"
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    text = "draw procedural materials of random phrases, each as a map set with captions beside it"
    draws = add_command(actions, "draw", text, "--count 24 --out drawn", _draw)
    draws.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the sets, one a material")
    text = "sets of each material (default: 24)"
    draws.add_argument("--count", type=whole_number(), default=24, metavar="N", help=text)
    text = "side of the sets (default: 256)"
    draws.add_argument("--side-px", type=whole_number(), default=256, metavar="N", help=text)
    draws.add_argument("--materials", nargs="+", default=[], metavar="NAME", help="some of the procedural materials")
    add_seed(draws)
    text = "write captions beside pictures and map sets: their class, measured colours and adjectives"
    writes = add_command(actions, "write", text, "walls", _write)
    writes.add_argument("data", type=Path, metavar="DATA", help="a folder of pictures, map sets or class folders")
    writes.add_argument("--force", action="store_true", help="replace captions that are there")
    for action in (draws, writes):
        text = f"captions of each picture (default: {CAPTIONS})"
        action.add_argument("--captions", type=whole_number(), default=CAPTIONS, metavar="N", help=text)


def _draw(arguments: argparse.Namespace, terminal: Any) -> None:
    from impasto.io.files import write_maps

    from ..vocabulary import materials
    from .captions import captions_of
    from .drawn import draw, drawings

    names = arguments.materials or sorted(materials())
    if unknown := sorted(set(names) - set(materials())):
        remedy = choices(unknown[0], materials(), "`impasto tools`")
        raise ParameterError("there is no material {}", remedy, excerpt(unknown[0]))
    written = []
    with terminal.progress() as on_progress:
        for index, drawing in enumerate(drawings(names, arguments.count, arguments.side_px, arguments.seed)):
            name = f"{drawing.material}-{arguments.seed}-{index % arguments.count:03}"
            folder = arguments.out / drawing.material / name
            on_progress(index / (len(names) * arguments.count), drawing.phrase)
            if (folder / f"{name}.txt").exists():
                continue
            maps, facts = draw(drawing)
            rng = np.random.default_rng([arguments.seed, index])
            learned = replace(maps, textures={one: maps[one] for one in LEARNED})
            written += write_maps(learned, folder, name, recipe=drawing.recipe)
            written.append(_write_captions(folder / f"{name}.txt", captions_of(facts, arguments.captions, rng)))
    terminal.report_files(written, {})


def _write(arguments: argparse.Namespace, terminal: Any) -> None:
    from impasto.data.dataset import read_dataset

    from .captions import captions_of, facts_of, states_of

    written = []
    with terminal.progress() as on_progress:
        dataset = read_dataset(arguments.data, on_progress=lambda part, message: on_progress(0.5 * part, message))
        for index, sample in enumerate(dataset.samples):
            on_progress(0.5 + 0.5 * index / len(dataset.samples), sample.name)
            file = _caption_file(sample)
            if file is None or (sample.captions and not arguments.force):
                continue
            rng = np.random.default_rng(zlib.crc32(sample.sha256.encode()))
            facts = facts_of(sample.load(), sample.label or sample.name, states_of(sample.name))
            written.append(_write_captions(file, captions_of(facts, arguments.captions, rng)))
    terminal.report_files(written, {})


def _caption_file(sample: Sample) -> Path | None:
    """The text file beside a picture, or in the folder of a set, of its name; None for a part of a contact sheet."""
    from impasto.io.map_files import set_name

    maps = sample.picture.maps
    if not maps or sample.picture.box:
        return None
    file = maps["base_color"].file
    if len(maps) == 1:
        return file.with_suffix(".txt")
    name = set_name(file)
    return file.parent / f"{file.parent.name if name == file.stem else name}.txt"


def _write_captions(file: Path, captions: list[str]) -> Path:
    replace_files({file: "".join(f"{caption}\n" for caption in captions).encode()})
    return file
