"""The training loop: it goes on to the same bits, stops when asked, goes back where it fails; its state and losses."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from impasto import Maps
from impasto.context import Context
from impasto.errors import Cancelled, ModelError
from impasto.library.models import ModelLibrary, read_model, save_model
from impasto.library.tensors import read_tensors
from impasto.numerics.statistics import sort_rows
from impasto.training import loop as training_loop
from impasto.training.base import Training
from impasto.training.curve import CURVE_ROWS
from impasto.training.layers import circular_convolution
from impasto.training.loop import train
from impasto.training.losses import relativistic_loss
from impasto.training.model import new_model_path, save_trained
from impasto.training.watch import Watch

ABOUT = {"data": "d1", "parameters": {"steps": 40, "learning_rate": 0.05}, "seed": 3}
CARD = {"architecture": "scale", "tool": "scale", "data": [{"name": "x", "licence": "CC0-1.0", "sha256": "0"}]}
REAL = torch.randn(8, 1, 32, 32, generator=torch.Generator().manual_seed(9))


class Scale(Training):
    """Learns the deviation of white noise; `fail(training) -> weight or None` spoils it on purpose."""

    def __init__(self, steps=40, fail=lambda training: None, **how) -> None:
        super().__init__(steps, 0.05, seed=3, **how)
        self.fail = fail
        with self.seeded_weights():
            generator = nn.Conv2d(1, 1, 1, bias=False)
            nn.init.constant_(generator.weight, 0.5)
            discriminator = nn.Linear(2, 1)
            discriminator.register_buffer("level", torch.zeros(()))  # 0-d, as counters of layers are
        self.hold({"generator": generator, "discriminator": discriminator}, torch.optim.Adam)

    def step(self):
        spread = self.networks["generator"](self.noise(4, 1, 8, 8)).std()
        loss = (spread - 1).square()
        self.descend("generator", loss)
        other = self.networks["discriminator"](self.noise(3, 2)).square().mean()
        self.descend("discriminator", other)
        weight = self.fail(self)
        if weight is not None:
            with torch.no_grad():
                self.networks["generator"].weight.fill_(weight)
        self.average(0.5)
        return {"loss_generator": self.networks["generator"].weight.mean(), "loss_discriminator": other}

    def preview(self):
        return Maps.from_arrays({"base_color": np.zeros((4, 4, 3))})

    def probe(self):
        with torch.no_grad():
            return self.ema(self.fixed_noise()(8, 1, 32, 32)), REAL


def weights(training: Training) -> bytes:
    return b"".join(array.tobytes() for name, array in sorted(training.tensors().items()))


def cancelled_at(step: int) -> Context:
    seen = []
    return Context(on_progress=lambda fraction, text: seen.append(text), is_cancelled=lambda: len(seen) >= step)


def failing_between(first: int, last: int, weight: float):
    """A weight that is wrong while the rate is still the first one."""
    return lambda training: weight if first <= training.done < last and training.rate_factor == 1 else None


@pytest.mark.any_numpy
def test_a_training_learns_and_reports_progress(tmp_path):
    said = []
    training = Scale(200)
    context = Context(on_progress=lambda fraction, text: said.append((fraction, text)))
    outcome = train(training, tmp_path / "c", ABOUT, context)
    assert training.ema.weight.abs().item() == pytest.approx(1, abs=0.1)  # noise of 256 values: deviation 0.04
    assert outcome.figures["steps"] == 200
    assert outcome.figures["rollbacks"] == 0
    assert outcome.figures["swd"] < 0.2
    assert said[0] == (0.0, "Step 0 of 200")
    assert said[150][0] == 0.75
    assert said[150][1].startswith("Step 150 of 200, about ")
    assert "left, SWD 0." in said[150][1]
    assert re.search(r", losses: generator \d+\.\d\d, discriminator \d+\.\d\d$", said[150][1])
    assert outcome.seconds > 0
    assert outcome.note == ""


@pytest.mark.any_numpy
def test_a_resumed_training_gives_the_same_bits(tmp_path):
    whole, parts = Scale(), Scale()
    at_once = train(whole, tmp_path / "whole", ABOUT, Context())
    for step in (13, 12):  # the second time 11 steps further
        with pytest.raises(Cancelled):
            train(Scale(), tmp_path / "parts", ABOUT, cancelled_at(step))
    checkpoint = json.loads(read_tensors(tmp_path / "parts")[1]["training"])
    assert checkpoint["done"] == 13 + 12
    in_parts = train(parts, tmp_path / "parts", ABOUT, Context())
    assert weights(whole) == weights(parts)
    assert at_once.curve == in_parts.curve
    assert at_once.figures == in_parts.figures


class Convolutions(Scale):
    """With a fused optimiser on channels-last weights, whose moments lie in memory as they do."""

    def __init__(self) -> None:
        super().__init__(8, precision="bfloat16")
        with self.seeded_weights():
            generator = nn.Sequential(nn.Conv2d(1, 8, 3), nn.Conv2d(8, 6, 3), nn.Conv2d(6, 1, 3))
        self.hold({"generator": generator}, partial(torch.optim.Adam, fused=True))

    def step(self):
        with self.autocast():
            loss = (self.networks["generator"](self.noise(4, 1, 12, 12)).float() - 1).square().mean()
        self.descend("generator", loss)
        self.average()
        return {"loss": loss}

    def probe(self):
        return None


@pytest.mark.slow
def test_a_resumed_bfloat16_training_gives_the_same_bits(tmp_path):
    whole, parts = Convolutions(), Convolutions()
    train(whole, tmp_path / "whole", ABOUT, Context())
    with pytest.raises(Cancelled):
        train(Convolutions(), tmp_path / "parts", ABOUT, cancelled_at(4))
    train(parts, tmp_path / "parts", ABOUT, Context())
    assert weights(whole) == weights(parts)


@pytest.mark.essential
@pytest.mark.any_numpy
def test_a_rollback_survives_a_restart(tmp_path):
    fail = failing_between(60, 110, 0.0)
    whole, parts = Scale(200, fail), Scale(200, fail)
    at_once = train(whole, tmp_path / "whole", ABOUT, Context())
    assert at_once.figures["rollbacks"] == 1
    for _ in range(2):  # before the rollback, which then needs the good weights, and after it
        with pytest.raises(Cancelled):
            train(Scale(200, fail), tmp_path / "parts", ABOUT, cancelled_at(70))
    in_parts = train(parts, tmp_path / "parts", ABOUT, Context())
    assert weights(whole) == weights(parts)
    assert in_parts.figures == at_once.figures
    assert parts.rate_factor == 0.5


def test_only_the_number_of_steps_may_differ_from_the_checkpoint(tmp_path):
    with pytest.raises(Cancelled):
        train(Scale(), tmp_path / "c", ABOUT, cancelled_at(5))
    for about in (
        {**ABOUT, "data": "d2"},
        {**ABOUT, "seed": 4},
        {**ABOUT, "parameters": {**ABOUT["parameters"], "learning_rate": 0.1}},
    ):
        with pytest.raises(ModelError, match="other data, parameters or seed"):
            train(Scale(), tmp_path / "c", about, Context())
    other = Scale()
    other.hold({"generator": nn.Conv2d(1, 2, 1)}, torch.optim.Adam)
    with pytest.raises(ModelError, match="does not fit"):
        train(other, tmp_path / "c", ABOUT, Context())
    more = {**ABOUT, "parameters": {**ABOUT["parameters"], "steps": 60}}
    assert train(Scale(60), tmp_path / "c", more, Context()).figures["steps"] == 60


def test_checkpoints_and_previews_are_written_regularly(tmp_path, monkeypatch):
    monkeypatch.setattr(training_loop, "CHECKPOINT_INTERVAL_S", 0.0)
    monkeypatch.setattr(training_loop, "PREVIEW_INTERVAL_S", 0.0)
    saved, shown = [], []

    def fail(training):
        saved.append((tmp_path / "c").exists())

    train(Scale(3, fail), tmp_path / "c", ABOUT, Context(on_preview=shown.append))
    assert saved == [False, True, True]
    assert len(shown) == 3


def test_pauses_do_not_count_as_training_time(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(training_loop.time, "monotonic", lambda: clock[0])

    def pause(fraction, text):
        clock[0] += 100.0

    def work(training):
        clock[0] += 2.0

    said = []
    context = Context(on_progress=lambda *given: (pause(*given), said.append(given[1])))
    outcome = train(Scale(20, work), tmp_path / "c", ABOUT, context)
    assert outcome.seconds == 40
    assert said[10].startswith("Step 10 of 20, about 20 s left")


def test_stopping_a_training_keeps_the_model(tmp_path):
    training = Scale()
    context = Context(is_stopped=lambda: training.done >= 7)
    outcome = train(training, tmp_path / "c", ABOUT, context)
    assert outcome.figures["steps"] == 7
    assert outcome.note == "stopped after 7 steps"


@pytest.mark.any_numpy
@pytest.mark.parametrize(
    ("weight", "said"),
    [(float("nan"), "is nan"), (1e6, "exploded"), (0.0, "diversity fell"), (30.0, "SWD rose")],
    ids=["nan", "exploding", "collapsed", "drifting"],
)
def test_a_failing_training_rolls_back_and_lowers_its_rate(weight, said, tmp_path, caplog):
    messages = []
    training = Scale(200, failing_between(100, 190, weight))
    outcome = train(training, tmp_path / "c", ABOUT, Context(on_progress=lambda _, text: messages.append(text)))
    assert outcome.figures["rollbacks"] == 1
    assert training.rate_factor == 0.5
    assert said in outcome.note
    assert said in messages[-1]
    assert said in caplog.text
    assert np.isfinite(outcome.curve["loss_generator"]).all()
    assert training.ema.weight.abs().item() == pytest.approx(1, abs=0.1)


def test_a_discriminator_that_has_won_is_noticed():
    watch = Watch(saturated_below=0.01, patience=3)
    probe = {"swd": 0.5, "floor": 0.1, "diversity": 1.0}
    reasons = [watch.look(step, {"loss_discriminator": 0.001}, probe) for step in range(12)]
    assert "the discriminator has won" in next(filter(None, reasons))
    improving = Watch(saturated_below=0.01, patience=3)
    for step in range(12):
        assert not improving.look(step, {"loss_discriminator": 0.001}, {**probe, "swd": 1 / (step + 1)})


@pytest.mark.parametrize(("floor", "is_trouble"), [(0.05, True), (0.15, False)])
def test_rises_above_the_spread_of_real_pictures_count(floor, is_trouble):
    watch, distances = Watch(), [0.3, 0.2, 0.1, 0.1, 0.1] + 12 * [0.25]
    probes = [{"swd": swd, "floor": floor, "diversity": 1.0} for swd in distances]
    assert any("SWD rose" in watch.look(step, {}, probe) for step, probe in enumerate(probes)) == is_trouble


def test_noisy_figures_cause_no_rollback():
    rng = np.random.default_rng(0)
    watch = Watch(saturated_below=0.01)
    for step in range(200):
        figures = {"swd": 0.3 * rng.uniform(0.7, 1.4), "floor": 0.1, "diversity": rng.uniform(0.6, 1.0)}
        assert not watch.look(step, {"loss_discriminator": rng.uniform(0.05, 3)}, figures)


def test_a_training_that_keeps_failing_ends_with_the_best_weights_or_an_error(tmp_path):
    training = Scale(200, lambda training: float("nan") if training.done >= 60 else None)
    outcome = train(training, tmp_path / "c", ABOUT, Context())
    assert outcome.figures["rollbacks"] == 5
    assert outcome.note.startswith("ended with the best so far, of step ")
    assert training.done < 200
    assert training.ema.weight.abs().item() == pytest.approx(1, abs=0.1)
    with pytest.raises(ModelError, match="failed 5 times"):
        train(Scale(fail=lambda training: float("nan")), tmp_path / "c", ABOUT, Context())


def test_unwatched_trainings_may_collapse_but_not_diverge(tmp_path):
    training = Scale(150, failing_between(50, 150, 0.0))
    assert train(training, tmp_path / "c", ABOUT, Context(), watched=False).figures["rollbacks"] == 0
    with pytest.raises(ModelError, match="diverged at step 7"):
        train(Scale(fail=failing_between(6, 9, float("nan"))), tmp_path / "d", ABOUT, Context(), watched=False)


def library(tmp_path, **tensors) -> Context:
    arrays = {name: np.asarray(value) for name, value in tensors.items()}
    save_model(tmp_path / "old.safetensors", arrays, {"name": "old", **CARD, "figures": {}})
    return Context(models=ModelLibrary(tmp_path))


def test_fine_tuning_begins_with_the_models_weights(tmp_path):
    training, fresh = Scale(), Scale()
    used = []
    context = library(tmp_path, weight=np.full((1, 1, 1, 1), 0.75, np.float16))
    context = replace(context, on_loaded=lambda *said: used.append(said))
    training.start_from("old", "scale", context)
    assert training.ema.weight.item() == training.networks["generator"].weight.item() == 0.75
    assert torch.equal(training.networks["discriminator"].weight, fresh.networks["discriminator"].weight)
    assert used[0][:2] == ("models", "old")
    training.step()
    assert training.networks["generator"].weight.item() != 0.75
    training.go_back()
    assert training.networks["generator"].weight.item() == training.ema.weight.item() == 0.75
    assert training.rate_factor == 0.5
    assert not any(optimizer.state for optimizer in training.optimizers.values())
    context = library(tmp_path, weight=np.zeros((2, 1, 1, 1), np.float16))
    with pytest.raises(ModelError, match="no weight of old fits"):
        Scale().start_from("old", "scale", context)


def test_the_learning_rate_is_constant_for_half_the_steps_and_then_falls_to_a_tenth():
    training, rate = Scale(100), []
    for training.done in range(101):
        rate.append(training.rate())
    assert rate[:51] == pytest.approx([0.05] * 51)
    assert all(after < before for before, after in pairwise(rate[50:]))
    assert rate[75] == pytest.approx(0.05 * 0.55)  # half way down
    assert rate[100] == pytest.approx(0.005)
    for training.done, factor in ((0, 1.0), (75, 0.55), (100, 0.1)):
        training.step()
        for optimizer in training.optimizers.values():
            assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05 * factor)


def test_the_file_holds_the_average_in_half_precision(tmp_path):
    """And the model's card its figures and curve."""
    context = Context(models=ModelLibrary(tmp_path))
    training, path = Scale(), new_model_path("mine", context)
    checkpoint = path.with_suffix(".checkpoint")
    with pytest.raises(Cancelled):
        train(Scale(), checkpoint, ABOUT, cancelled_at(5))
    outcome = train(training, checkpoint, ABOUT, context)
    result = save_trained(training, path, checkpoint, {"name": "mine", **CARD}, outcome)
    card, (weight,) = read_model(path).card, read_tensors(path)[0].values()
    average, last = (network.weight.item() for network in (training.ema, training.networks["generator"]))
    assert weight.dtype == np.float16
    assert float(weight.squeeze()) == pytest.approx(average, rel=5e-4)
    assert abs(average - last) > 1.5e-3  # else this says nothing
    assert (result.models, result.figures["seconds"]) == ((path,), outcome.seconds)
    assert (card["figures"]["steps"], card["precision"], card["curve"]) == (40, "float32", outcome.curve)
    assert len(outcome.curve["loss_generator"]) == CURVE_ROWS // 2  # 40 steps, a row each, fill it once
    assert not checkpoint.exists()
    with pytest.raises(ModelError, match="models remove mine"):
        new_model_path("mine", context)


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
