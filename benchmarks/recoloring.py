"""Measures the weight of lightness in the axes along which `patches-style` transports colours.

    python benchmarks/recoloring.py --data DIR

For each weight, over pairs of photographs and paintings: how well the order of lightness is kept (Spearman's
correlation with the photograph), and how far the palette is from the painting's (mean distance of red, green and blue,
in per cent; the transport matches other axes). More weight keeps the order.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from style_pictures import contents_and_styles
from torch import Tensor

from impasto import Maps
from impasto.evaluation.metrics import color_distance
from impasto_style.patches import recoloring
from impasto_style.shared.task import Region

LUMINANCE = torch.tensor([0.299, 0.587, 0.114])
USED = 2.5
WEIGHTS = (1.0, 1.75, 2.5, 3.5, 5.0)


def main() -> None:
    """Print a line for each weight of lightness."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of photos and paintings")
    parser.add_argument("--px", type=int, default=256)
    parser.add_argument("--count", type=int, default=8, metavar="N", help="photographs, and paintings (default: 8)")
    options = parser.parse_args()
    contents, styles = contents_and_styles(options.data, options.count, options.count, options.px)
    pairs = [(content, style) for content in contents for style in styles]
    print(f"{len(pairs)} pairs\n{'weight':>8} {'order':>12} {'worst tenth':>12} {'palette':>12}")
    for weight in WEIGHTS:
        axes = recoloring.AXES * torch.tensor([[weight / USED], [1.0], [1.0]])
        with patch.object(recoloring, "AXES", axes):
            rows = [_measured(content, style) for content, style in pairs]
        order, palette = np.array(rows).T
        worst = np.quantile(order, 0.1)
        print(f"{weight:8.2f} {order.mean():12.3f} {worst:12.3f} {palette.mean():12.2f}", flush=True)


def _measured(content: Maps, style: Maps) -> tuple[float, float]:
    """Spearman's correlation of lightness before and after, and the distance of the palettes."""
    picture, painting = _tensor(content), _tensor(style)
    result = recoloring.recolor(picture, [painting], [Region(None, (1.0,))], False)
    order = np.corrcoef(_ranks(picture), _ranks(result))[0, 1]
    pixels = result[0].permute(1, 2, 0).numpy()
    return float(order), 100 * float(np.mean(color_distance(pixels, style["base_color"].pixels)))


def _ranks(picture: Tensor) -> np.ndarray:
    lightness = torch.einsum("i,bihw->bhw", LUMINANCE, picture).flatten()
    return lightness.argsort().argsort().double().numpy()


def _tensor(maps: Maps) -> Tensor:
    return torch.from_numpy(maps["base_color"].pixels).permute(2, 0, 1)[None].float()


if __name__ == "__main__":
    main()
