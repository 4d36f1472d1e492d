"""`python -m tasks.photo_maps.train_recognition DATA`, in the core's Python: train the network that recognises relief.

DATA holds pbr/, pbr512/ and textures/. A training goes on where it was interrupted, and `--start` begins with the
weights of an earlier stage. Prints figures of sets that are neither learned from nor judges.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from impasto.context import Context
from impasto.data.prepare import maps_at_scale
from impasto.errors import ImpastoError
from impasto.evaluation.maps import MapFigures, mean_figures, normal_figures
from impasto.io.files import read_maps
from impasto.library.models import load_model, read_model, save_model
from impasto.library.tensors import SUFFIX
from impasto.surface.heights import normal_from_slopes
from impasto.training.loop import train

from ..environments import BUILD
from .photographs import Sun, lit
from .recognition import RecognitionTraining, recognised
from .sets import may_teach, pictures
from .surfaces import Surfaces, measured

STAGE = Path(__file__).with_name("models") / f"recognition{SUFFIX}"
"""Averaged weights after the last stage, from which the next one starts."""
WORK = BUILD / "photo_maps"
STYLISED = ("stylized", "scifi", "organic", "gem", "moon", "lava", "coral", "door")
"""Beginnings of the names of sets that are no measured surfaces."""
SIDE_PX = 512
DEVELOPMENT = 12
"""One of so many sets is kept for the figures that are printed, by its name's SHA-256."""
SHOWN, JUDGED = 50, 1000
"""Steps between two lines about the progress, and between two judgements."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=0, help="another one for each stage")
    parser.add_argument("--sets", type=int, help="learn from so many sets only")
    parser.add_argument("--start", type=Path, help="weights of an earlier stage")
    parser.add_argument("--out", type=Path, default=STAGE)
    arguments = parser.parse_args()
    found = named_surfaces(arguments.data)
    held = {name: surface for name, surface in found.items() if is_held_out(name)}
    taught = [surface for name, surface in found.items() if name not in held][: arguments.sets]
    print(len(taught), "sets to learn from,", len(held), "held out", flush=True)
    training = RecognitionTraining(taught, pictures(arguments.data / "textures"), arguments.steps, arguments.seed)
    if arguments.start:
        tensors = load_model(read_model(arguments.start))
        for network in (training.ema, training.networks[training.averaged]):
            network.load_state_dict({name: torch.from_numpy(array).float() for name, array in tensors.items()})
        training.keep_good()

    def tell(fraction: float, message: str) -> None:
        if training.done % SHOWN == 0:
            print(message, flush=True)
        if training.done % JUDGED == 0:
            print(summary(training.ema, list(held.values())), flush=True)

    WORK.mkdir(parents=True, exist_ok=True)
    about = {"data": "", "parameters": {}, "seed": arguments.seed}
    train(training, WORK / "recognition.checkpoint", about, Context(on_progress=tell), watched=False)
    said = summary(training.ema, list(held.values()))
    print(said, "\nof sets that were learned from:\n", summary(training.ema, taught[:: max(1, len(taught) // 16)]))
    arguments.out.parent.mkdir(exist_ok=True)
    card = {
        "name": "recognition",
        "architecture": "recognition",
        "tool": "photo-maps",
        "label": "Recognition of relief",
    }
    tensors = {name: value.detach().numpy().astype(np.float16) for name, value in training.ema.state_dict().items()}
    save_model(arguments.out, tensors, {**card, "data": [], "figures": {}, "curve": {}})
    print(arguments.out)


def named_surfaces(data: Path) -> dict[str, Surfaces]:
    """Measured surfaces by name, none of them a judge, of SIDE_PX and in the order of their names' SHA-256."""
    folders = [path for kind in ("pbr", "pbr512") for path in (data / kind).iterdir() if path.is_dir()]
    found = {}
    for folder in sorted(folders, key=lambda path: hashlib.sha256(path.name.encode()).hexdigest()):
        if may_teach(folder.name) and not folder.name.startswith(STYLISED):
            try:
                maps = read_maps(folder)
            except ImpastoError as error:
                print(error)
                continue
            if "normal" in maps and "base_color" in maps:
                found[folder.name] = measured(maps_at_scale(maps, SIDE_PX / maps.size_px[1]))
    return found


def is_held_out(name: str) -> bool:
    """Whether a set is kept for the figures that are printed."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % DEVELOPMENT == 0


def summary(network: torch.nn.Module, surfaces: Sequence[Surfaces]) -> str:
    """Mean figures over surfaces, of their colours alone and of photographs in the sun, with its azimuth hidden."""
    network.eval()
    lines = []
    for name, sun in (("no light", None), ("lit", Sun(110.0, 40.0))):
        relief, flat = [], []
        for surface in surfaces:
            values = recognised(network, surface.color if sun is None else lit(surface, sun))
            slopes = (values[:2], surface.slopes)
            figures = normal_figures(*(normal_from_slopes(x.permute(1, 2, 0).numpy()) for x in slopes))
            roughness = float((values[2].sigmoid() - surface.roughness).abs().mean())
            found = MapFigures(**figures, roughness_error=roughness)
            (relief if found.has_relief else flat).append(found)
        for kind, group in (("relief", relief), ("flat", flat)):
            means = mean_figures(group)
            known = {**asdict(means), "normal_of_flat": means.normal_of_flat}
            said = (f"{key} {value:.2f}" for key, value in known.items() if value is not None)
            lines.append(f"{name}, {len(group)} {kind} sets: {', '.join(said)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
