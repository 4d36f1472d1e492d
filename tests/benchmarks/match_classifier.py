"""Trains the classifier of materials that matches photographs, of thumbnails with labels and of drawn materials.

    python tests/benchmarks/match_classifier.py SHEETS UNSEEN…

SHEETS: folder of contact sheets CLASS.webp and `index.json` with the corners of their thumbnails. UNSEEN: folders of
pictures for judging; thumbnails that look like one of them are left out. Writes the file of the plugin.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from match_pictures import pictures_in, square
from PIL import Image

from impasto.library.tensors import write_tensors
from impasto.surface.color import srgb_to_linear
from impasto_procedural.catalogue import all_materials
from impasto_procedural.matching.classifier import FILE, MOST_DEVIATIONS
from impasto_procedural.matching.drawing import picture_of
from impasto_procedural.matching.features import SIDE_PX, features_of, oklab
from impasto_procedural.matching.space import space_of

MATERIALS_OF = {
    "Asphalt": "concrete gravel stucco",
    "Road": "concrete gravel stucco",
    "Bark": "bark",
    "Bricks": "bricks",
    "Carpet": "carpet",
    "Concrete": "concrete",
    "CorrugatedSteel": "corrugated-sheet",
    "Fabric": "weave knit",
    "DiamondPlate": "metal-plates",
    "Grass": "grass",
    "Gravel": "gravel",
    "Granite": "rock terrazzo",
    "Ground": "forest-floor cracked-ground sand gravel moss",
    "Marble": "marble",
    "Onyx": "marble",
    "Moss": "moss",
    "Metal": "scratched-metal rust metal-plates",
    "PavingStones": "cobbles ceramic-tiles",
    "Planks": "planks",
    "PineNeedles": "forest-floor",
    "ScatteredLeaves": "forest-floor",
    "Plaster": "plaster stucco",
    "Rock": "rock",
    "Rocks": "gravel rock",
    "RoofingTiles": "roof-tiles",
    "Rust": "rust",
    "Snow": "snow",
    "Terrazzo": "terrazzo",
    "Tiles": "ceramic-tiles",
    "Wood": "planks parquet",
    "WoodFloor": "parquet planks",
    "WoodSiding": "planks",
}
"""Materials that a thumbnail of a class may show; other classes are left out."""
SAME = 0.5
"""Correlation of small grey pictures from which two show the same surface."""
VIEWS = (1.0, 0.68)
"""Shares of the thumbnails' sides that are learned from."""
DRAWN = 40
"""Pictures of each material."""
DRAWN_SHARE = 0.33
"""Weight of drawn pictures, relative to thumbnails."""
NETWORKS, NEURONS, STEPS = 3, 96, 200
DROPOUT, NOISE = 0.4, 0.15

Example = tuple[np.ndarray, str, float]
"""Features, names of the materials that it may show, and weight."""


def main(sheets: Path, unseen: Sequence[Path]) -> None:
    """Train on thumbnails and drawn materials, and write the file."""
    torch.set_num_threads(1)
    names = sorted(tool.name for tool in all_materials())
    real = list(thumbnails(sheets, unseen))
    print(f"{len(real)} views of thumbnails", flush=True)
    examples = [*real, *drawn()]
    features = np.stack([example[0] for example in examples])
    allowed = np.array([[name in example[1].split() for name in names] for example in examples], np.float32)
    weights = np.array([example[2] for example in examples], np.float32)
    mean, deviation = features[: len(real)].mean(0), features[: len(real)].std(0) + 1e-3
    x = torch.from_numpy((features - mean) / deviation).clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS).float()
    networks = [trained(x, torch.from_numpy(allowed), torch.from_numpy(weights), seed) for seed in range(NETWORKS)]
    parts: list[Any] = [torch.stack(part).half().numpy() for part in zip(*networks, strict=True)]
    tensors = dict(zip(("hidden", "hidden_bias", "out", "out_bias"), parts, strict=True))
    tensors |= {"mean": mean.astype("f4"), "deviation": deviation.astype("f4")}
    about = {"names": " ".join(names), "trained_on": "thumbnails of ambientCG (CC0) and procedural materials"}
    write_tensors(FILE, tensors, about)
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")


def thumbnails(sheets: Path, unseen: Sequence[Path]) -> Iterator[Example]:
    """Views of all thumbnails that show none of the unseen pictures; each class has the square root of its weight."""
    known = np.stack([signature(square(path)) for folder in unseen for _, path in pictures_in(folder)])
    boxes = json.loads((sheets / "index.json").read_text())["boxes"]
    for sheet, corners in sorted(boxes.items()):
        materials = MATERIALS_OF.get(Path(sheet).stem)
        picture = Image.open(sheets / sheet).convert("RGB") if materials else None
        for x, y in corners if picture and materials else []:
            thumbnail = without_margin(np.asarray(picture.crop((x, y, x + 128, y + 128))))
            if min(thumbnail.shape[:2]) < 60 or (known @ signature(thumbnail)).max() > SAME:
                continue
            for share in VIEWS:
                side = round(share * min(thumbnail.shape[:2]))
                view = Image.fromarray(thumbnail[-side:, -side:]).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
                yield features_of(lab_of(np.asarray(view))).numpy(), materials, len(corners) ** -0.5


def drawn() -> Iterator[Example]:
    """Pictures of all materials with random parameters."""
    rng = np.random.default_rng(0)
    weight = DRAWN_SHARE * 2 * len(MATERIALS_OF) ** 0.5 / DRAWN
    for material in all_materials():
        space = space_of(material)
        for _ in range(DRAWN):
            values = material.parameters.model_validate(space.random(rng))
            yield features_of(picture_of(material, values, int(rng.integers(2**31)))).numpy(), material.name, weight


def trained(x: torch.Tensor, allowed: torch.Tensor, weights: torch.Tensor, seed: int) -> tuple[torch.Tensor, ...]:
    """Weights of a network that gives most probability to the allowed materials, whichever of them it is."""
    torch.manual_seed(seed)
    hidden, out = torch.nn.Linear(x.shape[1], NEURONS), torch.nn.Linear(NEURONS, allowed.shape[1])
    optimizer = torch.optim.AdamW([*hidden.parameters(), *out.parameters()], lr=3e-3, weight_decay=1.0)
    for _ in range(STEPS):
        activated = torch.dropout(hidden(x + NOISE * torch.randn(x.shape)).relu(), DROPOUT, True)
        logits = out(activated).log_softmax(1)
        loss = -(weights * torch.logsumexp(logits + (allowed + 1e-9).log(), 1)).sum() / weights.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return tuple(part.detach() for part in (hidden.weight.T, hidden.bias[None], out.weight.T, out.bias[None]))


def without_margin(thumbnail: np.ndarray) -> np.ndarray:
    """A thumbnail without the white below pictures that are wider than high."""
    rows = np.flatnonzero(~(thumbnail > 250).all((1, 2)))
    return thumbnail[1 : rows.max(initial=1), 1:-1]


def signature(pixels: np.ndarray) -> np.ndarray:
    """A small grey picture, as a unit vector."""
    grey = Image.fromarray(pixels).convert("L").resize((32, 32), Image.Resampling.BOX)
    values = np.asarray(grey, np.float64).ravel()
    values -= values.mean()
    return values / (np.linalg.norm(values) + 1e-9)


def lab_of(pixels: np.ndarray) -> torch.Tensor:
    """Oklab (3, H, W) of sRGB bytes (H, W, 3)."""
    return oklab(torch.from_numpy(srgb_to_linear(pixels.astype(np.float32) / 255)).permute(2, 0, 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
