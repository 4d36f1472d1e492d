"""Exported models: ONNX Runtime and Keras make our picture from the same noise, of any size in steps of a cell."""

import json
import tempfile

import numpy as np
import pytest
import torch
from exporting import MODELS, differences, exported, keras_run, onnx_run, reference

from impasto.cli.main import main
from impasto.errors import FileError, ModelError, ParameterError
from impasto.graph import Graph, GraphInput
from impasto_interop.keras_writer import keras_model
from impasto_interop.onnx_writer import onnx_bytes

CLOSE = 1e-3
"""Largest difference of a pixel between frameworks, which add in another order; measured: 2e-6."""
SIZES = {"bark": (96, 160), "bricks": (256, 64), "tiles": (224, 192), "wood": (224, 352), "materials": (64, 64)}


@pytest.mark.parametrize("name", MODELS)
def test_onnx_runtime_makes_our_picture(name, tmp_path):
    file = exported(name, "onnx", tmp_path)
    for size in {SIZES[name], (256, 256) if name == "bark" else SIZES[name]}:
        ours, inputs = reference(name, size)
        assert max(differences(onnx_run(file, inputs), ours).values()) < CLOSE


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bark", "tiles"])  # an irregular material, and all that a regular one adds
def test_keras_makes_our_picture(name, tmp_path):
    ours, inputs = reference(name, SIZES[name])
    assert max(differences(keras_run(exported(name, "keras", tmp_path), inputs), ours).values()) < CLOSE


@pytest.mark.slow
def test_a_temporary_folder_that_takes_nothing_is_said_in_a_sentence(tmp_path, monkeypatch, capsys):
    file = exported("bark", "keras", tmp_path)
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path / "library"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    for command in (["export", "bark", "--format", "keras", "--out", str(tmp_path / "again")], ["install", str(file)]):
        with pytest.raises(SystemExit) as end:
            main(["models", *command])
        assert end.value.code == FileError.exit_code
        assert "cannot write to the temporary folder" in capsys.readouterr().err


def test_the_card_says_what_the_file_takes_and_what_it_learned_from(tmp_path):
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


def test_a_size_that_does_not_fit_the_model_is_refused_with_one_that_does():
    for size in ((100, 128), (128, 32), (0, 64)):
        with pytest.raises(ParameterError, match="multiples of 32 px") as refused:
            reference("bark", size)
        assert "choose the size" in refused.value.remedy
    with pytest.raises(ParameterError, match="no whole periods") as refused:
        reference("tiles", (64, 64))
    width, height = refused.value.remedy.removeprefix("choose the size ").split("x")
    reference("tiles", (int(height), int(width)))


def test_a_model_of_another_tool_is_refused(tmp_path):
    with pytest.raises(SystemExit) as ended:
        exported("photo-maps", "onnx", tmp_path)
    assert ended.value.code == ModelError.exit_code


@pytest.fixture(autouse=True)
def in_float32(monkeypatch):
    """Ours in float32, as the other frameworks compute: bfloat16 alone differs by up to 0.02."""
    monkeypatch.setenv("IMPASTO_PRECISION", "float32")


def every_operation() -> Graph:
    """A graph with each operation once."""
    rng = np.random.default_rng(1)
    graph = Graph(2)
    noise = graph.add_input(GraphInput("noise", 3, 1, "normal", "white noise"))
    vector = graph.add_input(GraphInput("vector", 4, 0, "setting", "a vector", (1.0, 2.0, 3.0, 4.0)))
    x = graph.convolution(graph.wrap(noise, 1), rng.normal(size=(3, 3, 3, 3)), rng.normal(size=3))
    x = graph.leaky_relu(graph.add(x, graph.as_map(graph.dense(vector, rng.normal(size=(3, 4))))), 0.2)
    x = graph.multiply(graph.double(graph.halve(x)), noise)
    x = graph.convolution(graph.join(x, noise), rng.normal(size=(3, 6, 1, 1)) / 9, np.full(3, 0.5))
    graph.outputs["base_color"] = graph.clip(graph.crop(graph.wrap(x, 3), 3))
    return graph


def test_both_formats_compute_every_operation_alike():
    """Against torch's own functions, for rectangles whose sides differ, so that exchanged axes are noticed."""
    import onnxruntime
    from torch.nn.functional import avg_pool2d, conv2d, interpolate, leaky_relu, pad

    graph, rng = every_operation(), np.random.default_rng(2)
    noise, vector = rng.normal(size=(2, 3, 4, 10)).astype("f"), rng.normal(size=(2, 4)).astype("f")
    first, dense, last = (torch.from_numpy(node.weights[0]) for node in graph.nodes.values() if node.weight is not None)
    biases = [torch.from_numpy(node.weights[1]) for node in graph.nodes.values() if node.weight is not None]
    drawn = torch.from_numpy(noise)
    x = conv2d(pad(drawn, (1,) * 4, mode="circular"), first, biases[0])
    x = leaky_relu(x + (torch.from_numpy(vector) @ dense.T)[..., None, None], 0.2)
    halved = pad(avg_pool2d(x, 2), (1,) * 4, mode="circular")
    x = interpolate(halved, scale_factor=2, mode="bilinear")[:, :, 2:-2, 2:-2] * drawn
    expected = conv2d(torch.cat([x, drawn], 1), last, biases[2]).clamp(0, 1).numpy()
    assert ((expected > 0) & (expected < 1)).mean() > 0.2
    session = onnxruntime.InferenceSession(onnx_bytes(graph), providers=["CPUExecutionProvider"])
    assert np.abs(session.run(None, {"noise": noise, "vector": vector})[0] - expected).max() < 1e-5
    by_keras = keras_model(graph)({"noise": noise.transpose(0, 2, 3, 1), "vector": vector})["base_color"]
    assert np.abs(by_keras.detach().numpy().transpose(0, 3, 1, 2) - expected).max() < 1e-5
