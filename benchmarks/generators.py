"""The textbook's generators on photographs that everybody has: pictures beside their sources, and figures.

    python benchmarks/generators.py --out out/generators
    python benchmarks/generators.py --only vae --only conditional-gan
    python benchmarks/generators.py --classes FOLDER_OF_SETS [--model materials]

Each learns with its default settings from the left half of scikit-image's bricks (the conditional GAN from the left
halves of bricks, grass and gravel), and is compared with the right half, over three seeds, beside controls. No figure
was a loss, other than fine SWD for the VAE. Writes generators.json and a picture of each; trains nothing twice.

--classes: is what a model makes of the class asked for? `conditional-gan` learns from the left half of the first set of
each class (by the beginning of their names) of which the folder has two or more that can be learned from; with --model,
the bundled model of that name is judged by the sets that it learned. The judge is a classifier of crops of the left
halves, without their brightness and contrast. Writes its figures and a sheet of all classes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sheets import Cell, grid

from impasto import Host, Maps, Recipe, RunOptions, Step, read_maps, run
from impasto.data.dataset import Dataset, dataset_of
from impasto.data.parts import part_of
from impasto.errors import ParameterError
from impasto.library.models import read_model
from impasto_judge.comparison import compare_model
from impasto_judge.controls import MODEL, random_phase_noise

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tasks.pictures import mark  # noqa: E402

MODELS = ROOT / "plugins" / "impasto_gan" / "models"
PHOTOGRAPHS = ("brick", "grass", "gravel")
TOOLS = ("gan", "progressive-gan", "conditional-gan", "vae")
WAYS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "vae": tuple({"latents": way} for way in ("prior", "fitted", "patches"))
}
"""Parameters with which a generator is run; the defaults if it is missing."""
FIGURES = ("wavelets_of_floor", "fine_swd_of_floor", "novelty")
VARIATIONS = (0.0, 0.5, 1.0, 1.5)
SEEDS = 3
CELL_PX, COLUMNS = 256, 6
CROP_PX, CROPS, CLASSIFIER_STEPS = 48, 96, 600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/generators"))
    parser.add_argument("--only", action="append", choices=TOOLS, help="only these (default: all)")
    parser.add_argument("--classes", type=Path, metavar="FOLDER_OF_SETS")
    parser.add_argument("--model", default="", help="with --classes: a bundled model, instead of a new training")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.classes:
        judge_classes(options.classes, options.model, options.out)
        return
    path = options.out / "generators.json"
    facts = json.loads(path.read_text()) if path.exists() else {}
    for tool in options.only or TOOLS:
        labels = PHOTOGRAPHS if tool == "conditional-gan" else PHOTOGRAPHS[:1]
        data = photographs(labels)
        seconds = train(tool, data, options.out / "models")
        found = {"cpu_seconds": seconds} if seconds else {}
        make = Maker(tool, tool, options.out / "models", data)
        picture = options.out / f"generators_{tool.replace('-', '_')}.jpg"
        found |= figures_and_picture(make, labels, picture)
        mark(picture, [training_of(tool).to_dict()])
        facts[tool] = {**facts.get(tool, {}), **found}
        path.write_text(json.dumps(facts, indent=1) + "\n")
        print(tool, json.dumps(facts[tool], indent=1), flush=True)


def judge_classes(folder: Path, model: str, out: Path) -> None:
    """Write how often results of each class are recognised, and a sheet of all classes."""
    if model:
        table = tomllib.loads((MODELS / "training.toml").read_text("utf-8"))[model]["data"]
        data = classes_of({label: base_color(folder / name) for label, name in table.items()})
        make = Maker("torus", model, MODELS, data)
    else:
        data = classes_of(first_sets(folder))
        seconds = train("conditional-gan", data, out / "classes")
        make = Maker("conditional-gan", "conditional-gan", out / "classes", data)
        print(f"{seconds} CPU seconds" if seconds else "trained before", flush=True)
    labels = [str(sample.label) for sample in data.samples]
    made = {label: [make(seed, material=label) for seed in range(SEEDS)] for label in labels}
    found = json.dumps(recognised(make, made), indent=1)
    (out / f"classes_{make.name}.json").write_text(found + "\n")
    print(found)
    cells = [cell for label in labels for cell in ((label, colors(make.real(label))), ("", colors(made[label][0])))]
    rows = [cells[index : index + COLUMNS] for index in range(0, len(cells), COLUMNS)]
    sheet(rows).save(out / f"classes_{make.name}.jpg", quality=88)


def photograph(name: str) -> Maps:
    """One of scikit-image's greyscale photographs of 512x512 px."""
    from skimage import data

    grey = getattr(data, name)().astype(np.float32) / 255
    return Maps.from_arrays({"base_color": np.repeat(grey[..., None], 3, 2)}, name=name)


