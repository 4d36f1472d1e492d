"""The autoencoder: it learns to reconstruct, varies and tiles at any size, and training goes on where it stopped."""

from dataclasses import replace

import materials
import numpy as np
import pytest
import torch
from tiny import generated, learned

from impasto import Maps
from impasto.context import Context
from impasto.data.dataset import dataset_of
from impasto.errors import ModelError, ParameterError
from impasto.library.models import ModelLibrary, read_model, save_model
from impasto.library.tensors import read_tensors
from impasto.plugins.registry import registry
from impasto.surface.wrapping import seam_z
from impasto_classroom.data import load_pictures
from impasto_classroom.parameters import TrainVaeParameters, VaeParameters
from impasto_classroom.vae.generate import surface_of
from impasto_classroom.vae.latents import fill, windows_of
from impasto_classroom.vae.networks import CELL_PX, LATENT_CHANNELS, Decoder
from impasto_classroom.vae.prior import autocovariance, gaussian_field, prior_gap, root
from impasto_classroom.vae.training import VaeTraining

TINY = {"name": "tiny", "crop_px": 80, "batch": 2, "width": 8, "learning_rate": 3e-3}

STEPS = 3


def surface(maps: tuple[str, ...] = ("base_color", "height", "roughness")) -> Maps:
    """Some maps of blotches."""
    textures = materials.surface(160)
    return replace(textures, textures={name: textures[name] for name in maps}, width_m=1.0, height_range_m=0.05)


def opened(maps: Maps) -> Maps:
    """The maps with a slope of light across, so that they wrap no more."""
    color = maps["base_color"].pixels
    light = np.linspace(0.5, 1, color.shape[1])[:, None] * np.linspace(0.6, 1, color.shape[0])[:, None, None]
    return maps.with_arrays({"base_color": color * light})


def train(folder, steps):
    return learned("train-vae", folder, dataset_of(surface()), {**TINY, "steps": steps})


def generate(folder, source=None, **parameters):
    return generated("vae", folder, source, **parameters)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    train(folder, STEPS)
    return folder


def laid_out(folder, source, **parameters):
    """The latents (8, h, w) that the tool decodes."""
    return surface_of(source, VaeParameters(**parameters), Context(models=ModelLibrary(folder))).z


def training_of(**parameters) -> VaeTraining:
    pictures = load_pictures(dataset_of(surface()), 512, 80, hold_out=False)
    return VaeTraining(pictures, TrainVaeParameters(**{**TINY, **parameters}), 1, "cpu", "float32")


@pytest.mark.slow
def test_a_trained_model_reconstructs_its_source(tmp_path):
    train(tmp_path, 150)
    blotches = [coarse(generate(tmp_path, surface(), variation=variation).maps) for variation in (0.0, 1.0)]
    kept, new = (np.corrcoef(coarse(surface()), made)[0, 1] for made in blotches)
    assert kept > 0.5  # measured: 0.67 and 0.11
    assert new < 0.3


def coarse(maps: Maps) -> np.ndarray:
    """Means of the base colour over blocks of 8x8 px: the blotches, without the grain."""
    return maps["base_color"].pixels.mean(2).reshape(20, 8, 20, 8).mean((1, 3)).ravel()


def test_variation_is_the_share_of_latents_that_are_new(library):
    kept = laid_out(library, surface(), variation=0.0)
    for variation in (0.0, 0.5, 1.0):
        same = (laid_out(library, surface(), variation=variation) == kept).all(0)
        assert float(same.float().mean()) == pytest.approx(1 - variation, abs=0.01)


def test_sources_are_made_seamless_and_photographs_suffice(library):
    source = opened(surface())
    assert max(seam_z(source["base_color"].pixels)) > 5
    made = generate(library, source, variation=0.0).maps
    assert max(max(seam_z(made[name].pixels)) for name in made) < 3
    photo = surface(maps=("base_color",))
    assert list(generate(library, photo, variation=0.0).maps) == list(generate(library, surface()).maps)
    difference = laid_out(library, photo, variation=0.0) - laid_out(library, surface(), variation=0.0)
    assert difference.abs().max() > 0  # where there is a height, it is looked at


