"""Trains the torus generator on one material, and goes on exactly where it was interrupted.

The loss of R3GAN (Huang et al. 2024), for each patch, and a sliced Wasserstein term (Elnekave & Weiss 2022), since a
single material has few enough patches for their distribution to be compared outright.
"""

from __future__ import annotations

import copy
import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from impasto.about import VERSION
from impasto.context import Context
from impasto.errors import Cancelled, ModelError
from impasto.models import model_path, read_tensors, save_model, write_tensors
from impasto.texture import Maps
from impasto.tools import Result

from .data import Data, prepare
from .generate import maps_of
from .losses import discriminator_loss, generator_loss, sliced_wasserstein_loss
from .networks import PatchDiscriminator, TorusGenerator

if TYPE_CHECKING:
    from . import TrainTorusParameters

DISCRIMINATOR_WIDTHS = (48, 64, 112, 160)
EMA_DECAY = 0.995
GAMMA = 0.5
BETAS = (0.0, 0.95)
SWD_WEIGHT = 0.5
LAST_RATE = 0.1
CHECKPOINT_INTERVAL_S = 60.0
PREVIEW_INTERVAL_S = 10.0
PREVIEW_PX = 256


class Training:
    """Networks, optimisers and random state after `done` steps: all that a checkpoint holds."""

    def __init__(self, data: Data, parameters: TrainTorusParameters, seed: int, device: str) -> None:
        self.data, self.parameters, self.device = data, parameters, device
        self.done = 0
        self.random = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            channels = len(data.pixels)
            widths = generator_widths(parameters.width)
            self.generator = TorusGenerator(channels, widths).to(device)
            narrower = [max(8, width * parameters.width // 96) for width in DISCRIMINATOR_WIDTHS]
            self.discriminator = PatchDiscriminator(channels, narrower).to(device)
        self.ema = copy.deepcopy(self.generator).requires_grad_(False)
        self.optimizers = {
            "generator": torch.optim.Adam(self.generator.parameters(), betas=BETAS),
            "discriminator": torch.optim.Adam(self.discriminator.parameters(), betas=BETAS),
        }

    def noise(self, *shape: int) -> Tensor:
        """Standard normal noise of this training, drawn on the CPU."""
        return torch.randn(shape, generator=self.random).to(self.device)

    def step(self) -> dict[str, float]:
        """One step of both networks; the losses."""
        batch, crop_px = self.parameters.batch, self.parameters.crop_px
        x = self.data.crops(batch, crop_px, self.random)  # (B, C, crop_px, crop_px)
        x_hat = self.generator(self.noise, batch, (crop_px, crop_px))
        loss_D = discriminator_loss(self.discriminator, x, x_hat.detach(), GAMMA, self.noise)
        self._descend("discriminator", loss_D)
        adversarial = generator_loss(self.discriminator, x, x_hat)
        swd = sliced_wasserstein_loss(x, x_hat, self.random)
        self._descend("generator", adversarial + SWD_WEIGHT * swd)
        self._average()
        self.done += 1
        losses = {"loss_discriminator": loss_D, "loss_generator": adversarial, "loss_swd": swd}
        return {name: value.item() for name, value in losses.items()}

    def _descend(self, name: str, loss: Tensor) -> None:
        optimizer = self.optimizers[name]
        fraction = self.done / self.parameters.steps
        decay = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * max(0.0, 2 * fraction - 1)))
        optimizer.param_groups[0]["lr"] = self.parameters.learning_rate * decay  # constant, then half a cosine
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def _average(self) -> None:
        """EMA of the generator's weights; over the first steps an average of all, so that the start is forgotten."""
        decay = min(EMA_DECAY, (1 + self.done) / (10 + self.done))
        for average, weight in zip(self.ema.parameters(), self.generator.parameters(), strict=True):
            average.lerp_(weight, 1 - decay)

    def tensors(self) -> dict[str, np.ndarray]:
        """All state as arrays by name; safetensors holds them, so that a checkpoint runs no code when it is read."""
        state: dict[str, Tensor] = {"random": self.random.get_state()}
        for name, network in self._networks().items():
            state |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        for name, optimizer in self.optimizers.items():
            for index, moments in optimizer.state_dict()["state"].items():
                state |= {f"adam.{name}.{index}.{key}": value for key, value in moments.items()}
        return {name: value.detach().cpu().numpy() for name, value in state.items()}

    def restore(self, tensors: dict[str, np.ndarray], done: int) -> None:
        """Go back to the state that `tensors` gave after `done` steps."""
        state = {name: torch.from_numpy(array) for name, array in tensors.items()}
        self.random.set_state(state["random"])
        for name, network in self._networks().items():
            network.load_state_dict({key: state[f"{name}.{key}"] for key in network.state_dict()})
        for name, optimizer in self.optimizers.items():
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in state.items():
                if key.startswith(f"adam.{name}."):
                    index, moment = key.split(".")[2:]
                    moments.setdefault(int(index), {})[moment] = value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        self.done = done

    def _networks(self) -> dict[str, nn.Module]:
        return {"generator": self.generator, "ema": self.ema, "discriminator": self.discriminator}


