"""`python -m tasks.photo_maps.finish DATA`, in the core's Python: train the roughness of `photo-maps`.

It begins with `--start`, whose other parts stay as they are. A training goes on where it was interrupted. Prints
figures of sets that are neither learned from nor judges.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.context import Context
from impasto.library.models import read_model
from impasto.numerics.borders import TORUS
from impasto.training.loop import train
from impasto_photo_maps.network import RecognitionNetwork
from impasto_photo_maps.recognition import recognised_roughness

from ..judges import Judges, base_color
from .__main__ import BUNDLED, SHOWN, WORK, is_held_out, materials, sources, write
from .examples import Material
from .finishing import UNTAUGHT, FinishTraining, Thumbnails
from .kinds import kind_of, named_thumbnails
from .metals import BARE_SETS, knows_metal, metal_of_thumbnail
from .photographs import Suns, lit
from .sets import is_judge, judges, sets
from .surfaces import Surfaces

JUDGED = 300
"""Steps between two judgements, of which each writes the model."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, default=BUNDLED, help="model of an earlier stage")
    parser.add_argument("--out", type=Path, default=BUNDLED)
    arguments = parser.parse_args()
    data, judged = arguments.data, judges(arguments.data)
    found, folders = materials(data, judged)
    held = {name: material for name, material in found.items() if is_held_out(name)}
    names = [name for name in found if name not in held]
    colors = (base_color(path) for path in sets(data) if is_held_out(path.name) and not is_judge(path.name))
    shown = shown_thumbnails(data / "texture_sheets", judged, Judges(x for x in colors if x is not None))
    print(len(names), "sets to learn from,", len(held), "held out", flush=True)
    training = FinishTraining(
        weights_of(arguments.start),
        [with_metal(name, found[name]) for name in names],
        [knows_metal(name, any(path.stem == "metallic" for path in folders[name].iterdir())) for name in names],
        shown,
        arguments.steps,
        arguments.seed,
    )

    def tell(fraction: float, message: str) -> None:
        if training.done % SHOWN == 0:
            print(message, flush=True)
        if training.done % JUDGED == 0:
            print(judge(), flush=True)
            save({})

    def judge() -> dict[str, float]:
        return figures(training.ema, list(held.values()))

    def save(curve: Mapping[str, Sequence[float]]) -> None:
        weights = {name: x for name, x in training.ema.state_dict().items() if not name.startswith("classifier")}
        network = RecognitionNetwork()
        network.load_state_dict(weights)
        card = read_model(arguments.start).card  # the relief and its figures are those of the earlier stage
        of_relief = {name: x for name, x in card["figures"].items() if "roughness" not in name}
        learned = {one["sha256"]: one for one in (*card["data"], *sources(data, [folders[name] for name in names]))}
        note = card.get("note", "")
        write(network, of_relief | judge(), curve, list(learned.values()), arguments.out, note=note)

    WORK.mkdir(parents=True, exist_ok=True)
    about = {"data": "", "parameters": {}, "seed": arguments.seed}
    outcome = train(training, WORK / "finish.checkpoint", about, Context(on_progress=tell), watched=False)
    save(outcome.curve)
    print(judge(), arguments.out, sep="\n")


def weights_of(path: Path) -> dict[str, Tensor]:
    """Weights of a model's file, of which roughness was once an output of the relief."""
    tensors = {name: torch.from_numpy(array).float() for name, array in read_model(path).load().items()}
    wanted = RecognitionNetwork().state_dict()
    return {name: x[: len(wanted[name])] if name.startswith("leave") else x for name, x in tensors.items()}


def with_metal(name: str, material: Material) -> Material:
    """A set called CLASS_NAME, metallic where that is known without a map."""
    surface = material.surface
    if name in BARE_SETS:
        surface = replace(surface, metallic=torch.ones_like(surface.metallic))
    return replace(material, surface=surface)


def shown_thumbnails(folder: Path, judged: Judges, held: Judges) -> Thumbnails:
    """Thumbnails that show no set that is kept for the figures."""
    found = [one for one in named_thumbnails(folder, judged) if held.may_teach(one[0].permute(1, 2, 0).numpy())]
    pictures, names, numbers = zip(*found, strict=True)
    classes = sorted(set(names))
    metal = [metal_of_thumbnail(name, number) for name, number in zip(names, numbers, strict=True)]
    return Thumbnails(
        torch.stack(pictures),
        torch.tensor([kind_of(name) for name in names]),
        torch.tensor([classes.index(name) for name in names]),
        torch.tensor([UNTAUGHT if one is None else one for one in metal]),
    )


def figures(network: RecognitionNetwork, held: Sequence[Material]) -> dict[str, float]:
    """Mean errors of roughness, of each pixel and of each set's mean, of colours alone and of photographs in sun."""
    network.eval()
    found: dict[str, float] = {}
    for light, sun in (("no light", None), ("lit", Suns.one(110.0, 40.0))):
        rough = []
        for surface in (material.surface for material in held if material.is_known):
            one = Surfaces.of(surface.stacked()[:, None])
            picture = surface.color if sun is None else lit(one, sun)[:, 0]
            difference = recognised_roughness(network, picture, TORUS) - surface.roughness
            rough.append((float(difference.abs().mean()), abs(float(difference.mean()))))
        of_pixels, of_sets = np.mean(rough, 0)
        found |= {f"{light}: roughness": round(float(of_pixels), 3), f"{light}: of sets": round(float(of_sets), 3)}
    return found


if __name__ == "__main__":
    main()
