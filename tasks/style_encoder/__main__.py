"""`python -m tasks.style_encoder DATA`, in the core's Python: train the encoder of the stylizers, and write what ships.

With --decoders, train the decoders of the encoder that ships instead. DATA holds texture_sheets/, pbr/, textures/,
photos/ and paintings/. Each takes about half an hour of one core, and goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.context import Context
from impasto.library.models import save_model
from impasto.library.tensors import SUFFIX
from impasto.training.loop import Outcome, train
from impasto_style.shared.architectures import MODELS, bundled_tensors
from impasto_style.shared.controls import BUNDLED
from impasto_style.wct.coders import DECODERS

from ..environments import BUILD
from .decoders import StyleDecodersTraining
from .pictures import pictures, procedural
from .training import StyleEncoderTraining

STEPS, DECODER_STEPS = 3200, 2700
WORK = BUILD / "style_encoder"
SHOWN = 50
"""Steps between two lines about the progress."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--decoders", action="store_true", help="train the decoders instead of the encoder")
    parser.add_argument("--steps", type=int, help=f"(default: {STEPS}, for decoders {DECODER_STEPS})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=WORK, help="folder of the checkpoint")
    parser.add_argument("--out", type=Path, default=MODELS, help="folder of what ships")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for folder in (arguments.work, arguments.out):
        folder.mkdir(parents=True, exist_ok=True)
    real, sources = pictures(arguments.data)
    found = [*procedural(), *real]
    print(len(found), "pictures", flush=True)
    training: StyleEncoderTraining | StyleDecodersTraining
    if arguments.decoders:
        encoder = {name: torch.from_numpy(array).float() for name, array in bundled_tensors().items()}
        training = StyleDecodersTraining(found, encoder, arguments.steps or DECODER_STEPS, arguments.seed, "bfloat16")
        named = {"name": DECODERS, "architecture": DECODERS, "tool": "wct", "label": "Style decoders"}
    else:
        training = StyleEncoderTraining(found, arguments.steps or STEPS, arguments.seed, "bfloat16")
        named = {"name": BUNDLED, "architecture": BUNDLED, "tool": "neighbours", "label": "Style encoder"}

    def tell(fraction: float, message: str) -> None:
        if training.done % SHOWN == 0:
            print(message, flush=True)

    about = {"data": "", "parameters": {}, "seed": arguments.seed}
    checkpoint = arguments.work / f"{named['name']}.checkpoint"
    outcome = train(training, checkpoint, about, Context(on_progress=tell), watched=False)
    training.complete()
    path = arguments.out / f"{named['name']}{SUFFIX}"
    write(path, training.bundled(), {**named, "data": sources}, outcome)
    print(path)


def write(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any], outcome: Outcome) -> None:
    """Save a network with a card, in half precision."""
    losses = [name for name in outcome.curve if name in outcome.figures]
    card = {
        **about,
        "figures": {name: round(outcome.figures[name], 4) for name in losses},
        "curve": {name: [round(value, 4) for value in values] for name, values in outcome.curve.items()},
    }
    save_model(path, {name: tensor.detach().numpy().astype(np.float16) for name, tensor in tensors.items()}, card)


if __name__ == "__main__":
    main()
