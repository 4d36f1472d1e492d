"""`python -m tasks.photo_maps.light DATA`, in the core's Python: train the network of `remove-light`.

It learns from the sets that `photo-maps` learns from, and from pictures without relief. It begins with the encoder of
`photo-maps`, or with `--start`. A training goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from impasto.context import Context
from impasto.library.models import read_model
from impasto.surface.color_tensors import srgb_to_linear
from impasto.training.loop import train
from impasto_photo_maps.light import LIGHT_MODEL
from impasto_photo_maps.network import MODELS

from ..judges import Judges, base_color
from .__main__ import BUNDLED, RANDOM_MATERIALS, SHOWN, SIDE_PX, WORK, is_held_out, materials, sources, write
from .kinds import thumbnails
from .lighting import RATE, LightTraining
from .sets import judges, pictures
from .surfaces import random_material

LABEL, PAINTINGS = "Light removal", "paintings512"
SAVED = 500
"""Steps between two models that are written."""
PAPER, LEAST_PX = 0.99, 48
"""sRGB value of the white around thumbnails, and the least side of one."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="model of an earlier stage")
    parser.add_argument("--rate", type=float, default=RATE, help="learning rate")
    parser.add_argument("--out", type=Path, default=MODELS / BUNDLED.name.replace("photo-maps", LIGHT_MODEL))
    arguments = parser.parse_args()
    judged = judges(arguments.data)
    found, folders = materials(arguments.data, judged)
    names = [name for name in found if not is_held_out(name)]
    textures = pictures(arguments.data / "textures", judged)
    drawn = [random_material(SIDE_PX, number, textures) for number in range(RANDOM_MATERIALS)]
    surfaces = [surface.stacked().half() for surface in (*(found[name].surface for name in names), *drawn)]
    weights = {
        name: torch.from_numpy(array).float()
        for name, array in read_model(arguments.start or BUNDLED).load().items()
        if arguments.start or name.startswith(("first", "fires"))
    }
    plain = plain_pictures(arguments.data, judged, [folder for name, folder in folders.items() if is_held_out(name)])
    data = sources(arguments.data, [folders[name] for name in names], PAINTINGS)
    print(len(surfaces), "surfaces,", len(plain), "pictures", flush=True)
    training = LightTraining(surfaces, plain, arguments.steps, arguments.seed, weights, arguments.rate)

    def tell(fraction: float, message: str) -> None:
        if training.done % SHOWN == 0:
            print(message, flush=True)
        if training.done % SAVED == 0:
            write(training.ema, {}, {}, data, arguments.out, LIGHT_MODEL, LABEL)

    WORK.mkdir(parents=True, exist_ok=True)
    about = {"data": "", "parameters": {}, "seed": arguments.seed}
    outcome = train(training, WORK / "light.checkpoint", about, Context(on_progress=tell), watched=False)
    write(training.ema, {}, outcome.curve, data, arguments.out, LIGHT_MODEL, LABEL)
    print(arguments.out)


def plain_pictures(data: Path, judged: Judges, held_out: Sequence[Path]) -> list[Tensor]:
    """Linear colours (3, H, W) of paintings and thumbnails that show no judge, set that is held out, or photograph."""
    for path in (*held_out, *sorted((data / "textures").rglob("*.jpg"))):
        if (texture := base_color(path)) is not None:
            judged.add(texture)
    found = pictures(data / PAINTINGS, judged)
    for picture, _ in thumbnails(data / "texture_sheets", judged):
        is_paper = picture.amin(0) > PAPER  # what a thumbnail leaves of its square is white
        rows, columns = (int((~is_paper.all(axis)).nonzero().max() + 1) if not is_paper.all() else 0 for axis in (1, 0))
        if min(rows, columns) >= LEAST_PX:
            found.append(srgb_to_linear(picture[:, :rows, :columns]))
    return found


if __name__ == "__main__":
    main()
