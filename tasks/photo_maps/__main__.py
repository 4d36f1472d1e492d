"""`python -m tasks.photo_maps DATA`, in the core's Python: learn what of a picture's brightness is relief, judge it on
sets that were left out, and write the network that ships.

DATA holds pbr/ and textures/, with a SOURCES.tsv. It takes some five minutes on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from impasto.data.dataset import read_dataset
from impasto.library.models import save_model
from impasto.library.tensors import SUFFIX
from impasto_photo_maps.shares import MODEL, TOOL, SharesNetwork

from .sets import learned_from, may_teach, pictures
from .shares import examples, held_out, trained
from .surfaces import measured

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "plugins" / "impasto_photo_maps" / "models" / f"{MODEL}{SUFFIX}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sets = learned_from(arguments.data / "pbr")
    seen = examples([measured(maps) for maps in sets.values()], pictures(arguments.data / "textures"))
    found = held_out(seen, list(sets))
    for light, figures in found.items():
        print(light, figures, flush=True)
    network, losses = trained(seen)
    write(network, found, losses, sources(arguments.data), arguments.out)
    print(arguments.out)


def sources(data: Path) -> list[dict[str, Any]]:
    """The data that the network learned from besides procedural materials, with licences and hashes."""
    sets = [path for path in sorted((data / "pbr").iterdir()) if may_teach(path.name)]
    return [source for folder in [*sets, data / "textures"] for source in read_dataset(folder).sources()]


def write(
    network: SharesNetwork,
    found: dict[str, dict[str, float]],
    losses: list[float],
    data: list[dict[str, Any]],
    path: Path,
) -> None:
    """Save the network with a card."""
    path.parent.mkdir(exist_ok=True)
    figures = {f"{light}, {name}": value for light, row in found.items() for name, value in row.items()}
    card = {
        "name": MODEL,
        "architecture": MODEL,
        "tool": TOOL,
        "label": "Photo maps",
        "data": data,
        "figures": figures,
        "curve": {"loss": [round(value, 4) for value in losses[::10]]},
    }
    save_model(path, {name: value.detach().numpy() for name, value in network.state_dict().items()}, card)


if __name__ == "__main__":
    main()
