"""Measures what a stylizer's sliders do: the score, and the distance from the picture, at each value.

    python benchmarks/style_sliders.py --data DIR --weights DIR --heads FILE

Means over pairs of photographs and paintings. The score runs from 0, the photograph, to 1, another piece of the
painting; the distance is LPIPS by SqueezeNet (see `style_judging`). A slider is good if both move in one direction, in
steps of similar size.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from style import JUDGE, SECOND_JUDGE
from style_encoder import judged
from style_judging import read_heads
from style_pictures import contents_and_styles

from impasto import Recipe, Step, run
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto_style.shared.architectures import load_encoder

SLIDERS = {"strength": (0.0, 0.25, 0.5, 0.75, 1.0), "preservation": (0.0, 0.25, 0.5, 1.0, 2.0, 5.0)}


def main() -> None:
    """Print a line for each value of each slider."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of photos and paintings")
    parser.add_argument("--weights", type=Path, required=True, metavar="DIR", help="library of weights")
    parser.add_argument("--heads", type=Path, metavar="FILE", help="LPIPS' heads for SqueezeNet, as safetensors")
    parser.add_argument("--tool", default="patches-style", help="(default: patches-style)")
    parser.add_argument("--px", type=int, default=256, help="longer side (default: 256)")
    parser.add_argument("--count", type=int, default=3, metavar="N", help="photographs, and paintings (default: 3)")
    options = parser.parse_args()
    context = Context(weights=registry().weights_library(options.weights))
    judges = {name: load_encoder(name, context) for name in (JUDGE, SECOND_JUDGE)}
    heads = read_heads(options.heads) if options.heads else None
    contents, styles = contents_and_styles(options.data, options.count, options.count, options.px)
    print("| slider | SqueezeNet | VGG19 | LPIPS |\n| --- | --- | --- | --- |")
    for name, values in SLIDERS.items():
        for value in values:
            recipe = Recipe((Step(options.tool, {name: value}, {"style": "style"}),), 1)
            rows = []
            for inputs in ({"source": content, "style": style} for content in contents for style in styles):
                made = run(recipe, inputs).maps["base_color"].pixels
                rows.append(judged(made, inputs, judges, heads))
            squeeze, _, vgg, _, distance = np.mean(rows, 0)
            print(f"| {name} {value:g} | {squeeze:.2f} | {vgg:.2f} | {distance:.2f} |", flush=True)


if __name__ == "__main__":
    main()
