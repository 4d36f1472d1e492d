"""Lights from the pictures themselves: their strengths, and guessed or unknown directions.

Unknown lights leave b = albedo · normal free up to a linear map (Hayakawa 1994). A photographed surface is flat as a
whole and its albedo goes with no direction, which leaves a map of the slopes (p, q) alone; that follows from
integrability, ∂p/∂y = ∂q/∂x (Yuille & Snow 1997). Steepness and sign remain, the ambiguity of the bas-relief
(Belhumeur et al. 1999): they come from the lights' elevation and from a switch.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .solving import solve

PASSES = 8
STEEPEST = 4.0
"""Steeper slopes do not count for integrability."""
LEAST_SEEN = 1.5
"""A pixel with at least this sum of weights is seen by enough lights."""


def directions(azimuths: Tensor, elevations: Tensor) -> Tensor:
    """Unit vectors (K, 3) to lights, of angles (K,) in degrees; azimuth: 0 from the right, 90 from the top."""
    azimuth, elevation = torch.deg2rad(azimuths), torch.deg2rad(elevations)
    flat = elevation.cos()
    return torch.stack([flat * azimuth.cos(), flat * azimuth.sin(), elevation.sin()], 1)


def angles(S: Tensor) -> tuple[Tensor, Tensor]:
    """Azimuths and elevations (K,) in degrees of lights (K, 3), as for `directions`."""
    return torch.rad2deg(torch.atan2(S[:, 1], S[:, 0])), torch.rad2deg(torch.atan2(S[:, 2], S[:, :2].norm(dim=1)))


def with_strengths(intensity: Tensor, usable: Tensor, L: Tensor) -> Tensor:
    """Lights S (K, 3) in the known directions L (K, 3), of intensities (K, N) (semi-calibrated, Cho et al. 2016)."""
    S = _as_if_flat(intensity, usable, L)
    for _ in range(PASSES if len(L) > 3 else 0):
        b, w = solve(intensity, usable, S)
        shading = L @ b
        strength = (w * intensity * shading).sum(1) / (w * shading * shading).sum(1).clamp_min(1e-12)
        S = _normalise(strength.clamp_min(1e-3)[:, None] * L)
    return S


def near_guess(intensity: Tensor, usable: Tensor, L: Tensor) -> Tensor:
    """Lights S (K, 3) that explain intensities (K, N) best, near the guessed directions L (K, 3)."""
    return _alternate(intensity, usable, with_strengths(intensity, usable, L))


def unknown(intensity: Tensor, usable: Tensor, size_px: tuple[int, int], elevation: float, is_inverted: bool) -> Tensor:
    """Lights S (K, 3) in unknown directions, of intensities (K, N) of a picture of `size_px` (h, w).

    elevation: of the lights on average, in degrees; lower lights make a flatter relief.
    """
    S = _alternate(intensity, usable, _principal_components(intensity, usable))
    b, w = solve(intensity, usable, S)
    Q = _upright_map(b, w.sum(0) > LEAST_SEEN, size_px)  # from b to albedo · normal, except the slopes' scale
    turned = S @ torch.linalg.inv(Q)
    tangent = turned[:, 2].clamp_min(1e-6) / turned[:, :2].norm(dim=1).clamp_min(1e-6)
    wanted = torch.deg2rad(torch.tensor(elevation)).tan()
    scale = wanted / tangent.log().mean().exp() * (-1 if is_inverted else 1)
    return _normalise(turned / torch.tensor([float(scale), float(scale), 1.0]).to(S))


def factorise(intensity: Tensor, usable: Tensor, S: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """S (K, 3), b (3, N) and weights (K, N), up to a linear map, with S b near intensities (K, N). S: a first guess."""
    S = _principal_components(intensity, usable) if S is None else S
    b, w = solve(intensity, usable, S)
    return _lights_of(intensity, w, b, S), b, w


def _as_if_flat(intensity: Tensor, usable: Tensor, L: Tensor) -> Tensor:
    """Lights in directions L (K, 3), with the strengths that a flat surface would give each picture's mean."""
    mean = (usable * intensity).sum(1) / usable.sum(1).clamp_min(1)
    return _normalise((mean / L[:, 2].clamp_min(0.05)).clamp_min(1e-6)[:, None] * L)


