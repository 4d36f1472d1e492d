"""The torus generator: it learns, it tiles at any size, its training goes on exactly where it stopped."""

import numpy as np
import pytest
import torch

from impasto.errors import Cancelled, ModelError, ParameterError
from impasto.metrics import seam_z
from impasto.models import read_model, read_tensors, save_model
from impasto.recipe import Recipe, Step
from impasto.runner import run
from impasto.texture import Maps
from impasto_gan.data import prepare
from impasto_gan.losses import discriminator_loss, sliced_wasserstein_loss
from impasto_gan.networks import PatchDiscriminator, TorusGenerator, upsample
from impasto_gan.training import generator_widths

TINY = {"name": "tiny", "crop_px": 48, "batch": 2, "width": 8, "learning_rate": 1e-3}


def surface(side: int = 96) -> Maps:
    """Blotches with grain: base colour, height and roughness that belong together."""
    rng = np.random.default_rng(3)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)) + 1 / side
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((side, side))) / frequency**1.2).real
    height = np.clip(0.5 + 0.2 * (noise - noise.mean()) / noise.std(), 0, 1)[..., None]
    color = np.clip(height * [0.9, 0.7, 0.5] + 0.05 * rng.standard_normal((side, side, 1)), 0, 1)
    return Maps.from_arrays({"base_color": color, "height": height, "roughness": 1 - height / 2}, name="blotches")


def train(folder, steps, seed=1, **how):
    recipe = Recipe((Step("train-torus", {**TINY, "steps": steps, "licence": "CC0-1.0"}),), seed)
    return run(recipe, {"source": surface()}, models_folder=folder, **how)


def generate(folder, height, width, seed=0, **parameters):
    step = Step("torus", {"width_px": width, "height_px": height, **parameters})
    return run(Recipe((step,), seed), models_folder=folder)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    train(folder, 20)
    return folder


def stop_after(steps):
    """A cancel button that is pressed once so many steps were begun."""
    begun = []
    return {
        "on_progress": lambda fraction, message: begun.append(message) if message.startswith("Step") else None,
        "is_cancelled": lambda: len(begun) >= steps,
    }


def test_twenty_steps_bring_the_patches_closer_to_the_data(library, tmp_path):
    train(tmp_path, 1)
    data = prepare(surface(), 512, 48, "cpu")
    distances = []
    for folder in (tmp_path, library):
        made = generate(folder, 96, 96).maps
        pixels = torch.cat([torch.from_numpy(made[name].pixels).permute(2, 0, 1) for name in data.maps])
        standardised = (pixels - data.mean) / data.deviation
        random = torch.Generator().manual_seed(0)
        distances.append(float(sliced_wasserstein_loss(data.pixels[None], standardised[None], random)))
    assert distances[1] < 0.9 * distances[0], distances


def test_a_training_that_was_stopped_goes_on_to_the_same_bits(tmp_path):
    train(tmp_path / "whole", 6)
    with pytest.raises(Cancelled):
        train(tmp_path / "parts", 6, **stop_after(3))
    checkpoint = tmp_path / "parts" / "tiny.checkpoint"
    assert read_tensors(checkpoint)[1]["done"] == "3"
    train(tmp_path / "parts", 6)
    assert not checkpoint.exists()
    whole, parts = (read_model(tmp_path / name / "tiny.safetensors") for name in ("whole", "parts"))
    assert whole.sha256() == parts.sha256()


def test_a_checkpoint_of_another_training_is_not_taken_over(tmp_path):
    with pytest.raises(Cancelled):
        train(tmp_path, 6, **stop_after(1))
    with pytest.raises(ModelError, match="other data, parameters or seed"):
        train(tmp_path, 6, seed=2)


@pytest.mark.parametrize("kept", [0, 1000, -1])
def test_a_damaged_checkpoint_is_refused(kept, tmp_path):
    with pytest.raises(Cancelled):
        train(tmp_path, 6, **stop_after(1))
    checkpoint = tmp_path / "tiny.checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes()[:kept])
    with pytest.raises(ModelError, match="damaged"):
        train(tmp_path, 6)


def test_a_model_is_never_trained_over(library):
    with pytest.raises(ModelError, match="models remove tiny"):
        train(library, 1)


def test_the_card_says_what_it_learned_from(library):
    model = read_model(library / "tiny.safetensors")
    assert model.card["data"][0] == {
        "name": "blotches",
        "licence": "CC0-1.0",
        "sha256": surface().sha256(),
        "size_px": [96, 96],
    }
    assert model.card["figures"]["steps"] == 20
    assert str(library) not in str(model.card)


