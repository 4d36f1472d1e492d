"""Features of patches for judging results. No tool here is trained with these features."""

from __future__ import annotations

import numpy as np
import torch

from impasto.context import Context

from .architectures import load_encoder
from .controls import NETWORKS

BATCH = 32


def patch_features(patches: np.ndarray, context: Context) -> np.ndarray | None:
    """Features (N, F) of patches (N, S, S, 3) in [0, 1]; None if no network's weights are installed.

    Features are means and deviations over a patch in the content layer, which responds to shapes rather than colours.
    """
    name = context.find_weights(NETWORKS)
    if name is None:
        return None
    encoder = load_encoder(name, context)
    pixels = torch.from_numpy(np.ascontiguousarray(patches.transpose(0, 3, 1, 2), np.float32)).to(context.device)
    found = []
    with torch.inference_mode():
        for batch in pixels.split(BATCH):
            features = encoder(batch, [encoder.content_layer])[encoder.content_layer].flatten(2)  # (B, C, h w)
            found.append(torch.cat([features.mean(2), features.std(2)], 1))
    return torch.cat(found).cpu().numpy()
