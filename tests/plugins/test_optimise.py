"""The descent: every method finds the bottom, what is not finite is taken back, and stopping keeps the best picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from impasto_style.neighbours import painting
from impasto_style.shared.optimise import MOST_RESTARTS, Descent, Method, adam, lbfgs, picture_adam

START = torch.zeros(1, 3, 4, 4)
METHODS = {
    "lbfgs": lbfgs(),
    "picture_adam": picture_adam(0.05),
    "adam": adam(0.05, (0.9, 0.99), 1e-8),
    "neighbours": painting.METHOD,
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def bowl(x: Tensor) -> tuple[Tensor, Tensor]:
    return (x - 0.5).square().sum(), 2 * (x - 0.5)


def fails_at(numbers: set[int]) -> tuple[Callable[[Tensor], tuple[Tensor, Tensor]], list[Tensor]]:
    """`bowl`, whose loss is nan at these evaluations, and the pictures that it was evaluated at."""
    seen: list[Tensor] = []

    def evaluate(x: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(x.clone())
        loss, gradient = bowl(x)
        return (loss * torch.nan, gradient) if len(seen) in numbers else (loss, gradient)

    return evaluate, seen


@every_method
def test_it_finds_the_bottom(method: Method):
    descent = Descent(START, method, 150)
    assert not descent.run(bowl)
    assert (descent.best - 0.5).abs().max() < 0.02


@every_method
@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_loss_that_is_not_finite_goes_back_to_the_best_and_on(method: Method, number: int):
    evaluate, seen = fails_at({number})
    descent = Descent(START, method, 150)
    descent.run(evaluate)
    assert descent.restarts == 1
    assert any(torch.equal(seen[number], before) for before in [START, *seen[: number - 1]])
    assert bowl(descent.best)[0] < 0.2 * bowl(START)[0]


@every_method
def test_losses_that_stay_nan_end_with_the_start(method: Method):
    evaluate, seen = fails_at(set(range(100)))
    descent = Descent(START + 0.25, method, 50)
    assert not descent.run(evaluate)
    assert len(seen) == MOST_RESTARTS
    assert torch.equal(descent.best, START + 0.25)
    assert torch.equal(descent.picture, START + 0.25)


@every_method
def test_it_stops_when_told_and_keeps_the_best(method: Method):
    losses: list[float] = []
    descent = Descent(START, method, 50, lambda loss: losses.append(loss) or len(losses) < 2)
    assert not descent.run(bowl)
    assert len(losses) == 2
    assert float(bowl(descent.best)[0]) == pytest.approx(min(losses))


@pytest.mark.parametrize("name", ["lbfgs", "picture_adam", "adam"])
def test_pixels_are_drawn_back_into_their_range(name: str):
    def far_bowl(x: Tensor) -> tuple[Tensor, Tensor]:
        assert 0 <= x.min() <= x.max() <= 1
        return (x - 3).square().sum(), 2 * (x - 3)

    descent = Descent(START, METHODS[name], 60)
    descent.run(far_bowl)
    assert torch.allclose(descent.best, torch.ones_like(START), atol=1e-3)
