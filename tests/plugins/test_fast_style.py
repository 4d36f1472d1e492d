"""A fast style: it is learned from a painting, repaints any size in tiles, seamlessly, and its training goes on."""

import numpy as np
import pytest
import torch
from skimage import data

from impasto import Host, Maps, Recipe, RunOptions, Step, run
from impasto.context import Context
from impasto.data.dataset import dataset_of
from impasto.errors import ModelError
from impasto.library.models import load_model, read_model, save_model
from impasto.plugins.registry import registry
from impasto_style.fast.network import NOISE_CHANNELS, STRIDE, TransformNetwork
from impasto_style.fast.painting import FastPainter, load_painter
from impasto_style.fast.preparing import noise_input
from impasto_style.shared.controls import StyleParameters
from impasto_style.shared.task import Region, Task

pytestmark = pytest.mark.usefixtures("small_weights", "quick_teacher")
TINY = {"name": "night", "crop_px": 64, "batch": 2, "width": 4, "longest_px": 128, "lessons": 2}
COFFEE = Maps.from_arrays({"base_color": data.coffee()[::4, ::4] / 255}, name="coffee.png")  # 100x150
CAT = Maps.from_arrays({"base_color": data.chelsea()[::2, ::2] / 255}, name="cat.png")  # 150x226


def train(folder, steps=2, seed=1, pictures=None, **how):
    inputs = {"dataset": dataset_of(CAT, licence="CC0-1.0"), **({"pictures": pictures} if pictures else {})}
    step = Step("train-fast-style", {**TINY, "steps": steps}, {name: name for name in inputs})
    return run(Recipe((step,), seed), inputs, RunOptions("cpu", folder), Host(**how))


def repaint(folder, subject=COFFEE, seed=0, **given):
    inputs = {name: given.pop(name) for name in ("mask",) if name in given}
    step = Step("fast-style", given, {name: name for name in inputs})
    return run(Recipe((step,), seed), {"source": subject, **inputs}, RunOptions(models_folder=folder, device="cpu"))


def color(result) -> np.ndarray:
    return (result if isinstance(result, Maps) else result.maps)["base_color"].pixels


def network(seed: int = 0) -> TransformNetwork:
    """A small network in which every layer counts: blocks begin at 0 otherwise."""
    torch.manual_seed(seed)
    made = TransformNetwork(4, 8, 16)
    for weight in made.parameters():
        if weight.dim() == 4:
            torch.nn.init.normal_(weight, 0, weight[0].numel() ** -0.5)
    return made.requires_grad_(False)


