"""The commands `impasto evaluate model`, `picture` and `maps`; `gallery_command` holds the fourth."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.about import VERSION
from impasto.cli.options import add_command, add_device, add_seed, parse_size, whole_number
from impasto.cli.sources import SOURCE, add_colorspace, color_spaces_of
from impasto.cli.terminal import Terminal
from impasto.errors import ModelError
from impasto.library.models import Model, read_model, record_figures
from impasto.library.tensors import SUFFIX
from impasto.plugins.registry import registry
from impasto.system.untrusted import printable

from .gallery_command import add_gallery, parse_settings

if TYPE_CHECKING:
    from .maps import MapFigures

Judged = dict[str, tuple[int, Mapping[str, "MapFigures"]]]
"""By set: the width at which it was compared, and the figures of its estimate and the controls."""


def add_evaluate(commands: Any) -> None:
    """Add `impasto evaluate model MODEL DATA`, `picture RESULT SOURCE`, `gallery FOLDER…` and `maps MAPS TRUTH`."""
    text = "judge a model by real pictures, pictures by the photographs they were made from, or maps by true ones"
    parser = commands.add_parser("evaluate", help=text, description=text[0].upper() + text[1:] + ".")
    kinds = parser.add_subparsers(metavar="KIND", required=True)
    _add_model(kinds)
    _add_picture(kinds)
    add_gallery(kinds)
    _add_maps(kinds)


def _add_model(kinds: Any) -> None:
    text = "judge a model by real pictures that it did not learn from"
    parser = add_command(kinds, "model", text, "my-wall wall.jpg --out judged", _evaluate_model)
    parser.add_argument("model", metavar="MODEL", help="name of a model, or a .safetensors file")
    parser.add_argument(
        "data", type=Path, metavar="DATA", help="a picture, a PBR set, or a folder of them or of classes"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for evaluation.json and contact_sheet.png")
    parser.add_argument(
        "--seeds", type=whole_number(), default=3, metavar="N", help="how many results are judged (default: 3)"
    )
    parser.add_argument("--size", type=parse_size, default=(512, 512), metavar="PX", help="side of each (default: 512)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the generator")
    text = "judge by the quarter of a picture that is for choosing settings (without it: by the last quarter)"
    parser.add_argument("--choosing", action="store_true", help=text)
    text = "leave out most classifiers and the search for copies: half a minute of one core instead of two"
    parser.add_argument("--brief", action="store_true", help=text)
    parser.add_argument("--trained-on", type=Path, metavar="DATA", help="what it learned from, to look for copies")
    parser.add_argument("--record", action="store_true", help="keep the figures in the model's card")
    add_colorspace(parser)
    add_device(parser)


def _add_picture(kinds: Any) -> None:
    text = "compare a seamless picture with the photograph that it was made from, and with simpler ways to make one"
    parser = add_command(kinds, "picture", text, "textures/brick brick.jpg", _evaluate_picture)
    what = "a picture, or a folder of maps"
    parser.add_argument("result", type=Path, metavar="RESULT", help=f"what was made: {what}")
    parser.add_argument("source", type=Path, metavar="SOURCE", help=f"what it was made from: {what}")
    parser.add_argument(
        "--controls",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="judge small pieces of the source and noise of its spectrum as well (default: --controls)",
    )
    text = "networks that learn to distinguish each of them from the source: 10 s or more of one core each (default: 0)"
    parser.add_argument("--classifiers", type=whole_number(0), default=0, metavar="N", help=text)
    text = "picture to write: the source, the result across its corner, tiled 2x2, and on a ball (PNG)"
    parser.add_argument("--sheet", type=Path, metavar="FILE", help=text)
    add_colorspace(parser)
    add_seed(parser)


def _evaluate_picture(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from impasto.io.files import read_maps
    from impasto.system.transaction import replace_files

    from . import tables
    from .pictures import judge_picture
    from .sheets import tile_sheet

    spaces = color_spaces_of(arguments, {"result", SOURCE})
    paths = {"result": arguments.result, SOURCE: arguments.source}
    result, source = (read_maps(path, color_space=spaces.get(name, "")) for name, path in paths.items())
    with terminal.progress() as on_progress:
        judgement = judge_picture(
            result,
            source,
            controls=arguments.controls,
            classifiers=arguments.classifiers,
            seed=arguments.seed,
            on_progress=on_progress,
        )
    if arguments.sheet:
        replace_files({arguments.sheet: tile_sheet(result, source)})
    about = {"impasto": VERSION, "result": result.name, "source": source.name, "size_px": judgement.size_px[::-1]}
    figures = {"figures": judgement.figures, "details": judgement.details, "goals": judgement.goals()}
    answer = about | {"window_px": judgement.window_px} | figures | {"missed": judgement.missed_goals()}
    terminal.say(answer, tables.picture_evaluation(result.name, source.name, judgement))


def _add_maps(kinds: Any) -> None:
    text = "compare maps with true ones of the same surfaces"
    parser = add_command(kinds, "maps", text, "estimated MatSynth/test", _evaluate_maps)
    shape = "a folder of maps, or of such folders, as in MatSynth"
    parser.add_argument("maps", type=Path, metavar="MAPS", help=f"estimated maps: {shape}")
    text = "the true maps, with the same names; the larger of the two is averaged to the size of the smaller"
    parser.add_argument("truth", type=Path, metavar="TRUTH", help=text)
    text = "leave out the controls: a flat surface, luminance as height, and gradients of blurred luminance"
    parser.add_argument("--no-controls", action="store_true", help=text)


def _evaluate_maps(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from . import tables
    from .map_sets import pair_sets
    from .maps import compare_controls, compare_maps

    found = pair_sets(arguments.maps, arguments.truth)
    judged: Judged = {}
    with terminal.progress() as show:
        for index, pair in enumerate(found.pairs):
            show(index / len(found.pairs), pair.name)
            estimate, truth = pair.read()
            controls = {} if arguments.no_controls else compare_controls(truth)
            figures = compare_maps(estimate, truth)
            judged[pair.name] = truth.size_px[1], {"estimate": figures, **controls}
            if figures.normal_degrees is not None:
                terminal.note(f"{printable(pair.name)}: normals {figures.normal_degrees:.1f} degrees off")
    for names, lack in ((found.without_estimate, "no estimate"), (found.without_truth, "no truth")):
        if names:
            terminal.note(f"left out, because there is {lack}: {', '.join(map(printable, names))}")
    sets, means = _map_figures(judged)
    left_out = {"without_estimate": found.without_estimate, "without_truth": found.without_truth}
    terminal.say({"impasto": VERSION, "sets": sets, "means": means, **left_out}, tables.map_evaluation(sets, means))


def _map_figures(judged: Judged) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Figures of each set and its controls, and their means over all sets and over sets with relief."""
    from . import tables

    sets = [
        tables.set_figures(name, of, [figures], width_px)
        for name, (width_px, rows) in judged.items()
        for of, figures in rows.items()
    ]
    means = []
    for name, only_relief in (("mean", False), ("mean of relief", True)):
        for of in dict.fromkeys(one["of"] for one in sets):
            rows = [rows[of] for _, rows in judged.values() if of in rows]
            if found := [row for row in rows if row.has_relief or not only_relief]:
                means.append(tables.set_figures(name, of, found))
    return sets, means


