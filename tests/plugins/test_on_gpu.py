"""On a GPU, as far as that can be told without one: tensors that meet are on one device; see `pretend_gpu`."""

import numpy as np
import pytest
import test_torus
import torch
from materials import bond, tiles
from pretend_gpu import DEVICE, MixedDevicesError, pretend_gpu
from test_every_tool import MAKERS, make, picture
from tiny import TINY, train_tiny

from impasto.library.tensors import read_tensors
from impasto.plugins.registry import registry
from impasto.running import preparing
from impasto.tools import is_procedural
from impasto.training.noise import NoiseField

pytestmark = pytest.mark.usefixtures("small_weights", "tiny_models", "one_slider", "one_precision", "quick_teacher")
MATERIALS = ("bricks", "gravel", "grass", "marble")
"""Procedural materials drawn of blocks, of pieces, of strokes and of waves: others are drawn of the same."""
SAMPLED = [name for name in MAKERS if name in MATERIALS or not is_procedural(registry().tool(name))]
IN_SINGLE_PRECISION = {"cnn-texture", "gatys", "neighbours", "wct"}
"""Those that compute in half precision on a CPU: another result, as far as rounding goes."""


@pytest.fixture
def on_both(monkeypatch):
    """Result of a function on the CPU, and on the GPU."""

    def results(function):
        on_cpu = function()
        monkeypatch.setattr(preparing, "choose_device", lambda _: DEVICE)
        with pretend_gpu():
            return on_cpu, function()

    monkeypatch.setattr(preparing, "choose_device", lambda _: "cpu")
    return results


@pytest.fixture
def gpu():
    with pretend_gpu():
        yield


def test_devices_must_not_mix(gpu):
    there, here = torch.ones(3, device=DEVICE), torch.ones(3)
    assert there.device.type == DEVICE
    assert float((there + 1).sum()) == 6
    assert torch.equal((there + here.to(DEVICE)).cpu(), torch.full((3,), 2.0))
    with pytest.raises(MixedDevicesError):
        there + here
    with pytest.raises(RuntimeError):
        there.numpy()


def test_gpu_noise_equals_cpu_noise_to_the_last_bit(gpu):
    window = (-3, 60, 40, 30)
    there, here = (NoiseField(5, device).normal(2, 5, (64, 72), window) for device in (DEVICE, "cpu"))
    assert there.device.type == DEVICE
    assert torch.equal(there.cpu(), here)


@pytest.mark.register("name")
@pytest.mark.parametrize("name", SAMPLED)
def test_tools_give_the_same_result_on_gpu_and_cpu(name, on_both):
    here, there = on_both(lambda: make(name, picture(40, 48)))
    assert set(here) == set(there)
    for map_ in here:
        apart = np.abs(here[map_].pixels - there[map_].pixels)
        assert apart.mean() < 0.03 if name in IN_SINGLE_PRECISION else apart.max() < 0.002, map_


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_trainers_learn_the_same_on_gpu_and_cpu(name, tmp_path, on_both):
    folders = iter((tmp_path / "cpu", tmp_path / "gpu"))
    here, there = (read_tensors(made.models[0])[0] for made in on_both(lambda: train_tiny(name, next(folders))))
    assert set(here) == set(there)
    most = 1e-2 if name == "train-fast-style" else 1e-5  # its teacher computes in half precision on a CPU
    for weights in here:
        assert np.abs(here[weights].astype(float) - there[weights].astype(float)).max() < most, weights


@pytest.mark.slow
@pytest.mark.parametrize("material", [tiles, bond])
def test_regular_materials_are_learned_and_made_as_on_the_cpu(material, tmp_path, on_both):
    folders = iter((tmp_path / "cpu", tmp_path / "gpu"))

    def made():
        folder = test_torus.briefly_trained(next(folders), material())
        return test_torus.generate(folder, 72, 88, sliders={"some": 1.0}).maps["base_color"].pixels

    here, there = on_both(made)
    assert np.allclose(here, there, atol=1e-5)
