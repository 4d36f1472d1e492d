"""`gatys` compared with its published schedule: the same losses, layers and pictures, in float32.

    python benchmarks/style_reference.py coffee.jpg starry_night.jpg --weights DIR
    python benchmarks/style_reference.py coffee.jpg starry_night.jpg --backbone vgg19 --random --px 256

The schedule is that of style-transfer-pytorch (Crowson 2021) with its defaults: sizes from 128 px, each 2^½ times the
one before; 1000 and then 500 steps of Adam, whose moments go on through the sizes; a mean over late steps is kept; the
roots of matrices by Newton and Schulz. Each method runs in a process of its own, with as many threads as
OMP_NUM_THREADS says. --random takes a network of that layout that was never trained: its pictures mean nothing, its
seconds do. Writes pictures and figures; what is there is not made again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from bench import peak_memory_mib
from paintings import row_of
from PIL import Image
from style_pictures import at
from torch import Tensor
from torch.nn.functional import interpolate

from impasto import read_maps
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto_style.gatys.painting import paint
from impasto_style.gatys.parameters import GatysParameters
from impasto_style.gatys.presets import Modern
from impasto_style.shared.architectures import load_encoder
from impasto_style.shared.encoder import Encoder
from impasto_style.shared.objective import Objective, Terms
from impasto_style.shared.resampling import as_image, resize_picture
from impasto_style.shared.restyle import make_task
from impasto_style.shared.task import Task, scales

LEAST_PX = 128
FIRST_STEPS, STEPS = 1000, 500
RATE, BETAS, EPSILON = 0.02, (0.9, 0.99), 1e-8
MEMORY = 0.99
"""Of the mean over steps."""
NOISE = 1e-4
ROUNDS = 12
METHODS = ("reference", "gatys")


def main() -> None:
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        if options.random:
            options.weights = _random_weights(Path(folder), options.backbone)
        reference, ours = (_made(options, method) for method in METHODS)
    for row in (reference, ours):
        print(f"{row['method']:>9}: {row['cpu_s']:6.0f} CPU s, {row['peak_mib']:.0f} MiB, loss {row['loss']:.4f}")
    faster, less = reference["cpu_s"] / ours["cpu_s"], ours["loss"] / reference["loss"]
    print(f"gatys is {faster:.1f} times as fast, to {less:.3f} of the loss")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--px", type=int, default=512, help="longer side of both (default: 512)")
    parser.add_argument("--backbone", default="vgg19-small", help="(default: vgg19-small)")
    parser.add_argument("--random", action="store_true", help="weights of the backbone's layout, never trained")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="library of weights (default: the user's)")
    parser.add_argument("--out", type=Path, default=Path("out/style_reference"), metavar="DIR")
    return parser.parse_args()


def _made(options: argparse.Namespace, method: str) -> dict[str, Any]:
    """A method's figures, from their file if it exists."""
    name = f"{options.backbone}_{options.px}_{options.content.stem}_{options.style.stem}_{method}"
    path = options.out / f"{name}.json"
    return row_of(path, measure, options, method, path.with_suffix(".png"))


def measure(options: argparse.Namespace, method: str, picture: Path) -> dict[str, Any]:
    """Paint by a method: CPU seconds, peak memory of the process, and the loss that both methods minimise."""
    context = Context(weights=registry().weights_library(options.weights))
    content, style = (at(read_maps(file), options.px) for file in (options.content, options.style))
    parameters = GatysParameters(backbone=options.backbone)
    task, _ = make_task(content, parameters, {"style": style}, context)
    encoder = load_encoder(options.backbone, context)
    terms = Modern(encoder, parameters, context).terms(task.seamless)
    started = time.process_time()
    made = paint(task, parameters, context) if method == "gatys" else paint_by_reference(task, encoder, terms)
    cpu_s, peak_mib = time.process_time() - started, peak_memory_mib()
    loss = float(Objective(task, encoder, terms, lambda: None)(made)[0])
    Image.fromarray((as_image(made) * 255).round().astype("uint8")).save(picture)
    return {"method": method, "cpu_s": cpu_s, "peak_mib": peak_mib, "loss": loss}


