"""Weights in eight bits come back within half a step of their channel, and files that do not fit are refused."""

import numpy as np
import pytest
from test_models import CARD

from impasto.errors import ModelError
from impasto.library.exemplars import exemplar_file, read_exemplar
from impasto.library.models import load_model, pack_model, record_figures, save_model
from impasto.library.tensors import LARGEST, SCALE, quantised, read_tensors, restored, write_tensors
from impasto.texture import Maps

NAME = "conv.weight"


def weights(dtype=np.float16):
    """Weights (16, 8, 3, 3) whose channels differ by a factor of a hundred, and one of zeros."""
    random = np.random.default_rng(0)
    made = random.standard_normal((16, 8, 3, 3)) * np.geomspace(0.01, 1, 16)[:, None, None, None]
    made[3] = 0
    return {NAME: made.astype(dtype), "conv.bias": made[:, 0, 0, 0].astype(dtype), "cell": made.astype(dtype)}


def test_each_channel_comes_back_within_half_of_its_own_step():
    given = weights()
    back = restored(quantised(given), "wall")
    wide = given[NAME].astype(np.float32)
    steps = np.abs(wide).max((1, 2, 3)) / LARGEST
    assert (np.abs(back[NAME] - wide).max((1, 2, 3)) <= 0.501 * steps).all()
    assert back[NAME].dtype == np.float32
    assert not back[NAME][3].any()


def test_only_large_weights_are_stored_so_and_others_stay_what_they_are():
    given = weights()
    stored = quantised(given)
    assert {name for name in stored if stored[name].dtype == np.int8} == {NAME}
    assert set(stored) == {*given, NAME + SCALE}
    for name in ("conv.bias", "cell"):
        assert np.array_equal(restored(stored, "wall")[name], given[name])
    again = quantised(restored(stored, "wall"))
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
        restored(change(quantised(weights())), "wall")
    model = save_model(tmp_path / "wall.safetensors", weights(), CARD)
    stored, metadata = quantised(weights()), read_tensors(model.path)[1]
    stored[NAME + SCALE][2] = np.inf
    write_tensors(model.path, stored, metadata)
    with pytest.raises(ModelError, match="NaN or infinite"):
        load_model(model)


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
