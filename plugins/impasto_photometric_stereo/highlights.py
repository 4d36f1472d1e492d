"""Roughness from highlights: brightness above Lambert's law, compared with GGX lobes of several widths."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.surface.shading import DIELECTRIC, specular_lobe

from .solving import length

SAMPLED_PX = 160
"""Longer side of the grid of compared pixels."""
ROUGHNESSES = (0.12, 0.2, 0.28, 0.36, 0.44, 0.52, 0.6, 0.7)
AMPLITUDES = (0.5, 0.7, 1.0, 1.4, 2.0)
"""Exposures to try: the brightness of a white surface, which decides how bright highlights can be."""
NEIGHBOURHOOD = 1 / 20
"""Radius over which pixels share their roughness, relative to the longer side."""
UNSEEN = 0.75
"""Roughness where no light is near a highlight, or none is visible."""
SHADOW = 0.7
"""A sample below this share of the predicted brightness is in shadow."""
PLAIN = 2e-3
"""Mean squared error, in logarithms, that is due to noise and the model."""


def roughness(intensity: Tensor, b: Tensor, S: Tensor) -> Tensor:
    """Roughness (h, w), on a grid, of intensities (K, H, W), b (3, H, W) and lights S (K, 3)."""
    step = max(1, -(-max(intensity.shape[1:]) // SAMPLED_PX))
    I, b = intensity[:, ::step, ::step], b[:, ::step, ::step]  # noqa: E741  as in the papers
    strength = S.norm(dim=1)[:, None, None]
    normal = b / length(b).clamp_min(1e-6)
    light = torch.nn.functional.normalize(S, dim=1)
    half = torch.nn.functional.normalize(light + torch.tensor([0.0, 0.0, 1.0]).to(S), dim=1)
    n_l = torch.einsum("ki,ihw->khw", light, normal).clamp_min(0)
    n_h = torch.einsum("ki,ihw->khw", half, normal).clamp(0, 1)
    v_h = half[:, 2, None, None]
    diffuse = strength * n_l * length(b)
    counts = ((SHADOW * diffuse < I) & (n_l > 0.1)).float()
    fresnel = DIELECTRIC + (1 - DIELECTRIC) * (1 - v_h) ** 5
    seen = _log(I)

    def misfit(lobe: Tensor | float) -> Tensor:
        return (counts * (seen - _log((diffuse + lobe).clamp_max(1.0))).square()).sum(0) / counts.sum(0).clamp_min(1)

    none = misfit(0.0)
    n_v = normal[2].clamp_min(0.1)
    lobes = [strength * fresnel * (specular_lobe(n_h, n_l, n_v, rough**4) * n_l) for rough in ROUGHNESSES]
    errors = {amplitude: torch.stack([misfit(amplitude * lobe) for lobe in lobes]) for amplitude in AMPLITUDES}
    best = min(errors, key=lambda amplitude: float(_blur(errors[amplitude]).amin(0).mean()))
    blurred, plain = _blur(errors[best]), _blur(none[None])[0]
    weight = torch.softmax(-blurred / (0.05 * blurred.amin(0) + PLAIN / 4), 0)
    rough = (weight * torch.tensor(ROUGHNESSES).to(S)[:, None, None]).sum(0)
    explained = (1 - (blurred.amin(0) + PLAIN) / (plain + PLAIN)).clamp(0, 1)
    sure = (explained / 0.3).clamp(0, 1)
    return UNSEEN + sure * (rough - UNSEEN)


def _log(x: Tensor) -> Tensor:
    return (x + 0.02).log()


def _blur(x: Tensor) -> Tensor:
    """Means of x (C, h, w) over a neighbourhood."""
    radius = max(1, round(NEIGHBOURHOOD * max(x.shape[1:])))
    size = 2 * radius + 1
    padded = torch.nn.functional.pad(x[None], (radius,) * 4, mode="replicate")
    once = torch.nn.functional.avg_pool2d(padded, size, 1)
    padded = torch.nn.functional.pad(once, (radius,) * 4, mode="replicate")
    return torch.nn.functional.avg_pool2d(padded, size, 1)[0]
