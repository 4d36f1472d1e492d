"""Reconstructions and variations of a picture, and new surfaces: seamless, of any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.context import Context
from impasto.data.prepare import Preparation, prepare
from impasto.errors import ModelError, ParameterError
from impasto.io.cards import NetworkCard, Range, Side
from impasto.library.networks import floats, network_of
from impasto.surface.relief import with_relief
from impasto.surface.wrapping import wraps
from impasto.texture import Maps
from impasto.tools import Tile
from impasto.training.layers import halved_sizes
from impasto.training.noise import NoiseField

from ..data import pixels_of
from ..parameters import VaeParameters
from .latents import fill, inner_cells, kept_cells, windows_of
from .networks import CELL_PX, LATENT_CHANNELS, Autoencoder
from .prior import gaussian_field

ENOUGH_CELLS = 64
"""A source with fewer cells is also varied with the latents of the training pictures."""
MARGIN = 10
"""Cells around a tile that are decoded with it. The decoder reaches 116 texels, the occlusion 30 more."""
TILE_PX = (512, 1024)
"""Height and width of tiles."""


@dataclass(frozen=True)
class LatentTorus:
    """Latents z (8, h, w) on a torus, and everything to decode any part. about: scale and name of the maps."""

    vae: Autoencoder
    z: Tensor
    maps: Sequence[str]
    size_px: tuple[int, int]
    noise: NoiseField
    about: Mapping[str, Any]

    def whole(self) -> Maps:
        """The maps of the whole surface."""
        return self._maps_of(self.z, self.size_px, (0, 0))

    def part(self, top: int, left: int, height: int, width: int) -> Maps:
        """The maps of a window, given in texels, multiples of 16; equal to that part of the whole."""
        rows, columns = (
            torch.arange(start // CELL_PX - MARGIN, (start + side) // CELL_PX + MARGIN) % cells
            for start, side, cells in zip((top, left), (height, width), self.z.shape[1:], strict=True)
        )
        margin_px = MARGIN * CELL_PX
        window = (height + 2 * margin_px, width + 2 * margin_px)
        part = self._maps_of(self.z[:, rows[:, None], columns], window, (top - margin_px, left - margin_px))
        inside = (slice(margin_px, -margin_px), slice(margin_px, -margin_px))
        cut = {name: np.ascontiguousarray(part[name].pixels[inside]) for name in part}
        return Maps.from_arrays(cut, **self.about)

    def _maps_of(self, z: Tensor, size_px: tuple[int, int], corner: tuple[int, int]) -> Maps:
        sizes = halved_sizes(self.size_px, len(self.vae.decoder.stages))
        stages = iter(range(len(sizes)))

        def noise(batch: int, channels: int, height: int, width: int) -> Tensor:
            stage = next(stages)
            size, halvings = sizes[stage], len(sizes) - 1 - stage
            window = (corner[0] >> halvings, corner[1] >> halvings, height, width)
            return self.noise.normal(stage, channels, size, window)[None]

        with torch.inference_mode():
            y = self.vae.decoder(z[None].to(self.vae.mean.device), size_px, noise)
            pixels = self.vae.maps(y)[0].cpu().numpy()
        about = {**self.about, "width_m": self.about["width_m"] / self.size_px[1] * size_px[1]}
        scaled = Maps.from_channels(pixels, self.maps, **about)
        return replace(with_relief(scaled, str(self.vae.mean.device)), width_m=self.about["width_m"])


def generate_vae(subject: Maps, parameters: VaeParameters, context: Context) -> Maps:
    """All maps of the model: the subject reconstructed and varied, or new ones without a subject."""
    surface = surface_of(subject, parameters, context)
    context.progress(0.5, "Decoding")
    return surface.whole()


def generate_tiles(subject: Maps, parameters: VaeParameters, context: Context) -> Iterator[Tile]:
    """The result of `generate_vae` in tiles, for sizes beyond memory. Raise ParameterError unless multiples of 16."""
    surface = surface_of(subject, parameters, context)
    height, width = surface.size_px
    if height % CELL_PX or width % CELL_PX:
        fitting = " and ".join(str(round(side / CELL_PX) * CELL_PX) for side in (width, height))
        message = "sides as large as {}x{} have to be multiples of {}"
        raise ParameterError(message, "choose {}, or smaller ones", width, height, CELL_PX, fitting)
    for top in range(0, height, TILE_PX[0]):
        for left in range(0, width, TILE_PX[1]):
            context.check()
            yield top, left, surface.part(top, left, min(TILE_PX[0], height - top), min(TILE_PX[1], width - left))


def surface_of(subject: Maps, parameters: VaeParameters, context: Context) -> LatentTorus:
    """The surface with the subject's kept latents, and new ones that fit around them."""
    stated, tensors = context.load_model(parameters.model, "vae")
    card = VaeCard.of(stated)
    vae, stored = read_autoencoder(card, tensors)
    vae.to(context.device)
    if subject:
        subject = _prepare(subject, card)
    size_px = parameters.size_px(subject)
    grid = (-(-size_px[0] // CELL_PX), -(-size_px[1] // CELL_PX))
    random = torch.Generator().manual_seed(int(context.rng.integers(2**62)))
    old, known = torch.zeros(LATENT_CHANNELS, *grid), torch.zeros(grid, dtype=torch.bool)
    if subject:
        context.progress(0.05, "Encoding the picture")
        with torch.inference_mode():
            mu = _encode(subject, vae, card, size_px)
        own = [mu[:, 1:-1, 1:-1]] if min(mu.shape[1:]) > 2 else [mu]
        stored = own if own[0][0].numel() >= ENOUGH_CELLS else own + stored
        _place(mu, wraps(subject), old, known)
        known &= kept_cells(grid, parameters.variation, context.noise)
    context.progress(0.1, "Laying out what is new")
    if parameters.latents == "patches":
        z = fill(old, known, windows_of(stored), random, lambda done: context.progress(0.1 + 0.4 * done))
        z += vae.deviation.cpu().view(-1, 1, 1) * context.noise(*z.shape).cpu()
    elif parameters.latents == "fitted":
        z = gaussian_field(vae.prior_mean.cpu(), vae.prior_kernel.cpu(), context.noise(*old.shape).cpu())
    else:
        z = context.noise(*old.shape).cpu()
    z = torch.where(known, old, z)
    about = {"name": card.name, "width_m": card.texel_m * size_px[1], "height_range_m": card.height_range_m}
    noise = NoiseField(int(context.rng.integers(2**31)), context.device)
    return LatentTorus(vae, z, card.maps, size_px, noise, about)


def read_autoencoder(card: VaeCard, tensors: Mapping[str, np.ndarray]) -> tuple[Autoencoder, list[Tensor]]:
    """A model's network, and its stored latents (8, h, w) of training pictures. Raise ModelError for a wrong model."""
    own = sorted(name for name in tensors if name.startswith("latents_"))
    weights = {name: array for name, array in tensors.items() if name not in own}
    vae = network_of(lambda: Autoencoder(card.channels, card.width), weights, card.name, "vae")
    latents = [floats(tensors, name, (LATENT_CHANNELS, None, None), card.name) for name in own]
    remedy = "train it again, or choose another"
    if not latents or any(not one.numel() for one in latents):
        raise ModelError("{} stores no latents of its training pictures", remedy, card.name)
    if not bool(torch.isfinite(torch.linalg.inv_ex(vae.mixing).inverse).all()):
        raise ModelError("{} has a mixing matrix that cannot be inverted", remedy, card.name)
    return vae, latents


def _prepare(subject: Maps, card: VaeCard) -> Maps:
    """The subject, shrunk like the training pictures."""
    if "base_color" not in subject:
        message = "the source has {}, but no base_color"
        raise ParameterError(message, "give a picture, or no source at all for a new surface", ", ".join(subject))
    preparation = Preparation(longest_px=card.longest_px, smallest_px=1)
    return prepare(subject, preparation, subject.width_m, subject.height_range_m, subject.name)


def _encode(subject: Maps, vae: Autoencoder, card: VaeCard, size_px: tuple[int, int]) -> Tensor:
    """μ (8, h, w) of the subject, slightly stretched to whole cells like the result's grid."""
    device = vae.mean.device
    pixels = pixels_of(subject, card.maps, card.relief_px).to(device)
    cells = []
    for side, result in zip(subject.size_px, size_px, strict=True):
        cells.append(max(1, round(side / result * -(-result // CELL_PX))))
    whole = (cells[0] * CELL_PX, cells[1] * CELL_PX)
    y = vae.standardise(pixels[None])
    if tuple(y.shape[2:]) != whole:
        y = interpolate(y, size=whole, mode="bilinear", antialias=True)
    return vae.encoder(y)[0][0].cpu()


def _place(mu: Tensor, wrapping: tuple[bool, bool], canvas: Tensor, known: Tensor) -> None:
    """Write μ (8, h, w) to the centre of the canvas (8, H, W), and mark its cells, except at open borders, as known."""
    here, there, closed = [], [], []
    for axis, wrap in enumerate(wrapping):
        side, room = mu.shape[1 + axis], canvas.shape[1 + axis]
        shared = min(side, room)
        here.append(slice((room - shared) // 2, (room - shared) // 2 + shared))
        there.append(slice((side - shared) // 2, (side - shared) // 2 + shared))
        closed.append(wrap and side == room)
    canvas[:, *here] = mu[:, *there]
    height, width = known[*here].shape
    known[*here] = inner_cells(height, width, (closed[0], closed[1]))


class VaeCard(NetworkCard):
    """Sizes of the network and scale of its training data. relief_px: difference of heights 1 and 0, in texels.

    prior_kl, neighbour_correlation: difference of the training pictures' latents from N(0, I), see `prior.prior_gap`.
    """

    width: Annotated[int, Field(ge=1, le=256)]
    longest_px: Side
    relief_px: Annotated[float, Field(ge=0, le=1e6)]
    texel_m: Annotated[float, Field(ge=1e-9, le=1000)]
    height_range_m: Range | None
    prior_kl: Annotated[float, Field(ge=0)]
    neighbour_correlation: Annotated[float, Field(ge=-2, le=2)]