def photographs(labels: tuple[str, ...]) -> Dataset:
    """The photographs, each a class of its own if there are several."""
    return classes_of({name: photograph(name) for name in labels})


def classes_of(pictures: Mapping[str, Maps]) -> Dataset:
    """Pictures by class, or one of no class; their captions are their names."""
    many = len(pictures) > 1
    sets = [
        dataset_of(maps, label=label if many else None, licence="CC0-1.0", longest_px=512, captions=(label,))
        for label, maps in pictures.items()
    ]
    return replace(sets[0], samples=tuple(sample for one in sets for sample in one.samples))


def train(tool: str, data: Dataset, folder: Path) -> float | None:
    """CPU seconds of the training; None if the model exists already."""
    if (folder / f"{tool}.safetensors").exists():
        return None
    started = time.process_time()
    run(
        training_of(tool),
        {"dataset": data},
        RunOptions(models_folder=folder, device="cpu"),
        Host(on_progress=Said(tool)),
    )
    return round(time.process_time() - started)


def training_of(tool: str) -> Recipe:
    """The training of a generator: its defaults, on one half of each picture."""
    return Recipe((Step(f"train-{tool}", {"name": tool, "hold_out": True}, {"dataset": "dataset"}),), 0)


class Said:
    """Prints the progress of a training every minute."""

    def __init__(self, tool: str) -> None:
        self.tool, self.last_s = tool, 0.0

    def __call__(self, fraction: float, message: str) -> None:
        if time.monotonic() - self.last_s > 60:
            self.last_s = time.monotonic()
            print(f"{self.tool}: {message}", flush=True)


class Maker:
    """Runs a generator with a model that learned the dataset. longest_px: size that its pictures were shrunk to."""

    def __init__(self, tool: str, name: str, folder: Path, data: Dataset) -> None:
        self.tool, self.name, self.folder, self.data = tool, name, folder, data
        model = read_model(folder / f"{name}.safetensors")
        self.longest_px = model.trained_px

    def __call__(self, seed: int, source: Maps | None = None, **parameters: Any) -> Maps:
        """Maps of the photograph's size; of the same texel size as what the model learned from."""
        side = self.longest_px
        parameters = {"model": self.name, "width_px": side, "height_px": side, **parameters}
        inputs = {} if source is None else {"source": source}
        return run(
            Recipe((Step(self.tool, parameters),), seed), inputs, RunOptions(models_folder=self.folder, device="cpu")
        ).maps

    def real(self, label: str) -> Maps:
        """The photograph of a class, or the only one, at the model's texel size."""
        samples = self.data.samples
        found = next((sample for sample in samples if sample.label == label), samples[0])
        return found.load(self.longest_px)


def figures_and_picture(make: Maker, labels: tuple[str, ...], path: Path) -> dict[str, Any]:
    """Figures of all results and controls; writes a picture of results beside their sources."""
    found: dict[str, Any] = {}
    for way in WAYS.get(make.tool, ({},)):
        for label, figures in judged(make, way, next(iter(way.values()), "result")).items():
            found.setdefault(label, {}).update(figures)
    rows: list[list[tuple[str, np.ndarray]]] = []
    results: dict[str, list[Maps]] = {}
    for label in labels:
        given = {"material": label} if len(labels) > 1 else {}
        row = [(f"photograph: {label}", colors(make.real(label)))]
        for way in WAYS.get(make.tool, ({},)):
            named = next(iter(way.values()), "result")
            made = [make(seed, **given, **way) for seed in range(SEEDS)]
            results[label] = made
            row += [(f"{named}, seed {seed}", colors(maps)) for seed, maps in enumerate(made[: 1 if way else 2])]
        rows.append(row)
    if len(labels) > 1:
        found["recognised"] = recognised(make, results)
    if make.tool == "vae":
        source = part_of(make.real("brick"), "right")  # which it has not learned from
        rebuilt = {v: colors(make(0, source, width_px=0, height_px=0, variation=v)) for v in (0.0, 0.5)}
        rows.append([("source", colors(source)), *((f"rebuilt, variation {v}", one) for v, one in rebuilt.items())])
    else:
        given = {"material": labels[0]} if len(labels) > 1 else {}
        rows.append([(f"variation {v}", colors(make(0, **given, variation=v))) for v in VARIATIONS])
    sheet(rows).save(path, quality=90)
    return found


