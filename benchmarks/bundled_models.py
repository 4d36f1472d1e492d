"""Judges the bundled models, writes their figures and pictures into the documentation, and keeps what is measured.

    python benchmarks/bundled_models.py FOLDER_OF_SETS [NAME …] [--pictures]

Each model is compared with the quarter of its set that it did not learn (see `impasto evaluate model`), in two to four
minutes of one core: by its network alone, and then as it is used, with detail. One that is in `out/bundled_models` with
the same hash is not judged again. Then the tables in docs/reference/models.md are written anew, and with --pictures
docs/pictures/models_*.jpg.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import model_pictures
import numpy as np
import torch

from impasto.data.dataset import Dataset, read_dataset
from impasto.errors import ParameterError
from impasto.library.models import Model, read_model
from impasto_judge.cases import cases
from impasto_judge.comparison import compare_model, report
from impasto_judge.controls import CROP, MODEL, QUILT, crops, quilt_control
from impasto_judge.figures import CopySearch, compared_maps, with_heights_in_metres
from impasto_judge.generation import Generation
from impasto_judge.independent import IndependentFigures

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "plugins" / "impasto_gan" / "models"
PAGE = ROOT / "docs" / "reference" / "models.md"
OUT = ROOT / "out" / "bundled_models"
SIZE_PX = 512
OVERVIEW = ("wavelets_of_floor", "statistics_of_crop", "spectrum_db", "two_sample_auc", "salience_of_crop", "novelty")
OF_CLASS = ("fine_swd_of_floor", "wavelets_of_floor", "statistics_of_crop", "spectrum_db", "salience_of_crop")
DETAILED = ("two_sample_auc", "salience_of_crop", "novelty", "near_copies", "copied_block_px")
CONTROLLED = ("wavelets_of_floor", "statistics_of_crop", "two_sample_auc")
ROWS = ("model", "crop", "quilt", "noise", "mean")
NAMES = tomllib.loads(Path(__file__).with_name("names.toml").read_text("utf-8"))
HEADINGS: Mapping[str, str] = NAMES["headings"]


def main() -> None:
    """Judge the models that were not judged yet, and write the page."""
    options = _arguments()
    torch.set_num_threads(1)
    table = tomllib.loads((MODELS / "training.toml").read_text("utf-8"))
    found = {name: read_model(MODELS / f"{name}.safetensors") for name in sorted(table)}
    for name in options.names or found:
        judge(found[name], data_of(table[name]["data"], options.folder, found[name].trained_px))
    measured = {name: kept(model) for name, model in found.items()}
    single = {name: model for name, model in found.items() if not model.card["classes"]}
    many = {name: model for name, model in found.items() if name not in single}
    write_page(single, many, measured)
    if options.pictures:
        model_pictures.draw(single, {name: options.folder / table[name]["data"] for name in single})
        for name, model in many.items():
            sets = {label: options.folder / set_ for label, set_ in table[name]["data"].items()}
            model_pictures.draw_classes(model, sets)
            model_pictures.draw_curve(model)


def data_of(sets: str | Mapping[str, str], folder: Path, longest_px: int) -> Dataset:
    """The map set that a model learned, or those of its classes, labelled."""
    if isinstance(sets, str):
        return read_dataset(folder / sets, longest_px=longest_px)
    samples = [(label, read_dataset(folder / name, longest_px=longest_px).samples) for label, name in sets.items()]
    return Dataset("classes", tuple(replace(sample, label=label) for label, of_class in samples for sample in of_class))


def judge(model: Model, dataset: Dataset) -> None:
    """Compare a model with its sets and keep the figures, or why it was refused, unless they are known."""
    if kept(model):
        return
    about: dict[str, Any] = {"sha256": model.sha256(), "refused": ""}
    try:
        about |= report(model, compare_model(model, dataset, size_px=SIZE_PX), SIZE_PX)
        about |= with_detail(model, dataset)
    except ParameterError as error:
        about["refused"] = error.message
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{model.name}.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    print(model.name, about["refused"] or ", ".join(about["cases"][0]["missed"]) or "meets every goal", flush=True)


def with_detail(model: Model, dataset: Dataset) -> dict[str, dict[str, dict[str, float]]]:
    """`detail`: figures of results as by default, of pieces of what the model learned, another crop's and a quilt's.

    {} for a model without an exemplar.
    """
    if not model.card.get("exemplar"):
        return {}
    (case,) = cases(model, dataset)
    copies = CopySearch(case)
    made = [Generation(model, "", SIZE_PX, {"texture_transfer": True}).make(seed) for seed in range(2)]
    quilts = [quilt_control(case.trained[0], (SIZE_PX, SIZE_PX), seed) for seed in range(2)]
    rows = {
        MODEL: mean([copies.figures(maps) for maps in made]),
        QUILT: mean([copies.figures(maps) for maps in quilts]),
    }
    names, real = compared_maps(case, made[0]), crops(case)
    case, metric = with_heights_in_metres(case, [*made, *quilts, *real])
    judge, real = IndependentFigures(case, names), metric[4:]
    for row, pair in {MODEL: metric[:2], QUILT: metric[2:4]}.items():
        rows[row] |= {"two_sample_auc": judge.two_sample_auc(*pair, real, seed=0)}
        rows[row] |= mean([{"salience_of_crop": judge.of(maps)["salience_of_crop"]} for maps in pair])
    return {"detail": rows | {CROP: {"two_sample_auc": judge.two_sample_auc(*real[:2], real[2:], seed=0)}}}


def mean(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each figure."""
    return {name: float(np.mean([one[name] for one in figures])) for name in figures[0]}


