"""Exported models compared with ours: `python build.py test tensorflow_backend` makes TensorFlow's environment.

    PYTHON benchmarks/exported_models.py --tensorflow TENSORFLOW_PYTHON

prints the largest differences. PYTHON and TENSORFLOW_PYTHON are those
of the environments core and tensorflow below .build/envs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests")]
SIZES = {"bark": (256, 256), "tiles": (320, 320)}


def by_keras(file: Path, inputs: Path, python: str, backend: str) -> Path:
    """An .npz file with the base colour that Keras makes on a backend, in a process of its own."""
    made = file.with_name(f"{file.stem}-{backend}.npz")
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [python, __file__, "--run", str(file), str(inputs), str(made)]
    subprocess.run(command, env=environment, check=True)
    return made


def main() -> None:
    """Compare, or (with --run) write what Keras makes of one file."""
    import numpy as np
    from exporting import exported, keras_run, onnx_run, reference

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tensorflow", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--run", nargs=3, type=Path, metavar=("FILE", "INPUTS", "OUT"))
    options = parser.parse_args()
    if options.run:
        file, inputs, out = options.run
        np.savez(out, **keras_run(file, dict(np.load(inputs))))
        return
    os.environ["IMPASTO_PRECISION"] = "float32"
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SIZES.items():
            ours, inputs = reference(name, size)
            given = Path(folder) / f"{name}.npz"
            np.savez(given, **inputs)
            made = {"onnxruntime": onnx_run(exported(name, "onnx", Path(folder)), inputs)}
            file = exported(name, "keras", Path(folder))
            for backend, python in (("torch", sys.executable), ("tensorflow", options.tensorflow)):
                made[f"keras on {backend}"] = dict(np.load(by_keras(file, given, python, backend)))
            for maker, maps in made.items():
                apart = {one: float(np.abs(maps[one] - ours[one].pixels).max()) for one in maps}
                print(f"{name}, {maker}: " + ", ".join(f"{one} {value:.1e}" for one, value in apart.items()))


if __name__ == "__main__":
    main()
