"""Other frameworks: their generators behind one tool, Keras' published weights, and our models exported."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import zipfile
from itertools import pairwise
from pathlib import Path

import foreign_changes as changes
import numpy as np
import pytest
import torch
from cases import each_case
from exporting import MODELS, differences, exported, keras_run, onnx_run, reference
from foreign import keras_latent, keras_noise, onnx_noise, reconfigured, rezipped

from impasto import Recipe, Step, run
from impasto.cli.main import main
from impasto.context import Context, step_rngs
from impasto.errors import FileError, ModelError, ParameterError
from impasto.io.extra import imported_keras
from impasto.library.models import ModelLibrary
from impasto.plugins.registry import registry
from impasto.training.noise import NoiseField
from impasto_interop.keras_graph import check_calls
from impasto_style.catalogue import BLOCKS
from impasto_style.shared.architectures import load_encoder

TOOL = "imported-model"
CLOSE = 1e-5
"""Largest difference from what the framework itself gives: it runs the same, and we only scale."""


@pytest.fixture(autouse=True)
def library(tmp_path, monkeypatch):
    """A library of models of this test's own."""
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path / "library"))
    return ModelLibrary(tmp_path / "library")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The good files, made once; their layers are named as if no other had been made before."""
    imported_keras().utils.clear_session()
    folder = tmp_path_factory.mktemp("foreign")
    return {"latent": keras_latent(folder / "latent.keras"), "noise": keras_noise(folder / "noise.keras")}


def install(file) -> str:
    """Install a file by the tool's door; the name of the model."""
    return registry().model_library().add(*registry().tool(TOOL).import_model(file)).name


def made(model, size, seed=0):
    parameters = {"model": model, "height_px": size[0], "width_px": size[1]}
    return run(Recipe((Step(TOOL, parameters),), seed))


def test_noise_becomes_a_picture_of_any_size(kept):
    install(kept["noise"])
    assert made("noise", (30, 46)).maps.size_px == (30, 46)
    result = made("noise", (41, 30))
    assert result.maps.size_px == (41, 30)
    assert any("resampled to 30x41" in note for note in result.notes)


def noise_of(seed, *shape):
    """Noise (1, C, H, W) of the only input of a step with this seed, of a recipe with one step."""
    field = NoiseField(int(step_rngs(seed)[0].integers(2**31)))
    return field.normal(0, shape[0], shape[1:])[None].numpy()


def test_the_picture_is_that_of_onnx_runtime(tmp_path):
    import onnxruntime

    file = onnx_noise(tmp_path / "cells.onnx")
    card = registry().tool(TOOL).import_model(file)[1]
    assert (card["step_px"], card["offset_px"], card["range"]) == ([4, 4], [0, 0], [-1.0, 1.0])
    install(file)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    wanted = session.run(None, {"noise": noise_of(5, 4, 6, 10)})[0][0].transpose(1, 2, 0)
    picture = made("cells", (24, 40), seed=5).maps["base_color"].pixels
    np.testing.assert_allclose(picture, (wanted + 1) / 2, atol=CLOSE)
    assert np.abs(made("cells", (24, 40), seed=6).maps["base_color"].pixels - picture).mean() > 100 * CLOSE


def test_the_picture_is_that_of_keras(kept):
    keras = imported_keras()
    for name in kept:
        install(kept[name])
    latent = keras.saving.load_model(kept["latent"])(noise_of(5, 8, 1, 1)[:, :, 0, 0], training=False)
    picture = made("latent", (16, 16), seed=5).maps["base_color"].pixels
    np.testing.assert_allclose(picture, (keras.ops.convert_to_numpy(latent)[0] + 1) / 2, atol=CLOSE)
    noise = np.ascontiguousarray(noise_of(5, 4, 8, 12).transpose(0, 2, 3, 1))
    wanted = keras.ops.convert_to_numpy(keras.saving.load_model(kept["noise"])(noise, training=False))[0]
    picture = made("noise", (30, 46), seed=5).maps["base_color"].pixels
    np.testing.assert_allclose(picture, wanted, atol=CLOSE)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["onnx", "keras"])
