"""The descent: every method finds the bottom, what is not finite is taken back, and stopping keeps the best picture."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest
import torch
from torch import Tensor

from impasto_style.neighbours import painting
from impasto_style.shared.optimise import MOST_RESTARTS, Descent, Method, Objective, adam, lbfgs, picture_adam

START = torch.zeros(1, 3, 4, 4)
METHODS = {
    "lbfgs": lbfgs(),
    "picture_adam": picture_adam(0.05),
    "adam": adam(0.05, (0.9, 0.99), 1e-8),
    "neighbours": painting.METHOD,
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


class Bowl(Objective):
    """Squared distance from a grey level; its loss is nan at these evaluations. seen: pictures that were evaluated."""

    def __init__(self, bottom: float = 0.5, fails_at: Collection[int] = ()) -> None:
        self.bottom, self.fails_at = bottom, fails_at
        self.seen: list[Tensor] = []

    def features(self, x: Tensor) -> list[Tensor]:
        self.seen.append(x.detach().clone())
        return [x - self.bottom]

    def loss(self, x: Tensor, features: Sequence[Tensor]) -> Tensor:
        return features[0].square().sum() * (torch.nan if len(self.seen) in self.fails_at else 1)


def height(x: Tensor) -> float:
    """The loss of a picture in the bowl."""
    return float((x - 0.5).square().sum())


@every_method
def test_it_finds_the_bottom(method: Method):
    descent = Descent(START, method, 150)
    assert not descent.run(Bowl())
    assert (descent.best - 0.5).abs().max() < 0.02


@every_method
@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_loss_that_is_not_finite_goes_back_to_the_best_and_on(method: Method, number: int):
    objective = Bowl(fails_at={number})
    descent = Descent(START, method, 150)
    descent.run(objective)
    assert descent.restarts == 1
    assert any(torch.equal(objective.seen[number], before) for before in [START, *objective.seen[: number - 1]])
    assert height(descent.best) < 0.2 * height(START)


@every_method
def test_losses_that_stay_nan_end_with_the_start(method: Method):
    objective = Bowl(fails_at=range(100))
    descent = Descent(START + 0.25, method, 50)
    assert not descent.run(objective)
    assert len(objective.seen) == MOST_RESTARTS
    assert torch.equal(descent.best, START + 0.25)
    assert torch.equal(descent.picture, START + 0.25)


@every_method
def test_it_stops_when_told_and_keeps_the_best(method: Method):
    losses: list[float] = []
    descent = Descent(START, method, 50, lambda loss: losses.append(loss) or len(losses) < 2)
    assert not descent.run(Bowl())
    assert len(losses) == 2
    assert height(descent.best) == pytest.approx(min(losses))


@pytest.mark.parametrize("name", ["lbfgs", "picture_adam", "adam"])
def test_pixels_are_drawn_back_into_their_range(name: str):
    objective = Bowl(3)
    descent = Descent(START, METHODS[name], 60)
    descent.run(objective)
    assert all(0 <= x.min() <= x.max() <= 1 for x in objective.seen)
    assert torch.allclose(descent.best, torch.ones_like(START), atol=1e-3)
