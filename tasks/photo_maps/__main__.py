"""`python -m tasks.photo_maps DATA`, in the core's Python: train the network that recognises relief.

`tasks.photo_maps.finish` then trains its part for roughness. DATA holds pbr/, pbr512/, textures/, texture_sheets/ and
weights/. A training goes on where it was interrupted, and `--start` begins with the model of an earlier stage. Prints
figures of sets that are neither learned from nor judges.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from impasto.context import Context
from impasto.data.pictures import find_pictures
from impasto.data.prepare import maps_at_scale
from impasto.errors import ImpastoError
from impasto.io.files import read_maps
from impasto.library.models import read_model, save_model
from impasto.library.tensors import SUFFIX
from impasto.numerics.borders import TORUS
from impasto.surface.heights import normal_from_slopes
from impasto.training.loop import train
from impasto_judge.maps import MapFigures, mean_figures, normal_figures
from impasto_photo_maps.network import MODEL, MODELS, estimates

from ..environments import BUILD
from ..judges import Judges
from .examples import CROP_PX, Material
from .kinds import UNKNOWN, kind_of, thumbnails, usual
from .photographs import Suns, lit
from .recognition import BATCH, RATE, RecognitionTraining
from .sets import is_judge, judges, pictures, sets
from .surfaces import Surfaces, measured, random_material

BUNDLED = MODELS / f"{MODEL}{SUFFIX}"
PRETRAINED = "squeezenet1_1_features_fp16.safetensors"
PRETRAINED_LICENCE = "MIT AND BSD-2-Clause"
"""Of the conversion to Keras that the file was made of, and of the original weights (Iandola et al. 2016)."""
FIRES_IN_FILE = dict(
    zip(
        ("3", "4", "6", "7", "9", "10", "11", "12"),
        ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (2, 3)),
        strict=True,
    )
)
"""Places in the network of the file's fire modules by their number."""
RANDOM_MATERIALS = 48
WORK = BUILD / "photo_maps"
STYLISED = ("stylized", "scifi", "organic", "gem", "moon", "lava", "coral", "door")
"""Beginnings of the names of sets that are no measured surfaces."""
SIDE_PX = 512
DEVELOPMENT = 8
"""One of so many sets is kept for the figures that are printed, by its name's SHA-256."""
SHOWN, JUDGED = 50, 1000
"""Steps between two lines about the progress, and between two judgements."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0, help="another one for each stage")
    parser.add_argument("--sets", type=int, help="learn from so many sets only")
    parser.add_argument("--start", type=Path, help="model of an earlier stage")
    parser.add_argument("--average", action="store_true", help="write the mean of both stages' weights")
    parser.add_argument("--rate", type=float, default=RATE, help="learning rate")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--crop", type=int, default=CROP_PX, help="side of photographs, a multiple of 16")
    parser.add_argument("--out", type=Path, default=BUNDLED)
    arguments = parser.parse_args()
    judged = judges(arguments.data)
    found, folders = materials(arguments.data, judged)
    held = {name: material for name, material in found.items() if is_held_out(name)}
    names = [name for name in found if name not in held][: arguments.sets]
    print(len(names), "sets to learn from,", len(held), "held out", flush=True)
    taught = [found[name] for name in names]
    print(usual(*zip(*((one.surface, one.kind, one.is_known) for one in taught), strict=True)), flush=True)
    textures = pictures(arguments.data / "textures", judged)
    training = RecognitionTraining(
        taught,
        [Material(random_material(SIDE_PX, number, textures)) for number in range(RANDOM_MATERIALS)],
        [one for one in thumbnails(arguments.data / "texture_sheets", judged) if one[1] != UNKNOWN],
        arguments.steps,
        arguments.seed,
        "bfloat16",
        None if arguments.start else pretrained(arguments.data / "weights"),
        arguments.device,
        arguments.batch,
        arguments.crop,
        arguments.rate,
    )
    if arguments.start:
        tensors = read_model(arguments.start).load()
        for network in (training.ema, training.networks[training.averaged]):
            network.load_state_dict({name: torch.from_numpy(array).float() for name, array in tensors.items()})
        training.keep_good()

    def tell(fraction: float, message: str) -> None:
        if training.done % SHOWN == 0:
            print(message, flush=True)
        if training.done % JUDGED == 0:
            print(figures(training.ema, [material.surface for material in held.values()]), flush=True)

    WORK.mkdir(parents=True, exist_ok=True)
    about = {"data": "", "parameters": {}, "seed": arguments.seed}
    outcome = train(training, WORK / "recognition.checkpoint", about, Context(on_progress=tell), watched=False)
    if arguments.start and arguments.average:  # better than either on other sets (Wortsman et al. 2022)
        mean = {name: (x + torch.from_numpy(tensors[name]).to(x)) / 2 for name, x in training.ema.state_dict().items()}
        training.ema.load_state_dict(mean)
    of_held = figures(training.ema, [material.surface for material in held.values()])
    print(of_held, figures(training.ema, [found[name].surface for name in names[::8]]), sep="\n")
    write(
        training.ema, of_held, outcome.curve, sources(arguments.data, [folders[name] for name in names]), arguments.out
    )
    print(arguments.out)


def pretrained(folder: Path) -> dict[str, Tensor]:
    """Weights of SqueezeNet 1.1's features, by their names in the network."""
    tensors = load_file(folder / PRETRAINED)
    found = {}
    for name, tensor in tensors.items():
        _, number, rest = name.split(".", 2)
        place = "first" if number == "0" else "fires.{}.{}".format(*FIRES_IN_FILE[number])
        found[f"{place}.{rest}"] = tensor.float()
    return found


