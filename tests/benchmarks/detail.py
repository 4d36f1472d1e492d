"""Detail from an exemplar beside the model alone: `python tests/benchmarks/detail.py MODEL=DATA … --sheet FILE.jpg`.

In the core's Python. Each MODEL of the library was trained on its DATA: figures of a tile of 512² of the model alone,
and of one with the data as its exemplar, beside another crop and a quilt of the data. The picture shows the middle of
each at 1:1, a row for each model: alone, with detail, the data, its quilt.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from impasto import Maps, Recipe, Step, run
from impasto.data.dataset import read_dataset
from impasto.evaluation.controls import quilt_control
from impasto.evaluation.pictures import judge_picture

SIDE_PX, SHOWN_PX = 512, 300
SHOWN = ("two_sample_auc", "two_sample_deviation", "statistics_of_crop", "salience_of_crop", "copied_share")
MORE_SHOWN = ("copied_block_px", "repeated_share", "layout_correlation", "novelty", "seam_z_high")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", nargs="+", metavar="MODEL=DATA")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--classifiers", type=int, default=2)
    arguments = parser.parse_args()
    rows = []
    for pair in arguments.pairs:
        model, data = pair.split("=", 1)
        (sample,) = read_dataset(data).samples
        source = sample.load()
        alone, detailed = made(model, {}), made(model, {"exemplar": source})
        rows.append([alone, detailed, source, quilt_control(source, (SIDE_PX, SIDE_PX), 0)])
        if arguments.sheet:
            sheet = np.concatenate([np.concatenate([_middle(maps) for maps in row], 1) for row in rows])
            Image.fromarray((sheet * 255).round().astype(np.uint8)).save(arguments.sheet, quality=88)
        if arguments.classifiers:
            print_figures(model, alone, detailed, source, arguments.classifiers)


def made(model: str, inputs: dict[str, Maps]) -> Maps:
    """A tile of the model, without an exemplar or with one."""
    parameters = {"model": model, "width_px": SIDE_PX, "height_px": SIDE_PX, "texture_transfer": bool(inputs)}
    return run(Recipe((Step("torus", parameters, {name: name for name in inputs}),)), inputs).maps


def print_figures(model: str, alone: Maps, detailed: Maps, source: Maps, classifiers: int) -> None:
    before = judge_picture(alone, source, controls=False, classifiers=classifiers).figures["result"]
    found = judge_picture(detailed, source, classifiers=classifiers).figures
    columns = {"model": before, "detail": found["result"], "crop": found["crop"], "quilt": found["quilt"]}
    print(f"{model:<24}", *(f"{column:>9}" for column in columns))
    for name in SHOWN + MORE_SHOWN:
        print(f"{name:<24}", *(f"{figures.get(name, np.nan):9.3f}" for figures in columns.values()), flush=True)


def _middle(maps: Maps) -> np.ndarray:
    top, left = ((side - SHOWN_PX) // 2 for side in maps.size_px)
    return maps["base_color"].pixels[top : top + SHOWN_PX, left : left + SHOWN_PX]


if __name__ == "__main__":
    main()
