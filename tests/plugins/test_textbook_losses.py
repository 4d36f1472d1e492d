"""Losses of the textbook's methods: the equations of their papers, on discriminators whose answers are known."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from test_every_training import KINDS, take_step
from torch import Tensor, nn

from impasto_classroom.gan.conditional import ProjectionDiscriminator
from impasto_classroom.gan.progressive import ProgressiveDiscriminator, ProgressiveGenerator, level_view
from impasto_classroom.gan.relativistic import GAMMA

REAL, FAKE = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-3.0, 0.25, 1.0])
CLASSES = torch.zeros(3, dtype=torch.long)


class Known(nn.Module):
    """Logits (B,) that are the first value of each picture."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return x[:, 0, 0, 0]


class Sloped(nn.Module):
    """Scores (B,) of a gradient of length `slope`, with an offset."""

    def __init__(self, slope: float, offset: float = 0.0) -> None:
        super().__init__()
        self.slope, self.offset = nn.Parameter(torch.tensor(slope)), offset

    def forward(self, x: Tensor, growth: float = 0.0) -> Tensor:
        return self.slope * x.flatten(1).sum(1) / x[0].numel() ** 0.5 + self.offset


def pictures(logits: Tensor) -> Tensor:
    return logits.view(-1, 1, 1, 1)


def losses(name: str, real: Tensor = REAL, fake: Tensor = FAKE) -> tuple[float, float]:
    """The discriminator's and the generator's loss for pictures of these logits."""
    training = KINDS[name].make(1, "float32")
    training.networks["discriminator"] = Known()
    loss, real_logits = training.discriminator_loss(pictures(real), pictures(fake), CLASSES)
    return loss.item(), training.generator_loss(pictures(fake), CLASSES, real_logits).item()


def test_the_plain_gan_has_the_losses_of_2014():
    """-E[log D(x)] - E[log(1 - D(x̂))] and, for G, -E[log D(x̂)] (Goodfellow et al. 2014, section 3)."""
    of_discriminator, of_generator = losses("gan")
    D_real, D_fake = torch.sigmoid(REAL), torch.sigmoid(FAKE)
    assert of_discriminator == pytest.approx(float(-D_real.log().mean() - (1 - D_fake).log().mean()), rel=1e-5)
    assert of_generator == pytest.approx(float(-D_fake.log().mean()), rel=1e-5)


def test_the_conditional_gan_has_the_hinge_loss():
    """Scores beyond the margin of 1 cost nothing: 0, 0.5, 2 for real pictures; 0, 1.25, 2 for made ones."""
    of_discriminator, of_generator = losses("conditional")
    assert of_discriminator == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 1.25 + 2) / 3)
    assert of_generator == pytest.approx(-float(FAKE.mean()))


def test_the_relativistic_gan_has_the_penalty_of_its_slope():
    """softplus(D(x̂) - D(x)) + γ |∇D|² (Huang et al. 2024, eq. 2)."""
    training = KINDS["relativistic"].make(1, "float32")
    x, slope = torch.zeros(2000, 1, 1, 1), 3.0
    training.networks["discriminator"] = Sloped(slope)
    loss, _ = training.discriminator_loss(x, x, CLASSES)
    assert loss.item() - torch.tensor(2.0).log().item() == pytest.approx(GAMMA * slope**2, rel=0.1)
    assert loss.item() > 2


@pytest.mark.parametrize(
    ("slope", "offset", "low", "high"), [(1.0, 0.0, 0, 1), (3.0, 0.0, 40, 46), (1.0, 1000.0, 900, 1100)]
)
def test_the_progressive_gan_has_penalty_and_drift(slope, offset, low, high):
    """10 (|∇D| - 1)² + 0.001 D(x)² beside D(x̂) - D(x) (Karras et al. 2018, appendix A.1)."""
    training = KINDS["progressive"].make(1, "float32")
    training.networks["discriminator"] = Sloped(slope, offset)
    found = take_step(training)
    assert low <= found["loss_discriminator"] + found["distance"] <= high


def test_scores_keep_their_scale_where_spectral_norms_are_divided_out():
    torch.manual_seed(0)
    D, x = ProjectionDiscriminator(3, 16, 2).eval(), torch.randn(4, 3, 32, 32)
    before = D(x, CLASSES[[0, 0, 0, 0]])
    with torch.no_grad():
        for weight in D.parameters():
            if weight.dim() > 1:
                weight.mul_(10)
    assert torch.allclose(D(x, CLASSES[[0, 0, 0, 0]]), before, rtol=1e-3)


def test_the_projection_is_a_sum_over_pixels():
    """As in Miyato & Koyama 2018: a picture twice as large is judged with twice the evidence."""
    torch.manual_seed(0)
    D = ProjectionDiscriminator(3, 16, 2).eval()
    x = torch.randn(1, 3, 32, 32)
    one, other = (D(x, torch.tensor([label])) for label in (0, 1))
    wide = torch.cat([x, x], 3)
    ratio = (D(wide, torch.tensor([0])) - D(wide, torch.tensor([1]))) / (one - other)
    assert ratio.item() == pytest.approx(2, rel=0.35)  # the seam between the halves is new


def test_real_crops_fade_in_like_the_made_ones():
    x = torch.randn(2, 3, 32, 32)
    coarse = level_view(x, 1, 0.0)
    assert coarse.shape == (2, 3, 16, 16)
    barely, half, fully = (level_view(x, 0, fade) for fade in (1e-4, 0.5, 1 - 1e-4))
    assert torch.allclose(fully, x, atol=1e-2)
    assert torch.allclose(half, (barely + fully) / 2, atol=1e-2)
    assert barely.var() < half.var() < fully.var()


def test_networks_grow_through_every_fade():
    """Between two resolutions, results are a blend of both, in the share that has faded in."""
    torch.manual_seed(0)
    z, sizes = torch.randn(2, 32, 8, 8), [(8, 8), (16, 16), (32, 32)]
    G, D = ProgressiveGenerator(3, 16, 3), ProgressiveDiscriminator(3, 16, 3)
    made = []
    for growth in (1.0001, 1.5, 1.9999):
        G.growth.fill_(growth)
        made.append(G.pictures(z, sizes))
    assert torch.allclose(made[1], (made[0] + made[2]) / 2, atol=1e-2)
    assert (made[0] - made[2]).abs().max() > 0.1
    x = torch.randn(2, 3, 32, 32)
    scores = [D(x, growth) for growth in (1.0001, 1.3, 1.7, 1.9999)]
    assert all((one - other).abs().max() > 1e-3 for one, other in pairwise(scores))


def test_a_discriminator_sees_how_much_a_batch_varies():
    torch.manual_seed(0)
    D, unlike = ProgressiveDiscriminator(3, 16, 3), torch.randn(4, 3, 32, 32)
    alone = torch.cat([D(one[None], 2.0) for one in unlike])
    assert not torch.allclose(D(unlike, 2.0), alone, atol=1e-4)


def test_features_of_the_progressive_generator_have_one_scale():
    """Weights ten times as large make the same features, and the same pictures."""
    torch.manual_seed(0)
    z, sizes, G = torch.randn(2, 32, 8, 8), [(8, 8), (16, 16), (32, 32)], ProgressiveGenerator(3, 16, 3)
    G.growth.fill_(2.0)
    usual = G.pictures(z, sizes)
    with torch.no_grad():
        for convolution in (*G.first, *G.second):
            convolution.weight.mul_(10)
    assert torch.allclose(G.pictures(z, sizes), usual, atol=1e-3)
