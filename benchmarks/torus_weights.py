"""Measures the weights of the torus model's training, each halved and doubled, on sets that no bundled model learned.

    python benchmarks/torus_weights.py FOLDER_OF_SETS --sets brick_brick_wall_08 concrete_concrete07 --steps 250

A short training on half of each set, judged on the other half by figures that no loss uses: distances of wavelet
statistics, relative to those of the two real halves, and of spectra (dB). Lines give the change from the unchanged
training of the same set and seed, as mean ± standard error; the spread of seeds says how much of it is chance.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from unittest.mock import patch

import numpy as np

from impasto import Recipe, Step, run
from impasto.data.dataset import Dataset, read_dataset
from impasto.evaluation.comparison import compare_model
from impasto.evaluation.controls import MODEL
from impasto.library.models import read_model
from impasto.training import standardisation
from impasto_gan.torus import data, train

CHANGES = (
    (train, "GAMMA", (0.5, 2.0)),
    (train, "SWD_WEIGHT", (1.0, 4.0)),
    (train, "PHASE_WEIGHT", (5.0, 20.0)),
    (train, "DISCRIMINATOR_RATE", (0.25, 1.0)),
    (standardisation, "CHROMA", (0.3, 1.0)),
    (data, "FINE_BIN_PX", (1, 4)),
)
FIGURES = ("wavelets_of_floor", "spectrum_db")
SETTINGS = {"canvas_px": 256, "longest_px": 512, "crop_px": 96, "batch": 2, "hold_out": True, "start_from": ""}
JUDGED_PX, JUDGED_SEEDS = 256, 2


def main() -> None:
    """Print a line for the unchanged training, and two for each changed constant."""
    arguments = _arguments()
    trainings = [(name, seed) for name in arguments.sets for seed in range(arguments.seeds)]
    datasets = {name: read_dataset(arguments.folder / name, longest_px=512) for name in arguments.sets}
    unchanged = np.array([_figures(datasets[name], arguments.steps, seed) for name, seed in trainings])
    print(f"{len(trainings)} trainings of {arguments.steps} steps; {', '.join(FIGURES)}")
    print(f"{'as it is':26}" + "".join(f" {value:16.3f}" for value in unchanged.mean(0)), flush=True)
    for module, name, values in CHANGES:
        for value in values:
            with patch.object(module, name, value):
                changed = np.array([_figures(datasets[set_], arguments.steps, seed) for set_, seed in trainings])
            mean = (changed - unchanged).mean(0)
            error = (changed - unchanged).std(0, ddof=1) / len(trainings) ** 0.5
            said = "".join(f"  {one:+7.3f} ± {each:.3f}" for one, each in zip(mean, error, strict=True))
            print(f"{name:20} {value:5g}{said}", flush=True)


def _figures(dataset: Dataset, steps: int, seed: int) -> list[float]:
    """The figures of a model that is trained anew."""
    with tempfile.TemporaryDirectory() as folder:
        step = Step("train-torus", {"name": "measured", "steps": steps, **SETTINGS}, {"dataset": "dataset"})
        run(Recipe((step,), seed), {"dataset": dataset}, models_folder=Path(folder))
        model = read_model(next(Path(folder).glob("*.safetensors")))
        options = {"choosing": True, "brief": True, "seeds": JUDGED_SEEDS, "size_px": JUDGED_PX}
        (comparison,) = compare_model(model, dataset, **options)
    return [comparison.rows[MODEL][name] for name in FIGURES]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--seeds", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