def _principal_components(intensity: Tensor, usable: Tensor) -> Tensor:
    """Three principal components (K, 3) of the pictures; the strongest is last and positive: all show the surface."""
    x = usable * intensity
    S = torch.linalg.eigh((x @ x.T).double())[1][:, -3:].to(x)
    return _normalise(S * torch.sign(S.sum(0, keepdim=True) + 1e-12))


def _alternate(intensity: Tensor, usable: Tensor, S: Tensor) -> Tensor:
    """Lights S (K, 3) after alternating least squares of I = S b; three lights stay, since they explain any picture."""
    for _ in range(PASSES if len(S) > 3 else 0):
        b, w = solve(intensity, usable, S)
        S = _lights_of(intensity, w, b, S)
    return S


def _lights_of(intensity: Tensor, w: Tensor, b: Tensor, S: Tensor) -> Tensor:
    """argmin_S Σ w (I − S b)² (K, 3), normalised; near S for lights that too few pixels see."""
    moments = (w @ (b[:, None] * b[None]).flatten(0, 1).T).view(-1, 3, 3)  # Σ w b bᵀ
    right = (w * intensity) @ b.T
    ridge = 1e-4 * moments.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(3).to(S)
    return _normalise(torch.linalg.solve(moments + ridge, right + (ridge @ S[:, :, None])[..., 0]))


def _normalise(S: Tensor) -> Tensor:
    """Lights (K, 3) whose strengths have the geometric mean 1."""
    return S / S.norm(dim=1).clamp_min(1e-9).log().mean().exp()


def _upright_map(b: Tensor, seen: Tensor, size_px: tuple[int, int]) -> Tensor:
    """Map Q (3, 3) from b (3, N) to albedo · normal of a surface that is flat as a whole, its slopes to be scaled.

    Slopes have the mean 0, so they are in the plane across the mean of b; albedo goes with none of them, so that
    E[b bᵀ] has no part between them and b₃ = c · b.
    """
    mean = b[:, seen].mean(1)
    moments = b[:, seen] @ b[:, seen].T / seen.sum().clamp_min(1)
    c = torch.linalg.solve(moments + 1e-6 * moments.trace() * torch.eye(3).to(b), mean)
    c = c / (c @ mean) * mean.norm()
    basis = torch.linalg.svd(mean[None])[2][1:]  # (2, 3)
    third = c @ b
    seen = seen & (third > 0.1 * third[seen].median())
    uv = basis @ b / third.clamp_min(1e-6)
    spread = uv[:, seen].square().mean(1, keepdim=True).sqrt().clamp_min(1e-9)
    basis, uv = basis / spread, uv / spread
    seen = seen & (uv.abs().amax(0) < STEEPEST)
    return torch.cat([_integrable(uv.reshape(2, *size_px), seen.reshape(size_px)) @ basis, c[None]])


def _integrable(uv: Tensor, seen: Tensor) -> Tensor:
    """Map T (2, 2) from uv (2, h, w) to slopes up to their scale: the least curl² as a share of all derivatives²."""
    along_y, along_x = _derivatives(uv, seen)  # (2, n)
    curl = torch.cat([along_y, -along_x])  # (4, n): of (t₀u + t₁v, t₂u + t₃v)
    gram = along_x @ along_x.T + along_y @ along_y.T
    energy = torch.block_diag(gram, gram).double()
    energy += 1e-6 * (energy.trace() + 1e-12) * torch.eye(4).to(energy)
    root = torch.linalg.inv(torch.linalg.cholesky(energy))
    form = root @ (curl @ curl.T).double() @ root.T
    T = (root.T @ torch.linalg.eigh(form)[1][:, 0]).to(uv).reshape(2, 2)
    return T / T.norm()


def _derivatives(uv: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences (2, n) of uv (2, h, w) upward and to the right, where all neighbours are seen."""
    inner = seen[:-2, 1:-1] & seen[2:, 1:-1] & seen[1:-1, :-2] & seen[1:-1, 2:]
    upward, rightward = uv[:, :-2, 1:-1] - uv[:, 2:, 1:-1], uv[:, 1:-1, 2:] - uv[:, 1:-1, :-2]
    return upward[:, inner] / 2, rightward[:, inner] / 2