def generator_widths(width: int) -> tuple[int, ...]:
    """Widths of the generator's five stages, coarsest first: fewer channels where there are more pixels."""
    return tuple(max(8, width * part // 4) for part in (4, 4, 3, 2, 1))


def train_torus(subject: Maps, parameters: TrainTorusParameters, context: Context) -> Result:
    """Train a model for `torus` on the subject's maps and save it; resumes where a checkpoint of the same name is."""
    path = model_path(parameters.name, context.models_folder)
    if path.exists():
        remedy = f"choose another name, or `impasto models remove {parameters.name}`"
        raise ModelError(f"there is a model {parameters.name!r} already", remedy)
    data = prepare(subject, parameters.longest_px, parameters.crop_px, context.device)
    seed = int(context.rng.integers(2**62))
    training = Training(data, parameters, seed, context.device)
    checkpoint = path.with_suffix(".checkpoint")
    about = {"data": subject.sha256(), "parameters": parameters.model_dump(mode="json"), "seed": seed}
    if checkpoint.exists():
        _resume(training, checkpoint, about)
    figures = _loop(training, checkpoint, about, context)
    tensors = {name: value.cpu().numpy().astype(np.float16) for name, value in training.ema.state_dict().items()}
    model = save_model(path, tensors, model_card(training, subject, figures))
    checkpoint.unlink(missing_ok=True)
    return Result(models=(model.path,), figures=figures)


def _resume(training: Training, checkpoint: Path, about: dict[str, Any]) -> None:
    tensors, metadata = read_tensors(checkpoint)
    if json.loads(metadata.get("about", "null")) != about:
        message = f"{checkpoint.name} was begun with other data, parameters or seed"
        raise ModelError(message, "give the same again, choose another name, or delete the file")
    training.restore(tensors, int(metadata["done"]))


def _loop(training: Training, checkpoint: Path, about: dict[str, Any], context: Context) -> dict[str, float]:
    """Take the steps that are left, saving a checkpoint now and then, and where the job is cancelled."""
    steps, losses = training.parameters.steps, {}
    saved = shown = time.monotonic()

    def save() -> None:
        write_tensors(checkpoint, training.tensors(), {"about": json.dumps(about), "done": str(training.done)})

    try:
        while training.done < steps:
            said = f"Step {training.done} of {steps}" + (f", SWD {losses['loss_swd']:.2f}" if losses else "")
            context.progress(training.done / steps, said)
            losses = training.step()
            if not all(map(math.isfinite, losses.values())):
                message = f"the training diverged at step {training.done}"
                raise ModelError(message, "train under another name with a lower learning rate")
            if time.monotonic() - shown > PREVIEW_INTERVAL_S:
                context.preview(preview(training))
                shown = time.monotonic()
            if time.monotonic() - saved > CHECKPOINT_INTERVAL_S:
                save()
                saved = time.monotonic()
    except Cancelled:
        save()
        raise
    return {"steps": float(steps), **losses}


def preview(training: Training, size_px: int = PREVIEW_PX) -> Maps:
    """What the averaged generator makes now, from noise that stays the same."""
    random = torch.Generator().manual_seed(0)
    noise = lambda *shape: torch.randn(shape, generator=random).to(training.device)  # noqa: E731
    with torch.no_grad():
        pixels = training.ema(noise, 1, (size_px, size_px))[0].cpu()
    data = training.data
    return maps_of(pixels, data.maps, data.mean, data.deviation)


def model_card(training: Training, subject: Maps, figures: dict[str, float]) -> dict[str, Any]:
    """What the model is and what it learned from."""
    data, parameters = training.data, training.parameters
    _, height, width = data.pixels.shape
    source = {
        "name": subject.name or "unnamed",
        "licence": parameters.licence,
        "sha256": subject.sha256(),
        "size_px": [width, height],
    }
    return {
        "name": parameters.name,
        "architecture": "torus",
        "tool": "torus",
        "impasto": VERSION,
        "widths": list(generator_widths(parameters.width)),
        "maps": list(data.maps),
        "mean": data.mean.flatten().tolist(),
        "deviation": data.deviation.flatten().tolist(),
        "texel_m": subject.width_m / width if subject.width_m else None,
        "height_range_m": subject.height_range_m,
        "data": [source],
        "parameters": parameters.model_dump(mode="json"),
        "figures": figures,
    }
