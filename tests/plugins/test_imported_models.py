"""Generators of other frameworks: installed behind one tool, or refused before a framework opens them."""

import json
import shutil
import zipfile

import foreign_changes as changes
import numpy as np
import pytest
from exporting import exported
from foreign import keras_latent, keras_noise, onnx_noise, reconfigured, rezipped
from tables import each_row

from impasto import Recipe, Step, run
from impasto.cli.main import main
from impasto.context import step_rngs
from impasto.errors import ModelError
from impasto.io.extra import imported_keras
from impasto.library.models import ModelLibrary
from impasto.plugins.registry import registry
from impasto.training.noise import NoiseField

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
    ours = run(Recipe((Step("torus", {"model": "sand", "height_px": 64, "width_px": 96}),))).maps
    assert np.abs(maps["base_color"].pixels.mean((0, 1)) - ours["base_color"].pixels.mean((0, 1))).max() > 0.01
    assert registry().model_library().by_name("bark").licence == "CC0-1.0"


def test_a_file_without_a_range_is_taken_once_a_card_states_it(tmp_path):
    file = onnx_noise(tmp_path / "plain.onnx", ("ConvTranspose", "Identity"))
    with pytest.raises(ModelError, match="in which range") as refused:
        install(file)
    assert "plain.onnx.json" in refused.value.remedy
    (tmp_path / "plain.onnx.json").write_text('{"range": [-3, 3], "label": "Plain"}')
    assert registry().model_library().by_name(install(file)).label == "Plain"


@each_row("keras_configurations")
def test_a_configuration_with_foreign_or_huge_parts_is_refused_before_keras_opens_it(values, reason, kept, tmp_path):
    file = reconfigured(shutil.copyfile(kept["latent"], tmp_path / "x.keras"), changes.configured(values))
    with pytest.raises(ModelError, match=reason):
        install(file)


@each_row("keras_archives")
def test_a_hostile_archive_is_refused_and_nothing_is_unpacked(change, reason, kept, tmp_path):
    file = rezipped(
        shutil.copyfile(kept["latent"], tmp_path / "x.keras"), getattr(changes, change), zipfile.ZIP_DEFLATED
    )
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ModelError, match=reason):
        install(file)
    assert sorted(tmp_path.rglob("*")) == before


@each_row("onnx_models")
def test_a_hostile_or_wrong_onnx_file_is_refused(change, reason, tmp_path):
    file = onnx_noise(tmp_path / "x.onnx", change=getattr(changes, change))
    with pytest.raises(ModelError, match=reason):
        install(file)


def test_models_that_give_no_picture_need_positions_or_cannot_be_run_are_refused(tmp_path):
    keras = imported_keras()
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(10, activation="sigmoid")]).save(tmp_path / "x.keras")
    with pytest.raises(ModelError, match="gives no picture"):
        install(tmp_path / "x.keras")
    with pytest.raises(ModelError, match="depend on the position"):
        install(exported("tiles", "onnx", tmp_path))
    install(onnx_noise(tmp_path / "x.onnx", change=changes.other_kernel))
    with pytest.raises(ModelError, match="cannot be run"):
        made("x", (24, 24))


@each_row("wrong_cards")
def test_a_card_that_does_not_fit_its_file_is_refused(card, reason, tmp_path):
    file = onnx_noise(tmp_path / "x.onnx")
    (tmp_path / "x.onnx.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match=reason):
        install(file)


def test_an_installed_file_that_was_changed_since_is_checked_again(kept, library):
    from impasto.library.tensors import read_tensors, write_tensors

    name = install(kept["latent"])
    path = library.path(name)
    tensors, metadata = read_tensors(path)
    tensors["file"] = tensors["file"][:-500]
    write_tensors(path, tensors, metadata)
    with pytest.raises(ModelError, match="damaged"):
        made(name, (16, 16))
