"""The library of models: what goes in comes out, damaged and foreign files are refused, cards are complete."""

import json
import pickle

import numpy as np
import pytest

from impasto.errors import ModelError, ParameterError
from impasto.models import (
    find_model,
    install_model,
    list_models,
    load_model,
    model_path,
    read_model,
    remove_model,
    save_model,
    write_tensors,
)

CARD = {
    "name": "wall",
    "architecture": "torus",
    "tool": "torus",
    "data": [{"name": "wall.png", "licence": "CC0-1.0", "sha256": "0" * 64}],
    "figures": {"steps": 2.0},
}
TENSORS = {"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.full((1,), 0.5, np.float32)}


@pytest.fixture
def wall(tmp_path):
    return save_model(tmp_path / "made" / "wall.safetensors", TENSORS, CARD)


def test_tensors_and_card_come_back(wall):
    assert wall.card == CARD
    loaded = load_model(wall)
    assert set(loaded) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert loaded[name].dtype == tensor.dtype
        assert np.array_equal(loaded[name], tensor)


def test_the_same_model_is_the_same_file(wall, tmp_path):
    again = save_model(tmp_path / "again.safetensors", TENSORS, json.loads(json.dumps(CARD)))
    assert again.sha256() == wall.sha256()
    other = save_model(tmp_path / "other.safetensors", {**TENSORS, "b": np.zeros(1, np.float32)}, CARD)
    assert other.sha256() != wall.sha256()


@pytest.mark.parametrize("left_out", ["tool", "data", "figures"])
def test_a_card_that_leaves_something_out_is_refused(left_out, tmp_path):
    with pytest.raises(ModelError, match=left_out):
        save_model(tmp_path / "x.safetensors", TENSORS, {key: CARD[key] for key in CARD if key != left_out})


@pytest.mark.parametrize("left_out", ["licence", "sha256"])
def test_data_without_licence_or_hash_is_refused(left_out, tmp_path):
    data = [{key: value for key, value in CARD["data"][0].items() if key != left_out}]
    with pytest.raises(ModelError, match=f"data.{left_out}"):
        save_model(tmp_path / "x.safetensors", TENSORS, {**CARD, "data": data})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a model",
        pickle.dumps({"a": 1}),
        b"\xff" * 64,
        (2).to_bytes(8, "little") + b"[]",
    ],
    ids=["empty", "text", "pickle", "a header too long", "a header that is a list"],
)
def test_what_is_no_safetensors_is_refused(content, tmp_path):
    file = tmp_path / "x.safetensors"
    file.write_bytes(content)
    with pytest.raises(ModelError, match="not a model file"):
        read_model(file)


@pytest.mark.parametrize("kept", [4, 20, -1])
def test_a_truncated_file_is_refused_and_never_installed(wall, kept, tmp_path):
    wall.path.write_bytes(wall.path.read_bytes()[:kept])
    with pytest.raises(ModelError, match="copy or download it again"):
        install_model(wall.path, tmp_path / "library")
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize("metadata", [{}, {"card": "not json"}, {"card": "[]"}, {"card": "7"}, {"card": '{"name": 1}'}])
def test_safetensors_without_a_whole_card_are_no_models(metadata, tmp_path):
    write_tensors(tmp_path / "x.safetensors", TENSORS, metadata)
    with pytest.raises(ModelError):
        read_model(tmp_path / "x.safetensors")


def test_the_library_installs_lists_and_removes(wall, tmp_path):
    library = tmp_path / "library"
    assert list_models(library) == []
    installed = install_model(wall.path, library)
    assert installed.sha256() == wall.sha256()
    assert [model.name for model in list_models(library)] == ["wall"]
    with pytest.raises(ModelError, match="models remove wall"):
        install_model(wall.path, library)
    remove_model("wall", library)
    assert list_models(library) == []
    with pytest.raises(ModelError, match="no model 'wall'"):
        remove_model("wall", library)


def test_a_damaged_model_can_still_be_removed(wall):
    wall.path.write_bytes(b"damaged")
    assert remove_model("wall", wall.path.parent) == wall.path


def test_a_tool_gets_its_own_models_only(wall):
    folder = wall.path.parent
    assert find_model("wall", "torus", folder) == find_model("", "torus", folder) == wall
    with pytest.raises(ModelError, match="is a model for torus, not for other"):
        find_model("wall", "other", folder)
    with pytest.raises(ModelError, match="train one with `impasto train train-other"):
        find_model("", "other", folder)
    with pytest.raises(ModelError, match="no model 'roof'"):
        find_model("roof", "torus", folder)


@pytest.mark.parametrize("name", ["", "../wall", "a/b", "wall.safetensors", "-x", "x" * 65, "mauer ü"])
def test_names_that_could_leave_the_library_are_refused(name, tmp_path):
    with pytest.raises(ParameterError, match="cannot be a model's name"):
        model_path(name, tmp_path)
