"""The library of models: what goes in comes out, damaged files are refused, weights fit into eight bits."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tasks.pack_model import LARGEST, pack_model, quantised_tensors

from impasto import Maps
from impasto.data.parts import OTHER_PART, part_of, training_part
from impasto.errors import ModelError, ParameterError
from impasto.library.exemplars import exemplar_file, read_exemplar
from impasto.library.models import DATA_SUFFIXES, REPORT_SUFFIX, ModelLibrary, record_figures, save_model
from impasto.library.tensors import SCALE, read_tensors, restored_tensors, write_tensors
from impasto.plugins.registry import registry

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
    loaded = wall.load()
    assert set(loaded) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert loaded[name].dtype == tensor.dtype
        assert np.array_equal(loaded[name], tensor)
    again = save_model(wall.path.with_name("again.safetensors"), TENSORS, json.loads(json.dumps(CARD)))
    assert again.path.read_bytes() == wall.path.read_bytes()


@pytest.mark.parametrize("left_out", ["tool", "data", "figures", "data.licence", "data.sha256"])
def test_incomplete_cards_are_refused(left_out, tmp_path):
    card = {**CARD, "data": [dict(CARD["data"][0])]}
    *of_data, name = left_out.split(".")
    del (card["data"][0] if of_data else card)[name]
    with pytest.raises(ModelError, match=left_out):
        save_model(tmp_path / "x.safetensors", TENSORS, card)


def library_in(folder: Path) -> ModelLibrary:
    return registry().model_library(folder)


def own_names(folder):
    return [model.name for model in library_in(folder).all() if not model.bundled]


def test_the_library_installs_lists_and_removes(wall, tmp_path):
    library = tmp_path / "library"
    assert own_names(library) == []
    installed = library_in(library).install(wall.path)
    assert installed.sha256() == wall.sha256()
    assert own_names(library) == ["wall"]
    with pytest.raises(ModelError, match="models remove wall"):
        library_in(library).install(wall.path)
    for suffix in (*DATA_SUFFIXES, REPORT_SUFFIX):
        (library / f"wall{suffix}").write_text("what it learned from")
    library_in(library).remove("wall")
    assert list(library.iterdir()) == []
    with pytest.raises(ModelError, match="no model 'wall'"):
        library_in(library).remove("wall")


class TestBundled:
    """A plugin's folder of models, beside the user's own."""

    @pytest.fixture
    def bundled(self, tmp_path):
        folder = tmp_path / "plugin" / "models"
        for name in ("wall", "roof"):
            save_model(folder / f"{name}.safetensors", TENSORS, {**CARD, "name": name, "tool": "bundled-tool"})
        return folder

    @pytest.fixture
    def library_in(self, bundled, tmp_path):
        return lambda folder: ModelLibrary(folder, (bundled, tmp_path / "absent"))

    def test_bundled_models_are_found_after_the_users_own(self, bundled, library_in, wall, tmp_path):
        own = wall.path.parent
        assert [(model.name, model.bundled) for model in library_in(own).all()] == [("wall", False), ("roof", True)]
        assert library_in(own).find("roof", "bundled-tool").path == bundled / "roof.safetensors"
        assert library_in(own).find("", "bundled-tool").name == "roof"
        assert library_in(own).find("wall", "torus") == wall  # the user's replaces the bundled one
        for name, tool, said in (
            ("wall", "bundled-tool", "is a model for torus, not for bundled-tool"),
            ("", "other", "train one with `impasto train train-other"),
            ("attic", "torus", "no model 'attic'"),
        ):
            with pytest.raises(ModelError, match=said):
                library_in(own).find(name, tool)
        empty = tmp_path / "empty"
        assert [(model.name, model.bundled) for model in library_in(empty).all()] == [("roof", True), ("wall", True)]

    def test_a_bundled_model_cannot_be_removed(self, bundled, library_in, wall):
        own = wall.path.parent
        assert library_in(own).remove("wall") == wall.path
        with pytest.raises(ModelError, match="wall is bundled and cannot be removed"):
            library_in(own).remove("wall")
        assert (bundled / "wall.safetensors").exists()


def test_thumbnails_are_small_and_do_not_change_the_card(tmp_path):
    rng = np.random.default_rng(0)
    maps = Maps.from_arrays({"base_color": rng.random((256, 320, 3))})
    model = save_model(tmp_path / "wall.safetensors", TENSORS, CARD, maps)
    assert model.card == CARD
    with Image.open(io.BytesIO(model.thumbnail)) as image:
        assert image.size == (128, 128)
    assert len(model.thumbnail) <= 20_000
    entry = next(entry for entry in library_in(tmp_path).catalogue()["models"] if entry["name"] == "wall")
    assert base64.b64decode(entry["thumbnail"]) == model.thumbnail
    json.dumps(entry)


def test_material_and_label_default_to_data_and_file_name(tmp_path):
    def model(labels, **more):
        data = [{**CARD["data"][0], "label": label} for label in labels]
        return save_model(tmp_path / "old-wall.safetensors", TENSORS, {**CARD, "data": data, **more})

    assert model(["brick", "brick"]).material == "brick"
    assert model(["brick", "wood"]).material == ""
    assert model(["brick"], material="old wall").material == "old wall"
    assert (model([]).label, model([], label="Red bricks").label) == ("old-wall", "Red bricks")


def test_the_command_lists_shows_and_writes_the_thumbnail(tmp_path, monkeypatch, said):
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path))
    maps = Maps.from_arrays({"base_color": np.full((64, 64, 3), 0.5)})
    card = {**CARD, "material": "brick", "figures": {"fine_swd_of_floor": 1.25}}
    save_model(tmp_path / "wall.safetensors", TENSORS, card, maps)
    (tmp_path / "broken.safetensors").write_bytes(b"damaged")
    _, listed, warned = said("models", "list")
    row = next(line for line in listed.splitlines() if line.startswith("wall"))
    assert row.split() == ["wall", "brick", "torus", "0.0", "CC0-1.0", "1.25", "-", "-", "own"]
    assert "broken.safetensors is not a model file" in warned
    said("models", "show", "wall", "--preview", tmp_path / "wall.png")
    with Image.open(tmp_path / "wall.png") as image:
        assert (image.format, image.size) == ("PNG", (128, 128))
    assert said("models", "show", "wall", "--preview", tmp_path / "wall.txt")[0]


@pytest.mark.parametrize("size", [(6, 8), (8, 6), (7, 7), (1, 5)], ids=str)
def test_the_two_halves_of_a_picture_share_no_pixel(size):
    pixels = np.arange(size[0] * size[1] * 3, dtype=np.float32).reshape(*size, 3)
    maps = Maps.from_arrays({"base_color": pixels}, width_m=2.0)
    part = training_part(maps)
    trained, judged = part_of(maps, part), part_of(maps, OTHER_PART[part])
    assert trained.size_px == judged.size_px
    assert not set(trained["base_color"].pixels.ravel()) & set(judged["base_color"].pixels.ravel())
    assert max(size) // 2 in trained.size_px
    assert part_of(maps, "all") is maps
    with pytest.raises(ParameterError, match="no part 'middle'"):
        part_of(maps, "middle")


def test_one_bad_file_hides_no_good_model_and_can_be_removed(wall, tmp_path):
    library = tmp_path / "library"
    library_in(library).install(wall.path)
    (library / "bark.safetensors").mkdir()
    (library / "bricks.safetensors").symlink_to(library / "absent")
    for name in ("leather", "broken"):
        (library / f"{name}.safetensors").write_bytes(b"no model")
    (library / "ü\udcff.safetensors").write_bytes(b"no model")
    names = {model.name for model in library_in(library).all()}
    assert {"wall", "bark", "bricks", "leather"} <= names
    assert len(library_in(library).damaged_files()) == 5
    assert library_in(library).by_name("bark").bundled
    damaged = {entry["name"]: entry for entry in library_in(library).catalogue()["damaged_models"]}
    assert "not a model file" in damaged["broken"]["error"]
    json.dumps(damaged).encode()
    with pytest.raises(ModelError, match="not a model file"):
        library_in(library).find("broken", "torus")
    assert library_in(library).remove("broken") == library / "broken.safetensors"
    assert library_in(library / "wall.safetensors").all(), "bundled models, though the library is no folder"


NAME = "conv.weight"


def weights(dtype=np.float16):
    """Weights (16, 8, 3, 3) whose channels differ by a factor of a hundred, and one of zeros."""
    random = np.random.default_rng(0)
    made = random.standard_normal((16, 8, 3, 3)) * np.geomspace(0.01, 1, 16)[:, None, None, None]
    made[3] = 0
    return {NAME: made.astype(dtype), "conv.bias": made[:, 0, 0, 0].astype(dtype), "cell": made.astype(dtype)}


def test_each_channel_comes_back_within_half_of_its_own_step():
    given = weights()
    back = restored_tensors(quantised_tensors(given), "wall")
    wide = given[NAME].astype(np.float32)
    steps = np.abs(wide).max((1, 2, 3)) / LARGEST
    assert (np.abs(back[NAME] - wide).max((1, 2, 3)) <= 0.501 * steps).all()
    assert back[NAME].dtype == np.float32
    assert not back[NAME][3].any()


def test_only_large_weights_are_quantised():
    given = weights()
    stored = quantised_tensors(given)
    assert {name for name in stored if stored[name].dtype == np.int8} == {NAME}
    assert set(stored) == {*given, NAME + SCALE}
    for name in ("conv.bias", "cell"):
        assert np.array_equal(restored_tensors(stored, "wall")[name], given[name])
    again = quantised_tensors(restored_tensors(stored, "wall"))
    assert all(np.array_equal(stored[name], again[name]) for name in stored)


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: {NAME + SCALE: stored[NAME + SCALE]},
        lambda stored: {**stored, NAME + SCALE: stored[NAME + SCALE][:-1]},
        lambda stored: {**stored, NAME + SCALE: np.ones(16, np.int32)},
        lambda stored: {**stored, NAME: stored[NAME].astype(np.int16)},
    ],
    ids=["alone", "too few", "whole numbers", "wider"],
)
def test_scales_that_do_not_fit_are_refused(change, tmp_path):
    with pytest.raises(ModelError, match="is damaged: "):
        restored_tensors(change(quantised_tensors(weights())), "wall")
    model = save_model(tmp_path / "wall.safetensors", weights(), CARD)
    stored, metadata = quantised_tensors(weights()), read_tensors(model.path)[1]
    stored[NAME + SCALE][2] = np.inf
    write_tensors(model.path, stored, metadata)
    with pytest.raises(ModelError, match="NaN or infinite"):
        model.load()


def test_a_packed_model_is_half_as_large_and_has_its_exemplar_beside_it(tmp_path):
    many = {f"{number}.weight": weights()[NAME] for number in range(64)}
    model = save_model(tmp_path / "wall.safetensors", many, CARD)
    pixels = np.random.default_rng(1).random((40, 24, 3)).astype(np.float32)
    packed = pack_model(model, exemplar_file(Maps.from_arrays({"base_color": pixels})))
    assert packed.size_bytes < 0.62 * model.size_bytes
    kept = read_exemplar(packed.path, packed.card["exemplar"])
    assert np.abs(kept["base_color"].pixels - pixels).max() <= 0.5 / 255 + 1e-6
    noted = record_figures(packed, {"seam": 1.0})
    assert noted.card["exemplar"] == packed.card["exemplar"]
    assert read_tensors(noted.path)[0]["0.weight"].dtype == np.int8
    assert pack_model(noted, b"").card["exemplar"] == ""


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (64, 48)])
def test_every_kind_of_map_comes_back_at_any_size(size, tmp_path):
    random = np.random.default_rng(2)
    arrays = {"base_color": 3, "height": 1, "roughness": 1, "metallic": 1, "emission": 3}
    maps = Maps.from_arrays({name: random.random((*size, count)).astype(np.float32) for name, count in arrays.items()})
    model = pack_model(save_model(tmp_path / "wall.safetensors", weights(), CARD), exemplar_file(maps))
    kept = read_exemplar(model.path, model.card["exemplar"])
    assert set(kept) == set(maps)
    for name in maps:
        step = 1 / 4095 if name == "height" else 1 / 255
        assert kept[name].pixels.shape == maps[name].pixels.shape
        assert np.abs(kept[name].pixels - maps[name].pixels).max() <= 0.501 * step
