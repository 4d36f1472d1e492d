"""Models of twenty classes and more, judged by a classifier apart from them: is what they make of the class asked for?

    python tests/benchmarks/many_classes.py FOLDER_OF_SETS --out out/many_classes
    python tests/benchmarks/many_classes.py FOLDER_OF_SETS --model materials

Without --model, `conditional-gan` learns, with its default settings, from the left half of the first set of each class
that the folder has two of (the class is the name's beginning); with it, the bundled model of that name is judged by the
sets that it learned. The classifier learns crops of the left halves, without their brightness and contrast. Writes
classes.json and a sheet of all classes, and trains nothing twice.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bundled_models import MODELS
from generators import Maker, classes_of, colors, recognised, sheet, train

from impasto import read_maps
from impasto.data.dataset import Dataset

COLUMNS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="", help="a bundled model with classes, instead of a new training")
    parser.add_argument("--out", type=Path, default=Path("out/many_classes"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.model:
        table = tomllib.loads((MODELS / "training.toml").read_text("utf-8"))[options.model]["data"]
        data = base_colors({label: options.folder / name for label, name in table.items()})
        make = Maker("torus", options.model, MODELS, data)
    else:
        data = base_colors(first_sets(options.folder))
        seconds = train("conditional-gan", data, options.out)
        make = Maker("conditional-gan", "conditional-gan", options.out, data)
        print(f"{seconds} CPU seconds" if seconds else "trained before", flush=True)
    labels = [str(sample.label) for sample in data.samples]
    made = {label: [make(seed, material=label) for seed in range(3)] for label in labels}
    found = recognised(make, made)
    (options.out / f"{make.name}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    cells = [cell for label in labels for cell in ((label, colors(make.real(label))), ("", colors(made[label][0])))]
    sheet([cells[index : index + COLUMNS] for index in range(0, len(cells), COLUMNS)]).save(
        options.out / f"{make.name}.jpg", quality=88
    )


def base_colors(folders: Mapping[str, Path]) -> Dataset:
    """The base colour of each class's set."""
    pictures = {}
    for label, folder in folders.items():
        maps = read_maps(folder)
        pictures[label] = replace(maps, textures={"base_color": maps["base_color"]})
    return classes_of(pictures)


def first_sets(folder: Path) -> dict[str, Path]:
    """The first set of each class that has two or more, by class."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found.setdefault(path.name.split("_")[0], []).append(path)
    return {label: sets[0] for label, sets in found.items() if len(sets) > 1}


if __name__ == "__main__":
    main()