def test_an_exported_model_comes_back_by_its_card(form, tmp_path):
    file = exported("bark", form, tmp_path)
    main(["models", "install", str(file)])
    maps = made("bark", (64, 96)).maps
    assert {"base_color", "height", "roughness", "normal"} <= set(maps)
    assert maps.width_m == pytest.approx(96 / 1024)
    ours = run(Recipe((Step("torus", {"model": "soil", "height_px": 64, "width_px": 96}),))).maps
    assert np.abs(maps["base_color"].pixels.mean((0, 1)) - ours["base_color"].pixels.mean((0, 1))).max() > 0.01
    assert registry().model_library().by_name("bark").licence == "CC0-1.0"


def test_files_without_a_range_need_a_card(tmp_path):
    file = onnx_noise(tmp_path / "plain.onnx", ("ConvTranspose", "Identity"))
    with pytest.raises(ModelError, match="does not state the range") as refused:
        install(file)
    assert "plain.onnx.json" in refused.value.remedy
    (tmp_path / "plain.onnx.json").write_text('{"range": [-3, 3], "label": "Plain"}')
    assert registry().model_library().by_name(install(file)).label == "Plain"


@each_case("keras_configurations")
def test_a_configuration_with_foreign_or_huge_parts_is_refused_before_keras_opens_it(values, reason, kept, tmp_path):
    file = reconfigured(shutil.copyfile(kept["latent"], tmp_path / "x.keras"), changes.configured(values))
    with pytest.raises(ModelError, match=reason):
        install(file)


@each_case("keras_archives")
def test_a_hostile_archive_is_refused_and_nothing_is_unpacked(change, reason, kept, tmp_path):
    file = rezipped(
        shutil.copyfile(kept["latent"], tmp_path / "x.keras"), getattr(changes, change), zipfile.ZIP_DEFLATED
    )
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ModelError, match=reason):
        install(file)
    assert sorted(tmp_path.rglob("*")) == before


@each_case("onnx_models")
def test_a_hostile_or_wrong_onnx_file_is_refused(change, reason, tmp_path):
    file = onnx_noise(tmp_path / "x.onnx", change=getattr(changes, change))
    with pytest.raises(ModelError, match=reason):
        install(file)


def test_unusable_models_are_refused(tmp_path):
    keras = imported_keras()
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(10, activation="sigmoid")]).save(tmp_path / "x.keras")
    with pytest.raises(ModelError, match="gives no picture"):
        install(tmp_path / "x.keras")
    with pytest.raises(ModelError, match="depend on the position"):
        install(exported("tiles", "onnx", tmp_path))
    install(onnx_noise(tmp_path / "x.onnx", change=changes.other_kernel))
    with pytest.raises(ModelError, match="cannot be run"):
        made("x", (24, 24))


