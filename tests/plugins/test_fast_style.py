"""A fast style: it repaints any size in tiles, seamlessly; its teacher, its lessons, and what it learns of them."""

import numpy as np
import pytest
import torch
from skimage import data

from impasto import Host, Maps, Recipe, RunOptions, Step, run
from impasto.context import Context
from impasto.data.dataset import dataset_of
from impasto.errors import Cancelled, ModelError
from impasto.library.models import read_model, save_model
from impasto.plugins.registry import registry
from impasto_style.fast.coherence import DrawnMotion, incoherence
from impasto_style.fast.data import Lessons, own_pictures, teacher_of
from impasto_style.fast.discriminator import standardise
from impasto_style.fast.network import NOISE_CHANNELS, STRIDE, TransformNetwork
from impasto_style.fast.painting import FastPainter, load_painter
from impasto_style.fast.parameters import TrainFastStyleParameters
from impasto_style.fast.preparing import in_palette, noise_input
from impasto_style.fast.scenes import draw_scene
from impasto_style.fast.train import FastStyleTraining, placed_colors, some_pixels
from impasto_style.shared.controls import StyleParameters
from impasto_style.shared.task import Region, StyleTask

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


@pytest.mark.parametrize("seamless", [False, True])
def test_tiles_make_the_same_picture_as_the_whole(library, seamless):
    context = Context(rng=np.random.default_rng(0), models=registry().model_library(library))
    painter = FastPainter(load_painter("", context).card, network(), picture(8, 8))
    x = picture(256, 320)
    task = StyleTask(x, (x, painter.style), (Region(None, (0.0, 1.0)),), x, seamless=seamless)
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


def test_strength_colours_and_masks_are_followed(library):
    full, half = color(repaint(library)), color(repaint(library, strength=0.5))
    assert np.allclose(half, (full + color(COFFEE)) / 2, atol=0.01)
    own = color(repaint(library, color="picture"))
    assert np.abs(own.mean((0, 1)) - color(COFFEE).mean((0, 1))).max() < 0.03
    mask = np.zeros((100, 150, 3))
    mask[:, :75] = 1
    made = color(repaint(library, mask=Maps.from_arrays({"base_color": mask})))
    assert (made == color(COFFEE))[:, 78:].all()
    assert np.abs(made - color(COFFEE))[:, :72].mean() > 0.02


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
    tensors = model.load()
    for broken, card, said in (
        ({**tensors, "style": np.zeros((4, 8, 8), np.float16)}, {}, "style"),
        ({name: array for name, array in tensors.items() if name != "noise.weight"}, {}, "lacks the tensor 'noise"),
        (tensors, {"widths": [4, 8]}, "widths"),
        (tensors, {"widths": [4, 8, 17]}, "not"),
    ):
        save_model(tmp_path / "night.safetensors", broken, {**model.card, **card})
        with pytest.raises(ModelError, match=said):
            repaint(tmp_path)


GREY = 0.5 + 0.2 * torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(3))
"""A style without hue."""
SCENE = draw_scene(48, np.random.default_rng(0))


