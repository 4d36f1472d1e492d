"""Judges models of `fast-style` on photographs that they did not learn from, beside their teacher `patches-style`.

    impasto train train-fast-style DIR/paintings/hokusai_great_wave.jpg --name hokusai --licence "public domain"
    python benchmarks/fast_style.py --data DIR --weights DIR --heads FILE hokusai=hokusai_great_wave

A model is given with the painting that it learned from. The score runs from 0, the photograph, to 1, another piece of
the painting; in brackets what it is above that of recolouring alone (see `style_judging`). Seconds are the least of
three, with all the processor's threads. Writes table.md and a sheet of the pictures.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from pictures import caption_of
from sheets import Cell, grid
from style import JUDGE, SECOND_JUDGE
from style_encoder import PHOTOS, judged, shrunk
from style_judging import read_heads

from impasto import Maps, Recipe, Step, run
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto_style.shared.architectures import load_encoder

TOOLS = ("fast-style", "patches-style")
REPEATS = {"fast-style": 3, "patches-style": 1}


def main() -> None:
    """Print a line for each tool and model, and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL=PAINTING", help="a model and the painting's file name")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of photos and paintings")
    parser.add_argument("--weights", type=Path, required=True, metavar="DIR", help="library of weights")
    parser.add_argument("--heads", type=Path, metavar="FILE", help="LPIPS' heads for SqueezeNet, as safetensors")
    parser.add_argument("--out", type=Path, default=Path("out/fast_style"), metavar="DIR")
    parser.add_argument("--px", type=int, default=512, help="longer side (default: 512)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    context = Context(weights=registry().weights_library(options.weights))
    judges = {name: load_encoder(name, context) for name in (JUDGE, SECOND_JUDGE)}
    heads = read_heads(options.heads) if options.heads else None
    photographs = [shrunk(options.data / "photos" / f"{name}.jpg", options.px) for name in PHOTOS]
    lines = ["| painting, tool | SqueezeNet | VGG19 | LPIPS | seconds |", "| --- | --- | --- | --- | --- |"]
    sheet = [[Cell(), *(Cell(photograph["base_color"].pixels, caption_of(photograph)) for photograph in photographs)]]
    for model, _, name in (pair.partition("=") for pair in options.models):
        style = shrunk(options.data / "paintings" / f"{name}.jpg", options.px)
        for tool in TOOLS:
            row, figures = [Cell(style["base_color"].pixels, caption_of(style))], []
            for photograph in photographs:
                made, seconds = painted(tool, model, photograph, style)
                row.append(Cell(made, tool))
                figures.append([*judged(made, {"source": photograph, "style": style}, judges, heads), seconds])
            squeeze, gain, vgg, vgg_gain, lpips, seconds = np.mean(figures, 0)
            scores = f"{squeeze:.2f} ({gain:+.2f}) | {vgg:.2f} ({vgg_gain:+.2f}) | {lpips:.2f}"
            lines.append(f"| {caption_of(style)}, `{tool}` | {scores} | {seconds:.2f} |")
            print(lines[-1], flush=True)
            sheet.append(row)
    (options.out / "table.md").write_text("\n".join(lines) + "\n")
    grid(sheet).save(options.out / "sheet.jpg", quality=85)


def painted(tool: str, model: str, photograph: Maps, style: Maps) -> tuple[np.ndarray, float]:
    """The photograph repainted (H, W, 3), and the least seconds of some repeats."""
    given, inputs = ({"model": model}, {}) if tool == "fast-style" else ({}, {"style": style})
    recipe = Recipe((Step(tool, given, {name: name for name in inputs}),), 1)
    seconds = []
    for _ in range(REPEATS[tool]):
        begun = time.perf_counter()
        pixels = run(recipe, {"source": photograph, **inputs}).maps["base_color"].pixels
        seconds.append(time.perf_counter() - begun)
    return pixels, min(seconds)


if __name__ == "__main__":
    main()
