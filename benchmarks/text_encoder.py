"""Measures what the built-in text encoder of StackGAN tells of a picture, with fewer and more hashed features.

    impasto captions draw --seed 0 --count 24 --out drawn
    impasto captions draw --seed 1 --count 4 --out unseen
    python benchmarks/text_encoder.py drawn unseen

A small network learns to tell the mean colour (Oklab) and the material from a caption; printed are the error of the
colour and the share of right materials for captions of sets that it has not seen, and with the captions shuffled.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from impasto.surface.palette import to_oklab
from impasto_phrase.stackgan import encoder
from impasto_phrase.stackgan.encoder import features_of, usual_slots
from impasto_phrase.stackgan.model import Embedding
from impasto_phrase.stackgan.stage_one import EMBEDDING

BUCKETS = (0, 1024, 4096, 16384)
STEPS, BATCH, RATE = 1200, 64, 2e-3
COLOR_WEIGHT = 100.0
BLURRED_PX = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("unseen", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    sides = [captions_in(folder) for folder in (options.data, options.unseen)]
    names = sorted({name for name, _, _ in sides[0]})
    print("| hashed features | slots | colour, Oklab | shuffled | material | shuffled |")
    print("| --- | --- | --- | --- | --- | --- |")
    for buckets in BUCKETS:
        for slots in ((), usual_slots()):
            if buckets or slots:
                print_row(sides, names, buckets, slots)


def captions_in(folder: Path) -> list[tuple[str, Tensor, str]]:
    """Material, mean colour and caption of each caption in a folder of drawn sets."""
    found = []
    for path in sorted(folder.glob("*/*/*_base_color.png")):
        file = path.with_name(f"{path.parent.name}.txt")
        with Image.open(path) as picture:
            small = np.asarray(picture.convert("RGB").resize((BLURRED_PX, BLURRED_PX), Image.BOX)) / 255
        color = torch.from_numpy(to_oklab(small).reshape(-1, 3).mean(0)).float()
        found += [(file.parts[-3], color, line) for line in file.read_text(encoding="utf-8").splitlines()]
    return found


def print_row(sides: list, names: list[str], buckets: int, slots: tuple[str, ...]) -> None:
    """Train with these features, and print the figures of unseen captions."""
    encoder.BUCKETS = max(buckets, 1)
    features, colors, materials = zip(*(_tensors(side, names, buckets, slots) for side in sides), strict=True)
    torch.manual_seed(0)
    embedding, told = Embedding(buckets, features[0].shape[1]), nn.Linear(EMBEDDING, 3 + len(names))
    optimizer = torch.optim.Adam([*embedding.parameters(), *told.parameters()], lr=RATE)
    for _ in range(STEPS):
        chosen = torch.randint(len(features[0]), (BATCH,))
        said = told(embedding(features[0][chosen]))
        of_color = mse_loss(said[:, :3], colors[0][chosen])
        of_material = cross_entropy(said[:, 3:], materials[0][chosen])
        loss = COLOR_WEIGHT * of_color + of_material
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        said = told(embedding(features[1]))
    order = torch.randperm(len(said))
    cells = [f"{(said[index, :3] - colors[1]).norm(dim=1).mean():.3f}" for index in (slice(None), order)]
    cells += [f"{(said[index, 3:].argmax(1) == materials[1]).float().mean():.0%}" for index in (slice(None), order)]
    print(f"| {buckets:,} | {len(slots)} | {' | '.join(cells)} |", flush=True)


def _tensors(side: list, names: list[str], buckets: int, slots: tuple[str, ...]) -> tuple[Tensor, Tensor, Tensor]:
    rows = np.stack([features_of(text, slots)[0 if buckets else 1 :] for _, _, text in side])
    return (
        torch.from_numpy(rows),
        torch.stack([color for _, color, _ in side]),
        torch.tensor([names.index(name) for name, _, _ in side]),
    )


if __name__ == "__main__":
    main()
