"""Trains the classifier of materials that matches photographs, of labelled pictures and of drawn materials.

    python benchmarks/match_classifier.py SHEETS FOLDER…
    python benchmarks/match_classifier.py

SHEETS: folder of contact sheets CLASS.webp and `index.json` with the corners of their thumbnails. FOLDER: photographs
or PBR sets as `match_photographs.py` takes them; their part "develop" is learned from. Their part "judge" is not, and
thumbnails that look like one of it are left out. Writes the file of the plugin, and prints how many of the part "judge"
it knows. Without arguments, materials that the file does not know are added to it: its hidden layers and its other
materials stay, and only outputs of the new ones are learned, of drawn pictures alone.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from match_photographs import ALLOWED
from match_pictures import CLASSES, divided, lab_of, name_of, square, thumbnails_in
from tasks.judges import Judges

from impasto.library.tensors import write_tensors
from impasto_procedural.catalogue import all_materials
from impasto_procedural.matching.classifier import FILE, MOST_DEVIATIONS, bundled_classifier
from impasto_procedural.matching.drawing import picture_of
from impasto_procedural.matching.features import SIDE_PX, features_of
from impasto_procedural.matching.space import space_of

MATERIALS_OF: dict[str, str] = CLASSES["sheets"]
VIEWED_PX = 512
SHARE, PHOTOGRAPH_SHARE = 0.68, 0.6
"""Sides of the views of a thumbnail's and of a photograph's corners."""
DRAWN, DRAWN_TO_EXTEND = 40, 12
"""Pictures of each material."""
PHOTOGRAPH_WEIGHT, DRAWN_WEIGHT = 1.6, 0.063
"""Weights of a photograph and of a drawn picture, relative to a thumbnail."""
NETWORKS, NEURONS, STEPS = 3, 96, 200
DROPOUT, NOISE = 0.4, 0.15
EXTENDED_STEPS, EXTENDED_DECAY = 300, 0.3

Example = tuple[np.ndarray, str, float]
"""Features, names of the materials that it may show, and weight."""


def main(sheets: Path, folders: Sequence[Path]) -> None:
    """Train on labelled pictures and drawn materials, and write the file."""
    torch.set_num_threads(1)
    names = sorted(tool.name for tool in all_materials())
    pictures = divided([*folders])
    real = [*thumbnails(sheets, pictures["judge"]), *photographs(pictures)]
    print(f"{len(real)} views of thumbnails and photographs", flush=True)
    examples = [*real, *drawn(DRAWN)]
    features = np.stack([example[0] for example in examples])
    allowed = np.array([[name in example[1].split() for name in names] for example in examples], np.float32)
    weights = np.array([example[2] for example in examples], np.float32)
    mean, deviation = features[: len(real)].mean(0), features[: len(real)].std(0) + 1e-3
    x = torch.from_numpy((features - mean) / deviation).clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS).float()
    networks = [trained(x, torch.from_numpy(allowed), torch.from_numpy(weights), seed) for seed in range(NETWORKS)]
    parts = (torch.stack(part) for part in zip(*networks, strict=True))
    write(dict(zip(("hidden", "hidden_bias", "out", "out_bias"), parts, strict=True)), mean, deviation, names)
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
    judge(pictures["judge"])


def write(tensors: Mapping[str, torch.Tensor], mean: np.ndarray, deviation: np.ndarray, names: Sequence[str]) -> None:
    """Write the file of the plugin."""
    arrays = {name: tensor.half().numpy() for name, tensor in tensors.items()}
    arrays |= {"mean": mean.astype("f4"), "deviation": deviation.astype("f4")}
    about = {"names": " ".join(names), "trained_on": "CC0 photographs and thumbnails, and procedural materials"}
    write_tensors(FILE, arrays, about)


def extend(examples: Sequence[Example]) -> None:
    """Add the materials that the file does not know, of drawn pictures of all, and write the file."""
    torch.set_num_threads(1)
    old, names = bundled_classifier(), sorted(tool.name for tool in all_materials())
    features = torch.from_numpy(np.stack([example[0] for example in examples]))
    x = ((features - old.mean) / old.deviation).clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS).float()
    activated = (x @ old.hidden + old.hidden_bias).relu()  # (E, N, neurons)
    known = activated @ old.out + old.out_bias
    order = [*old.names, *(name for name in names if name not in old.names)]
    right = torch.tensor([order.index(example[1]) for example in examples]).expand(len(known), -1)
    added = len(order) - len(old.names)
    out = torch.zeros(len(known), activated.shape[2], added, requires_grad=True)
    out_bias = torch.zeros(len(known), 1, added, requires_grad=True)
    optimizer = torch.optim.AdamW([out, out_bias], lr=0.02, weight_decay=EXTENDED_DECAY)
    for _ in range(EXTENDED_STEPS):
        dropped = torch.dropout(activated, DROPOUT, True)
        logits = torch.cat([known, dropped @ out + out_bias], 2)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), right.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    columns = [order.index(name) for name in names]
    tensors = {
        "hidden": old.hidden,
        "hidden_bias": old.hidden_bias,
        "out": torch.cat([old.out, out.detach()], 2)[..., columns],
        "out_bias": torch.cat([old.out_bias, out_bias.detach()], 2)[..., columns],
    }
    write(tensors, old.mean.numpy(), old.deviation.numpy(), names)


def judge(pictures: Sequence[tuple[str, Path]]) -> None:
    """Print how many pictures are most probably, or among five, of a material that their class allows."""
    first, five, counts = Counter[str](), Counter[str](), Counter[str]()
    for class_, path in pictures:
        if class_ not in ALLOWED or is_of_one_color(path):
            continue
        found = list(bundled_classifier().probabilities(torch.from_numpy(features_of_bytes(square(path)))))
        counts[class_] += 1
        first[class_] += found[0] in ALLOWED[class_].split()
        five[class_] += bool({*found[:5]} & {*ALLOWED[class_].split()})
    print(f"first {first.total()}, among five {five.total()}, of {counts.total()}")
    print(", ".join(f"{class_} {first[class_]}/{count}" for class_, count in counts.items()))


def thumbnails(sheets: Path, unseen: Sequence[tuple[str, Path]]) -> Iterator[Example]:
    """Views of all thumbnails that show none of the unseen pictures."""
    judged = judges(unseen)
    for sheet, _, thumbnail in thumbnails_in(sheets):
        materials = MATERIALS_OF.get(sheet)
        if materials and judged.may_teach(thumbnail / np.float32(255)):
            whole, part = min(thumbnail.shape[:2]), round(SHARE * min(thumbnail.shape[:2]))
            for view in (thumbnail[-whole:, -whole:], thumbnail[-part:, -part:], thumbnail[:part, :part]):
                yield features_of_bytes(view), materials, 1 / 3


def photographs(pictures: Mapping[str, Sequence[tuple[str, Path]]]) -> Iterator[Example]:
    """Views of the photographs of "develop" that show none of "judge": whole, mirrored, and the four corners."""
    judged = judges(pictures["judge"])
    names = {name_of(path).removeprefix(f"{class_}_") for class_, path in pictures["judge"]}
    for class_, path in pictures["develop"]:
        is_judge = name_of(path).removeprefix(f"{class_}_") in names or not judged.may_teach(as_floats(path))
        if class_ not in ALLOWED or is_judge or is_of_one_color(path):
            continue
        whole = square(path, VIEWED_PX)
        part = int(PHOTOGRAPH_SHARE * VIEWED_PX)
        corners = [
            whole[rows, columns]
            for rows in (slice(part), slice(-part, None))
            for columns in (slice(part), slice(-part, None))
        ]
        for view in (whole, whole[:, ::-1], *corners):
            yield features_of_bytes(view), ALLOWED[class_], PHOTOGRAPH_WEIGHT / 6


def drawn(count: int) -> Iterator[Example]:
    """Pictures of all materials, `count` of each, with random parameters."""
    rng = np.random.default_rng(0)
    for material in all_materials():
        space = space_of(material)
        for _ in range(count):
            values = material.parameters.model_validate(space.random(rng))
            yield (
                features_of(picture_of(material, values, int(rng.integers(2**31)))).numpy(),
                material.name,
                DRAWN_WEIGHT,
            )


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


def judges(pictures: Sequence[tuple[str, Path]]) -> Judges:
    """Pictures that judge."""
    return Judges(as_floats(path) for _, path in pictures)


def as_floats(path: Path) -> np.ndarray:
    """A picture (H, W, 3), sRGB in [0, 1]."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), np.float32) / 255


def features_of_bytes(pixels: np.ndarray) -> np.ndarray:
    """Features of a square picture of sRGB bytes (S, S, 3)."""
    method = Image.Resampling.BOX if len(pixels) > SIDE_PX else Image.Resampling.BICUBIC
    return features_of(lab_of(np.asarray(Image.fromarray(pixels).resize((SIDE_PX, SIDE_PX), method)))).numpy()


def is_of_one_color(path: Path) -> bool:
    """Whether a picture shows no pattern."""
    return bool(square(path).std((0, 1)).max() < 2)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
    else:
        extend([*drawn(DRAWN_TO_EXTEND)])
