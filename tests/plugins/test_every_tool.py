"""Behaviour of all first-party tools: schema, seeds, odd pictures, cancelling; and of trainers, which go on or refuse.

A tool that needs a model is given one that took two steps, and one that needs published weights some of their layout.
A trainer makes no maps, and a tool may need pictures that belong together: only what they declare is tested here for
every tool, and the rest with their plugins.
"""

from dataclasses import replace

import numpy as np
import pytest
from quick import QUICK
from tiny import cancelled_after, train_tiny

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.context import Context
from impasto.data.dataset import Dataset, dataset_of
from impasto.errors import Cancelled, ModelError, ParameterError
from impasto.inspection.behaviour import CHECKS, declaration_problem, maker, picture, takes_sets
from impasto.library.models import read_model
from impasto.plugins.registry import registry
from impasto.surface.heights import normal_height_consistency
from impasto.surface.wrapping import seam_z
from impasto.tools import Result, is_procedural, makes_tiles, validate

pytestmark = pytest.mark.usefixtures("small_weights", "tiny_models")
TOOLS = sorted(registry().tools)
MAKERS = [name for name in TOOLS if registry().tool(name).kind != "trainer" and not takes_sets(registry().tool(name))]
FROM_COLOURS = ("cnn-texture", "find-landmarks")
"""Those that make a new base colour from the subject's alone."""
ON_A_SUBJECT = [
    name
    for name in MAKERS
    if "model" not in (tool := registry().tool(name)).parameters.model_fields
    and tool.uses_subject
    and tool.keeps_size
    and name not in FROM_COLOURS
]
"""Those that change or add to their subject's maps; the others make new ones, most from their model alone."""
EVERY_MAKER = [
    pytest.param(name, marks=pytest.mark.any_numpy) if is_procedural(registry().tool(name)) else name for name in MAKERS
]
"""Materials hardly use NumPy."""
OF_A_MODEL = [name for name in MAKERS if {"model", "width_px"} <= set(registry().tool(name).parameters.model_fields)]
OF_A_MODEL.remove("imported-model")  # whose file decides what it makes


def make(name: str, subject: Maps, **how) -> Maps:
    """The tool's result for the subject, as fast as possible; `how` is as for `impasto.inspection.behaviour.Make`."""
    return maker(registry().tool(name), QUICK.get(name))(subject, **how)


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_can_be_drawn_by_any_host_and_runs_on_its_defaults(name):
    assert not declaration_problem(registry().tool(name), maker(registry().tool(name)))


@pytest.mark.slow
@pytest.mark.register("name")
@pytest.mark.parametrize("name", EVERY_MAKER)
@pytest.mark.parametrize(
    "behaviour", [behaviour for behaviour, problem_of in CHECKS.items() if problem_of != declaration_problem]
)
def test_a_tool_passes_the_checks_of_behaviour(name, behaviour):
    tool = registry().tool(name)
    assert not CHECKS[behaviour](tool, maker(tool, QUICK.get(name)))


STAGES = {(128, 128): "both", (97, 161): "both", (50, 200): "first"}


@pytest.mark.any_numpy
@pytest.mark.register("name", 4)
@pytest.mark.parametrize("name", OF_A_MODEL)
@pytest.mark.parametrize("size", STAGES, ids=str)
def test_every_map_of_a_model_tiles_at_any_size(name, size):
    """By the middle of three seeds: a spot that happens to lie on the edge is no seam."""
    more = {"torus": {"scale": size[0] / 75}, "stackgan": {"text": "red stones", "stage": STAGES[size]}}
    step = Step(name, {"height_px": size[0], "width_px": size[1]} | more.get(name, {}))
    made = [run(Recipe((step,), seed)).maps for seed in range(3)]
    assert set(made[0]) == {"base_color", "roughness", "height", "normal", "ambient_occlusion"}
    assert normal_height_consistency(made[0]["normal"].pixels, made[0]["height"].pixels)[1] > 0.99
    for map_ in made[0]:
        assert made[0][map_].size_px == size
        middle = np.median([seam_z(maps[map_].pixels) for maps in made], 0)
        assert -4 < middle.min() <= middle.max() < 3, map_


@pytest.mark.parametrize("name", [name for name in MAKERS if makes_tiles(registry().tool(name))])
def test_strips_add_up_to_the_whole(name):
    """But for what is summed in another order."""
    tool, subject = registry().tool(name), Maps() if name in OF_A_MODEL else picture(64, 48)
    parameters = validate(tool, {"height_px": 640, "width_px": 80})
    contexts = (Context(rng=np.random.default_rng(5), models=registry().model_library()) for _ in range(2))
    result = tool.apply(subject, parameters, {}, next(contexts))
    whole, covered = result.maps if isinstance(result, Result) else result, np.zeros((640, 80))
    for top, left, tile in tool.tiles(subject, parameters, {}, next(contexts)):
        rows, columns = (slice(at, at + side) for at, side in zip((top, left), tile.size_px, strict=True))
        assert (set(tile), tile.width_m, tile.height_range_m) == (set(whole), whole.width_m, whole.height_range_m)
        assert all(np.abs(tile[map_].pixels - whole[map_].pixels[rows, columns]).max() < 1e-4 for map_ in tile)
        assert tile.size_px != whole.size_px
        covered[rows, columns] += 1
    assert (covered == 1).all()