def _evaluate_model(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from impasto.data.dataset import read_dataset
    from impasto.system.transaction import replace_files

    from . import tables
    from .comparison import card_figures, compare_model, report
    from .sheets import contact_sheet

    model = _model(arguments.model)
    if arguments.record and model.bundled:
        raise ModelError("{} is bundled, so nothing can be kept in it", "leave out --record", model.name)
    size_px, longest_px = arguments.size[0], model.trained_px
    paths = {SOURCE: arguments.data} | ({"trained-on": arguments.trained_on} if arguments.trained_on else {})
    spaces = color_spaces_of(arguments, paths)
    with terminal.progress() as on_progress:
        data = {
            name: read_dataset(path, longest_px=longest_px, color_space=spaces.get(name, ""))
            for name, path in paths.items()
        }
        comparisons = compare_model(
            model,
            data[SOURCE],
            trained_on=data.get("trained-on"),
            choosing=arguments.choosing,
            brief=arguments.brief,
            seeds=arguments.seeds,
            size_px=size_px,
            parameters=parse_settings(arguments.set, "--set", "--set NAME=VALUE, such as --set variation=0.8"),
            device=arguments.device,
            on_progress=on_progress,
        )
    about = report(model, comparisons, size_px)
    written = {}
    if arguments.out:
        written = {
            arguments.out / "evaluation.json": json.dumps(about, indent=1).encode(),
            arguments.out / "contact_sheet.png": contact_sheet(comparisons),
        }
        replace_files(written)
    if arguments.record:
        record_figures(model, card_figures(comparisons))
    lines = [*tables.evaluation(model.name, comparisons, model.card["figures"]), *written]
    terminal.say({**about, "files": list(written)}, lines)


def _model(wanted: str) -> Model:
    return read_model(Path(wanted)) if wanted.endswith(SUFFIX) else registry().model_library().by_name(wanted)