def test_shifted_latents_give_the_shifted_picture():
    """The wrap is like any other place: rolling the latents and all noise by a cell rolls the picture by 16 px."""
    torch.manual_seed(0)
    decoder, drawn = Decoder(4, 8), []

    def draw(*shape):
        drawn.append(torch.randn(shape))
        return drawn[-1]

    z, size = torch.randn(1, LATENT_CHANNELS, 6, 9), (96, 144)
    with torch.no_grad():
        straight = decoder(z, size, draw)
        rolled = iter([noise.roll(noise.shape[3] // 3, 3) for noise in drawn])
        shifted = decoder(z.roll(3, 3), size, lambda *shape: next(rolled))
    assert torch.allclose(straight.roll(48, 3), shifted, atol=1e-5)  # float32 sums in another order


def test_sizes_sources_and_models_that_do_not_fit_are_refused(library, tmp_path):
    tiles = (
        registry()
        .tool("vae")
        .tiles(Maps(), VaeParameters(width_px=100, height_px=64), {}, Context(models=ModelLibrary(library)))
    )
    with pytest.raises(ParameterError, match="choose 96 and 64"):
        next(tiles)
    model = read_model(library / "tiny.safetensors")
    save_model(tmp_path / "wrong.safetensors", read_tensors(model.path)[0], {**model.card, "width": 16})
    with pytest.raises(ModelError, match="does not fit vae"):
        generate(tmp_path)
    with pytest.raises(ParameterError, match="no base_color"):
        generate(library, surface(maps=("height",)))


def test_latents_come_from_the_prior_the_field_or_patches(library):
    size = {"width_px": 512, "height_px": 512}
    white, field, copied = (laid_out(library, Maps(), latents=kind, **size) for kind in ("prior", "fitted", "patches"))
    assert white.mean() == pytest.approx(0, abs=0.05)
    assert white.std((1, 2)).tolist() == pytest.approx([1.0] * LATENT_CHANNELS, abs=0.1)
    assert abs((white * white.roll(1, 1)).mean()) < 0.05
    stored = read_tensors(library / "tiny.safetensors")[0]
    for z in (field, copied):
        assert z.mean((1, 2)).numpy() == pytest.approx(stored["prior_mean"].astype(float), abs=0.3)
    card = read_model(library / "tiny.safetensors").card
    assert card["prior_kl"] > 0


def test_half_of_a_batch_is_decoded_from_new_latents_of_both_kinds():
    training = training_of(batch=8, steps=2)
    z = torch.full((8, LATENT_CHANNELS, 5, 5), 7.0)
    new, mask, from_prior = training.partly_new(z, 4, torch.Generator().manual_seed(0))
    assert (new[:4, :, 1:-1, 1:-1] == 7).all()
    assert mask.mean() == pytest.approx(9 / 25)
    assert from_prior.sum() == 2
    assert (new[4:][~from_prior] == 7).all()
    drawn = new[4:][from_prior]
    assert abs(drawn.mean()) < 0.2
    assert drawn.std() == pytest.approx(1, abs=0.15)  # 400 draws


def test_the_source_may_be_larger_or_smaller_than_the_result(library):
    whole = laid_out(library, surface(), variation=0.0)  # 10x10 cells
    within = laid_out(library, surface(), variation=0.0, width_px=320, height_px=192)
    assert torch.equal(within[:, 2:10, 6:14], whole[:, 1:9, 1:9])
    cut = laid_out(library, surface(), variation=0.0, width_px=96, height_px=160)
    assert torch.equal(cut[:, :, 1:-1], whole[:, :, 3:7])
    assert generate(library, surface(), width_px=5 * CELL_PX, height_px=24).maps.size_px == (24, 80)


def test_patchworks_keep_known_latents_and_fit_the_rest():
    random = torch.Generator().manual_seed(0)
    ramp = torch.arange(20.0).expand(2, 20, 20)  # each row counts to 19: only neighbours in number fit each other
    known = torch.zeros(9, 12, dtype=torch.bool)
    known[4:6, 3:7] = True
    canvas = torch.zeros(2, 9, 12)
    canvas[:, 4:6, 3:7] = torch.arange(7.0, 11)
    laid = fill(canvas, known, windows_of([ramp]), random)
    assert torch.equal(laid[:, known], canvas[:, known])
    steps = (laid.diff(dim=2) - 1).abs()
    assert (steps < 0.01).float().mean() > 0.6  # patches of 3 cells: two of three steps are inside one


def correlated(side: int, channels: int = LATENT_CHANNELS, seed: int = 0) -> torch.Tensor:
    """Noise (C, side, side) of deviation 2 and mean 1; neighbours correlate by .5, channels 0 and 1 by .8."""
    noise = torch.randn(channels, side, side, generator=torch.Generator().manual_seed(seed))
    noise[1] = 0.8 * noise[0] + 0.6 * noise[1]
    return 1 + noise + noise.roll(1, 1) + noise.roll(1, 2) + noise.roll((1, 1), (1, 2))


def test_the_fitted_field_is_like_the_latents_on_any_torus():
    latents = correlated(48)
    mean = latents.mean((1, 2))
    covariance = autocovariance([latents], mean, torch.full((LATENT_CHANNELS,), 0.25))
    kernel = root(covariance)
    for size in ((96, 64), (7, 128)):
        noise = torch.randn(LATENT_CHANNELS, *size, generator=torch.Generator().manual_seed(1))
        z = gaussian_field(mean, kernel, noise)
        assert z.shape == noise.shape
        assert z.mean() == pytest.approx(1, abs=0.2)
        centred = z - mean.view(-1, 1, 1)
        assert centred.square().mean() == pytest.approx(4.25, rel=0.1)
        across = (centred * centred.roll(1, 2)).mean((1, 2)).mean()  # the last column's neighbour is the first
        assert across == pytest.approx(5 / 6 * 2, rel=0.15)  # as tapered
        assert (centred[0] * centred[1]).mean() == pytest.approx(0.8 * 4, rel=0.15)
        assert gaussian_field(mean, kernel, noise.roll(3, 2)).allclose(z.roll(3, 2), atol=0.01)  # convolutions round


def test_the_gap_from_the_prior_equals_that_of_the_latents():
    white = torch.randn(LATENT_CHANNELS, 64, 64, generator=torch.Generator().manual_seed(0))
    nothing = torch.zeros(LATENT_CHANNELS)
    gap = prior_gap(nothing, autocovariance([white], nothing, nothing))
    assert gap["prior_kl"] < 0.02
    assert abs(gap["neighbour_correlation"]) < 0.02
    other = prior_gap(nothing + 1, autocovariance([2 * white], nothing, nothing))
    expected = LATENT_CHANNELS * (0.5 * (1 + 4 - 1) - np.log(2))  # of N(1, 4)
    assert other["prior_kl"] == pytest.approx(expected, rel=0.02)
    latents = correlated(64)
    mean = latents.mean((1, 2))
    assert prior_gap(mean, autocovariance([latents], mean, nothing))["neighbour_correlation"] == pytest.approx(
        0.5, abs=0.05
    )


def test_grey_pictures_get_no_stretched_colour():
    grey = np.random.default_rng(0).random((160, 160, 1)).repeat(3, 2)
    _, mixing, deviation = load_pictures(
        dataset_of(Maps.from_arrays({"base_color": grey})), 512, 80, hold_out=False
    ).axes()
    lengths = mixing.norm(dim=0).sort().values  # the longest axis is grey: the deviation of all three channels
    assert lengths[2] == pytest.approx(3**0.5 * grey.std(), rel=1e-3)
    assert lengths[:2].tolist() == pytest.approx([0.15 * float(lengths[2])] * 2, rel=1e-3)
    assert deviation.sort().values.tolist() == pytest.approx([0, 0, 1], abs=1e-4)