@pytest.mark.register("name")
@pytest.mark.parametrize("name", [name for name in ON_A_SUBJECT if name != "cnn-texture"])  # of colours alone, anew
def test_other_maps_of_the_subject_are_preserved(name):
    subject = picture(64, 64).with_arrays({"opacity": np.full((64, 64), 0.25)})
    made = make(name, subject)
    assert np.allclose(made["opacity"].pixels, 0.25, atol=1e-3)


@pytest.mark.parametrize("name", [name for name in TOOLS if registry().tool(name).neutral_at_zero])
def test_neutral_parameters_leave_the_subject_as_it_is(name):
    """The tool itself would round: it is not asked."""
    tool, subject = registry().tool(name), picture(48, 64)
    parameters = tool.parameters(**dict.fromkeys(tool.neutral_at_zero, 0))
    others = {one.name: picture(40, 40) for one in tool.inputs}
    made = run(
        Recipe((Step(name, dict.fromkeys(tool.neutral_at_zero, 0), {one: one for one in others}),)),
        {"source": subject, **others},
    )
    itself = tool.apply(subject, parameters, others, Context())
    rounded = itself.maps if isinstance(itself, Result) else itself
    for map_ in subject:
        assert np.array_equal(made.maps[map_].pixels, subject[map_].pixels)
        assert np.abs(rounded[map_].pixels - subject[map_].pixels).max() < 1 / 255


def of_trainers(test):
    """A test of quick trainings, which hardly uses NumPy."""
    return pytest.mark.usefixtures("quick_teacher", "one_slider")(pytest.mark.any_numpy(test))


TRAINERS = sorted(name for name, tool in registry().tools.items() if tool.kind == "trainer")


@pytest.mark.parametrize("trainer", TRAINERS)
def test_the_card_of_a_model_names_its_data(trainer, tiny_models):
    model = read_model(tiny_models / f"{trainer}.safetensors")
    assert {source["name"] for source in model.card["data"]} == {"blotches"}
    assert {source["licence"] for source in model.card["data"]} == {"CC0-1.0"}
    assert model.card["figures"]["steps"] == 2
    assert f"train-{model.card['tool']}" == trainer
    assert str(tiny_models) not in str(model.card)


SIX_STEPS = {"steps": 6}
MORE = {"train-stackgan": {"stage_one_steps": 2}}
"""So that both stages have begun when it is cancelled."""


@pytest.mark.slow
@of_trainers
@pytest.mark.parametrize("trainer", TRAINERS)
def test_a_resumed_training_gives_the_same_model(trainer, tmp_path):
    parameters = {**SIX_STEPS, **MORE.get(trainer, {})}
    (whole,) = train_tiny(trainer, tmp_path / "whole", parameters).models
    with pytest.raises(Cancelled):
        train_tiny(trainer, tmp_path / "parts", parameters, **cancelled_after(3))
    checkpoint = tmp_path / "parts" / f"{trainer}.checkpoint"
    assert checkpoint.is_file()
    (parts,) = train_tiny(trainer, tmp_path / "parts", parameters).models
    assert not checkpoint.exists()
    assert whole.read_bytes() == parts.read_bytes()
    with pytest.raises(ModelError, match=f"models remove {trainer}"):
        train_tiny(trainer, tmp_path / "parts")


OF_PICTURES = ("train-torus", "train-gan", "train-conditional-gan", "train-progressive-gan", "train-vae")


def coarse(seed: int, is_half_blank: bool = False) -> Maps:
    coarse = np.random.default_rng(seed).random((20, 40, 3))
    pixels = np.kron(coarse, np.ones((8, 8, 1)))
    if is_half_blank:
        pixels[:, :160] = 0.4
    return Maps.from_arrays({"base_color": pixels}, name=f"picture {seed}")


def classes(is_half_blank: bool = False) -> Dataset:
    dataset = dataset_of(coarse(1, is_half_blank), coarse(2, is_half_blank))
    samples = tuple(replace(sample, label=label) for sample, label in zip(dataset.samples, "ab", strict=True))
    return replace(dataset, samples=samples)


def refusal(trainer: str, data: Dataset, folder, **parameters: object) -> str:
    """Message and remedy with which a trainer refuses the data; it leaves no file."""
    recipe = Recipe((Step(trainer, {"name": "none", "steps": 1, **parameters}, {"dataset": "dataset"}),))
    with pytest.raises(ParameterError) as refused:
        run(recipe, {"dataset": data}, RunOptions(models_folder=folder))
    assert not [path for path in folder.iterdir() if path.suffix != ".lock"]
    return f"{refused.value.message}; {refused.value.remedy}"


@of_trainers
@pytest.mark.parametrize("trainer", OF_PICTURES)
def test_a_held_out_half_of_one_colour_is_refused(trainer, tmp_path):
    said = refusal(trainer, classes(is_half_blank=True), tmp_path, hold_out=True)
    assert "of one colour" in said


@of_trainers
@pytest.mark.parametrize("trainer", ["train-torus", "train-conditional-gan"])
def test_a_picture_without_a_class_among_classes_is_refused_by_its_name(trainer, tmp_path):
    one = dataset_of(coarse(3)).samples
    data = classes()
    said = refusal(trainer, replace(data, samples=data.samples + one), tmp_path)
    assert "picture 3" in said
    assert "a folder" in refusal("train-conditional-gan", dataset_of(coarse(1)), tmp_path)