def judged(make: Maker, parameters: dict[str, Any], named: str) -> dict[str, dict[str, Any]]:
    """Figures of the results, of a quilt and of noise by what was not learned: by class, then by row."""
    model = read_model(make.folder / f"{make.name}.safetensors")
    size_px = make.longest_px
    found = compare_model(model, make.data, parameters=parameters, seeds=SEEDS, size_px=size_px, device="cpu")
    return {
        one.label: {
            named if row == MODEL else row: {name: figures[name] for name in FIGURES if name in figures}
            for row, figures in one.rows.items()
        }
        for one in found
    }


def recognised(make: Maker, results: Mapping[str, list[Maps]]) -> dict[str, float]:
    """Share of crops that a classifier, which learned from the left halves, takes for their class.

    Crops have mean 0 and deviation 1, so brightness and contrast do not tell. real: of the right halves. asked_for: of
    results. another: of results, and the class after the one that was asked for, as a control. noise: of noise with
    the colours and the spectrum of the left halves, as another.
    """
    labels = list(results)
    left, right = ([part_of(make.real(label), part) for label in labels] for part in ("left", "right"))
    tell = classifier([colors(maps) for maps in left])
    random = np.random.default_rng(1)
    real = np.stack([tell(crops(colors(maps), CROPS, random)) for maps in right])  # (classes, CROPS)
    seen = [[tell(crops(colors(one), CROPS // SEEDS, random)) for one in results[label]] for label in labels]
    made = np.stack([np.concatenate(one) for one in seen])  # (classes, CROPS)
    size = make.longest_px, make.longest_px
    noise = [colors(random_phase_noise(maps, size, ("base_color",))) for maps in left]
    blank = np.stack([tell(crops(picture, CROPS, random)) for picture in noise])
    classes = np.arange(len(labels))[:, None]
    found = {
        "real": float((real == classes).mean()),
        "asked_for": float((made == classes).mean()),
        "another": float((made == (classes + 1) % len(labels)).mean()),
        "noise": float((blank == classes).mean()),
    }
    shares = (made == classes).mean(1)
    return found | {f"asked_for_{label}": float(share) for label, share in zip(labels, shares, strict=True)}


def crops(picture: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Random standardised crops (count, 3, 48, 48), mirrored at random, of a picture (H, W, 3)."""
    found = []
    for _ in range(count):
        y, x = (random.integers(side - CROP_PX + 1) for side in picture.shape[:2])
        crop = picture[y : y + CROP_PX, x : x + CROP_PX][:, :: random.choice((-1, 1))]
        found.append((crop - crop.mean()) / (crop.std() + 1e-6))
    return np.stack(found).transpose(0, 3, 1, 2).astype(np.float32)


def classifier(pictures: list[np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """A small network that has learned to tell crops of the pictures apart, from crops to classes (n,)."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 16, 5, 2), nn.ReLU(), nn.Conv2d(16, 32, 3, 2), nn.ReLU(), nn.Conv2d(32, 32, 3, 2), nn.ReLU()]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, len(pictures)))
    optimizer, random = torch.optim.Adam(network.parameters(), 2e-3), np.random.default_rng(0)
    y = torch.arange(len(pictures)).repeat_interleave(12)
    for _ in range(CLASSIFIER_STEPS):
        x = torch.from_numpy(np.concatenate([crops(picture, 12, random) for picture in pictures]))
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        return lambda x: network(torch.from_numpy(x)).argmax(1).numpy()


def colors(maps: Maps) -> np.ndarray:
    """The base colour (H, W, 3)."""
    return maps["base_color"].pixels


def sheet(rows: list[list[tuple[str, np.ndarray]]]) -> Image.Image:
    """The middle of each picture, at its own size, with its label below."""
    return grid([[Cell(middle(pixels), label) for label, pixels in row] for row in rows], cell_px=CELL_PX)


def middle(pixels: np.ndarray) -> np.ndarray:
    top, left = (max(0, side - CELL_PX) // 2 for side in pixels.shape[:2])
    return pixels[top : top + CELL_PX, left : left + CELL_PX]


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