def picture(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def noise(height: int, width: int) -> torch.Tensor:
    return torch.randn(1, NOISE_CHANNELS, height // STRIDE, width // STRIDE, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A training of a painting, with pictures of the user's."""
    folder = tmp_path_factory.mktemp("models")
    return train(folder, pictures=dataset_of(COFFEE, licence="mine"))


@pytest.fixture(scope="module")
def library(trained):
    return trained.models[0].parent


@pytest.mark.slow
def test_the_same_seed_repaints_the_same_picture(library):
    assert repaint(library, seed=3).maps.sha256() == repaint(library, seed=3).maps.sha256()
    assert np.abs(color(repaint(library, seed=3)) - color(COFFEE)).mean() > 0.02


@pytest.mark.parametrize("seamless", [False, True])
def test_tiles_make_the_same_picture_as_the_whole(library, seamless):
    context = Context(rng=np.random.default_rng(0), models=registry().model_library(library))
    painter = FastPainter(load_painter("", context).card, network(), picture(8, 8))
    x = picture(256, 320)
    task = Task(x, (x, painter.style), (Region(None, (0.0, 1.0)),), x, seamless=seamless)
    whole, tiled = (
        painter.paint(task, StyleParameters(), Context(rng=np.random.default_rng(0)), tile_px)
        for tile_px in (1024, 160)
    )
    assert (whole - tiled).abs().max() < 1e-5
    assert whole.std() > 0.05


def test_a_rolled_torus_gives_a_rolled_result():
    made, x, z = network(), picture(96, 128), noise(96, 128)
    rolled = made(x.roll((32, 48), (2, 3)), z.roll((8, 12), (2, 3)), seamless=True)
    assert (rolled - made(x, z, seamless=True).roll((32, 48), (2, 3))).abs().max() < 1e-5


def test_strength_and_colours_are_those_asked_for(library):
    full, half = color(repaint(library)), color(repaint(library, strength=0.5))
    assert np.allclose(half, (full + color(COFFEE)) / 2, atol=0.01)
    own = color(repaint(library, color="picture"))
    assert np.abs(own.mean((0, 1)) - color(COFFEE).mean((0, 1))).max() < 0.03


def test_a_mask_says_where(library):
    mask = np.zeros((100, 150, 3))
    mask[:, :75] = 1
    made = color(repaint(library, mask=Maps.from_arrays({"base_color": mask})))
    assert (made == color(COFFEE))[:, 78:].all()
    assert np.abs(made - color(COFFEE))[:, :72].mean() > 0.02


@pytest.mark.parametrize("seamless", ["off", "on"])
def test_odd_sizes_are_painted(library, seamless):
    for size in ((1, 1), (3, 150), (17, 18)):
        subject = Maps.from_arrays({"base_color": np.random.default_rng(0).random((*size, 3))})
        made = color(repaint(library, subject, seamless=seamless))
        assert made.shape == (*size, 3)
        assert 0 <= made.min() <= made.max() <= 1


def test_the_card_names_the_painting_and_the_pictures(trained):
    model = read_model(trained.models[0])
    assert [one["licence"] for one in model.card["data"]] == ["CC0-1.0", "mine"]
    assert model.card["strokes_px"] == 128
    assert model.card["tool"] == "fast-style"
    assert model.size_bytes < 1e6
    assert {"loss_discriminator", "loss_painter", "loss_colors"} <= set(trained.figures)


def test_detail_is_painted_anew():
    """Without the network's own detail nothing finer than its coarsest pixels is left of the picture."""
    made = TransformNetwork(4, 8, 16).requires_grad_(False)
    for value in (made.end.weight, made.end.bias):
        value.zero_()
    chequers = (torch.arange(64)[:, None] + torch.arange(64)) % 2 + torch.zeros(1, 3, 64, 64)
    assert torch.allclose(made(chequers, noise(64, 64)), torch.tensor(0.5), atol=1e-6)
    slope = torch.linspace(0, 1, 64) + torch.zeros(1, 3, 64, 64)
    assert (made(slope, noise(64, 64)) - slope)[..., 4:-4].abs().max() < 1e-3


def test_noise_has_dots_and_patches():
    random = torch.Generator().manual_seed(0)
    made = noise_input((256, 256), lambda channel, *cells: torch.randn(1, 1, *cells, generator=random))[0]
    steps = made.diff(dim=2).square().mean((1, 2)) / made.var((1, 2))  # 2 for white noise
    assert steps[0] > 4 * steps[2] > 16 * steps[3] > 0
    assert steps[0] < 1.5  # dots of single cells would show as a mesh


def test_a_model_that_does_not_fit_is_refused(library, tmp_path):
    model = read_model(library / "night.safetensors")
    tensors = load_model(model)
    for broken, card, said in (
        ({**tensors, "style": np.zeros((4, 8, 8), np.float16)}, {}, "style"),
        ({name: array for name, array in tensors.items() if name != "noise.weight"}, {}, "lacks the tensor 'noise"),
        (tensors, {"widths": [4, 8]}, "widths"),
        (tensors, {"widths": [4, 8, 17]}, "not"),
    ):
        save_model(tmp_path / "night.safetensors", broken, {**model.card, **card})
        with pytest.raises(ModelError, match=said):
            repaint(tmp_path)