def kept(model: Model) -> dict[str, Any]:
    """Figures of this very file; {} if it was not measured."""
    file = OUT / f"{model.name}.json"
    about = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return about if about.get("sha256") == model.sha256() else {}


def write_page(
    single: Mapping[str, Model], many: Mapping[str, Model], measured: Mapping[str, Mapping[str, Any]]
) -> None:
    """Replace the tables between the marks of the page: of models of one material, and of those with classes.

    The latter stay as they are if their models were not measured here.
    """
    text = PAGE.read_text("utf-8")
    tables = {
        "overview": overview(single, measured),
        "detail": detailed(single, measured),
        "controls": beside_controls(single, measured),
    }
    if all(measured[name] for name in many):
        tables["classes"] = [line for name, model in many.items() for line in classes(model, measured[name])]
    for name, lines in tables.items():
        block = f"<!-- {name} -->\n\n" + "\n".join(lines) + f"\n\n<!-- end of {name} -->"
        text = re.sub(rf"<!-- {name} -->.*?<!-- end of {name} -->", lambda _, block=block: block, text, flags=re.DOTALL)
    PAGE.write_text(text, "utf-8")


def overview(found: Mapping[str, Model], measured: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A row for each model: its independent figures, the network's share, and what it misses."""
    lines = [
        f"|model |{' |'.join(HEADINGS[name] for name in OVERVIEW)} |network |misses |file|",
        "|-|" + "-|" * (len(OVERVIEW) + 3),
    ]
    for name, model in found.items():
        head = f"|{model.label} (`{name}`)"
        about = measured[name]
        if not about.get("cases"):
            said = about.get("refused") or "not measured"
            lines.append(f"{head} |{'|' * (len(OVERVIEW) + 1)}{said} |`{model.sha256()[:8]}`|")
            continue
        case = about["cases"][0]
        cells = [cell(name_, case["rows"]["model"], case["deviation"]["model"]) for name_ in OVERVIEW]
        missed = ", ".join(HEADINGS.get(one, one) for one in case["missed"]) or "none"
        share = f"{case['network_share'].get('all', 1):.0%}"
        lines.append(f"{head} |{' |'.join(cells)} |{share} |{missed} |`{model.sha256()[:8]}`|")
    return lines


def detailed(found: Mapping[str, Model], measured: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A row for each model with an exemplar: its results of pieces of it / a quilt / another real crop."""
    lines = [f"|model |{' |'.join(HEADINGS[name] for name in DETAILED)}|", "|-|" + "-|" * len(DETAILED)]
    for name in found:
        if rows := measured[name].get("detail"):
            cells = [
                "/".join(cell(figure, rows[row], {}) for row in (MODEL, QUILT, CROP) if figure in rows[row])
                for figure in DETAILED
            ]
            lines.append(f"|`{name}` |{' |'.join(cells)}|")
    return lines


def classes(model: Model, measured: Mapping[str, Any]) -> list[str]:
    """A row for each class of a model of many."""
    lines = [
        f"|{model.label} (`{model.name}`), file `{model.sha256()[:8]}` |"
        + " |".join(HEADINGS[name] for name in OF_CLASS)
        + "|",
        "|-|" + "-|" * len(OF_CLASS),
    ]
    for case in measured.get("cases", []):
        cells = [cell(name, case["rows"]["model"], case["deviation"]["model"]) for name in OF_CLASS]
        lines.append(f"|{case['label']} |{' |'.join(cells)}|")
    return lines


def beside_controls(found: Mapping[str, Model], measured: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A row for each model that was measured: what it learned from, and its figures with those of each control."""
    lines = [
        f"|model |learned from |steps |{' |'.join(HEADINGS[figure] for figure in CONTROLLED)}|",
        "|-|" + "-|" * (len(CONTROLLED) + 2),
    ]
    for name, model in found.items():
        for case in measured[name].get("cases", [])[:1]:
            learned = ", ".join(str(source["name"]) for source in model.card["data"])
            steps = int(model.card["figures"].get("steps", model.card.get("parameters", {}).get("steps", 0)))
            compared = [
                "/".join(cell(figure, case["rows"].get(row, {}), {}) or "–" for row in ROWS) for figure in CONTROLLED
            ]
            lines.append(f"|`{name}` |{learned} |{steps} |{' |'.join(compared)}|")
    return lines


def cell(name: str, figures: Mapping[str, float], deviation: Mapping[str, float]) -> str:
    """A figure with its deviation, as the table shows it."""
    if name not in figures:
        return ""
    digits = 1 if figures[name] >= 10 else 2
    return f"{figures[name]:.{digits}f}" + (f"±{deviation[name]:.2f}" if deviation.get(name, 0) >= 0.005 else "")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--pictures", action="store_true", help="also draw the pictures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
