"""Materials from phrases: English and Chinese words become parameters of the procedural materials.

`words` holds the vocabulary, `phrases` finds what a phrase says, `building` turns that into a recipe.
"""

from __future__ import annotations

from impasto import hookimpl
from impasto.matchers import Matcher

from .matcher import Phrase


@hookimpl
def impasto_matchers() -> list[Matcher]:
    """The matcher of phrases."""
    return [Phrase()]
