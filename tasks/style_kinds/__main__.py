"""`python -m tasks.style_kinds`, in the core's Python: learn the kinds of style, and write what is bundled.

Photographs of scikit-image and drawn scenes are redrawn in each kind in three ways. The printed table judges each way
by a model that learned from the others, with other photographs. It takes a quarter of an hour of one core.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from impasto_style.kinds.features import features_of
from impasto_style.kinds.recognition import MODEL, NONE, as_rows

from ..environments import BUILD
from .drawing import WAYS
from .pictures import drawn
from .training import confusion, fitted, judged, least_probability

WORK = BUILD / "style_kinds"
COUNT = 30
"""Pictures of each kind in each way of drawing."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="pictures of each kind in each way")
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--work", type=Path, default=WORK, help="folder of measured features, which are kept")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows, labels, ways = [], [], []
    for kind in sorted(WAYS):
        for way in range(len(WAYS[kind])):
            found = measured(kind, way, arguments.count, arguments.work)
            rows += found
            labels += [kind] * len(found)
            ways += [way] * len(found)
    names = sorted(rows[0])
    values, known = as_rows(rows, names), np.array(labels)
    probabilities = judged(values, known, np.array(ways), names)
    kinds = np.array(sorted(WAYS))
    best = kinds[probabilities.argmax(1)]
    least = least_probability(probabilities, best == known, best == NONE)
    show(kinds.tolist(), confusion(kinds.tolist(), known, probabilities, least), least)
    print(f"all answers: {(best == known).mean():.1%} right")
    fitted(values, labels, names, least).save(arguments.out)
    print(arguments.out)


def measured(kind: str, way: int, count: int, work: Path) -> list[dict[str, float]]:
    """Features of pictures of a kind; measured once, and kept in a file."""
    path = work / f"{kind}-{way}-{count}.json"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([features_of(picture) for picture in drawn(kind, way, count)]), "utf-8")
        print(path.name, flush=True)
    return json.loads(path.read_text("utf-8"))


def show(kinds: list[str], table: np.ndarray, least: float) -> None:
    """Print the confusion table."""
    print(f"{'drawn':>12}", *(f"{kind:>11}" for kind in [*kinds, "uncertain"]))
    for kind, row in zip(kinds, table, strict=True):
        print(f"{kind:>12}", *(f"{count:11}" for count in row))
    named = table[:, [index for index, kind in enumerate(kinds) if kind != NONE]]
    right = sum(table[index, index] for index, kind in enumerate(kinds) if kind != NONE)
    print(f"probability of at least {least}: {named.sum()} of {table.sum()} named, {right / named.sum():.1%} right")


if __name__ == "__main__":
    main()
