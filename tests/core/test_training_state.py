"""State and schedule of a training: rate, average, rollback, checkpoint; and the losses and layers it shares."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from test_training import Scale

from impasto.context import Context
from impasto.library.models import ModelLibrary
from impasto.library.tensors import read_tensors
from impasto.numerics.sliced_wasserstein import sort_rows
from impasto.training.layers import circular_convolution
from impasto.training.loop import train
from impasto.training.losses import relativistic_loss
from impasto.training.model import new_model_path, save_trained

ABOUT = {"data": "d1", "parameters": {"steps": 12}, "seed": 3}
CARD = {"architecture": "scale", "tool": "scale", "data": [{"name": "x", "licence": "CC0-1.0", "sha256": "0"}]}


def test_the_learning_rate_is_constant_for_half_the_steps_and_then_falls_to_a_tenth():
    training, rate = Scale(100), []
    for training.done in range(101):
        rate.append(training.rate())
    assert rate[:51] == pytest.approx([0.05] * 51)
    assert all(after < before for before, after in pairwise(rate[50:]))
    assert rate[75] == pytest.approx(0.05 * 0.55)  # half way down
    assert rate[100] == pytest.approx(0.005)


def test_optimisers_step_at_the_rate_of_the_schedule():
    training = Scale(100)
    for training.done, factor in ((0, 1.0), (75, 0.55), (100, 0.1)):
        training.step()
        for optimizer in training.optimizers.values():
            assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05 * factor)


def test_the_file_holds_the_average_in_half_precision(tmp_path):
    context = Context(models=ModelLibrary(tmp_path))
    training, path = Scale(12), new_model_path("mine", context)
    outcome = train(training, path.with_suffix(".checkpoint"), ABOUT, context)
    save_trained(training, path, path.with_suffix(".checkpoint"), {"name": "mine", **CARD}, outcome)
    (weight,) = read_tensors(path)[0].values()
    average, last = (network.weight.item() for network in (training.ema, training.networks["generator"]))
    assert weight.dtype == np.float16
    assert float(weight.squeeze()) == pytest.approx(average, rel=1e-3)
    assert abs(average - last) > 4e-3  # else this says nothing


def test_a_restart_keeps_the_good_weights():
    training, restarted = Scale(), Scale()
    training.keep_good()
    good = training.networks["generator"].weight.item()
    for _ in range(3):
        training.step()
    restarted.restore(training.tensors(), 3)
    restarted.load_good()
    assert restarted.networks["generator"].weight.item() == good != training.networks["generator"].weight.item()


def test_going_back_restores_good_weights_and_begins_anew():
    training = Scale()
    for _ in range(3):
        training.step()
    training.keep_good()
    good = training.ema.weight.item()
    for _ in range(3):
        training.step()
    assert training.ema.weight.item() != good
    training.go_back()
    assert training.ema.weight.item() == training.networks["generator"].weight.item() == good
    assert training.rate_factor == 0.5
    assert not any(optimizer.state for optimizer in training.optimizers.values())


def test_convolutions_go_round_the_torus():
    torch.manual_seed(0)
    x = torch.randn(1, 2, 6, 5)
    convolve = circular_convolution(2, 3)
    assert torch.allclose(convolve(x).roll((2, 3), (2, 3)), convolve(x.roll((2, 3), (2, 3))), atol=1e-6)


def test_the_relativistic_loss_judges_each_patch_by_itself():
    """-log σ(z): one patch that is wrong is not made good by one that is right."""
    z = torch.tensor([4.0, -4.0])
    expected = [-math.log(1 / (1 + math.exp(-value))) for value in (4.0, -4.0)]
    assert relativistic_loss(z).item() == pytest.approx(sum(expected) / 2, rel=1e-5)
    assert relativistic_loss(z[:1]).item() == pytest.approx(expected[0], rel=1e-4)


def test_rows_are_sorted_and_gradients_find_their_way_back():
    values = torch.tensor([[3.0, 1.0, 2.0], [0.0, -1.0, 5.0]], requires_grad=True)
    found = sort_rows(values)
    assert found.tolist() == [[1, 2, 3], [-1, 0, 5]]
    (found * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert values.grad.tolist() == [[100, 1, 10], [10, 1, 100]]
