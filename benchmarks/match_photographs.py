"""Judges matches of photographs beside controls, by figures that the search does not use, and draws a sheet.

    python benchmarks/match_photographs.py FOLDER… [--part judge] [--most 20] [--weights DIR] [--sheet FILE]

FOLDER: pictures as CLASS/NAME.jpg, or PBR sets as CLASS_NAME/albedo.jpg. Of each class in turns, pictures belong to the
part "develop", for which the search may be changed, or to "judge". --weights: library with SqueezeNet.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from match_pictures import CLASSES, divided, lab_of, name_of, square
from PIL import Image
from sheets import Cell, in_rows, tiled

from impasto import Maps, Recipe, match, run
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto_judge.metrics.patches import sliced_wasserstein
from impasto_procedural.catalogue import all_materials
from impasto_procedural.matching.classifier import bundled_classifier
from impasto_procedural.matching.search import FoundMaterial, MatchTarget, MaterialSearch
from impasto_procedural.matching.space import space_of

SIDE_PX, PATCH_PX = 512, 64
METHODS = ("match", "colours", "nearest", "random")
ALLOWED: dict[str, str] = CLASSES["allowed"]
SHEET = ("brick", "gravel", "grass", "ground", "wood", "tiles", "stone", "marble", "metal", "snow")
"""Classes of the sheet, of which the first photograph of the part is shown."""
SHOWN_PX = 192


def main() -> None:
    """Match all pictures of a part, print their figures, and draw the sheet."""
    options = parse()
    torch.set_num_threads(1)
    pictures = divided(options.folders)[options.part]
    pictures = pictures[:: max(1, -(-len(pictures) // options.most))] if not options.sheet else first_of(pictures)
    rows: list[dict[str, Any]] = []
    for class_, path in pictures:
        rows.append(judged(class_, path, options.weights))
        print(line(rows[-1]), flush=True)
        if options.sheet:
            sheet_of(rows).save(options.sheet, quality=88)
    summary(rows)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--part", choices=("develop", "judge"), default="judge")
    parser.add_argument("--most", type=int, default=20, metavar="N", help="pictures, spread over the part")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="library of weights (default: the user's)")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="draw the first picture of ten classes")
    return parser.parse_args()


def first_of(pictures: list[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """The first picture of each class on the sheet."""
    return [next(item for item in pictures if item[0] == class_) for class_ in SHEET]


def judged(class_: str, path: Path, weights: Path | None) -> dict[str, Any]:
    """Figures of a match and its controls beside a photograph."""
    photograph = square(path, SIDE_PX).astype(np.float32) / 255
    maps = Maps.from_arrays({"base_color": photograph}, name=path.name)
    began = time.process_time()
    found = match("match-photograph", maps, size_px=(SIDE_PX, SIDE_PX))
    seconds = time.process_time() - began
    recipes = {"match": found.recipe, **controls(found.recipe, path)}
    made = {name: run(recipe).maps["base_color"].pixels for name, recipe in recipes.items()}
    figures = {name: compared(pixels, photograph, weights) for name, pixels in made.items()}
    row = {"class": class_, "name": name_of(path), "material": found.recipe.steps[0].tool, "seconds": seconds}
    return row | {"figures": figures, "match": found, "photograph": photograph, "made": made}


def controls(recipe: Recipe, path: Path) -> Mapping[str, Recipe]:
    """The material's defaults in the photograph's colours, the nearest of all such defaults, and a random material."""
    known = {material.name: material for material in all_materials()}
    lab = _lab(path)
    search = MaterialSearch(MatchTarget.of(lab), bundled_classifier().deviation, recipe.seed)
    defaults = {
        name: search.with_photograph_colors(space_of(material), space_of(material).defaults)
        for name, material in known.items()
    }
    nearest = min(defaults.values(), key=lambda one: one.distance)
    rng = np.random.default_rng(sum(map(ord, path.name)))
    other = sorted(known)[int(rng.integers(len(known)))]
    chosen = {"colours": defaults[recipe.steps[0].tool], "nearest": nearest}
    fitted = {name: search.with_fitted_colors(search.distance(one.space, one.values)) for name, one in chosen.items()}
    return {**{name: of_found(one, recipe) for name, one in fitted.items()}, "random": of_default(other, recipe)}


def of_found(found: FoundMaterial, recipe: Recipe) -> Recipe:
    sized = {"width_px": SIDE_PX, "height_px": SIDE_PX}
    step = replace(recipe.steps[0], tool=found.space.material.name, parameters={**found.values, **sized})
    return Recipe((step,), recipe.seed)


def of_default(name: str, recipe: Recipe) -> Recipe:
    sized = {"width_px": SIDE_PX, "height_px": SIDE_PX}
    return Recipe((replace(recipe.steps[0], tool=name, parameters=sized),), recipe.seed)


def compared(pixels: np.ndarray, photograph: np.ndarray, weights: Path | None) -> dict[str, float]:
    """Distance of patches (sliced Wasserstein, mean of all levels), and of encoded patches."""
    figures = {"swd": float(np.mean(sliced_wasserstein(pixels, photograph, patches=4096, directions=128)))}
    known = registry()
    context = Context(weights=known.weights_library(weights))
    features = [known.encode(patches_of(one), context) for one in (pixels, photograph)]
    if features[0] is not None:
        mean, real = (np.mean(one, 0) for one in features)
        figures["encoder"] = float(1 - mean @ real / (np.linalg.norm(mean) * np.linalg.norm(real)))
    return figures


def patches_of(pixels: np.ndarray) -> np.ndarray:
    """Disjoint patches (N, PATCH_PX, PATCH_PX, 3)."""
    count = SIDE_PX // PATCH_PX
    cut = pixels.reshape(count, PATCH_PX, count, PATCH_PX, 3)
    return np.ascontiguousarray(cut.transpose(0, 2, 1, 3, 4).reshape(-1, PATCH_PX, PATCH_PX, 3))


def line(row: Mapping[str, Any]) -> str:
    """A line about one photograph."""
    figures = row["figures"]
    names = list(figures["match"])
    shown = "  ".join(f"{name} " + "/".join(f"{figures[one][name]:.3g}" for one in METHODS) for name in names)
    found = row["match"].figures
    about = f"{row['class']:9} {row['name'][:26]:26} {row['material']:16} p {found['probability']:.2f}"
    return f"{about} d {found['distance']:.2f} {row['seconds']:4.1f} s  {shown}"


def summary(rows: list[dict[str, Any]]) -> None:
    """Means, and agreement of classes."""
    print(f"\n{'':10}" + "".join(f"{name:>18}" for name in METHODS))
    for name in rows[0]["figures"]["match"]:
        means = np.mean([[row["figures"][method][name] for method in METHODS] for row in rows], 0)
        print(f"{name:10}" + "".join(f"{mean:>18.3f}" for mean in means))
    known = [row for row in rows if row["class"] in ALLOWED]
    agree = np.mean([row["material"] in ALLOWED[row["class"]].split() for row in known])
    print(f"class of the match: {agree:.0%} of {len(known)}")


def sheet_of(rows: list[dict[str, Any]]) -> Image.Image:
    """Each photograph beside its match, tiled 2x2 at the photograph's scale, in two columns."""
    cells = []
    for row in rows:
        tile, captions = row["made"]["match"], (row["name"], row["material"], "the same, 2x2")
        cells += map(Cell, (row["photograph"], tile, tiled(tile)), captions)
    return in_rows(cells, 6, SHOWN_PX)


def _lab(path: Path) -> torch.Tensor:
    return lab_of(square(path))


if __name__ == "__main__":
    main()