@pytest.mark.parametrize("size", [(128, 128), (97, 161), (50, 200)], ids=str)
def test_every_map_tiles_at_any_size(library, size):
    made = generate(library, *size).maps
    assert list(made) == ["base_color", "roughness", "height"]
    for name in made:
        assert made[name].size_px == size
        assert max(seam_z(made[name].pixels)) < 3
        assert min(seam_z(made[name].pixels)) > -4


def test_shifted_noise_gives_the_shifted_picture():
    """The wrap is like any other place: rolling all noise by one cell of the coarsest grid rolls the picture."""
    torch.manual_seed(0)
    generator = TorusGenerator(4, generator_widths(8))
    drawn: list[torch.Tensor] = []

    def draw(*shape: int) -> torch.Tensor:
        drawn.append(torch.randn(shape))
        return drawn[-1]

    size = (128, 192)
    with torch.no_grad():
        straight = generator(draw, 1, size)
        rolled = iter([noise.roll(noise.shape[3] // 3, 3) for noise in drawn])
        shifted = generator(lambda *shape: next(rolled), 1, size)
    assert torch.allclose(straight.roll(64, 3), shifted, atol=1e-5)  # float32 sums in another order


def test_upsampling_is_the_same_by_either_way():
    x = torch.randn(1, 2, 6, 5)
    doubled = upsample(x, (12, 10))
    by_axes = upsample(upsample(x, (12, 5)), (12, 10))
    assert torch.allclose(doubled, by_axes, atol=1e-6)
    assert torch.equal(upsample(torch.ones(1, 1, 1, 1), (1, 7)), torch.ones(1, 1, 1, 7))


def test_the_seed_is_the_picture_and_variation_calms_it(library):
    one, again, other = (generate(library, 64, 64, seed).maps for seed in (5, 5, 6))
    calm = generate(library, 64, 64, 5, variation=0.0).maps
    assert one.sha256() == again.sha256()
    assert len({one.sha256(), other.sha256(), calm.sha256()}) == 3
    assert calm["height"].pixels.std() < one["height"].pixels.std()


def test_the_hash_of_the_model_is_in_the_recipe(library):
    recipe = generate(library, 32, 32).recipe
    assert recipe.made_with["models"] == {"tiny": read_model(library / "tiny.safetensors").sha256()}


def test_a_model_that_does_not_fit_is_refused(library, tmp_path):
    model = read_model(library / "tiny.safetensors")
    tensors = read_tensors(model.path)[0]
    save_model(tmp_path / "wrong.safetensors", tensors, {**model.card, "widths": [8, 8, 8]})
    with pytest.raises(ModelError, match="does not fit torus"):
        generate(tmp_path, 32, 32)
    (tmp_path / "wrong.safetensors").write_bytes(model.path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="not a model file"):
        generate(tmp_path, 32, 32)


def test_no_model_at_all_says_how_to_get_one(tmp_path):
    with pytest.raises(ModelError, match="impasto train train-torus"):
        generate(tmp_path, 32, 32)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [(np.full((96, 96, 3), 0.5), "one colour"), (np.random.default_rng(0).random((60, 96, 3)), "too few")],
    ids=["blank", "small"],
)
def test_data_that_cannot_be_learned_is_refused(pixels, said, tmp_path):
    recipe = Recipe((Step("train-torus", TINY),))
    with pytest.raises(ParameterError, match=said):
        run(recipe, {"source": Maps.from_arrays({"base_color": pixels})}, models_folder=tmp_path)


def test_a_photograph_is_shrunk_and_learned_without_other_maps():
    photo = Maps.from_arrays({"base_color": np.random.default_rng(0).random((100, 200, 3))})
    data = prepare(photo, 150, 48, "cpu")
    assert data.maps == ("base_color",)
    assert data.pixels.shape == (3, 75, 150)
    assert data.pixels.mean((1, 2)).abs().max() < 1e-5
    crops = data.crops(5, 48, torch.Generator().manual_seed(0))
    assert crops.shape == (5, 3, 48, 48)


def test_the_penalty_is_the_squared_gradient():
    """On a linear discriminator the finite difference is exact: its mean square is |w|²."""
    D = torch.nn.Conv2d(1, 1, 3, bias=False)
    x = torch.zeros(64, 1, 50, 50)
    loss = discriminator_loss(D, x, x, gamma=1.0, noise=torch.randn)
    expected = np.log(2) + D.weight.square().sum()  # softplus(0), and half of |w|² for each of x and x̂
    assert loss.item() == pytest.approx(expected.item(), rel=0.02)  # 2 x 147,456 samples of a mean square


def test_the_discriminator_judges_patches_of_40_px():
    D = PatchDiscriminator(3, (8, 8, 8, 8))
    assert D(torch.zeros(1, 3, 40, 40)).shape == (1, 1, 1, 1)
    assert D(torch.zeros(1, 3, 48, 48)).shape == (1, 1, 2, 2)
