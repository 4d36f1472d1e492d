"""The textbook's generators: they learn, tile at any size, and keep to the equations of their papers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise

import materials
import pytest
import torch
from test_every_training import KINDS, take_step
from tiny import generated, learned
from torch import Tensor, nn

from impasto import Maps
from impasto.data.dataset import dataset_of
from impasto.errors import ModelError, ParameterError
from impasto.library.models import read_model
from impasto.numerics.resampling import bilinear_resize
from impasto.training.watch import probe_figures
from impasto_classroom.data import read_crops
from impasto_classroom.gan import progressive
from impasto_classroom.gan.card import TextbookCard
from impasto_classroom.gan.conditional import ConditionalTraining, ProjectionDiscriminator
from impasto_classroom.gan.gan import ConditionalNorm, GanTraining
from impasto_classroom.gan.generate import NETWORKS
from impasto_classroom.gan.progressive import (
    ProgressiveDiscriminator,
    ProgressiveGenerator,
    ProgressiveTraining,
    level_view,
    levels_of,
    minibatch_deviation,
    pixel_norm,
)
from impasto_classroom.gan.relativistic import GAMMA, RelativisticTraining
from impasto_classroom.parameters import TrainProgressiveParameters, TrainTextbookParameters

pytestmark = pytest.mark.usefixtures("one_precision")
METHODS = ("gan", "conditional-gan", "progressive-gan")
TINY = {"crop_px": 32, "batch": 4, "width": 16}
FAST = {**TINY, "learning_rate": 2e-3}


def surface(name: str, seed: int, color: tuple[float, float, float], side: int = 64) -> Maps:
    return replace(materials.surface(side, seed, color, 0.0, name), width_m=2.0, height_range_m=0.1)


def pictures():
    """A red and a green class."""
    red = dataset_of(surface("red", 1, (1.0, 0.3, 0.2)), label="red", licence="CC0-1.0")
    green = dataset_of(surface("green", 2, (0.2, 0.8, 0.3)), label="green", licence="CC0-1.0")
    return replace(red, samples=(*red.samples, *green.samples))


def train(kind, folder, dataset=None):
    return learned(f"train-{kind}", folder, dataset or pictures(), {**TINY, "name": kind, "steps": 2})


def generate(kind, folder, height, width, **parameters):
    return generated(kind, folder, height_px=height, width_px=width, **parameters).maps


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for kind in METHODS:
        train(kind, folder)
    return folder


def normal(random, *shape):
    return torch.randn(shape, generator=random)


@pytest.mark.parametrize("kind", METHODS)
def test_more_variation_is_more_spread(kind, library):
    model = read_model(library / f"{kind}.safetensors")
    generator = NETWORKS[kind](TextbookCard.of(model.card)).eval()
    generator.load_state_dict({name: torch.from_numpy(array) for name, array in model.load().items()})
    classes, spread = torch.zeros(4, dtype=torch.long), []
    for variation in (0.0, 0.5, 1.0, 1.5):
        random = torch.Generator().manual_seed(0)
        with torch.no_grad():
            made = generator(partial(normal, random), 4, (64, 64), classes, variation)
        spread.append(float(made.std((0, 2, 3)).mean()))
    assert spread[0] < 0.05 * spread[2]
    assert all(after > 1.1 * before for before, after in pairwise(spread))


def trained(kind, data, steps, **parameters):
    parameters = TrainTextbookParameters(**{**FAST, **parameters})
    training = kind(read_crops(data, 64, 32, False, "cpu"), parameters, 3, "cpu", "float32")
    before = probe_figures(*training.probe())
    for _ in range(steps):
        training.step()
        training.done += 1
    return training, before, probe_figures(*training.probe())


@pytest.mark.slow
@pytest.mark.any_numpy
@pytest.mark.parametrize(("kind", "rate", "steps"), [(GanTraining, 5e-4, 75), (RelativisticTraining, 2e-3, 50)])
def test_the_gan_comes_closer_to_the_data(kind, rate, steps):
    _, before, after = trained(kind, dataset_of(surface("red", 1, (1.0, 0.3, 0.2))), steps, learning_rate=rate)
    assert after["swd"] < 0.75 * before["swd"]
    assert after["diversity"] > 0.5


@pytest.mark.slow
def test_the_class_decides_the_colour():
    training, _, _ = trained(ConditionalTraining, pictures(), 40)
    with torch.no_grad():
        made = training.ema(training.fixed_noise(), 2, (64, 64), torch.tensor([0, 1]))  # green, red
    redness = (made[:, 0] - made[:, 1]).mean((1, 2))
    assert redness[1] > redness[0] + 0.5  # in deviations; in the data the difference is about 2


def test_an_unknown_class_and_data_without_classes_are_refused(library, tmp_path):
    with pytest.raises(ParameterError, match="no class 'blue'"):
        generate("conditional-gan", library, 32, 32, material="blue")
    green, red = (generate("conditional-gan", library, 32, 32, material=name) for name in ("green", "red"))
    assert green.sha256() != red.sha256()
    with pytest.raises(ParameterError, match="the data has none"):
        train("conditional-gan", tmp_path, dataset=dataset_of(surface("red", 1, (1, 0, 0))))
    unlabelled = replace(pictures(), samples=(*pictures().samples, *dataset_of(surface("x", 3, (1, 1, 1))).samples))
    with pytest.raises(ParameterError, match="x has none"):
        train("conditional-gan", tmp_path, dataset=unlabelled)


def test_crops_are_parts_of_their_pictures_and_classes_are_even():
    red = surface("red", 1, (1.0, 0.3, 0.2), 80)
    data = pictures()
    crops = read_crops(
        replace(data, samples=(*data.samples, *dataset_of(red, label="red").samples)), 80, 32, False, "cpu"
    )
    x, classes = crops.draw(400, 32, torch.Generator().manual_seed(0))
    assert x.shape == (400, 5, 32, 32)
    assert abs(classes.float().mean() - 0.5) < 0.1  # 400 draws: deviation 0.025
    values = x * crops.deviation + crops.mean
    red_share = values[:, 0].mean((1, 2)) > values[:, 1].mean((1, 2))
    assert torch.equal(red_share, classes == 1)
    picture = torch.from_numpy(data.samples[1].load(80)["base_color"].pixels[..., 1])
    places = picture.repeat(2, 2).unfold(0, 32, 1).unfold(1, 32, 1)  # (97, 97, 32, 32)
    green = values[classes == 0][0, 1]
    assert (places - green).abs().amax((2, 3)).min() < 1e-5


def test_the_progressive_gan_grows_and_fades_without_a_step():
    crops = read_crops(dataset_of(surface("red", 1, (1.0, 0.3, 0.2))), 64, 32, False, "cpu")
    training = ProgressiveTraining(crops, TrainProgressiveParameters(**TINY, steps=100), 0, "cpu", "float32")
    growths = []
    assert training.probe() is None  # until it has grown
    for training.done in range(100):
        growths.append(training.growth())
    assert growths[0] == growths[14] == 0
    assert 0 < growths[22] < 1
    assert growths[36] == 1
    assert growths[60] == growths[99] == 2
    assert all(0 <= after - before <= 0.0667 for before, after in pairwise(growths))
    G, D = training.networks["generator"], training.networks["discriminator"]
    with torch.no_grad():
        for grown in (0.0, 1.0):
            z, sizes = torch.randn(3, 32, 9, 9), [(9, 9), (18, 18), (36, 36)]
            G.growth.fill_(grown)
            settled = G.pictures(z, sizes)
            G.growth.fill_(grown + 1e-4)
            fading = G.pictures(z, sizes)
            assert torch.allclose(fading, bilinear_resize(settled, fading.shape[2:]), atol=1e-2)
            x = torch.randn(3, 5, 8 * 2 ** int(grown), 8 * 2 ** int(grown))
            larger = torch.nn.functional.interpolate(x, scale_factor=2)
            assert torch.allclose(D(x, grown), D(larger, grown + 1e-4), atol=1e-2)


def test_every_layer_of_the_progressive_gan_has_an_equalised_learning_rate():
    torch.manual_seed(0)
    G, D = progressive.ProgressiveGenerator(3, 64, 3), progressive.ProgressiveDiscriminator(3, 64, 3)
    layers = [layer for network in (G, D) for layer in network.modules() if list(layer.parameters(recurse=False))]
    assert all(isinstance(layer, progressive.EqualisedConvolution | progressive.Dense) for layer in layers)
    for layer in layers:
        assert not layer.bias.any()
        assert layer.weight.std().item() == pytest.approx(1, abs=0.25)  # the smallest has 24 weights
    assert D.score(torch.randn(4000, 64)).std().item() == pytest.approx(1, abs=0.25)  # gain 1, of 64 weights
    assert D.dense(torch.randn(1000, 64 * 64)).std().item() == pytest.approx(2**0.5, abs=0.1)


def test_layers_match_the_papers():
    torch.manual_seed(0)
    x = pixel_norm(torch.randn(2, 8, 3, 3) * 5)
    assert torch.allclose(x.square().mean(1), torch.ones(2, 3, 3), atol=1e-4)
    alike = minibatch_deviation(torch.ones(4, 2, 3, 3))
    assert alike.shape == (4, 3, 3, 3)
    assert alike[:, 2].max() < 1e-3
    assert minibatch_deviation(torch.randn(64, 2, 3, 3))[0, 2, 0, 0] == pytest.approx(1, abs=0.1)
    equalised = progressive.EqualisedConvolution(64, 32, 3, gain=1.0)(torch.randn(4, 64, 8, 8))
    assert equalised[:, :, 1:-1, 1:-1].std().item() == pytest.approx(1, abs=0.1)
    assert [levels_of(side) for side in (32, 64, 128)] == [3, 4, 5]
    with pytest.raises(ParameterError, match="got 40"):
        levels_of(40)
    torch.manual_seed(0)
    norm = ConditionalNorm(4, 3)
    norm.gain.weight.data[1], norm.bias.weight.data[1] = 2.0, 5.0
    x = torch.randn(8, 4, 6, 6) * 3 + 1
    zero, one = norm(x, torch.zeros(8, dtype=torch.long)), norm(x, torch.ones(8, dtype=torch.long))
    assert torch.allclose(one, 2 * zero + 5, atol=1e-4)
    assert torch.equal(norm.eval()(x, None), norm(x, torch.zeros(8, dtype=torch.long)))


def test_too_large_a_picture_and_a_model_that_does_not_fit_are_refused(library):
    with pytest.raises(ParameterError, match="up to 4096 px"):
        generate("gan", library, 64, 8192)
    with pytest.raises(ModelError, match="not for gan"):
        generate("gan", library, 32, 32, model="progressive-gan")


def test_the_plain_gan_begins_like_dcgan():
    crops = read_crops(dataset_of(surface("red", 1, (1.0, 0.3, 0.2))), 64, 32, False, "cpu")
    training = GanTraining(crops, TrainTextbookParameters(**TINY), 0, "cpu", "float32")
    for network in training.networks.values():
        for layer in network.modules():
            if isinstance(layer, torch.nn.Conv2d):
                assert layer.weight.std().item() == pytest.approx(0.02, rel=0.2)


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


def of_logits(logits: Tensor) -> Tensor:
    return logits.view(-1, 1, 1, 1)


def losses_of(name: str, real: Tensor = REAL, fake: Tensor = FAKE) -> tuple[float, float]:
    """The discriminator's and the generator's loss for pictures of these logits."""
    training = KINDS[name].make(1, "float32")
    training.networks["discriminator"] = Known()
    loss, real_logits = training.discriminator_loss(of_logits(real), of_logits(fake), CLASSES)
    return loss.item(), training.generator_loss(of_logits(fake), CLASSES, real_logits).item()


def test_the_plain_gan_has_the_losses_of_2014():
    """-E[log D(x)] - E[log(1 - D(x̂))] and, for G, -E[log D(x̂)] (Goodfellow et al. 2014, section 3)."""
    of_discriminator, of_generator = losses_of("gan")
    D_real, D_fake = torch.sigmoid(REAL), torch.sigmoid(FAKE)
    assert of_discriminator == pytest.approx(float(-D_real.log().mean() - (1 - D_fake).log().mean()), rel=1e-5)
    assert of_generator == pytest.approx(float(-D_fake.log().mean()), rel=1e-5)


def test_the_conditional_gan_has_the_hinge_loss():
    """Scores beyond the margin of 1 cost nothing: 0, 0.5, 2 for real pictures; 0, 1.25, 2 for made ones."""
    of_discriminator, of_generator = losses_of("conditional")
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


def test_scores_of_the_projection_keep_their_scale_and_add_up_over_pixels():
    torch.manual_seed(0)
    D, x = ProjectionDiscriminator(3, 16, 2).eval(), torch.randn(4, 3, 32, 32)
    before = D(x, CLASSES[[0, 0, 0, 0]])
    with torch.no_grad():
        for weight in D.parameters():
            if weight.dim() > 1:
                weight.mul_(10)
    assert torch.allclose(D(x, CLASSES[[0, 0, 0, 0]]), before, rtol=1e-3)
    torch.manual_seed(0)
    D = ProjectionDiscriminator(3, 16, 2).eval()
    x = torch.randn(1, 3, 32, 32)
    one, other = (D(x, torch.tensor([label])) for label in (0, 1))
    wide = torch.cat([x, x], 3)
    ratio = (D(wide, torch.tensor([0])) - D(wide, torch.tensor([1]))) / (one - other)
    assert ratio.item() == pytest.approx(2, rel=0.35)  # the seam between the halves is new


def test_real_crops_and_networks_fade_in_alike():
    x = torch.randn(2, 3, 32, 32)
    coarse = level_view(x, 1, 0.0)
    assert coarse.shape == (2, 3, 16, 16)
    barely, half, fully = (level_view(x, 0, fade) for fade in (1e-4, 0.5, 1 - 1e-4))
    assert torch.allclose(fully, x, atol=1e-2)
    assert torch.allclose(half, (barely + fully) / 2, atol=1e-2)
    assert barely.var() < half.var() < fully.var()
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
