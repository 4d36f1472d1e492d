"""`python -m tasks.style_encoder DATA`, in the core's Python: train the encoder of the stylizers, and write what ships.

DATA holds texture_sheets/, pbr/, textures/, photos/ and paintings/. It takes about an hour of one core, and goes on
where it was interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto.context import Context
from impasto.library.models import save_model
from impasto.library.tensors import SUFFIX
from impasto.training.loop import Outcome, train
from impasto_style.shared.architectures import MODELS
from impasto_style.shared.controls import BUNDLED

from ..environments import BUILD
from .network import StyleEncoderNetwork
from .pictures import pictures
from .training import StyleEncoderTraining

STEPS = 3200
WORK = BUILD / "style_encoder"
SHOWN = 50
"""Steps between two lines about the progress."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=WORK, help="folder of the checkpoint")
    parser.add_argument("--out", type=Path, default=MODELS / f"{BUNDLED}{SUFFIX}")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    found, sources = pictures(arguments.data)
    print(len(found), "pictures", flush=True)
    training = StyleEncoderTraining(found, STEPS, arguments.seed, "bfloat16")

    def tell(fraction: float, message: str) -> None:
        if training.done % SHOWN == 0:
            print(message, flush=True)

    about = {"data": "", "parameters": {}, "seed": arguments.seed}
    outcome = train(training, arguments.work / "encoder.checkpoint", about, Context(on_progress=tell), watched=False)
    training.complete()
    write(training.ema, outcome, sources, arguments.out)
    print(arguments.out)


def write(network: StyleEncoderNetwork, outcome: Outcome, data: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Save the network with a card, in half precision."""
    path.parent.mkdir(exist_ok=True)
    card = {
        "name": BUNDLED,
        "architecture": BUNDLED,
        "tool": "neighbours",
        "label": "Style encoder",
        "data": list(data),
        "figures": {name: round(outcome.figures[name], 4) for name in ("told", "classified")},
        "curve": {name: [round(value, 4) for value in values] for name, values in outcome.curve.items()},
    }
    save_model(path, {name: tensor.numpy().astype(np.float16) for name, tensor in network.folded().items()}, card)


if __name__ == "__main__":
    main()