def stripes(values: torch.Tensor, seed: int) -> torch.Tensor:
    """A teacher that paints orange stripes, whatever the picture shows."""
    rows, columns = torch.meshgrid(*map(torch.arange, values.shape[1:]), indexing="ij")
    return torch.tensor([0.9, 0.5, 0.1])[:, None, None] * (0.6 + 0.4 * ((rows + columns) // 4 % 2))


def training_of(teacher=stripes, **given) -> FastStyleTraining:
    parameters = TrainFastStyleParameters(**{**TINY, "width": 8, "steps": 30, "learning_rate": 0.01, **given})
    return FastStyleTraining([GREY[0]], Lessons(2, 96, 1, GREY, teacher), [], parameters, 1, "cpu", "float32")


@pytest.mark.essential
def test_the_network_learns_the_teachers_paintings():
    training = training_of(learning_rate=0.003)
    x, y = training.crops(4, torch.Generator().manual_seed(0))

    def distance() -> float:
        made = training.networks["painter"](x, torch.zeros(4, NOISE_CHANNELS, 16, 16))
        return float(placed_colors(made.detach(), y))

    before = distance()
    for _ in range(60):
        training.step()
        training.done += 1
    assert distance() < 0.7 * before


def test_the_discriminator_learns_to_tell_the_teachers_strokes():
    """Its logits of the teacher's stripes rise above those of a painter who stands still."""
    training = training_of(learning_rate=0.002)
    training.networks["painter"].requires_grad_(False)
    x, y = training.crops(2, torch.Generator().manual_seed(0))
    x_hat = training.repaint(x)

    def difference() -> float:
        of_teacher, of_painter = training._logits(standardise(torch.cat([y, x_hat])), x).detach().chunk(2)
        return float((of_teacher - of_painter).mean())

    before = difference()
    for _ in range(20):
        training._discriminator_step(x, y, x_hat)
    assert difference() > before + 0.3


def test_the_painter_is_taught_by_the_discriminator(monkeypatch):
    """But for the places of colours, its step is the opposite with the opposite discriminator."""
    monkeypatch.setattr("impasto_style.fast.train.COLORS_WEIGHT", 0.0)
    steps = []
    for scale in (1.0, -1.0):
        training = training_of()
        painter, discriminator = training.networks.values()
        for weight in discriminator.layers[-1].parameters():
            weight.data *= scale
        x, y = training.crops(2, torch.Generator().manual_seed(0))
        before = painter.end.weight.detach().clone()
        training._painter_step(x, y, painter(x, torch.zeros(2, 4, 16, 16)))
        steps.append(painter.end.weight.detach() - before)
    assert (steps[0] - steps[1]).abs().mean() > 1e-3


def test_a_cancelled_lesson_changes_nothing():
    """A teacher at work may be cancelled; the next step then draws the same crops."""
    calls = []

    def cancelled_once(values, seed):
        calls.append(seed)
        if len(calls) == 1:
            raise Cancelled
        return values

    training = training_of(cancelled_once)
    state = training.random.get_state()
    with pytest.raises(Cancelled):
        training.step()
    assert torch.equal(training.random.get_state(), state)
    training.step()
    assert calls[0] == calls[1]


def test_coherence_prefers_paint_that_moves_with_the_picture():
    random = torch.Generator().manual_seed(0)
    x = torch.rand(3, 3, 64, 64, generator=random)
    motion = DrawnMotion.at_random(x, random)
    assert incoherence(x, motion.of(x), motion) == 0
    assert incoherence(x, x, motion) > 0.2
    assert 0.7 < motion.is_seen.float().mean() < 1


@pytest.mark.slow
def test_a_coherent_painter_heeds_the_picture_more_than_the_noise():
    """The teacher's dots are anywhere; a painter who is asked for coherence paints them less from noise.

    By the largest weight: with a fifth of it, 60 steps of such a small network differ more by the processor.
    """

    def dots(values: torch.Tensor, seed: int) -> torch.Tensor:
        return torch.rand(3, *values.shape[1:], generator=torch.Generator().manual_seed(seed))

    changes = []
    for coherence in (0.0, 100.0):
        training = training_of(dots, coherence=coherence, learning_rate=0.003)
        for training.done in range(60):
            training.step()
        x, _ = training.crops(2, torch.Generator().manual_seed(0))
        one, other = (
            training.networks["painter"](x, torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(seed)))
            for seed in (1, 2)
        )
        changes.append(float((one - other).detach().abs().mean()))
    assert 0 < changes[1] < 0.5 * changes[0]


def test_a_teacher_that_sees_by_an_encoder_repaints_in_the_paintings_colours():
    context = Context(weights=registry().weights_library())
    made = teacher_of(TrainFastStyleParameters(**TINY, teacher="neighbours"), [CAT], context)(SCENE, 3)
    goal = torch.from_numpy(color(CAT)).mean((0, 1))
    assert (made.mean((1, 2)) - goal).norm() < 0.5 * (SCENE.mean((1, 2)) - goal).norm()


@pytest.mark.slow
def test_all_paintings_are_learned_from():
    """Of two, each is in the palette that the model keeps, and in what the teacher paints."""
    style = some_pixels([torch.full((3, 64, 80), value) for value in (0.1, 0.9)])
    assert style.shape == (3, 64, 128)
    assert float(style.mean()) == pytest.approx(0.5)
    grain = np.random.default_rng(0).uniform(0, 0.2, (64, 64, 3))
    paintings = [Maps.from_arrays({"base_color": low + grain}) for low in (0, 0.8)]
    made = teacher_of(TrainFastStyleParameters(**TINY), paintings, Context())(SCENE, 0)
    assert min(float((made < 0.3).float().mean()), float((made > 0.7).float().mean())) > 0.25


def test_preservation_reaches_the_teacher():
    goal = in_palette(SCENE[None], torch.from_numpy(color(CAT)).permute(2, 0, 1)[None])[0]
    chosen = (TrainFastStyleParameters(**TINY, preservation=value) for value in (0.0, 5.0))
    loose, strict = (float((teacher_of(one, [CAT], Context())(SCENE, 3) - goal).abs().mean()) for one in chosen)
    assert strict < 0.9 * loose


def test_lessons_are_materials_and_pictures_in_every_view_and_the_same_for_a_seed():
    (x, y), (again, _), (other, _) = (
        Lessons(4, 64, seed, GREY, lambda values, seed: values).crop(48, torch.Generator().manual_seed(2))
        for seed in (5, 5, 6)
    )
    assert torch.equal(x, again)
    assert not torch.equal(x, other)
    assert (x.mean((1, 2)) - GREY.mean((0, 2, 3))).norm() < (y.mean((1, 2)) - GREY.mean((0, 2, 3))).norm()
    slope = np.linspace(0, 1, 96)[:, None, None].repeat(96, 1).repeat(3, 2)
    smooth = dataset_of(Maps.from_arrays({"base_color": slope}))
    seen = []
    lessons = Lessons(8, 64, 0, GREY, lambda values, seed: seen.append(values) or values, own_pictures(smooth, 96, 48))
    random = torch.Generator().manual_seed(0)
    for _ in range(100):
        lessons.crop(48, random)
    assert len(seen) == 8
    assert sum(float(values.diff(dim=2).abs().max()) < 1e-6 for values in seen) == 4
    names = lessons._materials
    assert {"bricks", "marble"} <= set(names)
    assert names != sorted(names)
    assert own_pictures(smooth, 96, 128) == own_pictures(None, 96, 48) == []
    lessons, random = Lessons(1, 64, 5, GREY, lambda values, seed: values), torch.Generator().manual_seed(0)
    _, y = lessons._lesson(0).crop((0, 0), 64).split(3)
    views = [torch.rot90(one, turns, (1, 2)) for one in (y, y.flip(2)) for turns in range(4)]
    seen = set()
    for _ in range(60):
        _, crop = lessons.crop(64, random)
        seen |= {number for number, view in enumerate(views) if torch.equal(crop, view)}
    assert seen == set(range(8))
