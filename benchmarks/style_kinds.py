"""Measures how well kinds of style are recognised in real paintings, which had no part in the training.

    python benchmarks/style_kinds.py DIR

DIR holds paintings/, paintings512/TECHNIQUE/ and photos/. For each picture: its kind as catalogues name its technique,
the kind that is recognised, and the probabilities of the three likeliest. Photographs are of no kind.
`python -m tasks.style_kinds` prints the same for drawn pictures of all kinds.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch

from impasto import read_maps
from impasto_style.kinds.recognition import NONE, Recognised, recognise_kind

TECHNIQUES = {
    "botanical_register_70": "ink",
    "dalziel_crypt": "ink",
    "hokusai_great_wave": "print",
    "seurat_grande_jatte": "pointillism",
}
"""Kinds of the paintings that are not painted in oil or tempera: a coloured and a wood engraving, a woodblock print."""
KINDS = {"oil": "oil", "impasto": "oil", "woodblock": "print", "watercolour": "watercolor", "ink": "ink"}
"""Kinds of the techniques after which folders are named; gouache is of none that has settings."""
LEARNED = ("astronaut", "cameraman", "cat_chelsea", "coffee", "hubble_deep_field", "rocket")
"""Photographs that come with scikit-image, from which it learned or might have."""


def main() -> None:
    """Recognise the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DIR", help="folder of paintings and photos")
    torch.set_num_threads(1)
    recognise(parser.parse_args().data)


def recognise(data: Path) -> None:
    """Print a line for each picture, and the counts."""
    counts: Counter[tuple[str, str]] = Counter()
    for group, kind, path in pictures(data):
        found = recognise_kind(read_maps(path)["base_color"].pixels)
        counts[group, outcome(found, kind)] += 1
        print(f"{path.stem:28.28} {kind or NONE:12} {found.kind or 'uncertain':12} {likeliest(found)}")
    for (group, result), count in sorted(counts.items()):
        print(f"{group}: {result} {count}")


def pictures(data: Path) -> Iterator[tuple[str, str | None, Path]]:
    """Group, kind and file of each picture; None for what is of no kind."""
    for path in sorted((data / "paintings").glob("*.jpg")):
        yield "paintings", TECHNIQUES.get(path.stem, "oil"), path
    for path in sorted((data / "paintings512").glob("*/*.jpg")):
        yield path.parent.name, KINDS.get(path.parent.name), path
    for path in sorted((data / "photos").glob("*.jpg")):
        if path.stem not in LEARNED:
            yield "photographs", None, path


def outcome(found: Recognised, kind: str | None) -> str:
    """Right, wrong, or uncertain, which keeps the defaults; for what is of no kind that is right."""
    if found.kind == kind:
        return "right"
    return "uncertain" if found.kind is None else "wrong"


def likeliest(found: Recognised) -> str:
    """The three likeliest kinds with their probabilities."""
    best = sorted(found.probabilities.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{kind} {probability:.2f}" for kind, probability in best)


if __name__ == "__main__":
    main()
