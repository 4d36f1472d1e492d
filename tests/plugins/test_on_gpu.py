"""On a GPU, as far as that can be told without one: tensors that meet are on one device; see `pretend_gpu`."""

import numpy as np
import pytest
import test_torus
import torch
from materials import bond, tiles
from pretend_gpu import DEVICE, MixedDevicesError, pretend_gpu
from test_every_tool import MAKERS, make, picture
from tiny import TINY, train_tiny

from impasto.running import runner
from impasto.training.noise import NoiseField

pytestmark = pytest.mark.usefixtures("small_weights", "tiny_models", "one_slider")


@pytest.fixture(autouse=True)
def gpu(monkeypatch):
    monkeypatch.setattr(runner, "choose_device", lambda _: DEVICE)
    with pretend_gpu():
        yield


def test_devices_must_not_mix():
    there, here = torch.ones(3, device=DEVICE), torch.ones(3)
    assert there.device.type == DEVICE
    assert float((there + 1).sum()) == 6
    assert torch.equal((there + here.to(DEVICE)).cpu(), torch.full((3,), 2.0))
    with pytest.raises(MixedDevicesError):
        there + here
    with pytest.raises(RuntimeError):
        there.numpy()


def test_spectra_are_conjugated_there():
    x = torch.fft.rfft(torch.arange(5.0))
    there = x.to(DEVICE)
    assert torch.equal((there.conj() * there).cpu(), x.conj() * x)
    assert torch.equal(there.conj().imag.cpu(), -x.imag)


def test_noise_is_drawn_there_and_bit_for_bit_that_of_the_cpu():
    window = (-3, 60, 40, 30)
    there, here = (NoiseField(5, device).normal(2, 5, (64, 72), window) for device in (DEVICE, "cpu"))
    assert there.device.type == DEVICE
    assert torch.equal(there.cpu(), here)


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_a_tool_makes_maps(name):
    made = make(name, picture(40, 48))
    assert all(np.isfinite(made[map_].pixels).all() for map_ in made)


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_a_trainer_trains(name, tmp_path):
    assert train_tiny(name, tmp_path).models


@pytest.mark.slow
@pytest.mark.parametrize("material", [tiles, bond])
def test_regular_materials_are_learned_and_made(material, tmp_path):
    folder = test_torus.briefly_trained(tmp_path, material())
    made = test_torus.generate(folder, 72, 88, sliders={"some": 1.0}).maps
    assert np.isfinite(made["base_color"].pixels).all()
