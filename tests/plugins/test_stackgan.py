"""StackGAN: its equations and stages, phrases and captions, and data that it cannot learn from."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from cases import each_case
from materials import surface
from tiny import generated, learned

from impasto.context import Context
from impasto.data.dataset import dataset_of
from impasto.errors import ParameterError
from impasto.library.models import read_model
from impasto.plugins.registry import registry
from impasto.text_encoders import TextEncoder
from impasto.training.losses import ONE_BY_ONE, kl_divergence, sliced_wasserstein
from impasto_phrase.stackgan.data import read_captioned
from impasto_phrase.stackgan.encoder import BUCKETS, features_of, usual_slots
from impasto_phrase.stackgan.encoding import encoder_of
from impasto_phrase.stackgan.losses import Relativistic, Textbook
from impasto_phrase.stackgan.parameters import TrainStackGanParameters
from impasto_phrase.stackgan.stage_one import (
    CONDITION,
    CYCLES,
    EMBEDDING,
    HARMONICS,
    LATENT,
    ConditioningAugmentation,
    StageOne,
    Waves,
)
from impasto_phrase.stackgan.stage_two import StageTwo
from impasto_phrase.stackgan.train import StackGanTraining

pytestmark = pytest.mark.usefixtures("one_precision")
TINY = {"crop_px": 64, "detail_px": 64, "longest_px": 64, "batch": 4, "width": 0.125}


def pictures(**captions):
    """A red and a green picture, with two captions each."""
    red = dataset_of(
        surface(64, 1, (1.0, 0.2, 0.1), 0, "red"), captions=captions.get("red", ["red bricks", "红砖"]), longest_px=64
    )
    green = dataset_of(
        surface(64, 2, (0.1, 0.9, 0.3), 0, "green"), captions=captions.get("green", ["green grass", "绿色的草地"])
    )
    return replace(red, samples=(*red.samples, *green.samples))


def training(steps: int = 40, stage_one_steps: int = 20, data=None, **parameters) -> StackGanTraining:
    wanted = {**TINY, "name": "t", "steps": steps, "stage_one_steps": stage_one_steps, **parameters}
    settings = TrainStackGanParameters(**wanted)
    encode, slots = encoder_of("", None, Context())
    data = read_captioned(data or pictures(), 64, 64, encode, "cpu")
    return StackGanTraining(data, settings, slots, 3, "cpu", "float32")


def take_steps(of: StackGanTraining, count: int) -> dict[str, float]:
    for _ in range(count):
        losses = of.step()
        of.done += 1
    return {name: float(value.detach()) for name, value in losses.items()}


def train(folder, data=None, **parameters):
    sizes = {**TINY, "name": "words", "steps": 2, "stage_one_steps": 1}
    return learned("train-stackgan", folder, data or pictures(), sizes | parameters)


def generate(folder, text, height=64, width=64):
    return generated("stackgan", folder, text=text, width_px=width, height_px=height)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    train(folder)
    return folder


def test_conditioning_augmentation_has_mean_deviation_and_divergence_of_the_paper():
    """ĉ = μ + σ ⊙ ε; D_KL(N(μ, Σ) || N(0, I)), against its Monte Carlo estimate."""
    augmentation = ConditioningAugmentation()
    phi = torch.randn(1, EMBEDDING, generator=torch.Generator().manual_seed(0)).expand(20000, -1)
    epsilon = torch.randn(20000, CONDITION, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        c_hat, mu, log_variance = augmentation(phi, epsilon)
    assert torch.allclose(c_hat.mean(0), mu[0], atol=0.06)
    assert torch.allclose(c_hat.std(0), (0.5 * log_variance[0]).exp(), rtol=0.06)
    posterior = torch.distributions.Normal(mu[0], (0.5 * log_variance[0]).exp())
    estimated = posterior.log_prob(c_hat) - torch.distributions.Normal(0.0, 1.0).log_prob(c_hat)
    assert float(kl_divergence(mu, log_variance).mean()) == pytest.approx(float(estimated.mean()), abs=0.02)


class Known:
    """A discriminator whose logits are the first value of the picture, less that of the phrase."""

    def features(self, x):
        return x

    def logits_of(self, features, phi):
        return features[:, :1, :1, :1] - phi[:, :1, None, None]

    def __call__(self, x, phi):
        return self.logits_of(x, phi)


REAL, FAKE = torch.tensor([2.0, 0.5]).view(2, 1, 1, 1), torch.tensor([-1.0, 0.25]).view(2, 1, 1, 1)
RIGHT, WRONG = torch.zeros(2, 1), torch.tensor([[1.5], [0.5]])


def test_the_textbook_losses_are_those_of_the_paper_with_wrong_captions():
    """-log D(x, φ) - ½ (log(1 - D(x̂, φ)) + log(1 - D(x, φ_wrong)))."""
    loss, real_logits = Textbook().discriminator(Known(), REAL, FAKE, RIGHT, WRONG, None)
    real, fake, wrong = (torch.sigmoid(x) for x in (REAL, FAKE, REAL - WRONG.view(2, 1, 1, 1)))
    expected = -real.log().mean() - 0.5 * ((1 - fake).log().mean() + (1 - wrong).log().mean())
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    assert torch.equal(real_logits, REAL)
    assert float(Textbook().generator(Known(), FAKE, RIGHT, real_logits)) == pytest.approx(float(-fake.log().mean()))


def test_the_relativistic_losses_have_both_pairs_and_the_penalty():
    """The pair of a right and a wrong caption has the loss of its difference, φ_wrong here; the slope of D is 1."""
    losses = Relativistic(gamma=0.5)
    loss, real_logits = losses.discriminator(Known(), REAL, FAKE, RIGHT, WRONG, None)
    softplus = torch.nn.functional.softplus
    assert float(loss) == pytest.approx(float(softplus(FAKE - REAL).mean() + softplus(-WRONG).mean()), rel=1e-5)
    with_penalty, _ = losses.discriminator(Known(), REAL, FAKE, RIGHT, WRONG, torch.ones(4, 1, 1, 1))
    assert float(with_penalty - loss) == pytest.approx(4 * 0.5, rel=1e-4)
    made = float(losses.generator(Known(), FAKE, RIGHT, real_logits))
    assert made == pytest.approx(float(softplus(REAL - FAKE).mean()), rel=1e-5)


def rolled_noise(random, rolls, *shape):
    """Noise that is moved by whole cells of the coarsest grid; so are waves, by their offsets."""
    noise = torch.randn(shape, generator=random)
    if shape[1:] == (2,):
        return torch.special.ndtri((0.3 - torch.tensor([rolls]) / 4) % 1)
    if len(shape) < 4:
        return noise
    return noise.roll([cells * side // 4 for cells, side in zip(rolls, shape[2:], strict=True)], (2, 3))


@pytest.mark.parametrize("is_second", [False, True], ids=["one", "two"])
def test_both_stages_are_on_a_torus(is_second):
    """Where noise is moved by cells, across borders, the picture moves with it."""
    torch.manual_seed(0)
    one, two, made = StageOne(3, 0.125), StageTwo(3, 0.125), []
    for level in two.levels:
        torch.nn.init.normal_(level.head.weight)
    for rolls in ((0, 0), (1, 3)):
        noise = partial(rolled_noise, torch.Generator().manual_seed(5), rolls)
        with torch.no_grad():
            x = one(noise(1, LATENT, 4, 4), noise(1, CONDITION), noise)
            made.append(two(x, noise(1, CONDITION), noise) if is_second else x)
    still, moved = made
    expected = still.roll([cells * side // 4 for cells, side in zip((1, 3), still.shape[2:], strict=True)], (2, 3))
    assert torch.allclose(moved, expected, atol=1e-4)
    assert not torch.allclose(moved, still, atol=0.1)


@pytest.mark.parametrize("cells", [4, 5, 7])
def test_waves_fit_the_torus_whatever_its_size_and_show_at_a_period_of_four_pixels(cells):
    """All have whole numbers of waves; an offset moves them by that part of the torus."""
    share = torch.eye(len(CYCLES))[:, None].expand(-1, 2, -1)  # each number of waves alone
    length = 16 * cells
    still, moved = (Waves(share, torch.full((len(CYCLES), 2), offset), (cells, cells)) for offset in (0.0, 0.25))
    found = still.along(0, length)
    assert found.shape == (len(CYCLES), 2 * len(HARMONICS), length)
    spectrum = torch.fft.rfft(found).abs() / length
    assert (spectrum > 1e-4).sum(2).max() == 1
    assert torch.allclose(found.roll(-length // 4, 2), moved.along(0, length), atol=1e-4)
    assert not still.along(1, cells)[-1, 2:].any()  # no room for the harmonics of the shortest
    assert found[:, :4].any(2).all()


def test_chosen_waves_repeat_along_their_axis():
    torch.manual_seed(0)
    one = StageOne(3, 0.125)
    torch.nn.init.zeros_(one.choice.weight)
    one.choice.bias.data.fill_(-50)
    for axis, chosen in enumerate((CYCLES.index(1.0), -1)):  # four waves along y, none along x
        one.choice.bias.data.unflatten(0, (2, -1))[axis, chosen] = 50
    with torch.no_grad():
        maps = one(torch.zeros(1, LATENT, 4, 4), torch.randn(1, CONDITION), lambda *shape: torch.zeros(shape))
    assert torch.allclose(maps.roll(16, 2), maps, atol=1e-4)
    assert torch.allclose(maps.roll(1, 3), maps, atol=1e-4)
    assert not torch.allclose(maps.roll(8, 2), maps, atol=0.01)


def weights(module) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in module.parameters()])


def test_stage_one_learns_first_and_is_frozen_while_stage_two_learns():
    under_way = training(stage_one_steps=5)
    model = under_way.networks["generator"]
    before = [weights(getattr(model, name)) for name in ("embedding", "one", "two")]
    take_steps(under_way, 5)
    after = [weights(getattr(model, name)) for name in ("embedding", "one", "two")]
    assert [torch.equal(*pair) for pair in zip(before, after, strict=True)] == [False, False, True]
    averaged = weights(under_way.ema.one)
    take_steps(under_way, 4)
    assert torch.equal(weights(model.one), averaged)
    assert torch.equal(weights(under_way.ema.one), averaged)
    assert not torch.equal(weights(model.two), after[2])


@pytest.mark.slow
def test_the_divergence_holds_the_condition_near_a_standard_normal_one():
    loose, held = (training(kl_weight=weight) for weight in (0.0, 100.0))
    for one in (loose, held):
        one.networks["generator"].one.augmentation.statistics.bias.data.add_(2.0)
    loose_kl, held_kl = (take_steps(one, 15)["loss_kl"] for one in (loose, held))
    assert held_kl < 0.97 * loose_kl


@pytest.mark.slow
def test_the_discriminator_learns_to_tell_wrong_captions():
    under_way = training(steps=400, stage_one_steps=390, learning_rate=5e-3, gamma=0.02)
    take_steps(under_way, 300)
    pairs = under_way.data.pairs(16, under_way.coarse_px, True, torch.Generator().manual_seed(9))
    D, embed = under_way.networks["first"], under_way.networks["generator"].embedding
    with torch.no_grad():
        right, wrong = (float(D(pairs.x, embed(features)).mean()) for features in (pairs.right, pairs.wrong))
    assert right > wrong + 0.3


@pytest.mark.slow
def test_patches_of_the_same_caption_are_learned_from(monkeypatch):
    """With its term the distance of patches falls to less than a quarter of what the discriminator alone reaches."""
    distances = []
    for weight in (0.0, Relativistic.patches):
        monkeypatch.setattr(Relativistic, "patches", weight)
        under_way = training(steps=200, stage_one_steps=190)
        losses = take_steps(under_way, 80)
        assert ("loss_swd" in losses) == (weight > 0)
        pairs = under_way.data.pairs(8, under_way.coarse_px, True, torch.Generator().manual_seed(9))
        with torch.no_grad():
            x_hat = under_way.networks["generator"].first(
                under_way.networks["generator"].embedding(pairs.right), under_way.fixed_noise(), (1, 1)
            )[0]
            random = torch.Generator().manual_seed(1)
            distances.append(float(sliced_wasserstein(pairs.x, x_hat, 2, random, ONE_BY_ONE)))
    assert distances[1] < 0.25 * distances[0]


@pytest.mark.slow
def test_the_phrase_decides_the_colour():
    under_way = training(steps=200, stage_one_steps=190, learning_rate=5e-3)
    take_steps(under_way, 60)
    encode, _ = encoder_of("", usual_slots(), Context())
    features = torch.from_numpy(encode(["red bricks", "绿色的草地"]))
    noise = under_way.fixed_noise()
    with torch.no_grad():
        phi = under_way.ema.embedding(features)
        s_0 = under_way.ema.first(phi, noise, (2, 2))[0]
    values = under_way.data.standardisation.inverse(s_0).mean((2, 3))  # (2, C)
    redness = values[:, 0] - values[:, 1]
    assert redness[0] > redness[1] + 0.3


def test_a_text_without_a_known_word_is_refused_and_unknown_words_are_named(library):
    for text, said in (("a cat", "learned none of the words"), ("🎉🎉", "learned none"), ("x" * 600, "600 characters")):
        with pytest.raises(ParameterError, match=said) as refused:
            generate(library, text)
        assert "red bricks" in refused.value.remedy or len(text) > 500
    assert any("'cat'" in note for note in generate(library, "red cat bricks").notes)
    assert any("'red bricks'" in note for note in generate(library, "").notes)
    with pytest.raises(ParameterError, match="up to 4096 px"):
        generate(library, "red bricks", 8192, 64)


@each_case("unlearnable")
def test_unusable_captions_are_refused_before_training(captions, parameters, said, tmp_path):
    with pytest.raises(ParameterError, match=said) as refused:
        train(tmp_path, pictures(**captions), **parameters)
    assert refused.value.remedy


class Letters(TextEncoder):
    """Counts of the letters r and g."""

    name, label, size = "letters", "Letters", 2

    def encode(self, texts, context):
        return np.array([[text.count(letter) for letter in "rg"] for text in texts])


def test_a_plugins_encoder_takes_the_place_of_the_built_in_one(tmp_path, monkeypatch):
    monkeypatch.setitem(registry().text_encoders, "letters", Letters())
    train(tmp_path, encoder="letters")
    card = read_model(tmp_path / "words.safetensors").card
    assert (card["encoder"], card["features"], card["slots"]) == ("letters", 2, [])
    one, other = (generate(tmp_path, text).maps.sha256() for text in ("red bricks", "green bricks"))
    same = generate(tmp_path, "bricks red").maps.sha256()
    assert one == same != other
    monkeypatch.delitem(registry().text_encoders, "letters")
    with pytest.raises(ParameterError, match="no text encoder called 'letters'"):
        generate(tmp_path, "red bricks")


def test_features_are_the_same_on_every_machine_and_in_both_languages():
    features = features_of("red", ())
    assert np.flatnonzero(features).tolist() == [977, 2885, 3528, 3736, 3983]
    assert features.shape == (BUCKETS,)
    slots = usual_slots()
    english, chinese = (features_of(text, slots)[BUCKETS:] for text in ("wet red brick wall", "湿的红色砖墙"))
    assert np.array_equal(english, chinese)
    assert english[slots.index("material=bricks")] == 1
    assert english[slots.index("wetness")] == pytest.approx(0.6)
    dark, light = (features_of(f"{shade} #446688 tiles", slots)[BUCKETS:] for shade in ("dark", "light"))
    assert dark[slots.index("color.L")] < light[slots.index("color.L")] - 0.3


def test_drawn_captions_describe_their_material(tmp_path):
    """Each caption of a drawn set is read as its material; a real set has its class, its colour and its gloss."""
    from impasto.cli.main import main
    from impasto.data.dataset import read_dataset
    from impasto_phrase.matcher import read_phrase

    size = ("--side-px", "64")
    main(["captions", "draw", "--materials", "bricks", "grass", "--count", "2", *size, "--out", str(tmp_path)])
    samples = read_dataset(tmp_path, smallest_px=64).samples
    assert len(samples) == 4
    for sample in samples:
        assert len(set(sample.captions)) == len(sample.captions) > 3
        for caption in sample.captions:
            reading = read_phrase(caption)
            assert (reading.material, reading.unknown) == (sample.label, [])
    assert any(read_phrase(text).slots.get("color", "").startswith("#") for one in samples for text in one.captions)
