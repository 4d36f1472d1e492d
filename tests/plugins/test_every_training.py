"""Every adversarial training: networks learn from each other, averages, seeds, precision; the autoencoder's losses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import pytest
import torch
from materials import surface
from torch import Tensor, nn

from impasto import Maps
from impasto.data.dataset import Dataset, dataset_of
from impasto.training.base import Training
from impasto.training.losses import kl_divergence
from impasto_classroom.data import load_pictures, read_crops
from impasto_classroom.gan.conditional import ConditionalTraining
from impasto_classroom.gan.gan import GanTraining
from impasto_classroom.gan.progressive import ProgressiveTraining
from impasto_classroom.gan.relativistic import RelativisticTraining
from impasto_classroom.parameters import TrainTextbookParameters, TrainVaeParameters
from impasto_classroom.vae import training as vae_training
from impasto_classroom.vae.losses import free_bits, reconstruction_loss, sliced_wasserstein_loss
from impasto_classroom.vae.networks import Decoder, reparameterise
from impasto_classroom.vae.training import VaeTraining
from impasto_gan.torus.parameters import TrainTorusParameters
from impasto_gan.torus.prepare import prepare
from impasto_gan.torus.train import TorusTraining

STEPS, SEEN = 100, 80
"""Steps of a training, and those already taken: the autoencoder's critic is there, the progressive GAN has grown."""


@lru_cache(maxsize=1)
def two_classes() -> Dataset:
    dark = Maps.from_arrays({name: map_.pixels / 3 for name, map_ in surface(seed=4).items()}, name="dark")
    light, dark_ = dataset_of(surface(), label="light", licence="a"), dataset_of(dark, label="dark", licence="b")
    return replace(light, samples=(*light.samples, *dark_.samples))


@lru_cache(maxsize=1)
def torus_data():
    return prepare(two_classes(), 96, 48, 32, False, "cpu")


def torus(seed: int, precision: str) -> TorusTraining:
    sizes = {"canvas_px": 96, "crop_px": 48, "batch": 2, "width": 0.125}
    parameters = TrainTorusParameters(name="t", **sizes, steps=STEPS, learning_rate=3e-3)
    return TorusTraining(torus_data(), parameters, seed, "cpu", precision)


def textbook(kind: type, seed: int, precision: str):
    parameters = TrainTextbookParameters(crop_px=32, batch=4, width=16, steps=STEPS, learning_rate=5e-3)
    return kind(read_crops(two_classes(), 64, 32, False, "cpu"), parameters, seed, "cpu", precision)


def vae(seed: int, precision: str) -> VaeTraining:
    pictures = load_pictures(two_classes(), 512, 80, hold_out=False)
    parameters = TrainVaeParameters(name="t", crop_px=80, batch=2, width=8, learning_rate=5e-3, steps=STEPS)
    return VaeTraining(pictures, parameters, seed, "cpu", precision)


@dataclass(frozen=True)
class Kind:
    """A kind of training: how to make one, the name of its judge, and the judge's logits of the probe's pictures."""

    make: Callable[[int, str], Training]
    judge: str
    logits: Callable[[Training, Tensor], Tensor]

    def at_work(self, seed: int = 1, precision: str = "float32") -> Training:
        training = self.make(seed, precision)
        training.done = SEEN
        if "growth" in dict(training.networks[training.averaged].named_buffers()):
            for network in (training.networks[training.averaged], training.ema):
                network.growth.fill_(training.growth())
        return training


def torus_logits(training, pictures):
    labels = torch.zeros(len(pictures), dtype=torch.long)
    return training.discriminators("fine", training.views["fine"].of(pictures), labels)


def grown_logits(training, pictures):
    return training.networks["discriminator"](pictures, training.growth())


def plain_logits(training, pictures):
    return training.networks["discriminator"](pictures)


