"""Terms of the autoencoder's loss: each acts; and what is random in it is drawn."""

from __future__ import annotations

import pytest
import torch
from test_every_training import KINDS, take_step, weights

from impasto.training.losses import kl_divergence
from impasto_classroom.vae import training as vae_training
from impasto_classroom.vae.losses import free_bits, reconstruction_loss, sliced_wasserstein_loss
from impasto_classroom.vae.networks import Decoder, reparameterise


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


def test_samples_have_the_mean_and_deviation_that_they_are_told():
    mu, sigma = torch.full((200, 100), 3.0), torch.tensor(0.5)
    z = reparameterise(mu, 2 * sigma.log(), torch.randn(200, 100, generator=torch.Generator().manual_seed(0)))
    assert z.mean().item() == pytest.approx(3, abs=0.02)
    assert z.std().item() == pytest.approx(0.5, rel=0.02)


def test_training_decodes_samples_and_not_means():
    """Reconstructions are worse where the encoder is unsure; with z = μ they would be the same."""
    sure, unsure = (take_step(begun(log_variance=value))["loss_l1"] for value in (-10.0, 4.0))
    assert abs(sure - unsure) > 0.01 * sure


def test_what_the_latent_tells_costs_what_it_is_said_to_cost():
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


def test_the_finished_model_knows_how_unsure_its_encoder_was():
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


def test_only_what_is_known_has_to_be_reconstructed():
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