def paint_by_reference(task: Task, encoder: Encoder, terms: Terms) -> Tensor:
    """The task's picture (1, 3, H, W), painted by the published schedule."""
    x, moments, step = task.start, None, 0
    for size_px in scales(task, LEAST_PX):
        scaled = task.at_longest_px(size_px)
        loss = Loss(scaled, encoder, terms)
        size = scaled.picture.shape[2:]
        x = resize_picture(x, size)
        first, second = (torch.zeros_like(x), torch.zeros_like(x)) if moments is None else _enlarged(*moments, size)
        mean = torch.zeros_like(x)
        for count in range(1, (STEPS if step else FIRST_STEPS) + 1):
            gradient = loss.gradient(x)
            first = torch.lerp(gradient, first, BETAS[0])
            second = torch.lerp(gradient.square(), second, BETAS[1])
            rooted = (second / (1 - BETAS[1] ** (step + count))).sqrt() + EPSILON
            x = (x - RATE * first / (1 - BETAS[0] ** (step + count)) / rooted).clamp(0, 1)
            mean = torch.lerp(x, mean, MEMORY)
        x, step, moments = mean / (1 - MEMORY**count), step + count, (first, second)
        print(f"{size_px} px: {time.process_time():.0f} CPU s", file=sys.stderr, flush=True)
    return x


def _enlarged(first: Tensor, second: Tensor, size: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Adam's moments, resized to the next size."""
    linear = interpolate(second, size=tuple(size), mode="bilinear").relu()
    return interpolate(first, size=tuple(size), mode="bicubic"), linear


class Loss:
    """The losses of the modern preset as in the published code: of the whole picture at once, in float32."""

    def __init__(self, task: Task, encoder: Encoder, terms: Terms) -> None:
        self.encoder, self.terms = encoder, terms
        with torch.no_grad():
            self.content = encoder(task.picture, list(terms.content))
            self.styles = {layer: Gaussian.of(seen) for layer, seen in encoder(task.sources[1]).items()}
        self.roots = {layer: root(style.covariance) for layer, style in self.styles.items()}

    def gradient(self, x: Tensor) -> Tensor:
        """Gradient of the loss with respect to a picture (1, 3, H, W)."""
        x = x.detach().requires_grad_()
        seen, loss = self.encoder(x, [*self.terms.style, *self.terms.content]), self.terms.smoothness(x)
        for layer, weight in self.terms.content.items():
            loss = loss + weight * (seen[layer] - self.content[layer]).square().mean()
        for layer, weight in self.terms.style.items():
            loss = loss + weight * self.styles[layer].distance(Gaussian.of(seen[layer]), self.roots[layer])
        return torch.autograd.grad(loss, x)[0]


@dataclass(frozen=True)
class Gaussian:
    """Mean (C,) and covariance (C, C) of features."""

    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Gaussian:
        """Statistics of features (1, C, h, w) over positions."""
        rows = features[0].flatten(1)
        centred = rows - rows.mean(1, keepdim=True)
        return cls(rows.mean(1), centred @ centred.T / rows.shape[1] + NOISE * torch.eye(len(rows)))

    def distance(self, other: Gaussian, root_of_this: Tensor) -> Tensor:
        """Squared Wasserstein-2 distance per channel."""
        cross = Root.apply(root_of_this @ other.covariance @ root_of_this)
        traces = (self.covariance + other.covariance - 2 * cross).diagonal().sum()
        return ((self.mean - other.mean).square().sum() + traces) / len(self.mean)


def root(matrix: Tensor) -> Tensor:
    """The square root (C, C) by Newton and Schulz (Higham 2008, eq. 6.35)."""
    size, identity = matrix.norm(), torch.eye(len(matrix))
    y, z = matrix / size, identity
    for _ in range(ROUNDS):
        step = 1.5 * identity - 0.5 * z @ y
        y, z = y @ step, step @ z
    return y * size.sqrt()


class Root(torch.autograd.Function):
    """`root`, and its gradient by the same iteration on the equation of Lyapunov (Lin & Maji 2017)."""

    @staticmethod
    def forward(context: Any, matrix: Tensor) -> Tensor:
        """The root (C, C) of a matrix (C, C)."""
        found = root(matrix)
        context.save_for_backward(found)
        return found

    @staticmethod
    def backward(context: Any, slope: Tensor) -> Tensor:
        """Gradient with respect to the matrix (C, C)."""
        (found,) = context.saved_tensors
        size = found.norm()
        a, q = found / size, slope / size
        for _ in range(ROUNDS):
            step = 3 * torch.eye(len(a)) - a @ a
            a, q = a @ step / 2, (q @ step - a.T @ (a.T @ q - q @ a)) / 2
        return q / 2


def _random_weights(folder: Path, backbone: str) -> Path:
    """A library with random weights of this encoder."""
    sys.path.append(str(Path(__file__).parents[1] / "tests" / "plugins"))
    from random_weights import write_weights

    write_weights(folder, backbone)
    return folder


if __name__ == "__main__":
    main()