KINDS = {
    "torus": Kind(torus, "discriminators", torus_logits),
    "gan": Kind(lambda *how: textbook(GanTraining, *how), "discriminator", plain_logits),
    "relativistic": Kind(lambda *how: textbook(RelativisticTraining, *how), "discriminator", plain_logits),
    "conditional": Kind(
        lambda *how: textbook(ConditionalTraining, *how),
        "discriminator",
        lambda training, pictures: training.networks["discriminator"](pictures, training.real_classes),
    ),
    "progressive": Kind(lambda *how: textbook(ProgressiveTraining, *how), "discriminator", grown_logits),
    "vae": Kind(vae, "critic", lambda training, pictures: training.critic(pictures)),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def weights(network: nn.Module) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def take_step(training: Training) -> dict[str, float]:
    losses = training.step()
    training.done += 1
    return {name: value.item() for name, value in losses.items()}


def freeze(training: Training, name: str) -> None:
    """Keep a network as it is: its optimiser has nothing to do."""
    training.optimizers[name].param_groups[0]["params"] = []


@torch.no_grad()
def lead(kind: Kind, training: Training) -> float:
    """Mean of the logits of real pictures minus those of made ones."""
    training.ema.load_state_dict(training.networks[training.averaged].state_dict())  # without the average's delay
    made, real = training.probe()
    return float(kind.logits(training, real).mean() - kind.logits(training, made).mean())


@every_kind
def test_a_step_trains_each_network(kind):
    training = kind.at_work()
    before = {name: weights(network) for name, network in training.networks.items()}
    take_step(training)
    for name, network in training.networks.items():
        moved = (weights(network) - before[name]).abs()
        assert moved.max() > 1e-5, name
        assert torch.isfinite(moved).all()


@every_kind
def test_the_average_follows_its_network(kind):
    """After the first step most of the way, as there is nothing worth remembering; later slowly."""
    training = kind.make(1, "float32")
    start = weights(training.ema)
    take_step(training)
    network = training.networks[training.averaged]
    way = (weights(network) - start).norm()
    assert 0.02 * way < (weights(network) - weights(training.ema)).norm() < 0.5 * way
    for (name, mean), buffer in zip(training.ema.named_buffers(), network.buffers(), strict=True):
        assert torch.equal(mean, buffer), name
    training.done = 10**6
    start = weights(training.ema)
    training.average()
    assert (weights(training.ema) - start).norm() < 0.05 * way


@every_kind
def test_a_generator_follows_its_discriminator(kind):
    """With another judge it takes another step, although data and noise are the same."""
    made = []
    for spread in (0.0, 0.3):
        training = kind.at_work()
        freeze(training, kind.judge)
        random = torch.Generator().manual_seed(5)
        with torch.no_grad():
            for weight in training.networks[kind.judge].parameters():
                weight.add_(spread * torch.randn(weight.shape, generator=random))
        take_step(training)
        made.append(weights(training.networks[training.averaged]))
    assert (made[0] - made[1]).abs().max() > 1e-4


@pytest.mark.slow
@every_kind
def test_a_judge_comes_to_prefer_real_pictures(kind):
    training = kind.at_work()
    freeze(training, training.averaged)
    before = lead(kind, training)
    for _ in range(20):
        take_step(training)
    assert lead(kind, training) > before + 0.02


@pytest.mark.essential
@every_kind
def test_a_generator_comes_to_please_its_judge(kind):
    training = kind.at_work()
    for _ in range(4):  # until the judge knows real pictures
        take_step(training)
    freeze(training, kind.judge)
    for name, weight in training.networks[kind.judge].named_parameters():
        if name.endswith(("logits.weight", "head.weight")):
            weight.data.mul_(100)  # so that nothing else counts beside it
    before = lead(kind, training)
    for _ in range(16):
        take_step(training)
    assert lead(kind, training) < before - 0.005


@pytest.mark.parametrize("name", ["torus", "relativistic", "vae"])
def test_only_differences_of_logits_count(name):
    """The same number more for real and made pictures changes neither loss: logits are judged in pairs."""
    losses = []
    for shift in (0.0, 3.0):
        training = KINDS[name].at_work()
        for module, weight in training.networks[KINDS[name].judge].named_parameters():
            if module.endswith(("logits.bias", "head.bias")):
                weight.data.add_(shift)
        losses.append(take_step(training))
    for loss, value in losses[0].items():
        assert losses[1][loss] == pytest.approx(value, abs=0.05), loss


@every_kind
def test_the_seed_decides_the_first_weights(kind):
    torch.manual_seed(1)
    one, torch_state = kind.make(1, "float32"), torch.random.get_rng_state()
    torch.manual_seed(2)
    again, other = kind.make(1, "float32"), kind.make(2, "float32")
    for name, network in one.networks.items():
        assert torch.equal(weights(network), weights(again.networks[name]))
        assert not torch.equal(weights(network), weights(other.networks[name]))
    torch.manual_seed(1)
    assert torch.equal(torch_state, torch.random.get_rng_state())


@every_kind
def test_previews_do_not_change_the_training(kind):
    training = kind.at_work()
    before, random = weights(training.networks[training.averaged]), training.random.get_state()
    one, other = training.probe(), training.probe()
    training.preview()
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])
    assert torch.equal(random, training.random.get_state())
    assert torch.equal(before, weights(training.networks[training.averaged]))


@every_kind
def test_both_networks_run_in_the_precision_of_the_training(kind):
    training = kind.at_work(precision="bfloat16")
    for name in (training.averaged, kind.judge):
        found: set[torch.dtype] = set()
        for module in training.networks[name].modules():
            if "Conv" in type(module).__name__:
                module.register_forward_hook(lambda module, given, made, found=found: found.add(made.dtype))
        take_step(training)
        assert torch.bfloat16 in found, name
        assert {weight.dtype for weight in training.networks[name].parameters()} == {torch.float32}


