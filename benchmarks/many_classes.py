"""Models of twenty classes and more, judged by a classifier apart from them: is what they make of the class asked for?

    python benchmarks/many_classes.py FOLDER_OF_SETS --out out/many_classes
    python benchmarks/many_classes.py FOLDER_OF_SETS --model materials

Without --model, `conditional-gan` learns, with its default settings, from the left half of the first set of each class
(by the beginning of their names) of which the folder has two or more that can be learned from. With it, the bundled
model of that name is judged by the sets that it learned. The classifier learns crops of the left halves, without their
brightness and contrast. Writes figures and a sheet of all classes, and trains nothing twice.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bundled_models import MODELS
from generators import Maker, classes_of, colors, recognised, sheet, train

from impasto import Maps, read_maps
from impasto.errors import ParameterError

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
        data = classes_of({label: base_color(options.folder / name) for label, name in table.items()})
        make = Maker("torus", options.model, MODELS, data)
    else:
        data = classes_of(first_sets(options.folder))
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


def base_color(folder: Path) -> Maps:
    """The base colour of a set."""
    maps = read_maps(folder)
    return replace(maps, textures={"base_color": maps["base_color"]})


def first_sets(folder: Path) -> dict[str, Maps]:
    """The base colour of the first set of each class that has two or more which can be learned from, by class."""
    found: dict[str, list[Maps]] = {}
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        maps = base_color(path)
        with suppress(ParameterError):  # such as one that is almost of one colour
            classes_of({"": maps})
            found.setdefault(path.name.split("_")[0], []).append(maps)
    return {label: sets[0] for label, sets in found.items() if len(sets) > 1}


if __name__ == "__main__":
    main()
