"""Behaviour of all first-party trainers: what was cancelled goes on, and a model is never trained over."""

import pytest
from tiny import cancelled_after, train_tiny

from impasto.errors import Cancelled, ModelError
from impasto.plugins.registry import registry

pytestmark = [pytest.mark.usefixtures("small_weights", "quick_teacher", "one_slider"), pytest.mark.any_numpy]
TRAINERS = sorted(name for name, tool in registry().tools.items() if tool.kind == "trainer")
SIX_STEPS = {"steps": 6}
MORE = {"train-stackgan": {"stage_one_steps": 2}}
"""So that both stages have begun when it is cancelled."""


@pytest.mark.slow
@pytest.mark.parametrize("trainer", TRAINERS)
def test_what_was_cancelled_goes_on_to_the_same_model(trainer, tmp_path):
    parameters = {**SIX_STEPS, **MORE.get(trainer, {})}
    (whole,) = train_tiny(trainer, tmp_path / "whole", parameters).models
    with pytest.raises(Cancelled):
        train_tiny(trainer, tmp_path / "parts", parameters, **cancelled_after(3))
    checkpoint = tmp_path / "parts" / f"{trainer}.checkpoint"
    assert checkpoint.is_file()
    (parts,) = train_tiny(trainer, tmp_path / "parts", parameters).models
    assert not checkpoint.exists()
    assert whole.read_bytes() == parts.read_bytes()
    with pytest.raises(ModelError, match=f"models remove {trainer}"):
        train_tiny(trainer, tmp_path / "parts")