@each_case("wrong_cards")
def test_a_card_that_does_not_fit_its_file_is_refused(card, reason, tmp_path):
    file = onnx_noise(tmp_path / "x.onnx")
    (tmp_path / "x.onnx.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match=reason):
        install(file)


def test_changed_files_are_checked_again(kept, library):
    from impasto.library.tensors import read_tensors, write_tensors

    name = install(kept["latent"])
    path = library.path(name)
    tensors, metadata = read_tensors(path)
    tensors["file"] = tensors["file"][:-500]
    write_tensors(path, tensors, metadata)
    with pytest.raises(ModelError, match="damaged"):
        made(name, (16, 16))


h5py = pytest.importorskip("h5py")
NAME = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
LEGACY = "{layer}/{layer}_{kind}_1:0"
"""Names of the arrays in the published file, kind being W or b."""


@pytest.fixture(scope="module")
def numbers() -> dict[str, np.ndarray]:
    """Random weights by layer and kind, He et al. 2015, of the published shapes."""
    rng = np.random.default_rng(3)
    found, inputs = {}, 3
    for block, widths in enumerate(BLOCKS["vgg19"], 1):
        for number, outputs in enumerate(widths, 1):
            layer = f"block{block}_conv{number}"
            deviation = (2 / (9 * inputs)) ** 0.5
            found[layer, "W"] = deviation * rng.standard_normal((3, 3, inputs, outputs), np.float32)
            found[layer, "b"] = rng.standard_normal(outputs, np.float32)
            inputs = outputs
    return found


def write(path: Path, numbers: dict[tuple[str, str], np.ndarray], name: str = LEGACY) -> Path:
    """A file as Keras publishes it: a group for each layer, those without weights empty."""
    with h5py.File(path, "w") as file:
        for layer in ("input_1", "block1_pool"):
            file.create_group(layer)
        for (layer, kind), values in numbers.items():
            file[name.format(layer=layer, kind=kind, new={"W": "kernel", "b": "bias"}[kind])] = values
    return path


@pytest.fixture(scope="module")
def keras_library(numbers, tmp_path_factory):
    """A library into which the file was installed by the command's door."""
    folder = tmp_path_factory.mktemp("keras")
    found = registry().weights_library(folder / "weights")
    assert found.install([write(folder / NAME, numbers)]).name == "vgg19-keras"
    return found


@pytest.mark.slow
def test_features_are_those_that_keras_computes(keras_library, numbers):
    """Against Keras' own network and `preprocess_input`, of pixels from 0 to 255, red first."""
    keras = imported_keras()
    vgg = keras.applications.VGG19(include_top=False, weights=None, input_shape=(64, 96, 3))
    for (layer, kind), values in numbers.items():
        vgg.get_layer(layer).weights[kind == "b"].assign(values)
    picture = np.random.default_rng(4).random((1, 64, 96, 3), np.float32)
    given = keras.applications.vgg19.preprocess_input(255 * picture.copy())
    encoder = load_encoder("vgg19-keras", Context(weights=keras_library))
    layers = ("relu1_1", "relu2_1", "relu3_1")
    found = encoder(torch.from_numpy(picture.transpose(0, 3, 1, 2)), layers)
    for index, layer in enumerate(layers, 1):
        seen = keras.Model(vgg.input, vgg.get_layer(f"block{index}_conv1").output)(given)
        expected, stride = keras.ops.convert_to_numpy(seen), 2 ** (index - 1)
        inner = (slice(24 // stride, -24 // stride),) * 2
        ours = found[layer].numpy().transpose(0, 2, 3, 1)[(slice(None), *inner)]
        theirs = expected[(slice(None), *inner)]
        assert np.abs(theirs).mean() > 10  # levels of 255, not of a deviation
        assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


@pytest.mark.slow
def test_a_file_that_a_newer_keras_saved_is_recognised_as_well(numbers, tmp_path):
    file = write(tmp_path / "new.h5", numbers, "{layer}/{layer}/{new}:0")
    assert registry().weights_library(tmp_path / "library").install([file]).name == "vgg19-keras"


def changed(path, change):
    with h5py.File(path, "a") as file:
        change(file)


def stored_elsewhere(file):
    del file["block1_conv1/block1_conv1_W_1:0"]
    file["block1_conv1"].create_dataset("W", (3, 3, 3, 64), "f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def virtual(file):
    layout = h5py.VirtualLayout((3, 3, 3, 64), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (3, 3, 3, 64))
    del file["block1_conv1/block1_conv1_W_1:0"]
    file["block1_conv1"].create_virtual_dataset("W", layout)


def of_text(file):
    file["block9_conv1/W"] = np.array(["evil"], dtype=h5py.string_dtype())


def transposed(file):
    values = file["block1_conv1/block1_conv1_W_1:0"][()]
    del file["block1_conv1/block1_conv1_W_1:0"]
    file["block1_conv1/block1_conv1_W_1:0"] = values.T.copy()


def not_finite(file):
    file["block1_conv1/block1_conv1_W_1:0"][0] = np.nan


def in_a_circle(file):
    file["block1_conv1/again"] = file["block1_conv1"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (stored_elsewhere, "lies in another file"),
        (virtual, "lies in another file"),
        (of_text, "no array of numbers"),
        (transposed, "should be 3x3x3x64, is 64x3x3x3"),
        (not_finite, "does not contain finite numbers"),
        (in_a_circle, "too many groups"),
    ],
)
def test_a_hostile_or_wrong_file_is_refused_with_the_reason(change, reason, numbers, tmp_path):
    file = write(tmp_path / NAME, numbers)
    changed(file, change)
    library = registry().weights_library(tmp_path / "library")
    with pytest.raises(ModelError, match=reason):
        library.install([file], "vgg19-keras")
    assert not library.is_installed("vgg19-keras")


MOST_CALLS = 400_000
"""Calls within which a graph is refused: without a limit, Keras would try millions."""


def imported(path):
    return registry().tool("imported-model").import_model(path)


class Calls:
    """Number of calls of functions in Python and C within the block: its work, however busy the machine is."""

    def __enter__(self):
        self.count, self._before = 0, sys.getprofile()
        sys.setprofile(self._counted)
        return self

    def __exit__(self, *_):
        sys.setprofile(self._before)

    def _counted(self, frame, event, argument):
        self.count += event in ("call", "c_call")


@pytest.mark.slow
def test_installing_takes_time_proportional_to_layers(tmp_path):
    keras = imported_keras()
    counts = []
    for length in (4, 40, 160):  # the first brings the imports of frameworks
        inner = [keras.layers.ReLU() for _ in range(length)]
        model = keras.Sequential([keras.Input((None, None, 4)), *inner, keras.layers.Conv2D(3, 3, activation="tanh")])
        model.save(tmp_path / "x.keras")
        with Calls() as counted:
            imported(tmp_path / "x.keras")
        counts.append(counted.count)
    assert counts[2] < 5 * counts[1]  # 8 where the work grew with the square


def layers(*calls):
    """Layers, each with the layers and calls that each of its own calls takes; the first is the input."""
    found = [{"name": "start", "class_name": "InputLayer", "inbound_nodes": []}]
    for name, taken in calls:
        nodes = [
            {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": [*source, 0]}} for source in one]}
            for one in taken
        ]
        found.append({"name": name, "class_name": "Add", "inbound_nodes": nodes})
    return {"config": {"layers": found}}


def chain(count):
    """Layers one after the other."""
    names = ["start", *(f"x{index}" for index in range(count))]
    return [(name, [[(before, 0)]]) for before, name in pairwise(names)]


def shared(count):
    """One layer behind each of many others."""
    found = []
    for index in range(count):
        found.append((f"x{index}", [[("shared", index - 1) if index else ("start", 0)]]))
    return [*found, ("shared", [[(f"x{index}", 0)] for index in range(count)])]


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        (chain(3000)[::-1], "too often"),
        (shared(3000), "too often"),
        ([("a", [[("b", 0)]]), ("b", [[("a", 0)]])], "needs an input that no layer gives"),
        ([("a", [[("a", 0)]])], "needs an input that no layer gives"),
        ([("a", [[("nowhere", 0)]])], "needs an input that no layer gives"),
        ([("a", [[("start", "0")]])], "which is not an output"),
        ([("a", [[("start", 0)]]), ("a", [[("start", 0)]])], "a name or a place of its own"),
    ],
)
def test_slow_or_endless_keras_graphs_are_refused_at_once(calls, reason):
    with Calls() as counted, pytest.raises(ModelError, match=reason):
        check_calls(layers(*calls), "x")
    assert counted.count < MOST_CALLS


def test_layers_can_be_reused_in_any_order(tmp_path):
    keras = imported_keras()
    noise, again = keras.Input((None, None, 4)), keras.layers.LeakyReLU()
    x = again(keras.layers.Conv2D(5, 1)(again(keras.layers.Conv2D(4, 1)(noise))))
    model = keras.Model(noise, keras.layers.Conv2D(3, 3, activation="tanh")(x))
    model.save(tmp_path / "x.keras")
    tensors, card = imported(tmp_path / "x.keras")
    assert card["range"] == [-1.0, 1.0]
    turned = imported(reconfigured(tmp_path / "x.keras", lambda config: config["config"]["layers"].reverse()))
    assert turned[1]["range"] == [-1.0, 1.0]  # of the output, not of the layer that is last in the file
    (tmp_path / "kept.keras").write_bytes(np.asarray(tensors["file"]).tobytes())
    given = np.random.default_rng(0).normal(size=(1, 6, 6, 4)).astype("f")
    kept = keras.saving.load_model(tmp_path / "kept.keras")
    np.testing.assert_allclose(*(keras.ops.convert_to_numpy(one(given)) for one in (model, kept)), atol=1e-6)


ALIKE = 1e-3
"""Largest difference of a pixel between frameworks, which add in another order; measured: 2e-6."""
SIZES = {"bark": (96, 160), "bricks": (256, 64), "tiles": (224, 192), "wood": (224, 352), "materials": (64, 64)}


@pytest.mark.parametrize("name", MODELS)
def test_onnx_runtime_makes_our_picture(name, tmp_path):
    file = exported(name, "onnx", tmp_path)
    for size in {SIZES[name], (256, 256) if name == "bark" else SIZES[name]}:
        ours, inputs = reference(name, size)
        assert max(differences(onnx_run(file, inputs), ours).values()) < ALIKE


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bark", "tiles"])  # an irregular material, and all that a regular one adds
def test_keras_makes_our_picture(name, tmp_path):
    ours, inputs = reference(name, SIZES[name])
    assert max(differences(keras_run(exported(name, "keras", tmp_path), inputs), ours).values()) < ALIKE


@pytest.mark.slow
def test_an_unwritable_temporary_folder_is_reported_in_a_sentence(tmp_path, monkeypatch, capsys):
    file = exported("bark", "keras", tmp_path)
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path / "library"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    for command in (["export", "bark", "--format", "keras", "--out", str(tmp_path / "again")], ["install", str(file)]):
        with pytest.raises(SystemExit) as end:
            main(["models", *command])
        assert end.value.code == FileError.exit_code
        assert "cannot write to the temporary folder" in capsys.readouterr().err


def test_exported_cards_describe_inputs_and_training_data(tmp_path):
    file = exported("bark", "onnx", tmp_path)
    card = json.loads(file.with_name("bark.onnx.json").read_text())
    assert card["cell_px"] == 32
    assert card["maps"] == ["base_color", "height", "roughness"]
    assert card["data"][0]["licence"] == "CC0-1.0"
    _, inputs = reference("bark", (64, 96))
    for one in card["inputs"]:
        sides = (64 // one["pixel"], 96 // one["pixel"]) if one["pixel"] else ()
        assert inputs[one["name"]].shape == (1, one["channels"], *sides)
    assert len(card["inputs"]) == len(inputs)


def test_a_size_and_a_tool_that_do_not_fit_the_model_are_refused(tmp_path):
    for size in ((100, 128), (128, 32), (0, 64)):
        with pytest.raises(ParameterError, match="multiples of 32 px") as refused:
            reference("bark", size)
        assert "choose the size" in refused.value.remedy
    with pytest.raises(ParameterError, match="no whole periods") as refused:
        reference("tiles", (64, 64))
    width, height = refused.value.remedy.removeprefix("choose the size ").split("x")
    reference("tiles", (int(height), int(width)))
    with pytest.raises(SystemExit) as ended:
        exported("photo-maps", "onnx", tmp_path)
    assert ended.value.code == ModelError.exit_code


@pytest.fixture(autouse=True)
def in_float32(monkeypatch):
    """Ours in float32, as the other frameworks compute: bfloat16 alone differs by up to 0.02."""
    monkeypatch.setenv("IMPASTO_PRECISION", "float32")