def materials(data: Path, judged: Judges) -> tuple[dict[str, Material], dict[str, Path]]:
    """Measured surfaces by name, of SIDE_PX and in the order of their names' SHA-256, and their folders.

    None is a judge, or shows one under another name.
    """
    found, folders = {}, {}
    for folder in sorted(sets(data), key=lambda path: hashlib.sha256(path.name.encode()).hexdigest()):
        if not is_judge(folder.name) and not folder.name.startswith(STYLISED):
            try:
                maps = read_maps(folder)
            except ImpastoError as error:
                print(error)
                continue
            if "normal" in maps and "base_color" in maps and judged.may_teach(maps["base_color"].pixels):
                kind = kind_of(folder.name)
                scaled = maps_at_scale(maps, SIDE_PX / maps.size_px[1])
                found[folder.name] = Material(measured(scaled), kind, "roughness" in maps)
                folders[folder.name] = folder
    return found, folders


def is_held_out(name: str) -> bool:
    """Whether a set is kept for the figures that are printed."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % DEVELOPMENT == 0


def figures(network: torch.nn.Module, surfaces: Sequence[Surfaces]) -> dict[str, float]:
    """Mean figures over surfaces with relief and over others, of their colours alone and of photographs in the sun."""
    network.eval()
    device = next(network.parameters()).device
    found = {}
    for light, sun in (("no light", None), ("lit", Suns.one(110.0, 40.0))):
        groups: dict[str, list[MapFigures]] = {"relief": [], "flat": []}
        for surface in surfaces:
            one = Surfaces.of(surface.stacked()[:, None])
            picture = surface.color if sun is None else lit(one, sun)[:, 0]
            values = {key: x.cpu() for key, x in estimates(network, picture.to(device), TORUS).items()}
            slopes = (values["slopes"], surface.slopes)
            normals = normal_figures(*(normal_from_slopes(x.permute(1, 2, 0).numpy()) for x in slopes))
            figures_of_one = MapFigures(**normals)
            groups["relief" if figures_of_one.has_relief else "flat"].append(figures_of_one)
        for kind, group in groups.items():
            means = mean_figures(group)
            known = {**asdict(means), "normal_of_flat": means.normal_of_flat}
            found |= {f"{light}, {kind}: {key}": round(x, 3) for key, x in known.items() if x is not None}
    return found


def sources(data: Path, folders: Sequence[Path], *others: str) -> list[dict[str, Any]]:
    """The sets that were learned from, by their folders' names, and the data besides, with licences and hashes."""
    found = [
        {"name": folder.name, "licence": picture.licence, "sha256": picture.source[1]}
        for folder in folders
        for picture in find_pictures(folder, "unknown")[0]
    ]
    for folder in (data / "textures", data / "texture_sheets", *(data / name for name in others)):
        pictures = dict.fromkeys((*one.source, one.licence) for one in find_pictures(folder, "unknown")[0])
        found += [{"name": name, "licence": licence, "sha256": sha256} for name, sha256, licence in pictures]
    weights = (data / "weights" / PRETRAINED).read_bytes()
    return [*found, {"name": PRETRAINED, "licence": PRETRAINED_LICENCE, "sha256": hashlib.sha256(weights).hexdigest()}]


def write(
    network: torch.nn.Module,
    held_out: Mapping[str, float],
    curve: Mapping[str, Sequence[float]],
    data: Sequence[Mapping[str, Any]],
    path: Path,
    name: str = MODEL,
    label: str = "Photo maps",
    note: str = "",
) -> None:
    """Save the network of the tool of the same name in half precision, with a card."""
    card = {
        "name": name,
        "architecture": name,
        "tool": name,
        "label": label,
        "data": list(data),
        "figures": dict(held_out),
        "curve": dict(curve),
        **({"note": note} if note else {}),
    }
    path.parent.mkdir(exist_ok=True)
    save_model(
        path,
        {name: value.detach().cpu().numpy().astype(np.float16) for name, value in network.state_dict().items()},
        card,
    )


if __name__ == "__main__":
    main()
