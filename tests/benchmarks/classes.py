"""One model of many classes: its quality over training time, as a picture and a table.

    python tests/benchmarks/classes.py --data DIR --minutes 40 --out out/classes

DIR holds `texture_sheets/` (labelled thumbnails of 128 px with index.json) and `pbr/CLASS_NAME/` (map sets of 1024
px). Thumbnails show how a material is laid out, map sets its grain and maps; each class has both. Every other thumbnail
is kept back, to judge the layouts. Writes the model, classes.json and classes.png: of each class a real thumbnail, what
the model makes at that detail, and a part at full detail.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path

import numpy as np
from collapse import Said
from PIL import Image, ImageDraw

from impasto import Maps, Recipe, Step, run
from impasto.data.dataset import Dataset, read_dataset
from impasto.evaluation.metrics import sliced_wasserstein
from impasto.library.models import read_model

SETS = {
    "asphalt": "asphalt",
    "bark": "bark",
    "bricks": "brick",
    "concrete": "concrete",
    "fabric": "fabric",
    "grass": "grass",
    "gravel": "gravel",
    "ground": "ground",
    "metal": "metal",
    "planks": "wood",
    "plaster": "plaster",
    "rock": "stone",
    "roofingtiles": "roof",
    "snow": "snow",
    "tiles": "tiles",
}
"""Map sets that belong to the thumbnails of a sheet."""
THUMBNAIL_PX, CANVAS_PX = 128, 512
LEAST_THUMBNAILS = 20
PARAMETERS = {"canvas_px": CANVAS_PX, "longest_px": CANVAS_PX, "crop_px": 96, "batch": 4, "augment": 0.3}
SHOWN_PX = 160
JUDGES = 12
"""Number of thumbnails of a class that results are compared with."""
MODEL = "classes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("out/classes"))
    parser.add_argument("--minutes", type=float, default=40.0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    folder = options.out / "data"
    if not folder.exists():
        gather(options.data, folder, first=0)
        gather(options.data, options.out / "judges", first=1)
    learned = read_dataset(folder, licence="CC0-1.0", longest_px=CANVAS_PX, smallest_px=PARAMETERS["crop_px"])
    train(learned, options.out, options.minutes)
    judges = read_dataset(options.out / "judges", licence="CC0-1.0", smallest_px=THUMBNAIL_PX)
    show(judges, options.out)


def gather(data: Path, folder: Path, first: int) -> None:
    """A folder of the classes: every other thumbnail from the `first` on, and in the first half also the map sets."""
    index = json.loads((data / "texture_sheets" / "index.json").read_text())
    sheets = {name: boxes for name, boxes in index["boxes"].items() if Path(name).stem.lower() in SETS}
    sheets = {name: boxes[first::2] for name, boxes in sheets.items() if len(boxes) >= LEAST_THUMBNAILS}
    target = folder / "thumbnails"
    target.mkdir(parents=True)
    for name in sheets:
        shutil.copy(data / "texture_sheets" / name, target / name)
    (target / "index.json").write_text(json.dumps({**index, "boxes": sheets}))
    for name in sheets if first == 0 else ():
        label = Path(name).stem.lower()
        for found in sorted((data / "pbr").glob(f"{SETS[label]}_*")):
            shutil.copytree(found, folder / label / found.name)


def train(dataset: Dataset, out: Path, minutes: float) -> None:
    """Train for a time; resumes an interrupted run, and does nothing if the model exists."""
    if (out / f"{MODEL}.safetensors").exists():
        return
    ends = time.monotonic() + 60 * minutes
    parameters = {**PARAMETERS, "name": MODEL, "steps": 1_000_000}
    recipe = Recipe((Step("train-torus", parameters, {"dataset": "dataset"}),), 0)
    run(
        recipe,
        {"dataset": dataset},
        models_folder=out,
        on_progress=Said(MODEL),
        is_stopped=lambda: time.monotonic() > ends,
    )


def made(label: str, out: Path, scale: float) -> Maps:
    """Maps of a class by the model, of SHOWN_PX or a thumbnail's size, at a scale."""
    side = THUMBNAIL_PX if scale < 1 else SHOWN_PX
    parameters = {"model": MODEL, "material": label, "width_px": side, "height_px": side, "scale": scale}
    return run(Recipe((Step("torus", parameters),), 1), models_folder=out).maps


def show(judges: Dataset, out: Path) -> None:
    """Writes the table and the sheet, and prints a line for each class."""
    card = read_model(out / f"{MODEL}.safetensors").card
    rows, tiles = [], []
    for label in card["classes"]:
        samples = [sample for sample in judges.samples if sample.label == label][:JUDGES]
        real = [sample.load()["base_color"].pixels for sample in samples]
        layout, detail = (made(label, out, scale)["base_color"].pixels for scale in (THUMBNAIL_PX / CANVAS_PX, 1.0))
        distances = sorted(float(np.mean(sliced_wasserstein(layout, one)[:2])) for one in real)
        others = sorted(float(np.mean(sliced_wasserstein(real[0], one)[:2])) for one in real[1:])
        rows.append({"class": label, "swd": distances[0], "swd_of_another_thumbnail": others[0], "count": len(real)})
        print(f"{label:<14}{len(real):>4} thumbnails: SWD {distances[0]:.0f}, another thumbnail {others[0]:.0f}")
        tiles.append((label, [real[0], layout, detail]))
    facts = {"steps": card["figures"]["steps"], "classes": rows, "curve": card["curve"]}
    (out / "classes.json").write_text(json.dumps(facts, indent=1) + "\n")
    sheet(tiles).save(out / "classes.png")


def sheet(tiles: list[tuple[str, list[np.ndarray]]], columns: int = 3) -> Image.Image:
    """A sheet of three pictures per class and three classes per row."""
    width, height = 3 * (SHOWN_PX + 4) + 12, SHOWN_PX + 22
    image = Image.new("RGB", (columns * width, height * -(-len(tiles) // columns)), "white")
    draw = ImageDraw.Draw(image)
    for index, (label, pictures) in enumerate(tiles):
        left, top = index % columns * width + 6, index // columns * height
        draw.text((left, top + 4), label, fill="black")
        for place, pixels in enumerate(pictures):
            picture = Image.fromarray((pixels * 255).round().astype(np.uint8)).resize((SHOWN_PX, SHOWN_PX))
            image.paste(picture, (left + place * (SHOWN_PX + 4), top + 18))
    return image


if __name__ == "__main__":
    main()
