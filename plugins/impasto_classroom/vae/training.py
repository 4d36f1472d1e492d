"""Training of the autoencoder on the user's own pictures.

Half of each batch is reconstructed except for its border; the other half is decoded from new latents, in turn from the
prior N(0, I) (as in Larsen et al. 2016) and from patches of the batch's. Texels everywhere must be distributed like the
data's, patch by patch, so no place may blur.
"""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.data.dataset import Dataset
from impasto.device import training_precision
from impasto.texture import MAP_CHANNELS, Maps, channels_of
from impasto.training.base import Training
from impasto.training.layers import PatchDiscriminator
from impasto.training.losses import SIGMA, kl_divergence, relativistic_loss, zero_centred_penalty

from ..data import Pictures, load_pictures
from ..parameters import TrainVaeParameters
from .latents import fill, inner_cells, windows_of
from .losses import free_bits, reconstruction_loss, sliced_wasserstein_loss
from .networks import CELL_PX, Autoencoder, reparameterise
from .prior import autocovariance, prior_gap, root

BETAS = (0.5, 0.95)
CRITIC_WIDTHS = (3, 5, 8, 12)
"""Widths of the critic, in eighths of the parameter."""
CRITIC_FROM = 0.1
"""Fraction of the training before the critic starts; earlier, there is no fine detail to criticise."""
GAMMA = 0.5
PENALTY_EVERY = 4
"""Steps between gradient penalties; it multiplies their weight (lazy regularisation, Karras et al. 2020, 3.1)."""
L1_WEIGHT = 2.0
SWD_WEIGHT = 1.0
ADVERSARIAL_WEIGHT = 0.5
FREE_NATS = 0.2
"""Information per channel and cell without cost."""
HIDDEN_FRACTION = 0.5
"""Fraction of crops with only the base colour for the encoder, so that a photograph suffices as a source."""
PREVIEW_PX = 256
MOST_CELLS = 32
"""Longest side, in cells, of the stored latents of each picture."""
MOST_PICTURES = 16
"""Most pictures whose latents a model stores."""
PROBES = 4


