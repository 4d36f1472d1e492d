"""Measures how well kinds of style are recognised in real paintings, which had no part in the training.

    python tests/benchmarks/style_kinds.py DIR [--picture docs/pictures/style_kinds.jpg]

DIR holds paintings/ and photos/. For each picture: its kind as catalogues name its technique, the kind that is
recognised, and the probabilities of the three likeliest. Photographs are of no kind. `python -m tasks.style_kinds`
prints the same for drawn pictures of all kinds. --picture: repaint a photograph in a style of each kind, with the
defaults and with the kind's settings; kinds of which DIR has no painting get a drawn one.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from style_pictures import square

from impasto import Maps, Recipe, Step, read_maps, run
from impasto.surface.grid import cell as captioned
from impasto.surface.grid import grid
from impasto_style.kinds.recognition import NONE, Recognised, recognise_kind

sys.path.insert(0, str(Path(__file__).parents[2]))
from tasks.style_kinds.pictures import drawn

TECHNIQUES = {
    "botanical_register_70": "ink",
    "dalziel_crypt": "ink",
    "hokusai_great_wave": "print",
    "seurat_grande_jatte": "pointillism",
}
"""Kinds of the paintings that are not painted in oil or tempera: a coloured and a wood engraving, a woodblock print."""
LEARNED = ("astronaut", "cameraman", "cat_chelsea", "coffee", "hubble_deep_field", "rocket")
"""Photographs that come with scikit-image, from which it learned or might have."""

SHOWN = {
    "ink": ("eiffel_tower", "botanical_register_70"),
    "print": ("st_basils_cathedral", "hokusai_great_wave"),
    "pointillism": ("astronaut", "seurat_grande_jatte"),
    "watercolor": ("st_basils_cathedral", ""),
    "pencil": ("astronaut", ""),
    "gold": ("eiffel_tower", ""),
}
"""Photograph and painting by kind; no settings were chosen by these pairs."""
SHOWN_SEED = 5
SIDE_PX, COLUMNS, GAP_PX = 256, 8, 4


def main() -> None:
    """Recognise the pictures, or write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DIR", help="folder of paintings and photos")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write the picture of docs/style.md instead")
    torch.set_num_threads(1)
    options = parser.parse_args()
    if options.picture:
        write_picture(options.data, options.picture)
    else:
        recognise(options.data)


def recognise(data: Path) -> None:
    """Print a line for each picture, and the counts."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in sorted((data / "paintings").glob("*.jpg")):
        kind = TECHNIQUES.get(path.stem, "oil")
        found, seconds = timed(path)
        counts["paintings", outcome(found, kind)] += 1
        print(f"{path.stem:28} {kind:12} {found.kind or 'uncertain':12} {likeliest(found)} {seconds:.2f} s")
    for path in sorted((data / "photos").glob("*.jpg")):
        if path.stem not in LEARNED:
            found, seconds = timed(path)
            counts["photographs", outcome(found, None)] += 1
            print(f"{path.stem:28} {NONE:12} {found.kind or 'uncertain':12} {likeliest(found)} {seconds:.2f} s")
    for (group, result), count in sorted(counts.items()):
        print(f"{group}: {result} {count}")


def outcome(found: Recognised, kind: str | None) -> str:
    """Right, wrong, or uncertain, which keeps the defaults; for what is of no kind that is right."""
    if found.kind == kind:
        return "right"
    return "uncertain" if found.kind is None else "wrong"


def timed(path: Path) -> tuple[Recognised, float]:
    """The kind that is recognised in a picture, and seconds of the processor."""
    pixels = read_maps(path)["base_color"].pixels
    start = time.process_time()
    return recognise_kind(pixels), time.process_time() - start


def likeliest(found: Recognised) -> str:
    """The three likeliest kinds with their probabilities."""
    best = sorted(found.probabilities.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{kind} {probability:.2f}" for kind, probability in best)


def write_picture(data: Path, path: Path) -> None:
    """For each kind: photograph, style, the result with the defaults, and with the kind's settings."""
    cells = []
    for kind, (photograph, painting) in SHOWN.items():
        source = square(read_maps(data / "photos" / f"{photograph}.jpg"), SIDE_PX)
        style = read_maps(data / "paintings" / f"{painting}.jpg") if painting else drawn_style(kind)
        shown = [cell("photograph", pixels_of(source)), cell("style", pixels_of(square(style, SIDE_PX)))]
        for chosen in (NONE, kind):
            recipe = Recipe((Step("patches-style", {"kind": chosen}, {"style": "style"}),), 1)
            made = run(recipe, {"source": source, "style": style}).maps
            shown.append(cell("defaults" if chosen == NONE else f"--kind {kind}", pixels_of(made)))
        cells += shown
    sheet = Image.open(io.BytesIO(grid(cells, COLUMNS, GAP_PX)))
    sheet.resize([side * 3 // 4 for side in sheet.size], Image.Resampling.LANCZOS).save(path, quality=85)


def drawn_style(kind: str) -> Maps:
    """A picture drawn in this kind, from another seed than those that were learned."""
    return Maps.from_arrays({"base_color": next(iter(drawn(kind, 0, 1, SHOWN_SEED)))}, name=kind)


def cell(caption: str, pixels: np.ndarray) -> Any:
    return captioned(caption, pixels, SIDE_PX)


def pixels_of(maps: Maps) -> np.ndarray:
    return maps["base_color"].pixels


if __name__ == "__main__":
    main()