def begun(kl_weight: float = 1e-3, log_variance: float | None = None, mean: float | None = None):
    """A training before its first step, whose encoder tells nothing but a mean and a variance if they are given."""
    training = KINDS["vae"].make(1, "float32")
    training.parameters = training.parameters.model_copy(update={"kl_weight": kl_weight})
    last = training.vae.encoder.layers[-1]
    with torch.no_grad():
        if mean is not None:
            last.weight.zero_()
            last.bias[:8] = mean
        if log_variance is not None:
            last.weight[8:] = 0
            last.bias[8:] = log_variance
    return training


def encoder_after(training) -> torch.Tensor:
    take_step(training)
    return weights(training.vae.encoder)


def test_samples_have_the_given_mean_and_deviation():
    mu, sigma = torch.full((200, 100), 3.0), torch.tensor(0.5)
    z = reparameterise(mu, 2 * sigma.log(), torch.randn(200, 100, generator=torch.Generator().manual_seed(0)))
    assert z.mean().item() == pytest.approx(3, abs=0.02)
    assert z.std().item() == pytest.approx(0.5, rel=0.02)
    sure, unsure = (take_step(begun(log_variance=value))["loss_l1"] for value in (-10.0, 4.0))
    assert abs(sure - unsure) > 0.01 * sure


def test_information_in_latents_costs_its_divergence():
    told = []
    for kl_weight in (0.0, 1.0):
        training = begun(kl_weight, log_variance=-3.0)
        for _ in range(4):
            losses = take_step(training)
        told.append(losses["loss_kl"])
    assert told[1] < told[0] - 0.1


def test_a_little_information_is_free():
    """With every channel below the free amount, the weight of the divergence changes nothing."""
    steps = [encoder_after(begun(kl_weight, log_variance=0.0, mean=0.3)) for kl_weight in (0.0, 1.0)]
    assert (steps[0] - steps[1]).abs().max() < 1e-6
    costly = [encoder_after(begun(kl_weight, log_variance=-4.0, mean=0.3)) for kl_weight in (0.0, 1.0)]
    assert (costly[0] - costly[1]).abs().max() > 1e-4


@pytest.mark.parametrize("weight", ["L1_WEIGHT", "SWD_WEIGHT"])
def test_neither_term_against_blur_is_idle(weight, monkeypatch):
    usual = weights_after_step()
    monkeypatch.setattr(vae_training, weight, 10 * getattr(vae_training, weight))
    assert (weights_after_step() - usual).abs().max() > 1e-4


def weights_after_step() -> torch.Tensor:
    training = begun()
    take_step(training)
    return weights(training.vae)


def test_grain_is_drawn_at_every_size():
    torch.manual_seed(0)
    decoder, z = Decoder(4, 8), torch.randn(1, 8, 4, 4)

    def made(noisy: int) -> torch.Tensor:
        stages = iter(range(len(decoder.stages)))
        with torch.no_grad():
            return decoder(z, (64, 64), lambda *shape: torch.randn(shape) * (next(stages) == noisy))

    still = made(-1)
    assert all((made(stage) - still).abs().max() > 1e-3 for stage in range(len(decoder.stages)))


def test_the_model_stores_the_deviation_of_its_encoder():
    training = begun(log_variance=-2.0)
    training.ema.load_state_dict(training.vae.state_dict())
    training.complete()
    assert training.ema.deviation.tolist() == pytest.approx([float(torch.tensor(-1.0).exp())] * 8, rel=1e-4)


def test_the_divergence_is_that_of_two_gaussians():
    mu, sigma = torch.full((1, 2, 3, 3), 0.7), torch.tensor([0.5, 2.0]).view(1, 2, 1, 1).expand(1, 2, 3, 3)
    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(normal(mu, sigma), normal(0.0, 1.0))[0, :, 0, 0]
    kl = kl_divergence(mu, 2 * sigma.log()).mean((0, 2, 3))
    assert torch.allclose(kl, expected)
    assert free_bits(kl, 10.0) == 20
    assert torch.allclose(free_bits(kl, 0.0), kl.sum())


def test_only_known_pixels_are_reconstructed():
    x, known = torch.randn(1, 2, 64, 64, generator=torch.Generator().manual_seed(0)), torch.zeros(1, 1, 64, 64)
    known[..., :32] = 1
    wrong = x.clone()
    wrong[..., 48:] += 1
    assert reconstruction_loss(x, wrong, known) < 0.01  # broad bands leak a little across
    assert reconstruction_loss(x, wrong, 1 - known) > 0.5


def test_sliced_wasserstein_tells_blurred_from_sharp():
    random = torch.Generator().manual_seed(0)
    x, other = torch.randn(2, 1, 2, 96, 96, generator=random)
    blurred = torch.nn.functional.avg_pool2d(other, 3, 1, 1)
    assert 3 * sliced_wasserstein_loss(x, [other], random) < sliced_wasserstein_loss(x, [blurred], random)