class VaeTraining(Training):
    """The autoencoder and its critic in training."""

    averaged = "vae"

    def __init__(
        self, pictures: Pictures, parameters: TrainVaeParameters, seed: int, device: str, precision: str
    ) -> None:
        super().__init__(parameters.steps, parameters.learning_rate, seed, device, precision)
        self.pictures, self.parameters = pictures, parameters
        self.gap: dict[str, float] = {}
        channels = channels_of(pictures.maps)
        with self.seeded_weights():
            self.vae = Autoencoder(channels, parameters.width)
            widths = [max(8, parameters.width * part // 8) for part in CRITIC_WIDTHS]
            self.critic = PatchDiscriminator(channels, widths)  # against blur, of patches of 54 px (Larsen et al. 2016)
        self.vae.set_axes(*pictures.axes())
        self.hold({"vae": self.vae, "critic": self.critic}, lambda weights: torch.optim.Adam(weights, betas=BETAS))

    @classmethod
    def of(cls, dataset: Dataset, parameters: Any, seed: int, device: str) -> Self:
        """A new training on the pictures of a dataset."""
        pictures = load_pictures(dataset, parameters.longest_px, parameters.crop_px, parameters.hold_out)
        return cls(pictures, parameters, seed, device, training_precision(device))

    def step(self) -> dict[str, Tensor]:
        """Take one step of both networks, and return the losses."""
        vae, known_count = self.vae, (self.parameters.batch + 1) // 2
        x = vae.standardise(self.crops(self.parameters.batch, self.random))  # (B, C, crop_px, crop_px)
        with self.autocast():
            mu, log_variance = vae.encoder(self._with_maps_hidden(x))
            z = reparameterise(mu, log_variance, self.noise(*mu.shape))
            z, known, from_prior = self.partly_new(z, known_count, self.random)
            x_hat = vae.decoder(z, (x.shape[2], x.shape[3]), self.noise)
        x_hat = x_hat.float()
        kl = kl_divergence(mu, log_variance).mean((0, 2, 3))
        loss_L1 = reconstruction_loss(x[:known_count], x_hat[:known_count], known)
        x_hat = x_hat.roll(torch.randint(x.shape[3], (2,), generator=self.random).tolist(), (2, 3))
        new = x_hat[known_count:]
        parts = [part for part in (x_hat[:known_count], new[from_prior], new[~from_prior]) if len(part)]
        loss_swd = sliced_wasserstein_loss(x, parts, self.random)
        loss = L1_WEIGHT * loss_L1 + self.parameters.kl_weight * free_bits(kl, FREE_NATS) + SWD_WEIGHT * loss_swd
        loss_critic, loss_adversarial = self._criticise(x_hat)
        self.descend("vae", loss + ADVERSARIAL_WEIGHT * loss_adversarial)
        self.average()
        losses = {"l1": loss_L1, "kl": kl.sum(), "swd": loss_swd, "critic": loss_critic, "vae": loss_adversarial}
        return {f"loss_{name}": value.detach() for name, value in losses.items()}

    def crops(self, count: int, random: torch.Generator) -> Tensor:
        """Crops (count, C, crop_px, crop_px) in [0, 1]."""
        return self.pictures.crops(count, self.parameters.crop_px, random).to(self.device)

    def partly_new(self, z: Tensor, known_count: int, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """z (B, 8, h, w), new but for the inner cells of the first `known_count`; a mask; and which are of N(0, I).

        The mask (1, 1, 16 h, 16 w) is of inner texels: the border does not wrap around, so it cannot be reconstructed.
        Of those after the first `known_count`, every other one is of N(0, I), and the rest are patches.
        """
        device, z = z.device, z.float()
        windows = windows_of(list(z.detach().cpu()))
        inside = inner_cells(z.shape[2], z.shape[3], (False, False))
        from_prior = (torch.arange(len(z) - known_count) + self.done) % 2 == 0
        filled = []
        for index, old in enumerate(z.detach().cpu()):
            known = inside if index < known_count else torch.zeros_like(inside)
            is_normal = index >= known_count and bool(from_prior[index - known_count])
            filled.append(self.noise(*old.shape).cpu() if is_normal else fill(old, known, windows, random))
        keep = inside.to(device) & (torch.arange(len(z), device=device) < known_count).view(-1, 1, 1, 1)
        z = torch.where(keep, z, torch.stack(filled).to(device))
        mask = interpolate(inside[None, None].float(), scale_factor=CELL_PX, mode="nearest").to(device)
        return z, mask, from_prior.to(device)

    def _with_maps_hidden(self, y: Tensor) -> Tensor:
        """y (B, C, H, W) in which only the colour of some crops is left, the other maps are at their mean."""
        hidden = torch.rand(len(y), 1, 1, 1, generator=self.random).to(self.device) < HIDDEN_FRACTION
        is_colour = (torch.arange(y.shape[1], device=y.device) < MAP_CHANNELS["base_color"]).view(-1, 1, 1)
        return torch.where(hidden & ~is_colour, 0.0, y)

    def _criticise(self, x_hat: Tensor) -> tuple[Tensor, Tensor]:
        """Train the critic on x̂ (B, C, H, W); its loss and the adversarial loss, both 0 before it starts."""
        if self.done < CRITIC_FROM * self.steps:
            return x_hat.new_zeros(()), x_hat.new_zeros(())
        critic = self.critic
        x = self.vae.standardise(self.crops(len(x_hat), self.random))
        with self.autocast():
            loss_critic = relativistic_loss(critic(x) - critic(x_hat.detach()))
            penalty = loss_critic.new_zeros(())
            if self.done % PENALTY_EVERY == 0:
                pair = torch.cat([x, x_hat.detach()])
                logits, near = critic(torch.cat([pair, pair + SIGMA * self.noise(*pair.shape)])).chunk(2)
                penalty = zero_centred_penalty(logits, near)
        self.descend("critic", loss_critic + PENALTY_EVERY * GAMMA * penalty)
        with self.autocast():
            return loss_critic, relativistic_loss(critic(x_hat) - critic(x).detach())

    @torch.no_grad()
    def sample(self, size_px: tuple[int, int], count: int) -> Tensor:
        """New y (count, C, H, W) of the averaged network, the same at every call."""
        random, noise = torch.Generator().manual_seed(0), self.fixed_noise()
        z, _ = self.ema.encoder(self.ema.standardise(self.crops(PROBES, random)))
        windows, grid = windows_of(list(z.cpu())), [-(-side // CELL_PX) for side in size_px]
        empty, unknown = torch.zeros(z.shape[1], *grid), torch.zeros(grid, dtype=torch.bool)
        new = torch.stack([fill(empty, unknown, windows, random) for _ in range(count)])
        return self.ema.decoder(new.to(self.device), size_px, noise)

    def preview(self) -> Maps:
        """A new surface of 256x256."""
        pixels = self.ema.maps(self.sample((PREVIEW_PX, PREVIEW_PX), 1))[0].cpu().numpy()
        return Maps.from_channels(pixels, self.pictures.maps)

    def probe(self) -> tuple[Tensor, Tensor]:
        """New surfaces and real crops, the same at every call."""
        size_px = (self.parameters.crop_px,) * 2
        real = self.crops(PROBES, torch.Generator().manual_seed(1))
        return self.sample(size_px, PROBES), self.ema.standardise(real)

    @torch.no_grad()
    def complete(self) -> None:
        """Store the pictures' latents in `ema`; the finished model copies new cells from them."""
        latents, variances = [], []
        for number, picture in enumerate(self.pictures.pictures[:MOST_PICTURES]):
            height, width = (min(side // CELL_PX, MOST_CELLS) * CELL_PX for side in picture.values.shape[1:])
            pixels = picture.values[None, :, :height, :width].to(self.device)
            mu, log_variance = self.ema.encoder(self.ema.standardise(pixels))
            latents.append(mu[0, :, 1:-1, 1:-1].contiguous())  # the border saw the wrap
            variances.append(log_variance.exp().mean((0, 2, 3)))
            self.ema.register_buffer(f"latents_{number}", latents[-1])
        variance = torch.stack(variances).mean(0)
        self.ema.deviation[:] = variance.sqrt()
        self._fit_prior([mu.cpu() for mu in latents], variance.cpu())

    def _fit_prior(self, latents: list[Tensor], variance: Tensor) -> None:
        """Fit the Gaussian field to μ (8, h, w) of the pictures, and measure its difference from N(0, I)."""
        mean = torch.cat([mu.flatten(1) for mu in latents], 1).mean(1)
        covariance = autocovariance(latents, mean, variance)
        self.ema.prior_mean[:] = mean
        self.ema.prior_kernel[:] = root(covariance)
        self.gap = prior_gap(mean, covariance)

    def card(self) -> dict[str, Any]:
        """The card's fields: the model's settings and its data."""
        pictures, mixing = self.pictures, self.ema.mixing
        return {
            "width": self.parameters.width,
            "maps": list(pictures.maps),
            "mean": self.ema.mean.tolist(),
            "deviation": mixing.square().sum(1).sqrt().tolist(),
            "longest_px": self.parameters.longest_px,
            "relief_px": pictures.relief_px,
            "texel_m": pictures.texel_m,
            "height_range_m": pictures.relief_px * pictures.texel_m or None,
            "data": pictures.about,
            "sliders": [],
            **self.gap,
        }
