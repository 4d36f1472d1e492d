"""Matchers find a recipe for a phrase or a picture: the recipe makes what the phrase describes or the picture shows.

A plugin subclasses `Matcher` and returns it from the hook `impasto_matchers`; `impasto.match` calls it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from .descriptions import MatcherDescription, Subject
from .recipe import Recipe

if TYPE_CHECKING:
    from .context import Context
    from .texture import Maps

SUBJECTS = get_args(Subject)


@dataclass(frozen=True)
class Match:
    """A recipe that fits the subject.

    notes: sentence fragments for the user, such as words that were not understood. figures: measurements by name, such
    as the distance between the picture and the match.
    """

    recipe: Recipe
    notes: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


class Matcher(ABC):
    """A search for the recipe of a subject, a text or a picture. Import torch inside `match`, not above.

    name: lower-case words joined by hyphens, different from those of tools. subject: one of `SUBJECTS`. example: a text
    or a picture's name, for help and errors. can_edit: whether `match` can change an existing recipe, its `start`.
    varies: whether another seed gives another recipe.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    subject: ClassVar[Subject]
    example: ClassVar[str] = ""
    can_edit: ClassVar[bool] = False
    varies: ClassVar[bool] = True
    rank: ClassVar[int] = 50

    def suggestions(self) -> Sequence[str]:
        """Words and phrases that a host can offer to the user; none for a matcher of pictures."""
        return ()

    @abstractmethod
    def match(self, subject: str | Maps, seed: int, context: Context, start: Recipe | None = None) -> Match:
        """The recipe for a text without leading or trailing space, or for a picture with `base_color`.

        seed: seed of the recipe, and of all choices that the subject leaves open: the same seed gives the same recipe.
        start: a recipe to change, as by "a little darker", or the first recipe of the search. If no recipe fits, raise
        ParameterError with what the matcher can do. The caller chooses sizes in pixels.
        """


def describe_matcher(matcher: Matcher) -> MatcherDescription:
    """Description of a matcher, which is all that hosts see of it."""
    about: dict[str, Any] = {name: getattr(matcher, name) for name in MatcherDescription.__annotations__}
    return MatcherDescription(**about | {"suggestions": list(matcher.suggestions())})  # type: ignore[typeddict-item]
