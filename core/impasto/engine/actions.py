"""The core's own actions: run a recipe, find one, make one like others, and describe the installation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from ..actions import RUN, Action, Doing
from ..data.dataset import Dataset, class_warnings
from ..errors import ParameterError
from ..host import Host
from ..matchers import Match
from ..plugins.installation import description
from ..plugins.registry import registry
from ..recipe import MAX_SEED, Recipe
from ..running.inputs import SOURCE
from ..running.matching import match
from ..running.more_like import more_like
from ..system.typed_json import Within
from ..texture import Maps
from ..tools import Result


class Run(Action):
    """Runs a recipe. After a training, it also writes the report of the model."""

    name = RUN

    def carry_out(self, doing: Doing, values: object) -> Result:
        if doing.recipe is None:
            raise ParameterError("there is no recipe to run", "give one")
        from ..running.runner import run  # it needs torch, which a worker that describes can do without

        inputs = doing.read()
        datasets = [dataset for dataset in inputs.values() if isinstance(dataset, Dataset)]
        if warnings := [sentence for data in datasets for sentence in class_warnings(data)]:
            doing.warn(warnings)
        result = run(doing.recipe, inputs, doing.options, doing.host)
        if not datasets or not result.models:
            return result
        from ..training.reporting import add_report

        reporting = replace(doing.host, is_cancelled=_unless_stopped_now(doing.host))
        return add_report(result, datasets[0], doing.options.device, reporting)


def _unless_stopped_now(host: Host) -> Callable[[], bool]:
    """Function that returns whether the host cancels, or asks to stop after the present moment."""
    was_stopped = host.is_stopped()
    return lambda: host.is_cancelled() or (host.is_stopped() and not was_stopped)


@dataclass(frozen=True)
class MatchValues:
    """Values of `match`, which finds a recipe for a text or the input `source`. start: the recipe to change, if any."""

    matcher: str
    text: str = ""
    seed: Annotated[int, Within(0, MAX_SEED)] = 0
    start: Recipe | None = None


class FindMatch(Action):
    """Finds the recipe for a text or a picture."""

    name, values = "match", MatchValues

    def carry_out(self, doing: Doing, values: MatchValues) -> Result:
        picture = doing.read().get(SOURCE)
        subject = picture if isinstance(picture, Maps) else values.text
        return _result_of(
            match(values.matcher, subject, doing.options, doing.host, seed=values.seed, start=values.start)
        )


@dataclass(frozen=True)
class MoreLikeValues:
    """Values of `more-like`, which makes a recipe that resembles `favourites`. Other fields: see `more_like`."""

    favourites: tuple[Recipe, ...]
    seed: Annotated[int, Within(0, MAX_SEED)] = 0
    variety: float = 0.5
    locked: tuple[str, ...] = ()


class MakeMoreLike(Action):
    """Makes a recipe that resembles the user's favourites."""

    name, values = "more-like", MoreLikeValues

    def carry_out(self, doing: Doing, values: MoreLikeValues) -> Result:
        return _result_of(more_like(**vars(values)))


def _result_of(found: Match) -> Result:
    """The result of an action that found a recipe."""
    return Result(recipe=found.recipe, notes=tuple(found.notes), figures=found.figures)


class Describe(Action):
    """Describes the installation."""

    name = "describe"

    def carry_out(self, doing: Doing, values: object) -> Result:
        return Result(description=description())


OWN: Mapping[str, Action] = {action.name: action for action in (Run(), FindMatch(), MakeMoreLike(), Describe())}


def action_called(name: str) -> Action:
    """The action of this name, the core's or a plugin's. Raise ParameterError if there is none."""
    return OWN[name] if name in OWN else registry().action(name)
